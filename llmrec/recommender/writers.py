"""Who puts reasons into words: the ranking's own LLM, a writer that was given, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from llmrec.errors import ConfigError
from llmrec.explain import ChatModelWriter, EngineWriter, ReasonPrompts
from llmrec.serialize import HistorySerializer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.runnables import Runnable

    from llmrec.explain import Writer
    from llmrec.recommender.config import RecommenderConfig
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.types import Candidate, Catalogue, History

    GivenWriter = Writer | Runnable[Any, Any]

_BYTES_A_TOKEN = 4  # roughly, whatever the model; nothing is cut by it but the oldest events


def open_writer(
    config: RecommenderConfig,
    catalogue: Catalogue,
    *,
    scorer: EngineScorer | None,
    given: GivenWriter | None,
) -> Writer | None:
    """Return who writes; None leaves it to the templates.

    Args:
        config: The choices.
        catalogue: The items.
        scorer: Whose LLM writes where nobody is given, and whose prompts all writers' begin as.
        given: A ``Writer``, or a LangChain chat model that becomes one.

    Raises:
        ConfigError: A writer is given and the configuration asks for templates alone; or it is
            neither a writer nor a chat model.
    """
    if given is None:
        if scorer is None or config.explain.writer == "template":
            return None
        tokens = config.explain.max_tokens
        return EngineWriter(scorer.engine, _prompts(config, catalogue, scorer), max_tokens=tokens)
    if config.explain.writer == "template":
        raise ConfigError("a writer is given, but explain.writer is 'template'; keep one of them")
    if callable(getattr(given, "write", None)):
        return cast("Writer", given)
    return ChatModelWriter(cast("Runnable[Any, Any]", given), _prompts(config, catalogue, scorer))


def _prompts(
    config: RecommenderConfig, catalogue: Catalogue, scorer: EngineScorer | None
) -> ReasonPrompts:
    """Return a writer's prompts; without an LLM that ranks they show the history alone."""
    if scorer is not None:
        return ReasonPrompts(scorer.context.variables, scorer.context.serializer)
    serializer = HistorySerializer(config.serializer, catalogue, _estimated_tokens)

    def context(history: History, candidates: Sequence[Candidate]) -> Mapping[str, Any]:
        del candidates
        (text,) = serializer.serialize([history], budget_tokens=config.history_tokens)
        return {"history": text.text, "candidates": ()}

    return ReasonPrompts(context, serializer)


def _estimated_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text.encode()) // _BYTES_A_TOKEN + 1 for text in texts]
