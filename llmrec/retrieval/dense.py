"""What every retriever does that scores the whole catalogue at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from llmrec.metrics import BLOCK_BYTES, Pairs, top_lists
from llmrec.retrieval.checks import check_batch, check_k, check_moments
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History, Scores


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
        self, histories: Sequence[History], k: int, *, mask_seen: bool = True
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first; see ``Retriever``.

        Equal scores stand in the catalogue's order.

        Raises:
            LeakageError: As for ``scores``.
        """
        check_k(k)
        rows: list[list[Candidate]] = []
        for run in self._runs(histories):
            block = self.scores(run)
            if mask_seen:
                seen = seen_pairs(run, self._catalogue)
                block[seen.queries, seen.items] = -np.inf
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


def seen_pairs(histories: Sequence[History], catalogue: Catalogue) -> Pairs:
    """Return the catalogue positions of what each history holds, omitted events included."""
    return Pairs.of(
        [
            [catalogue.position(e.item_id) for e in history.interactions if e.item_id in catalogue]
            for history in histories
        ]
    )
