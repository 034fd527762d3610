"""Ranking by labels: the candidates are listed, and one letter each is read at one position."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.errors import ConfigError
from llmrec.rerank.base import renormalise
from llmrec.rerank.context import HISTORY_TOKENS, LETTERS, SHUFFLED, PromptContext
from llmrec.rerank.scorer import EngineScorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.llm.base import Engine, LogProbs
    from llmrec.rerank.context import Listing
    from llmrec.serialize import HistorySerializer
    from llmrec.types import Candidate, History, ScoreKind, Scores, TokenIds

logger = logging.getLogger(__name__)

LOW_MASS = 0.2
"""Below this share of the probability the model is hardly answering with labels at all."""


class LabelScorer(EngineScorer):
    """Scores a query's candidates in one forward pass, by their labels' log-probabilities.

    The candidates stand in a seeded random order (``context.listing_order``). The note
    ``label_mass`` is the labels' share of the whole probability; below ``LOW_MASS`` a warning is
    logged once.

    Args:
        engine: The model.
        serializer: Turns histories and items into text, counting the engine's tokens.
        template: Id of a template that lists candidates.
        max_labels: Candidates a query, at most; up to 26.
        n_orders: Orders that are averaged (the mean of log-probabilities); each is one more
            forward pass a query.
        history_tokens: Longest history text.
        listing: The order in which candidates are listed; default: shuffled by content.

    Raises:
        ConfigError: ``max_labels`` or ``n_orders`` is out of range.
        TemplateError: The template is unknown.
    """

    kind: ClassVar[ScoreKind] = "labels"
    order_matters: ClassVar[bool] = True  # models prefer places and letters

    def __init__(  # noqa: PLR0913 - one keyword per choice
        self,
        engine: Engine,
        serializer: HistorySerializer,
        template: str = "rank/labels.v1",
        *,
        max_labels: int = len(LETTERS),
        n_orders: int = 1,
        history_tokens: int = HISTORY_TOKENS,
        listing: Listing = SHUFFLED,
    ) -> None:
        for name, value in (("max_labels", max_labels), ("n_orders", n_orders)):
            if value < 1:
                raise ConfigError(f"{name} is {value}; it must be at least 1")
        context = PromptContext(
            engine,
            serializer,
            max_listed=max_labels,
            history_tokens=history_tokens,
            listing=listing,
        )
        super().__init__(engine, template, context)
        self.n_orders = n_orders
        self._warned = False

    @property
    def settings(self) -> dict[str, Any]:
        """Every option that can change a score, as JSON values."""
        return {**super().settings, "n_orders": self.n_orders}

    def _score(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        order_seed: int,
    ) -> list[tuple[Scores, dict[str, float]]]:
        prompts: list[TokenIds] = []
        orders: list[tuple[int, ...]] = []
        for repeat in range(self.n_orders):
            shared = self.context.shared(
                histories, candidates, order_seed=order_seed, repeat=repeat
            )
            orders += [context.order for context in shared]
            prompts += self._render([context.variables for context in shared], histories)
        labels = [
            self._answers.labels(prompt, LETTERS[: len(order)])
            for prompt, order in zip(prompts, orders, strict=True)
        ]
        read = self.engine.score_labels(prompts, labels)
        every = len(histories)  # prompts stand order by order, and within an order query by query
        return [self._average(read[n::every], orders[n::every]) for n in range(every)]

    def _average(
        self, read: Sequence[LogProbs], orders: Sequence[tuple[int, ...]]
    ) -> tuple[Scores, dict[str, float]]:
        """Return one query's scores, back in the candidates' own order, and its label mass."""
        asked = self.engine.card.identity
        total = np.zeros(len(orders[0]))
        mass = 0.0
        for log_probs, order in zip(read, orders, strict=True):
            total[list(order)] += renormalise(log_probs, asked=asked)
            mass += float(np.exp(log_probs.astype(np.float64)).sum()) / len(orders)
        self._warn(mass)
        return renormalise(total / len(orders), asked=asked), {"label_mass": mass}

    def _warn(self, mass: float) -> None:
        """Say once that the model would rather answer with something else."""
        if mass >= LOW_MASS or self._warned:
            return
        self._warned = True
        logger.warning(
            "The labels hold only %.1e of the probability of %s after %s (below %.1f): the model "
            "hardly answers with labels, so their order says little. Try the likelihood scorer.",
            mass,
            self.engine.card.identity,
            self.template.template_id,
            LOW_MASS,
        )
