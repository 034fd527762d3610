"""``llmrec index``: build an item index, search it, look at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.index_tune import tune
from llmrec.cli.output import JsonFlag, OutFile, console, print_json, print_rows, write_rows
from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from llmrec.encode import Encoder
    from llmrec.retrieval import Hits, ItemIndex

app = typer.Typer(no_args_is_help=True, help="Build an item index, search it, look at it.")

app.command()(tune)

_HIT_COLUMNS = {"rank": int, "item_id": str, "title": str, "score": float}

DatasetPath = Annotated[Path, typer.Argument(metavar="DATASET", help="A dataset folder.")]
IndexPath = Annotated[Path, typer.Argument(metavar="INDEX", help="An index folder.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, ...")]
HowMany = Annotated[int, typer.Option("-k", "--top", min=1, help="How many items.")]


@app.command()
def build(
    dataset: DatasetPath,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    *,
    encoder: Annotated[
        str | None,
        typer.Option(help="minilm, hash, a folder or a hub id; default: the recipe's."),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="A recipe that ships with llmrec, or a .yaml file.")
    ] = "flat.v1",
    device: Device = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Texts a forward pass.")] = 32,
    as_json: JsonFlag = False,
) -> None:
    """Encode every item of a dataset's catalogue and save the index."""
    from llmrec.artifacts import check_place
    from llmrec.data import load
    from llmrec.encode import open_encoder
    from llmrec.retrieval import ItemIndex, load_recipe

    check_place(out, "index")
    kept = load_recipe(recipe)
    if encoder is not None:
        kept = kept.model_copy(update={"encoder": encoder})
    catalogue = load(dataset).catalogue
    reader = open_encoder(kept.encoder, device=device, batch_size=batch_size)
    index = ItemIndex.build(catalogue, reader, recipe=kept)
    index.save(out)
    _print_facts(out, index, as_json=as_json)


@app.command()
def show(index: IndexPath, *, as_json: JsonFlag = False) -> None:
    """Tell what an index holds and what it was made from; its files are checked."""
    from llmrec.retrieval import ItemIndex

    _print_facts(index, ItemIndex.load(index), as_json=as_json)


@app.command()
def verify(index: IndexPath) -> None:
    """Read every byte of an index's files and compare it with the manifest."""
    from llmrec.retrieval import verify_index

    verify_index(index)
    console().print(f"{index}: every file is as it was written", markup=False)


@app.command()
def search(
    index: IndexPath,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    *,
    k: HowMany = 10,
    encoder: Annotated[
        str | None, typer.Option(help="Where the index's encoder lies now, if it has moved.")
    ] = None,
    device: Device = "auto",
    as_json: JsonFlag = False,
    out: OutFile = None,
) -> None:
    """Find the items whose text is nearest to free text."""
    from llmrec.retrieval import ItemIndex

    if not text.strip():
        raise ConfigError("the text to look for is empty")
    loaded = ItemIndex.load(index)
    reader = _open_encoder_of(index, loaded, encoder, device)
    hits = loaded.search(reader.encode([text]), k)
    _print_hits(loaded, hits, as_json=as_json, out=out)


@app.command()
def similar(
    index: IndexPath,
    item_id: Annotated[str, typer.Argument(metavar="ITEM_ID", help="An item of the index.")],
    *,
    k: HowMany = 10,
    as_json: JsonFlag = False,
    out: OutFile = None,
) -> None:
    """Find the items nearest to an item."""
    from llmrec.retrieval import ItemIndex

    loaded = ItemIndex.load(index)
    _print_hits(loaded, loaded.similar(item_id, k), as_json=as_json, out=out)


def _open_encoder_of(path: Path, index: ItemIndex, name: str | None, device: str) -> Encoder:
    """Open the encoder that made an index, and make sure that it is the same one."""
    from llmrec.encode import open_encoder
    from llmrec.retrieval.checks import check_same_encoder

    recipe = index.origin.recipe
    if name is None and recipe is None:
        raise ConfigError(
            f"{path} does not say which encoder made it", remedy="Name one with --encoder."
        )
    reader = open_encoder(name or (recipe.encoder if recipe else ""), device=device)
    check_same_encoder(index.origin.encoder, index.dimension, reader)
    return reader


def _print_facts(path: Path, index: ItemIndex, *, as_json: bool) -> None:
    facts: dict[str, Any] = {
        "path": str(path),
        "items": len(index),
        "catalogue_items": len(index.catalogue),
        "dimension": index.dimension,
        "store": index.store.parameters.model_dump(),
        "approximate": index.approximate,
        "sha256": index.sha256,
        "made_from": dict(index.made_from),
    }
    if as_json:
        print_json(facts)
        return
    recipe = index.origin.recipe
    shown = {
        "index": facts["path"],
        "items": f"{len(index):,} of {len(index.catalogue):,} in the catalogue",
        "dimension": index.dimension,
        "kind": index.store.parameters.kind + (" (approximate)" if index.approximate else ""),
        "encoder": index.origin.encoder or "(not named)",
        "recipe": "(none)" if recipe is None else f"{recipe.name}.v{recipe.version}",
        "item text": "(none)" if recipe is None else recipe.item_template,
        "catalogue": index.catalogue.sha256[:12],
        "sha256": index.sha256[:12],
    }
    for name, value in shown.items():
        console().print(f"{name:<10} {value}", markup=False)


def _print_hits(index: ItemIndex, hits: Hits, *, as_json: bool, out: Path | None) -> None:
    found = zip(hits.rows[0].tolist(), hits.scores[0].tolist(), strict=True)
    rows = [
        _row(index, row, score, rank)
        for rank, (row, score) in enumerate(found, start=1)
        if row >= 0
    ]
    if out is not None:
        write_rows(rows, out, _HIT_COLUMNS)
    if as_json:
        print_json(rows)
    else:
        print_rows(rows)


def _row(index: ItemIndex, row: int, score: float, rank: int) -> dict[str, Any]:
    item = index.catalogue[index.item_ids[row]]
    return {
        "rank": rank,
        "item_id": item.item_id,
        "title": item.title,
        "score": round(score, 6),
    }
