"""How the LLM scores candidates: the settings, and the one place that makes a scorer of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError
from llmrec.llm.models import find
from llmrec.llm.size import count_parameters
from llmrec.rerank import (
    SHUFFLED,
    LabelScorer,
    LikelihoodScorer,
    MarkerScorer,
    PointwiseScorer,
)
from llmrec.serialize import HistorySerializer, SerializerConfig

if TYPE_CHECKING:
    from llmrec.llm import Engine
    from llmrec.rerank import Listing
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.types import Catalogue

LABELS_FROM = 1_000_000_000
"""Parameters from which a model binds symbols well enough to be read by labels."""


class ScorerSettings(Settings):
    """Every choice of a scorer but its model."""

    scorer: Literal["auto", "labels", "markers", "likelihood", "pointwise"] = "auto"
    """How the LLM scores: a letter for each listed candidate, Yes or No behind each listed one, the
    probability of each title, or Yes or No to each alone. ``auto`` is likelihood below a billion
    parameters, else labels."""
    template: str | None = None
    """The prompt's template, e.g. ``rank/labels.v1``; default: the scorer's own."""
    normalise: Literal["prior", "mean", "sum"] = "prior"
    """How the likelihood scorer compares titles of different length and fame: less their
    log-probability after an empty history, per token, or as they are. On the embedded sample's
    validation queries ``prior`` ranked best by far."""
    n_orders: int = Field(default=1, ge=1)
    """Orders of the listed candidates that are averaged, where candidates are listed (labels,
    markers); each is one more forward pass a query."""
    window: int | None = Field(default=None, ge=2)
    """How many candidates one prompt lists, at most, where they are listed; more are listed in
    windows that overlap. Default: 26, which is also the most for labels."""
    serializer: SerializerConfig = Field(default_factory=SerializerConfig)
    """How the history reads in the prompt (time style, fields, sessions)."""
    history_tokens: int = Field(default=512, ge=32)
    """Tokens of history in the prompt, at most."""


def build_scorer(
    engine: Engine, catalogue: Catalogue, settings: ScorerSettings, *, listing: Listing = SHUFFLED
) -> EngineScorer:
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
    options: dict[str, Any] = {"history_tokens": settings.history_tokens}
    if settings.template is not None:
        options["template"] = settings.template
    if kind in LISTED:
        if settings.window is not None:
            options["window"] = settings.window
        return LISTED[kind](
            engine, serializer, **options, n_orders=settings.n_orders, listing=listing
        )
    _refuse_listing(kind, settings)
    if kind == "likelihood":
        return LikelihoodScorer(engine, serializer, **options, normalise=settings.normalise)
    return PointwiseScorer(engine, serializer, **options)


def scorer_kind(settings: ScorerSettings, engine: Engine) -> str:
    """Return the scorer's kind; a served model whose files are not here counts as large."""
    if settings.scorer != "auto":
        return settings.scorer
    if engine.card.engine == "scripted":
        return "likelihood"
    folder = find(engine.card.model)
    small = folder is not None and count_parameters(folder) < LABELS_FROM
    return "likelihood" if small else "labels"


def _refuse_listing(kind: str, settings: ScorerSettings) -> None:
    """Refuse settings of listed candidates where none are listed."""
    for name, value, usual in (
        ("n_orders", settings.n_orders, 1),
        ("window", settings.window, None),
    ):
        if value != usual:
            raise ConfigError(
                f"{name} is {value}, but the {kind} scorer lists no candidates",
                remedy=f"Leave {name} out, or take a scorer that lists them "
                f"(scorer: {' or '.join(LISTED)}).",
            )


LISTED: dict[str, type[LabelScorer | MarkerScorer]] = {
    "labels": LabelScorer,
    "markers": MarkerScorer,
}
"""The kinds whose prompts list the candidates -> their scorers."""
