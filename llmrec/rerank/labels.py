"""Ranking by labels: the candidates are listed, and one letter each is read at one position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.rerank.context import LETTERS
from llmrec.rerank.listed import ListedScorer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.rerank.context import SharedContext
    from llmrec.types import Candidate, History, Prompt, ScoreKind, Scores, TokenIds


class LabelScorer(ListedScorer):
    """Scores a window of candidates in one forward pass, by their labels' log-probabilities.

    Where the labels hold little of the probability (``LOW_MASS``) a warning is logged once.
    Arguments as ``ListedScorer``; ``window`` is at most 26.
    """

    kind: ClassVar[ScoreKind] = "labels"
    own_template: ClassVar[str] = "rank/labels.v1"
    labelled: ClassVar[bool] = True

    def questions(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[tuple[TokenIds, list[TokenIds]]]:
        """Return what the model is asked, for whoever trains it on the same.

        Args:
            histories: At least one.
            candidates: For each its candidates, at most as many as one prompt lists.
            order_seed: As for ``rerank``.

        Returns:
            Per query the prompt, and for each candidate the one token of its label.
        """
        shared = self.context.shared(histories, candidates, order_seed=order_seed)
        listings = [listing for (listing,) in shared]
        prompts = self._render([self._variables(listing) for listing in listings], histories)
        asked = []
        for prompt, listing in zip(prompts, listings, strict=True):
            labels = self._answers.labels(prompt.token_ids, LETTERS[: len(listing.order)])
            by_candidate = dict(zip(listing.order, labels, strict=True))
            answers: list[TokenIds] = [(by_candidate[n],) for n in range(len(by_candidate))]
            asked.append((prompt.token_ids, answers))
        return asked

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
