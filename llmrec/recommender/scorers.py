"""How the LLM scores candidates: the settings, and the one place that makes a scorer of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError
from llmrec.llm.models import find
from llmrec.llm.size import count_parameters
from llmrec.rerank import SHUFFLED, LabelScorer, LikelihoodScorer
from llmrec.serialize import HistorySerializer, SerializerConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.llm import Engine
    from llmrec.rerank import Listing
    from llmrec.types import Catalogue

    Scorer = LabelScorer | LikelihoodScorer

LABELS_FROM = 1_000_000_000
"""Parameters from which a model binds symbols well enough to be read by labels."""


class ScorerSettings(Settings):
    """Every choice of a scorer but its model."""

    scorer: Literal["auto", "likelihood", "labels"] = "auto"
    """How the LLM scores: ``auto`` is likelihood below a billion parameters, else labels."""
    template: str | None = None
    """The prompt's template, e.g. ``rank/labels.v1``; default: the scorer's own."""
    normalise: Literal["prior", "mean", "sum"] = "prior"
    """How the likelihood scorer compares titles of different length and fame: less their
    log-probability after an empty history, per token, or as they are. On the embedded sample's
    validation queries ``prior`` ranked best by far."""
    n_orders: int = Field(default=1, ge=1)
    """Orders of the listed candidates that are averaged, where candidates are listed; each is one
    more forward pass a query."""
    serializer: SerializerConfig = Field(default_factory=SerializerConfig)
    """How the history reads in the prompt (time style, fields, sessions)."""
    history_tokens: int = Field(default=512, ge=32)
    """Tokens of history in the prompt, at most."""


def build_scorer(
    engine: Engine, catalogue: Catalogue, settings: ScorerSettings, *, listing: Listing = SHUFFLED
) -> Scorer:
    """Return the scorer that the settings name, on an engine.

    Args:
        engine: The model.
        catalogue: The items that histories and candidates are of.
        settings: The choices.
        listing: The order in which candidates stand in the prompt, where they are listed.

    Raises:
        ConfigError: A setting has no meaning for this scorer.
        TemplateError: The template is unknown.
    """
    kind = scorer_kind(settings, engine)
    serializer = HistorySerializer(
        settings.serializer,
        catalogue,
        lambda texts: [len(ids) for ids in engine.tokenizer.encode_batch(texts)],
        control_strings=engine.tokenizer.control_strings,
    )
    return _SCORERS[kind](engine, serializer, settings, listing)


def scorer_kind(settings: ScorerSettings, engine: Engine) -> str:
    """Return the scorer's kind; a served model whose files are not here counts as large."""
    if settings.scorer != "auto":
        return settings.scorer
    if engine.card.engine == "scripted":
        return "likelihood"
    folder = find(engine.card.model)
    small = folder is not None and count_parameters(folder) < LABELS_FROM
    return "likelihood" if small else "labels"


def _labels(
    engine: Engine, serializer: HistorySerializer, settings: ScorerSettings, listing: Listing
) -> LabelScorer:
    return LabelScorer(
        engine, serializer, **_common(settings), n_orders=settings.n_orders, listing=listing
    )


def _likelihood(
    engine: Engine, serializer: HistorySerializer, settings: ScorerSettings, listing: Listing
) -> LikelihoodScorer:
    del listing
    if settings.n_orders > 1:
        raise ConfigError(
            f"n_orders is {settings.n_orders}, but the likelihood scorer lists no candidates",
            remedy="Leave n_orders out, or take a scorer that lists them (scorer: labels).",
        )
    return LikelihoodScorer(engine, serializer, **_common(settings), normalise=settings.normalise)


def _common(settings: ScorerSettings) -> dict[str, Any]:
    chosen: dict[str, Any] = {"history_tokens": settings.history_tokens}
    return chosen if settings.template is None else {**chosen, "template": settings.template}


_SCORERS: dict[str, Callable[..., Scorer]] = {"labels": _labels, "likelihood": _likelihood}
