"""Exact inner-product search: FAISS finds, float64 decides.

FAISS adds up in float32, and in another order for large batches than for small ones, so its last
digits depend on who else is asked about. Here FAISS only proposes rows. Their scores are computed
again, one pair at a time in float64, ties go to the lower row, and more rows are fetched until
none that was not fetched can belong among the first ``k``. So one query gives the same answer alone
and in a batch, on any machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.errors import require
from llmrec.retrieval.stores.hits import Hits, Rows, left_out, ordered
from llmrec.retrieval.stores.parameters import FlatParameters
from llmrec.retrieval.stores.vectors import VectorTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors

FLAT_FILE = "vectors.faiss"
_SLACK = 16  # rows fetched beyond k, so that one round is nearly always enough
_QUERIES_A_BLOCK = 1024
_HALF_ULP = 2.0**-24  # of float32


class FlatStore:
    """Vectors in a FAISS ``IndexFlatIP``; see ``VectorStore``.

    Args:
        index: An ``IndexFlatIP``; this object takes it over.
        mapped: Whether its vectors are mapped from a file, so that rows cannot be added in place.
    """

    approximate = False

    def __init__(self, index: Any, *, mapped: bool = False) -> None:  # noqa: ANN401
        self._index, self._mapped = index, mapped
        self._vectors = VectorTable(_matrix(index), owner=index)

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Make a store of ``(n, dimension) float32`` vectors."""
        store = cls(require("faiss", "cpu").IndexFlatIP(vectors.shape[1]))
        store.append(vectors)
        return store

    def like(self, vectors: Vectors) -> Self:
        """Make an exact store of other vectors."""
        return self.of(vectors)

    @property
    def parameters(self) -> FlatParameters:
        """Kind and settings: it has none."""
        return FlatParameters()

    @property
    def vectors(self) -> VectorTable:
        """FAISS's own memory; valid until rows are added."""
        return self._vectors

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def append(self, vectors: Vectors) -> None:
        """Add ``(n, dimension) float32`` vectors behind the last row."""
        if self._mapped:
            owned = require("faiss", "cpu").IndexFlatIP(self._index.d)
            owned.add(self._vectors.array)
            self._index, self._mapped = owned, False
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        self._vectors = VectorTable(_matrix(self._index), owner=self._index)

    def write(self, folder: Path) -> None:
        """Write FAISS's own file."""
        require("faiss", "cpu").write_index(self._index, str(folder / FLAT_FILE))

    def index_bytes(self) -> int:
        """Return 0: nothing but the vectors is needed."""
        return 0

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        excluded: Sequence[Rows] | None = None,
        allowed: Rows | None = None,
    ) -> Hits:
        """Find the ``k`` rows of the largest inner product for each query; see ``VectorStore``."""
        total = len(self) if allowed is None else len(allowed)
        width = min(k, total)
        rows = np.full((len(queries), width), -1, dtype=np.int64)
        scores = np.full((len(queries), width), -np.inf)
        fetch = np.minimum(_rows_to_fetch(k, excluded, len(queries)), total)
        pending = np.arange(len(queries) if width else 0)
        while pending.size:
            size = int(fetch[pending[0]])
            block = pending[fetch[pending] == size][:_QUERIES_A_BLOCK]
            found, lowest = self._fetch(queries[block], size, allowed)
            exact = self._vectors.scores(queries[block], found)
            if excluded is not None:
                exact[left_out(found, [excluded[n] for n in block])] = -np.inf
            hits = ordered(found, exact, width)
            rows[block], scores[block] = hits.rows, hits.scores
            unsure = block[~self._certain(queries[block], hits.scores[:, -1], lowest)]
            fetch[unsure] = min(2 * size, total)
            pending = np.concatenate([np.setdiff1d(pending, block), unsure])
        return Hits(rows=rows, scores=scores)

    def _fetch(
        self, queries: Vectors, size: int, allowed: Rows | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Return FAISS's best ``size`` rows a query, and the lowest score that it gave to one.

        Returns:
            ``(n_queries, size) int64`` and ``(n_queries,) float32``.
        """
        if size == (len(self) if allowed is None else len(allowed)):  # nothing to find
            every = np.arange(size) if allowed is None else allowed
            nothing_lower = np.full(len(queries), -np.inf, dtype=np.float32)
            return np.tile(every, (len(queries), 1)), nothing_lower
        options = {} if allowed is None else {"params": _only(allowed, len(self))}
        approximate, found = self._index.search(np.ascontiguousarray(queries), size, **options)
        return found, approximate[:, -1]

    def _certain(
        self, queries: Vectors, last: NDArray[np.float64], lowest: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Return for which queries no row that was not fetched can score as much as the last hit.

        A float32 inner product is off by at most dimension * 2**-24 * |query| * |vector| (Higham,
        Accuracy and Stability of Numerical Algorithms, section 3.1).
        """
        norms = np.linalg.norm(queries.astype(np.float64), axis=1)
        dimension, longest = self._vectors.dimension, self._vectors.largest_norm()
        error = 1.01 * dimension * _HALF_ULP * norms * longest
        return np.asarray((last > lowest + error) | np.isneginf(lowest))


def _only(allowed: Rows, n_rows: int) -> Any:  # noqa: ANN401
    """Return FAISS's search parameters that let it find these rows alone."""
    from llmrec.retrieval.stores.kinds import selector

    return require("faiss", "cpu").SearchParameters(sel=selector(allowed, n_rows))


def _matrix(index: Any) -> Vectors:  # noqa: ANN401
    """Return FAISS's own memory as ``(n, dimension) float32``."""
    if not index.ntotal:
        return np.empty((0, index.d), dtype=np.float32)
    flat = require("faiss", "cpu").rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    matrix: Vectors = flat.reshape(index.ntotal, index.d)
    return matrix


def _rows_to_fetch(k: int, excluded: Sequence[Rows] | None, n_queries: int) -> Rows:
    """Return how many rows to fetch for each query, ``(n_queries,) int64``.

    Where something is excluded it is a power of two, so that similar needs share one search.
    """
    if excluded is None:
        return np.full(n_queries, k + _SLACK)
    lost = np.fromiter(map(len, excluded), dtype=np.int64, count=len(excluded))
    wanted = k + _SLACK + lost
    rounded = 2 ** np.ceil(np.log2(wanted)).astype(np.int64)
    return np.where(lost > 0, rounded, wanted)
