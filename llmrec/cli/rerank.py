"""``llmrec rerank``: the LLM ranks candidates of your own, from JSONL or a TREC run file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.cli.moments import Part
from llmrec.cli.options import (
    CacheOption,
    ConfigFile,
    DatasetOption,
    EngineOption,
    ModelOption,
    NoCacheFlag,
    ScorerOption,
    TokenizerOption,
    UrlOption,
    settings,
)
from llmrec.cli.output import (
    JsonFlag,
    checked_out,
    console,
    print_json,
    print_rows,
    write_rows,
)

if TYPE_CHECKING:
    from llmrec.recommender import RecommenderConfig
    from llmrec.rerank import RankedList, Reranker
    from llmrec.types import Candidate, History

app = typer.Typer()

CHUNK = 32
ENDINGS = (".jsonl", ".parquet", ".trec", ".run")
COLUMNS = {
    "user_id": str,
    "as_of": str,
    "rank": int,
    "item_id": str,
    "title": str,
    "score": float,
    "rank_before": int,
}


def _checked(path: Path | None) -> Path | None:
    return checked_out(path, ENDINGS)


@app.command()
def rerank(
    candidates: Annotated[Path, typer.Argument(help="Candidates (.jsonl) or a TREC run (.trec).")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Write here: .jsonl, .parquet, or .trec for a run file.",
            callback=_checked,
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Moment of the queries that name none (ISO).")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="Ask as a split does, e.g. leave-one-out.v1.")
    ] = None,
    part: Annotated[Part, typer.Option(help="Which targets --protocol speaks of.")] = Part.TEST,
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
    tokenizer: TokenizerOption = None,
    scorer: ScorerOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Rank each user's candidates by their history in the dataset.

    Every candidate of the file gets a score and none is added. A query is asked at its own as_of,
    which a TREC run cannot name; else at --as-of; else one second after the dataset's last event.
    With --protocol each is asked just before the user's held-out event, which is then never read.
    """
    from llmrec.cli.moments import histories_at, histories_under
    from llmrec.data import load, parse_moment
    from llmrec.errors import ConfigError
    from llmrec.recommender import open_reranker
    from llmrec.rerank import read_candidates

    if protocol is not None and as_of is not None:
        raise ConfigError("--as-of and --protocol both name the moment; keep one of them")
    moment = None if as_of is None else parse_moment(as_of, what="--as-of")
    choices = settings(
        config,
        engine=engine,
        model=model,
        url=url,
        tokenizer=tokenizer,
        cache=cache,
        no_cache=no_cache,
        dataset=dataset,
        scorer=scorer,
        weight=weight,
    )
    share = _share(choices)
    data = load(choices.dataset)
    lists = read_candidates(candidates)
    asked = [entry.candidates(data.catalogue) for entry in lists]
    if protocol is None:
        histories = histories_at(data, lists, moment)
    else:
        histories = histories_under(data, lists, protocol, part)
    ranked = _rank(open_reranker(choices, data), histories, asked, share)
    if out is not None:
        _write(out, ranked, run_name)
    _answer(ranked, as_json=as_json, out=out)


def _share(choices: RecommenderConfig) -> float:
    """Return the LLM's share; a fitted one holds for the retriever that it was fitted beside."""
    from llmrec.errors import ConfigError
    from llmrec.rerank import default_weight

    if choices.fusion is not None:
        raise ConfigError(
            f"fusion: {choices.fusion} was fitted for a retriever, and candidates from a file "
            "have other scores",
            remedy="Give --weight, which counts in its place; 1 is the LLM alone.",
        )
    return default_weight() if choices.weight is None else choices.weight


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


def _write(out: Path, ranked: list[RankedList], run_name: str) -> None:
    from llmrec.rerank import write_jsonl, write_trec

    if out.suffix == ".jsonl":
        write_jsonl(out, ranked)
    elif out.suffix == ".parquet":
        write_rows(_rows(ranked), out, COLUMNS)
    else:
        write_trec(out, ranked, run_name)


def _rows(ranked: list[RankedList]) -> list[dict[str, Any]]:
    """Return one flat row a candidate; its keys are those of ``COLUMNS``."""
    return [
        {
            "user_id": entry.user_id,
            "as_of": None if entry.as_of is None else entry.as_of.isoformat(),
            "rank": rank,
            "item_id": candidate.item.item_id,
            "title": candidate.item.title,
            "score": score,
            "rank_before": candidate.rank,
        }
        for entry in ranked
        for rank, (candidate, score) in enumerate(
            zip(entry.ranking.candidates, entry.ranking.scores, strict=True), start=1
        )
    ]


def _answer(ranked: list[RankedList], *, as_json: bool, out: Path | None) -> None:
    rows = _rows(ranked)
    if as_json:
        print_json(rows)
    elif out is not None:
        console().print(f"{len(rows)} candidates of {len(ranked)} queries ranked into {out}")
    else:
        print_rows([{**row, "score": round(row["score"], 4)} for row in rows])
