"""``llmrec recommend``: next items for users of a dataset, or for a history in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmrec.cli.conditions import (
    CapOption,
    DiversityOption,
    FilterOption,
    LeaveOutOption,
    MaxOption,
    MinOption,
    NotOption,
    SeenOption,
    request_keys,
)
from llmrec.cli.options import (
    CacheOption,
    ConfigFile,
    DatasetOption,
    EngineOption,
    FusionOption,
    IndexOption,
    ModelOption,
    NoCacheFlag,
    RetrieverOption,
    ScorerOption,
    TokenizerOption,
    UrlOption,
    settings,
)
from llmrec.cli.output import JsonFlag, OutFile, console, print_json, write_rows

if TYPE_CHECKING:
    from datetime import datetime

    from llmrec.recommender import Recommender
    from llmrec.types import History, Recommendation

app = typer.Typer()


@app.command()
def recommend(
    *,
    user: Annotated[list[str] | None, typer.Option("--user", help="A user; repeatable.")] = None,
    history: Annotated[
        Path | None,
        typer.Option("--history", help="Events of someone in no log (.jsonl or .csv)."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="ISO moment; only what came before counts.")
    ] = None,
    k: Annotated[int | None, typer.Option("-k", help="How many items.")] = None,
    explain: Annotated[
        bool | None, typer.Option("--explain/--no-explain", help="With reasons or without.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Language of the reasons, e.g. de.")] = None,
    filters: FilterOption = None,
    exclude: NotOption = None,
    minimum: MinOption = None,
    maximum: MaxOption = None,
    leave_out: LeaveOutOption = None,
    caps: CapOption = None,
    diversity: DiversityOption = None,
    seen: SeenOption = None,
    config: ConfigFile = None,
    dataset: DatasetOption = None,
    index: IndexOption = None,
    retriever: RetrieverOption = None,
    candidates: Annotated[int | None, typer.Option(help="How many are scored.")] = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    url: UrlOption = None,
    tokenizer: TokenizerOption = None,
    scorer: ScorerOption = None,
    fusion: FusionOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheFlag = False,
    as_json: JsonFlag = False,
    out: OutFile = None,
) -> None:
    """Recommend next items, with reasons that are checked.

    The history file has one event a line: {"item_id": ..., "time": ..., "rating": ...} (JSONL),
    or the columns item_id,time[,rating,event,quantity] (CSV); times are ISO 8601 with a zone, or
    epoch seconds.
    """
    from llmrec.cli import render
    from llmrec.data import parse_moment
    from llmrec.errors import ConfigError
    from llmrec.recommender import Recommender

    if bool(user) == (history is not None):
        raise ConfigError("give either --user or --history", remedy="--user ID, or --history FILE")
    choices = settings(
        config,
        engine=engine,
        model=model,
        url=url,
        tokenizer=tokenizer,
        cache=cache,
        no_cache=no_cache,
        dataset=dataset,
        index=index,
        retriever=retriever,
        candidates=candidates,
        scorer=scorer,
        fusion=fusion,
        seen=seen,
        explain=None if language is None else {"language": language},
    )
    moment = None if as_of is None else parse_moment(as_of, what="--as-of")
    recommender = Recommender.open(choices)
    histories = _histories(recommender, user or [], history, moment)
    asked = request_keys(
        filters=filters, exclude=exclude, minimum=minimum, maximum=maximum, caps=caps
    )
    asked |= {"leave_out": leave_out or None, "diversity": diversity, "k": k, "explain": explain}
    lists = recommender.batch([{**asked, "history": history} for history in histories])
    answers = [render.as_json(h, row) for h, row in zip(histories, lists, strict=True)]
    if out is not None:
        write_rows(render.as_rows(answers), out, render.ROW_COLUMNS)
    if as_json:
        print_json(answers)
    else:
        _print(recommender, histories, lists)


def _histories(
    recommender: Recommender, users: list[str], file: Path | None, as_of: datetime | None
) -> list[History]:
    from llmrec.data import read_history

    if recommender.dataset is None:  # the command line always opens one
        return []
    if file is not None:
        catalogue = recommender.dataset.catalogue
        return [read_history(file, catalogue=catalogue, as_of=as_of)]
    return recommender.dataset.histories(users, as_of=as_of)


def _print(
    recommender: Recommender, histories: list[History], lists: list[list[Recommendation]]
) -> None:
    from llmrec.cli import render

    screen = console()
    items = recommender.pipeline.retriever.catalogue
    for history, row in zip(histories, lists, strict=True):
        render.print_history(screen, history, items)
        screen.print()
        render.print_recommendations(screen, row)
