"""Vectors that scores are computed from, in memory or mapped from a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.hits import Rows

_PAIRS_A_BLOCK = 512  # whose float64 vectors stay in a core's cache
_ROWS_A_BLOCK = 65_536
_NOTHING = 1e-9  # of the longest vector: a mean as short as that has no direction


class VectorTable:
    """One vector a row; a score is an inner product added up in float64, pair by pair.

    So a pair's score does not depend on what else is asked about.

    Args:
        array: ``(n, dimension)``, float32 or float16, C-contiguous; it may be a memory map.
            Float16 halves the room, and the scores are those of the rounded vectors.
        owner: Whose memory it is, kept alive as long as this object.
    """

    def __init__(self, array: NDArray[Any], *, owner: object = None) -> None:
        self._array, self._owner = array, owner
        self._max_norm: float | None = None
        self._centre: Vectors | None = None

    def __len__(self) -> int:
        return len(self._array)

    @property
    def array(self) -> NDArray[Any]:
        """The vectors as they lie: ``(n, dimension)``, float32 or float16."""
        return self._array

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._array.shape[1])

    def rows(self, rows: Rows) -> Vectors:
        """Return copies of the vectors in these rows, ``(n_rows, dimension) float32``."""
        return self._array[rows].astype(np.float32, copy=False)

    def blocks(self, rows: Rows | None = None) -> Iterator[tuple[Rows, Vectors]]:
        """Yield all rows, or these, in parts with their vectors, ``(n, dimension) float32``."""
        chosen = np.arange(len(self)) if rows is None else rows
        for start in range(0, len(chosen), _ROWS_A_BLOCK):
            part = chosen[start : start + _ROWS_A_BLOCK]
            yield part, self.rows(part)

    def scores(self, queries: Vectors, found: Rows) -> NDArray[np.float64]:
        """Score the rows found for each query.

        Args:
            queries: ``(n_queries, dimension) float32``.
            found: ``(n_queries, size) int64``; -1 for none.

        Returns:
            ``(n_queries, size) float64``; -inf where the row is -1.
        """
        exact = queries.astype(np.float64)
        scores = np.empty(found.shape)
        size = max(1, min(found.shape[1], _PAIRS_A_BLOCK))
        taken = np.empty((size, self.dimension), dtype=self._array.dtype)
        wide = np.empty((size, self.dimension))
        for query, rows in enumerate(found):
            for start in range(0, len(rows), size):
                block = slice(start, start + size)
                n = len(rows[block])
                self._array.take(rows[block], axis=0, out=taken[:n], mode="clip")
                wide[:n] = taken[:n]
                np.vecdot(wide[:n], exact[query], out=scores[query, block])
        scores[found < 0] = -np.inf
        return scores

    def pair_scores(self, queries: Vectors, owners: Rows, rows: Rows) -> NDArray[np.float64]:
        """Score pairs of a query and a row, exactly as ``scores`` does.

        Args:
            queries: ``(n_queries, dimension) float32``.
            owners: ``(n_pairs,) int64``: each pair's query.
            rows: ``(n_pairs,) int64``: each pair's row.

        Returns:
            ``(n_pairs,) float64``.
        """
        exact = queries.astype(np.float64)
        scores = np.empty(len(rows))
        for start in range(0, len(rows), _PAIRS_A_BLOCK):
            block = slice(start, start + _PAIRS_A_BLOCK)
            vectors = self._array[rows[block]].astype(np.float64)
            np.vecdot(vectors, exact[owners[block]], out=scores[block])
        return scores

    def centre(self) -> Vectors:
        """Return the direction of the mean vector, ``(dimension,) float32``, unit.

        Vectors that cancel out have none; then it is the first vector's direction. Without any
        vectors it is that of the first axis.
        """
        if self._centre is None:
            matrix = self._array if len(self) else np.eye(1, self.dimension, dtype=np.float32)
            mean = matrix.mean(axis=0, dtype=np.float64)
            if not np.linalg.norm(mean) > _NOTHING * self.largest_norm():
                mean = matrix[0].astype(np.float64)
            self._centre = (mean / np.linalg.norm(mean)).astype(np.float32)
        return self._centre

    def largest_norm(self) -> float:
        """Return the length of the longest vector; 0 without any."""
        if self._max_norm is None:
            longest = 0.0
            for _, vectors in self.blocks():
                squares = np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64)
                longest = max(longest, float(np.sqrt(squares.max())))
            self._max_norm = longest
        return self._max_norm

    def sha256(self) -> str:
        """Return the SHA-256 of all vectors' bytes."""
        return hashlib.sha256(np.ascontiguousarray(self._array).data).hexdigest()
