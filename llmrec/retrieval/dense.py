"""What every retriever does that scores the whole catalogue at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from llmrec.metrics import BLOCK_BYTES, top_lists
from llmrec.retrieval.bounds import left_out_pairs
from llmrec.retrieval.checks import check_batch, check_k, check_moments
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History, Scores, Seen


class DenseRetriever(ABC):
    """Gives every item a score; lists and candidates' scores follow from that.

    Args:
        catalogue: The items, in the order of the scores.
        before: The moment that all learnt events lie before. Histories from earlier moments are
            refused then. None where the caller's split keeps past and future apart.
    """

    def __init__(self, catalogue: Catalogue, *, before: datetime | None = None) -> None:
        self._catalogue = catalogue
        self._ids = list(catalogue)
        self._before = before

    @property
    @abstractmethod
    def name(self) -> str:
        """The source that its candidates carry."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Kind, settings and what it was made from."""

    @property
    def catalogue(self) -> Catalogue:
        """The items it can propose."""
        return self._catalogue

    @abstractmethod
    def _scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items)``, freshly made."""

    def scores(self, histories: Sequence[History]) -> Block:
        """Score every item of the catalogue, seen ones included.

        Returns:
            ``(n_histories, n_items) float32`` or ``float64``, in the catalogue's order, freshly
            made: the caller may write into it.

        Raises:
            LeakageError: A history's moment lies before events that were learnt from.
        """
        check_moments(histories, self._before, what=self.name)
        return self._scores(histories)

    def retrieve(
        self,
        histories: Sequence[History],
        k: int,
        *,
        seen: Seen = "mask",
        among: Collection[str] | None = None,
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first; see ``Retriever``.

        Equal scores stand in the catalogue's order.

        Raises:
            LeakageError: As for ``scores``.
        """
        check_k(k)
        rows: list[list[Candidate]] = []
        outside = [] if among is None else self._outside(among)
        for run in self._runs(histories):
            block = self.scores(run)
            left_out = left_out_pairs(run, self._catalogue, seen=seen)
            if left_out is not None:
                block[left_out.queries, left_out.items] = -np.inf
            block[:, outside] = -np.inf
            items, values = top_lists(block, k)
            rows.extend(
                self._candidates(*row) for row in zip(items.tolist(), values.tolist(), strict=True)
            )
        return rows

    def score(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[Scores]:
        """Score given candidates afresh, whoever proposed them; see ``Retriever``.

        Raises:
            UnknownItemError: A candidate is not in the catalogue.
            LeakageError: As for ``scores``.
        """
        check_batch(histories, candidates)
        position = self._catalogue.position
        found: list[Scores] = []
        for run in self._runs(histories):
            for values in self.scores(run):
                row = candidates[len(found)]
                places = [position(candidate.item.item_id) for candidate in row]
                found.append(values[places].astype(np.float64))
        return found

    def _outside(self, among: Collection[str]) -> list[int]:
        """Return the catalogue positions of all other items."""
        allowed = frozenset(among)
        return [n for n, item_id in enumerate(self._ids) if item_id not in allowed]

    def _runs(self, histories: Sequence[History]) -> Iterator[Sequence[History]]:
        """Yield as many histories at once as a block holds."""
        size = max(1, BLOCK_BYTES // (4 * max(1, len(self._ids))))
        for start in range(0, len(histories), size):
            yield histories[start : start + size]

    def _candidates(self, items: list[int], values: list[float]) -> list[Candidate]:
        return [
            Candidate(
                item=self._catalogue[self._ids[item]], score=value, rank=rank, source=self.name
            )
            for rank, (item, value) in enumerate(zip(items, values, strict=True), start=1)
            if item >= 0
        ]
