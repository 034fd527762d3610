"""One generation of a live index: a store that stands still, and what changed since it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.retrieval.stores.vectors import VectorTable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.retrieval.stores.hits import Hits, Rows
    from llmrec.types import Scores

_HALF_ULP = 2.0**-24  # of float32


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search of a live index found for one query, best first."""

    item_ids: list[str]
    scores: Scores
    """``(n_found,) float64``"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Items with their vectors and places; equal scores stand in the order of places."""

    item_ids: list[str]
    places: Rows
    """``(n,) int64``"""
    vectors: Vectors
    """``(n, dimension) float32``"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What changed, as it was at one moment: rows added since, and which of them still count."""

    vectors: Vectors
    """``(n_slots, dimension) float32``; written once, never changed."""
    counts: NDArray[np.bool_]
    """``(n_slots,) bool``: live at that moment, and wanted."""
    longest: float
    """Length of the longest vector."""

    def best(self, query: Vectors, k: int) -> tuple[Rows, NDArray[np.float64]]:
        """Return every slot that can be among the best ``k`` for ``(dimension,) float32``.

        Returns:
            Slots and their exact scores, in no order.
        """
        slots = np.flatnonzero(self.counts)
        if len(slots) > k:
            rough = self.vectors[: len(self.counts)] @ query
            rough = rough[slots]
            # Float32 sums are off by no more than this (see ``stores.flat``).
            error = 2.1 * len(query) * _HALF_ULP * np.linalg.norm(query) * self.longest
            slots = slots[rough >= np.partition(rough, -k)[-k] - error]
        return slots, VectorTable(self.vectors).scores(query[None], slots[None])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An item that was added, or taken out where ``vector`` is None."""

    item_id: str
    place: int = 0
    vector: Vectors | None = None


class Generation:
    """A store, rows of it that are gone, and vectors that came later.

    No lock is in here: whoever changes it, or asks for ``moment`` or ``delta``, holds one. All else
    needs none: slots are written once, and the store never changes.

    Args:
        store: Row ``n`` is ``item_ids[n]``.
        item_ids: Each once.
        places: ``(n,) int64``, ascending.
        room: How many vectors can be added.
    """

    def __init__(self, store: VectorStore, item_ids: list[str], places: Rows, *, room: int) -> None:
        self.store, self.item_ids, self.places = store, item_ids, places
        self.rows = {item_id: row for row, item_id in enumerate(item_ids)}
        self.dead = np.zeros(len(item_ids), dtype=np.bool_)
        self.slots: dict[str, int] = {}
        self.size = 0
        self._ids: list[str] = []
        self._longest = 0.0
        self._places = np.empty(room, dtype=np.int64)
        self._vectors = np.empty((room, store.vectors.dimension), dtype=np.float32)
        self._counts = np.zeros(room, dtype=np.bool_)

    def __contains__(self, item_id: object) -> bool:
        row = self.rows.get(item_id)  # type: ignore[call-overload]
        return item_id in self.slots or (row is not None and not self.dead[row])

    def place(self, item_id: str) -> int:
        """Return the place of a live item."""
        slot = self.slots.get(item_id)
        return int(self.places[self.rows[item_id]] if slot is None else self._places[slot])

    def insert(self, item_id: str, place: int, vector: Vectors) -> None:
        """Add an item that is not live."""
        slot = self.size
        self._places[slot], self._vectors[slot], self._counts[slot] = place, vector, True
        self._ids.append(item_id)
        self._longest = max(self._longest, float(np.linalg.norm(vector)))
        self.slots[item_id] = slot
        self.size += 1

    def delete(self, item_id: str) -> None:
        """Take a live item out."""
        slot = self.slots.pop(item_id, None)
        if slot is None:
            self.dead[self.rows[item_id]] = True
        else:
            self._counts[slot] = False

    def delta(self, *, only: Collection[str] | None = None, exclude: Collection[str] = ()) -> Delta:
        """Return what was added, as it is now.

        Args:
            only: Ids that count; None for all.
            exclude: Ids that do not.
        """
        counts = self._counts[: self.size].copy()
        if only is not None:
            wanted = np.zeros_like(counts)
            wanted[[self.slots[i] for i in only if i in self.slots]] = True
            counts &= wanted
        counts[[self.slots[i] for i in exclude if i in self.slots]] = False
        return Delta(vectors=self._vectors, counts=counts, longest=self._longest)

    def moment(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which rows are gone and which slots count now, for ``live``."""
        return self.dead.copy(), self._counts[: self.size].copy()

    def live(self, dead: NDArray[np.bool_], counts: NDArray[np.bool_]) -> Part:
        """Return every item that was live at a moment, in the order of places, vectors copied."""
        rows, slots = np.flatnonzero(~dead), np.flatnonzero(counts)
        places = np.concatenate([self.places[rows], self._places[slots]])
        order = np.argsort(places)
        ids = [self.item_ids[row] for row in rows] + [self._ids[slot] for slot in slots]
        vectors = np.concatenate([self.store.vectors.rows(rows), self._vectors[slots]])
        return Part(item_ids=[ids[n] for n in order], places=places[order], vectors=vectors[order])

    def found(
        self,
        queries: Vectors,
        k: int,
        *,
        exclude: Sequence[Collection[str]],
        only: Collection[str] | None,
    ) -> Hits:
        """Search the store, whatever of it is gone; see ``LiveIndex.search``."""
        excluded = None
        if any(map(len, exclude)):
            excluded = [self._rows_of(ids) for ids in exclude]
        allowed = None if only is None else np.sort(self._rows_of(only))
        return self.store.search(queries, k, excluded=excluded, allowed=allowed)

    def _rows_of(self, ids: Collection[str]) -> Rows:
        rows = [self.rows[i] for i in dict.fromkeys(ids) if i in self.rows]
        return np.array(rows, dtype=np.int64)

    def joined(self, rows: Rows, scores: Scores, delta: Delta, *, query: Vectors, k: int) -> Found:
        """Join what the store found for one query with what was added since.

        Args:
            rows: ``(n_found,) int64``, none of them gone.
            scores: ``(n_found,) float64``.
            delta: What was added.
            query: ``(dimension,) float32``.
            k: How many to keep.
        """
        slots, added = delta.best(query, k)
        every = np.concatenate([scores, added])
        places = np.concatenate([self.places[rows], self._places[slots]])
        order = np.lexsort((places, -every))[:k]
        ids = [
            self.item_ids[rows[n]] if n < len(rows) else self._ids[slots[n - len(rows)]]
            for n in order.tolist()
        ]
        return Found(item_ids=ids, scores=every[order])

    def replay(self, changes: Sequence[Change]) -> None:
        """Apply changes that were made to another generation."""
        for change in changes:
            if change.vector is None:
                self.delete(change.item_id)
            else:
                self.insert(change.item_id, change.place, change.vector)
