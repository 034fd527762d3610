"""``llmrec index tune``: the fastest index that finds enough, on one's own vectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.output import JsonFlag, checked_out, console, note, print_json, print_rows
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval import ItemIndex
    from llmrec.retrieval.tuning import Trial


def tune(
    index: Annotated[Path, typer.Argument(metavar="INDEX", help="An index folder.")],
    *,
    recall: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the exact best that must be found.")
    ] = 0.98,
    k: Annotated[int, typer.Option("-k", "--top", min=1, help="How many are looked for.")] = 100,
    queries: Annotated[
        Path | None, typer.Option(help="A .npy file of queries; default: made from the items.")
    ] = None,
    n_queries: Annotated[int, typer.Option(min=1, help="How many queries are made.")] = 1000,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only these kinds besides flat; may be repeated.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Write the best settings as a recipe (.yaml).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the index anew with the best settings.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Draw recall against speed (.png, .svg or .html).")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure kinds of index on an index's own vectors, and pick the fastest that finds enough."""
    from llmrec.artifacts import check_place
    from llmrec.retrieval import ItemIndex
    from llmrec.retrieval.tuning import fastest
    from llmrec.retrieval.tuning import tune as measure

    checked_out(recipe, (".yaml",), option="--recipe")
    checked_out(chart, (".png", ".svg", ".html"), option="--chart")
    if out is not None:
        check_place(out, "index")
    loaded = ItemIndex.load(index)
    if len(loaded) < 2:
        raise DataError(f"{index} holds {len(loaded)} items, so there is nothing to choose")
    vectors = loaded.vectors(loaded.item_ids)
    trials = measure(vectors, _queries(queries, vectors, n_queries), k=k, kinds=kind)
    best = fastest(trials, recall)
    if recipe is not None:
        _write_recipe(recipe, loaded, best)
    if chart is not None:
        from llmrec.cli.index_chart import draw

        draw(trials, best, chart, recall=recall, k=k)
    if out is not None:
        loaded.with_store(best.parameters).save(out)
    _print(trials, best, recall=recall, k=k, as_json=as_json)


def _queries(path: Path | None, vectors: Vectors, n_queries: int) -> Vectors:
    """Read the queries, or make them from the items."""
    import numpy as np

    from llmrec.retrieval.tuning import sample_queries

    if path is None:
        return sample_queries(vectors, n_queries)
    try:
        given: Vectors = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    return given


def _write_recipe(path: Path, index: ItemIndex, best: Trial) -> None:
    """Write the best settings as a recipe with the index's encoder and item text."""
    import yaml

    from llmrec.artifacts import replace_file
    from llmrec.retrieval import IndexRecipe

    made_by = index.origin.recipe
    if made_by is None:
        made_by = IndexRecipe(name="tuned", version=1)
        note(f"the index does not say which encoder made it: {path} names the default one")
    values = {
        **made_by.model_dump(),
        "name": path.stem,
        "version": 1,
        "description": f"The fastest of those measured, recall {best.recall:.4f}.",
        "kind": best.parameters.kind,
        "parameters": best.parameters.model_dump(exclude={"kind"}),
    }
    with replace_file(path) as draft:
        draft.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")


def _print(trials: Sequence[Trial], best: Trial, *, recall: float, k: int, as_json: bool) -> None:
    rows = [_row(trial, k) for trial in trials]
    settings = {"recall": recall, "chosen": best.parameters.model_dump()}
    if as_json:
        print_json({**settings, "trials": rows})
        return
    print_rows(rows, title=f"Recall of the best {k}, and speed in batches of 100")
    console().print(
        f"fastest with a recall of {recall:g}: {best.parameters.kind} {_settings(best)}",
        markup=False,
    )


def _row(trial: Trial, k: int) -> dict[str, Any]:
    return {
        "kind": trial.parameters.kind,
        "settings": _settings(trial),
        f"recall@{k}": round(trial.recall, 4),
        "queries/s": round(trial.queries_per_s),
        "build s": round(trial.build_s, 1),
        "memory MB": round(trial.index_bytes / 1e6, 1),
    }


def _settings(trial: Trial) -> str:
    """Name what differs between the trials of a kind."""
    shown = trial.parameters.model_dump(include={"probes", "search_width", "codes", "bits"})
    return ", ".join(f"{name}={value}" for name, value in shown.items())
