"""The LLM's part of ``llmrec evaluate``: from options to rows, and what they would cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.cli.output import console, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.evaluation import LlmRows, RerankSpec
    from llmrec.llm import Engine
    from llmrec.recommender import RecommenderConfig

DEFAULT_SOURCE = "ease-recency"


def open_llm_rows(
    choices: RecommenderConfig,
    *,
    scorers: str | None,
    sources: str | None,
    file: Path | None,
    fusion_queries: int,
    ablations: Sequence[str] = (),
) -> LlmRows:
    """Open the LLM and say what it reranks.

    Args:
        choices: Its engine and, for rows that no file names, its scorer's settings.
        scorers: Names with commas; None: the scorer of the choices.
        sources: Rows to rerank, with commas; None: ``DEFAULT_SOURCE``.
        file: YAML with all rows under ``rows``, in place of scorers and sources.
        fusion_queries: Of rows that no file names.
        ablations: Names of what is varied of every row.

    Raises:
        ConfigError: Options contradict each other, or one is wrong.
        EngineError: The LLM cannot be opened.
    """
    from llmrec.errors import ConfigError
    from llmrec.evaluation import LlmRows
    from llmrec.evaluation.llm_rows import RerankFile
    from llmrec.llm import open_engine

    if file is not None and (scorers or sources):
        raise ConfigError(f"{file} names scorers and sources; leave out --scorer and --rerank-row")
    if choices.engine is None:
        raise ConfigError("LLM rows need an LLM", remedy="Name one with --llm.")
    written = None if file is None else RerankFile.load(file).rows
    engine = open_engine(choices.engine)
    try:
        specs = written or _specs(
            choices, engine, _names(scorers), _names(sources) or [DEFAULT_SOURCE], fusion_queries
        )
        return LlmRows(engine=engine, specs=tuple(specs), ablations=tuple(ablations))
    except BaseException:
        engine.close()
        raise


def _specs(
    choices: RecommenderConfig,
    engine: Engine,
    scorers: Sequence[str],
    sources: Sequence[str],
    fusion_queries: int,
) -> list[RerankSpec]:
    """Return a specification a scorer and source, called ``<model>-<scorer>[-on-<source>]``."""
    from llmrec.evaluation import RerankSpec
    from llmrec.recommender import ScorerSettings, scorer_kind

    values = choices.model_dump(include=set(ScorerSettings.model_fields))
    model = re.sub(r"[^a-z0-9]+", "-", Path(engine.card.model).name.lower()).strip("-")
    specs = []
    for source in sources:
        for scorer in scorers or [scorer_kind(choices, engine)]:
            name = f"{model}-{scorer}" + (f"-on-{source}" if len(sources) > 1 else "")
            own = {"name": name, "source": source, "scorer": scorer}
            chosen = {**values, **own, "fusion_queries": fusion_queries}
            specs.append(RerankSpec.of(chosen, source="--scorer and --rerank-row"))
    return specs


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def with_sources(rows: Sequence[str], llm: LlmRows) -> list[str]:
    """Return the rows, and those that the LLM reranks."""
    return list(dict.fromkeys([*rows, *(spec.source for spec in llm.specs)]))


def print_plan(plans: Sequence[Mapping[str, Any]]) -> None:
    """Print what LLM rows would cost."""
    shown = [
        {
            "row": plan["row"],
            "queries": f"{plan['test_queries']} + {plan['fitting_queries']}",
            "with a call": plan["queries_with_a_call"],
            "calls left": plan["calls_left"],
            "tokens left": plan["prompt_tokens_left"] + plan["continuation_tokens_left"],
            "time": "unknown" if plan["probe_from_cache"] else spoken_time(plan["seconds_left"]),
        }
        for plan in plans
    ]
    print_rows(shown, title="What is left to ask")
    screen = console()
    probed = sum(plan["probed_queries"] for plan in plans)
    screen.print(
        "Queries are those of the test and of the validation; where the target was not retrieved "
        f"they cost no call. Tokens and times follow from {probed} queries that were asked now and "
        "are kept.",
    )
    if any(plan["probe_from_cache"] for plan in plans):
        screen.print("The cache answered some of them, which tells no time.")


def spoken_time(seconds: float) -> str:
    """Return a duration for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
