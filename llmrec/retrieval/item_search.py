"""Items found by vectors: ids outside, rows of a store inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError, UnknownItemError, did_you_mean
from llmrec.retrieval.checks import check_k, checked_vectors

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores import Hits, Rows
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.types import Catalogue, Scores


class ItemSearch:
    """What is asked of vectors of a catalogue's items, whatever holds them.

    Args:
        catalogue: The items that histories and candidates speak of.
        item_ids: Ids of the catalogue: row ``n`` of the store is ``item_ids[n]``.
        store: What holds and searches the vectors.
    """

    def __init__(self, catalogue: Catalogue, item_ids: list[str], store: VectorStore) -> None:
        self._set(catalogue, item_ids, store)

    def _set(self, catalogue: Catalogue, item_ids: list[str], store: VectorStore) -> None:
        self._catalogue, self._item_ids, self._store = catalogue, item_ids, store
        self._row = {item_id: row for row, item_id in enumerate(item_ids)}

    @property
    def catalogue(self) -> Catalogue:
        """The items that it speaks of."""
        return self._catalogue

    @property
    def item_ids(self) -> Sequence[str]:
        """The ids that have a vector: row ``n`` of every search is ``item_ids[n]``."""
        return self._item_ids

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._store.vectors.dimension

    @property
    def store(self) -> VectorStore:
        """What holds and searches the vectors; it speaks of rows."""
        return self._store

    @property
    def approximate(self) -> bool:
        """Whether a search may miss a better item."""
        return self._store.approximate

    def __len__(self) -> int:
        return len(self._item_ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._row

    def row(self, item_id: str) -> int:
        """Return an item's row; ``UnknownItemError`` where it has none."""
        if item_id not in self._row:
            raise UnknownItemError(
                f"item {item_id!r} is not in the index of {len(self)} items",
                remedy=did_you_mean(item_id, self._row),
            )
        return self._row[item_id]

    def vectors(self, item_ids: Sequence[str]) -> Vectors:
        """Return copies of indexed items' vectors, ``(n_items, dimension) float32``."""
        return self._store.vectors.rows(self._rows(item_ids))

    def centre(self) -> Vectors:
        """Return the direction of the mean of all vectors, ``(dimension,) float32``, unit."""
        return self._store.vectors.centre()

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        exclude: Sequence[Collection[str]] | None = None,
        only: Collection[str] | None = None,
    ) -> Hits:
        """Find the items of the largest inner product with each query.

        Args:
            queries: ``(n_queries, dimension) float32``, finite, none of them zero.
            k: How many, at least 1; fewer come where the index or the filters leave fewer.
            exclude: For each query, ids that it must not find; ids not in the index are ignored.
            only: Ids that may be found at all, by every query; ids not in the index are ignored,
                and none at all find nothing.

        Returns:
            ``Hits``: rows into ``item_ids`` and scores, best first, ties in catalogue order.

        Raises:
            ConfigError: ``k`` is below 1, or ``exclude`` is not one collection a query.
            DataError: The queries' shape is wrong, or one is zero or not finite.
        """
        check_k(k)
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        if exclude is not None and len(exclude) != len(queries):
            raise ConfigError(f"{len(queries)} queries but {len(exclude)} collections to exclude")
        excluded = None if exclude is None else [self._known_rows(ids) for ids in exclude]
        allowed = None if only is None else np.sort(self._known_rows(only))
        return self._store.search(queries, k, excluded=excluded, allowed=allowed)

    def similar(self, item_id: str, k: int) -> Hits:
        """Find the items nearest to an item of the index, itself left out: one query's hits."""
        return self.search(self.vectors([item_id]), k, exclude=[(item_id,)])

    def scores(self, queries: Vectors, item_ids: Sequence[Sequence[str]]) -> list[Scores]:
        """Score given items for each query, exactly as ``search`` scores them.

        Args:
            queries: ``(n_queries, dimension) float32``, finite, none of them zero.
            item_ids: For each query the items to score.

        Returns:
            Per query ``(n_items,) float64``.

        Raises:
            ConfigError: ``item_ids`` is not one sequence a query.
            UnknownItemError: An id is not in the index.
            DataError: The queries are unfit, as for ``search``.
        """
        queries = checked_vectors(queries, rows=None, what="queries", width=self.dimension)
        if len(item_ids) != len(queries):
            raise ConfigError(f"{len(queries)} queries but {len(item_ids)} sequences of items")
        sizes = [len(ids) for ids in item_ids]
        owners = np.repeat(np.arange(len(queries)), sizes)
        rows = self._rows([item_id for ids in item_ids for item_id in ids])
        flat = self._store.vectors.pair_scores(queries, owners, rows)
        return np.split(flat, np.cumsum(sizes)[:-1]) if sizes else []

    def _rows(self, item_ids: Sequence[str]) -> Rows:
        return np.fromiter(map(self.row, item_ids), dtype=np.int64, count=len(item_ids))

    def _known_rows(self, item_ids: Collection[str]) -> Rows:
        rows = {self._row[item_id] for item_id in item_ids if item_id in self._row}
        return np.fromiter(rows, dtype=np.int64, count=len(rows))
