"""Exact inner-product search: FAISS finds, float64 decides.

FAISS adds up in float32, and in another order for large batches than for small ones, so its last
digits depend on who else is asked about. Here FAISS only proposes rows. Their scores are computed
again, one pair at a time in float64, ties go to the lower row, and more rows are fetched until
none that was not fetched can belong among the first ``k``. So one query gives the same answer alone
and in a batch, on any machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmrec.errors import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Vectors

Rows = NDArray[np.int64]

_SLACK = 16  # rows fetched beyond k, so that one round is nearly always enough
_PAIRS_A_BLOCK = 4096  # of float64 vectors that lie in memory at once
_QUERIES_A_BLOCK = 1024
_HALF_ULP = 2.0**-24  # of float32
_NOTHING = 1e-9  # of the longest vector: a mean as short as that has no direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a search found: row ``n`` of both arrays belongs to query ``n``, best first."""

    rows: Rows
    """``(n_queries, width) int64``: rows of the index; -1 where nothing is left to find."""
    scores: NDArray[np.float64]
    """``(n_queries, width) float64``: inner products; -inf beside a row of -1."""


class FlatStore:
    """Vectors in a FAISS ``IndexFlatIP``; rows count from 0 in the order they were added.

    Args:
        index: An ``IndexFlatIP``; this object takes it over.
    """

    def __init__(self, index: Any) -> None:  # noqa: ANN401
        self._index = index
        self._forget()

    @classmethod
    def of(cls, vectors: Vectors) -> FlatStore:
        """Make a store of ``(n, dimension) float32`` vectors."""
        store = cls(require("faiss", "cpu").IndexFlatIP(vectors.shape[1]))
        store.append(vectors)
        return store

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @property
    def faiss_index(self) -> Any:  # noqa: ANN401
        """The FAISS index itself, for writing it to disk."""
        return self._index

    def append(self, vectors: Vectors) -> None:
        """Add ``(n, dimension) float32`` vectors behind the last row."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self._forget()

    def remove(self, rows: Rows) -> None:
        """Take rows out; those behind them move up, in order."""
        self._index.remove_ids(np.ascontiguousarray(rows, dtype=np.int64))
        self._forget()

    def _forget(self) -> None:
        """Drop what was computed from rows that have changed."""
        self._max_norm: float | None = None
        self._centre: Vectors | None = None

    def vectors(self, rows: Rows) -> Vectors:
        """Return copies of the vectors in these rows, ``(n, dimension) float32``."""
        return self._matrix()[rows]

    def centre(self) -> Vectors:
        """Return the direction of the mean vector, ``(dimension,) float32``, unit.

        Vectors that cancel out have none; then it is the first vector's direction. Without any
        vectors it is that of the first axis.
        """
        if self._centre is None:
            matrix = self._matrix() if len(self) else np.eye(1, self.dimension, dtype=np.float32)
            mean = matrix.mean(axis=0, dtype=np.float64)
            if not np.linalg.norm(mean) > _NOTHING * self._largest_norm():
                mean = matrix[0].astype(np.float64)
            self._centre = (mean / np.linalg.norm(mean)).astype(np.float32)
        return self._centre

    def sha256(self) -> str:
        """Return the SHA-256 of all vectors' bytes."""
        return hashlib.sha256(self._matrix().data).hexdigest()

    def search(self, queries: Vectors, k: int, excluded: Sequence[Rows]) -> Hits:
        """Find the ``k`` rows of the largest inner product for each query.

        Args:
            queries: ``(n_queries, dimension) float32``, finite.
            k: How many, at least 1; the width found is at most the number of rows.
            excluded: For each query, distinct rows that it must not find.
        """
        width = min(k, len(self))
        rows = np.full((len(queries), width), -1, dtype=np.int64)
        scores = np.full((len(queries), width), -np.inf)
        wanted = np.array([k + len(out) + _SLACK for out in excluded], dtype=np.int64)
        fetch = np.minimum(_power_of_two(wanted), len(self))
        pending = np.arange(len(queries) if width else 0)
        while pending.size:
            size = int(fetch[pending[0]])
            block = pending[fetch[pending] == size][:_QUERIES_A_BLOCK]
            found = self._fetch(queries[block], size, [excluded[n] for n in block])
            rows[block], scores[block] = found.rows[:, :width], found.scores[:, :width]
            unsure = block[~self._certain(queries[block], found, width)]
            fetch[unsure] = min(2 * size, len(self))
            pending = np.concatenate([np.setdiff1d(pending, block), unsure])
        return Hits(rows=rows, scores=scores)

    def scores(self, queries: Vectors, owners: Rows, rows: Rows) -> NDArray[np.float64]:
        """Score pairs of a query and a row.

        Args:
            queries: ``(n_queries, dimension) float32``.
            owners: ``(n_pairs,) int64``: each pair's query.
            rows: ``(n_pairs,) int64``: each pair's row.

        Returns:
            ``(n_pairs,) float64``: inner products that do not depend on what else is asked.
        """
        matrix, exact = self._matrix(), queries.astype(np.float64)
        scores = np.empty(len(rows))
        for start in range(0, len(rows), _PAIRS_A_BLOCK):
            block = slice(start, start + _PAIRS_A_BLOCK)
            scores[block] = np.vecdot(matrix[rows[block]].astype(np.float64), exact[owners[block]])
        return scores

    def _fetch(self, queries: Vectors, size: int, excluded: Sequence[Rows]) -> _Fetched:
        """Return FAISS's best ``size`` rows a query, scored exactly and in order."""
        if size == len(self):  # every row: nothing to find
            found = np.tile(np.arange(size), (len(queries), 1))
            lowest = np.full(len(queries), -np.inf, dtype=np.float32)
        else:
            approximate, found = self._index.search(np.ascontiguousarray(queries), size)
            lowest = approximate[:, -1]
        owners = np.repeat(np.arange(len(queries)), size)
        scores = self.scores(queries, owners, found.ravel()).reshape(found.shape)
        scores[self._is_excluded(found, excluded)] = -np.inf
        order = np.lexsort((found, -scores), axis=-1)
        rows = np.take_along_axis(found, order, axis=-1)
        scores = np.take_along_axis(scores, order, axis=-1)
        rows[np.isneginf(scores)] = -1
        return _Fetched(rows=rows, scores=scores, lowest=lowest)

    def _is_excluded(self, found: Rows, excluded: Sequence[Rows]) -> NDArray[np.bool_]:
        """Return which found rows their query must not see, ``(n_queries, size) bool``."""
        owners = np.repeat(np.arange(len(excluded)), [len(out) for out in excluded])
        rows = np.concatenate([np.empty(0, dtype=np.int64), *excluded])
        forbidden = owners * len(self) + rows
        return np.isin(np.arange(len(found))[:, None] * len(self) + found, forbidden)

    def _certain(self, queries: Vectors, found: _Fetched, width: int) -> NDArray[np.bool_]:
        """Return for which queries no row that was not fetched can be among the first ``width``.

        A float32 inner product is off by at most dimension * 2**-24 * |query| * |vector| (Higham,
        Accuracy and Stability of Numerical Algorithms, section 3.1).
        """
        if found.rows.shape[1] == len(self):
            return np.ones(len(queries), dtype=np.bool_)
        norms = np.linalg.norm(queries.astype(np.float64), axis=1)
        error = 1.01 * self.dimension * _HALF_ULP * norms * self._largest_norm()
        return np.asarray(found.scores[:, width - 1] > found.lowest + error)

    def _largest_norm(self) -> float:
        if self._max_norm is None:
            matrix = self._matrix()
            squares = np.einsum("nd,nd->n", matrix, matrix, dtype=np.float64)
            self._max_norm = float(np.sqrt(squares.max(initial=0.0)))
        return self._max_norm

    def _matrix(self) -> Vectors:
        """Return FAISS's own memory as ``(n, dimension) float32``; valid until rows change."""
        if not len(self):
            return np.empty((0, self.dimension), dtype=np.float32)
        faiss = require("faiss", "cpu")
        flat = faiss.rev_swig_ptr(self._index.get_xb(), len(self) * self.dimension)
        matrix: Vectors = flat.reshape(len(self), self.dimension)
        return matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched(Hits):
    """Rows in their exact order, and the lowest score that FAISS gave to one it returned."""

    lowest: NDArray[np.float32]


def _power_of_two(sizes: Rows) -> Rows:
    """Round up, so that queries with similar needs share one search."""
    exponents = np.ceil(np.log2(np.maximum(sizes, 1)))
    return np.asarray(2**exponents, dtype=np.int64)
