"""``llmrec rerank``: the LLM ranks candidates of your own, from JSONL or a TREC run file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmrec.cli.options import (
    ConfigFile,
    DatasetOption,
    EngineOption,
    ModelOption,
    UrlOption,
    settings,
)
from llmrec.cli.output import JsonFlag, console, print_json, print_rows

if TYPE_CHECKING:
    from llmrec.rerank import RankedList, Reranker
    from llmrec.types import Candidate, History

app = typer.Typer()

CHUNK = 32


@app.command()
def rerank(
    candidates: Annotated[Path, typer.Argument(help="Candidates (.jsonl) or a TREC run (.trec).")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write here: .jsonl, or .trec for a run file.")
    ] = None,
    run_name: Annotated[str, typer.Option(help="Tag of a TREC run.")] = "llmrec",
    weight: Annotated[
        float | None,
        typer.Option(help="The LLM's share beside the file's own scores; 1 is the LLM alone."),
    ] = None,
    config: ConfigFile = None,
    dataset: DatasetOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    url: UrlOption = None,
    scorer: Annotated[str | None, typer.Option(help="auto, likelihood or labels.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Rank each user's candidates by their history in the dataset.

    Every candidate of the file gets a score and none is added. A query without as_of is asked one
    second after the dataset's last event.
    """
    from llmrec.data import load
    from llmrec.errors import ConfigError
    from llmrec.recommender import open_reranker
    from llmrec.rerank import default_weight, read_candidates, write_jsonl, write_trec

    if out is not None and out.suffix not in {".jsonl", ".trec", ".run"}:
        raise ConfigError(f"--out {out}: unknown ending {out.suffix!r}; use .jsonl or .trec")
    choices = settings(
        config, engine=engine, model=model, url=url, dataset=dataset, scorer=scorer, weight=weight
    )
    data = load(choices.dataset)
    lists = read_candidates(candidates)
    asked = [entry.candidates(data.catalogue) for entry in lists]
    histories = [data.history(entry.user_id, as_of=entry.as_of) for entry in lists]
    reranker = open_reranker(choices, data)
    share = default_weight() if choices.weight is None else choices.weight
    ranked = _rank(reranker, histories, asked, share)
    if out is not None:
        if out.suffix == ".jsonl":
            write_jsonl(out, ranked)
        else:
            write_trec(out, ranked, run_name)
    _answer(ranked, as_json=as_json, out=out)


def _rank(
    reranker: Reranker,
    histories: list[History],
    asked: list[list[Candidate]],
    weight: float,
) -> list[RankedList]:
    from llmrec.progress import track
    from llmrec.rerank import RankedList, fuse

    ranked = []
    for start in track(range(0, len(asked), CHUNK), "Reranking"):
        part = slice(start, start + CHUNK)
        rankings = reranker.rerank(histories[part], asked[part])
        ranked += [
            RankedList(user_id=h.user_id, as_of=h.as_of, ranking=fuse(ranking, weight))
            for h, ranking in zip(histories[part], rankings, strict=True)
        ]
    return ranked


def _answer(ranked: list[RankedList], *, as_json: bool, out: Path | None) -> None:
    rows = [
        {
            "user_id": entry.user_id,
            "rank": rank,
            "item_id": candidate.item.item_id,
            "title": candidate.item.title,
            "score": round(score, 4),
            "rank_before": candidate.rank,
        }
        for entry in ranked
        for rank, (candidate, score) in enumerate(
            zip(entry.ranking.candidates, entry.ranking.scores, strict=True), start=1
        )
    ]
    if as_json:
        print_json(rows)
    elif out is not None:
        console().print(f"{len(rows)} candidates of {len(ranked)} queries ranked into {out}")
    else:
        print_rows(rows)
