"""Ranking by labels: the candidates are listed, and one letter each is read at one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.rerank.context import LETTERS
from llmrec.rerank.listed import ListedScorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.rerank.context import SharedContext
    from llmrec.types import History, Prompt, ScoreKind, Scores


class LabelScorer(ListedScorer):
    """Scores a window of candidates in one forward pass, by their labels' log-probabilities.

    Where the labels hold little of the probability (``LOW_MASS``) a warning is logged once.
    Arguments as ``ListedScorer``; ``window`` is at most 26.
    """

    kind: ClassVar[ScoreKind] = "labels"
    own_template: ClassVar[str] = "rank/labels.v1"
    labelled: ClassVar[bool] = True

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
