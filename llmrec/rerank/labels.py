"""Ranking by labels: the candidates are listed, and one letter each is read at one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.rerank.context import HISTORY_TOKENS, LETTERS, SHUFFLED
from llmrec.rerank.listed import WINDOW, ListedScorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.llm.base import Engine
    from llmrec.rerank.context import Listing, SharedContext
    from llmrec.serialize import HistorySerializer
    from llmrec.types import History, Prompt, ScoreKind, Scores


class LabelScorer(ListedScorer):
    """Scores a window of candidates in one forward pass, by their labels' log-probabilities.

    Where the labels hold little of the probability (``LOW_MASS``) a warning is logged once.
    Arguments as ``ListedScorer``; ``window`` is at most 26.
    """

    kind: ClassVar[ScoreKind] = "labels"
    labelled: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913 - one keyword per choice
        self,
        engine: Engine,
        serializer: HistorySerializer,
        template: str = "rank/labels.v1",
        *,
        window: int = WINDOW,
        n_orders: int = 1,
        history_tokens: int = HISTORY_TOKENS,
        listing: Listing = SHUFFLED,
    ) -> None:
        super().__init__(
            engine,
            serializer,
            template,
            window=window,
            n_orders=n_orders,
            history_tokens=history_tokens,
            listing=listing,
        )

    def _variables(self, shared: SharedContext) -> Mapping[str, Any]:
        return shared.variables

    def _read(
        self,
        prompts: Sequence[Prompt],
        histories: Sequence[History],
        orders: Sequence[tuple[int, ...]],
    ) -> list[tuple[Scores, float]]:
        del histories
        ids = [prompt.token_ids for prompt in prompts]
        labels = [
            self._answers.labels(row, LETTERS[: len(order)])
            for row, order in zip(ids, orders, strict=True)
        ]
        read = []
        for log_probs in self.engine.score_labels(ids, labels):
            exact = log_probs.astype(np.float64)
            mass = float(np.exp(exact).sum())
            self._warn_of(mass)
            read.append((exact, mass))
        return read
