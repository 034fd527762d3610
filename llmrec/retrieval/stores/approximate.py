"""Approximate search: FAISS finds by codes, lists or a graph, the stored vectors decide.

The rows that FAISS finds are scored again in float64 with the stored vectors, so their scores
and the order of equal ones are those of an exact store. That a better row was not missed is not
promised; ``llmrec index tune`` measures how often that happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.errors import require
from llmrec.retrieval.stores.exact import exact_search
from llmrec.retrieval.stores.hits import Hits, left_out, ordered
from llmrec.retrieval.stores.kinds import (
    add_all,
    build_index,
    first_effort,
    most_effort,
    search_parameters,
    selector,
)
from llmrec.retrieval.stores.vectors import VectorTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.hits import Rows
    from llmrec.retrieval.stores.parameters import ApproximateParameters

INDEX_FILE, VECTORS_FILE = "index.faiss", "vectors.npy"
_LEAST = 64  # rows that are scored exactly even where one is asked for
_EXACT_BELOW = 4096  # rows: so few are compared one by one faster than they are looked for
_STEP, _STEPS = 4, 3  # so many times the effort, so often, where too little was found


class ApproximateStore:
    """A FAISS index that misses some rows, and the vectors that score what it finds.

    See ``VectorStore``. Where filters leave too little of what FAISS finds, it looks further, and
    at the end every row that is allowed is compared: ``k`` rows come whenever ``k`` exist.

    Args:
        index: A FAISS index of the kind of ``parameters`` over all the rows.
        vectors: The rows' vectors.
        parameters: Kind and settings.
    """

    approximate = True

    def __init__(
        self,
        index: Any,  # noqa: ANN401
        vectors: VectorTable,
        parameters: ApproximateParameters,
    ) -> None:
        self._index, self._vectors, self._parameters = index, vectors, parameters

    @classmethod
    def of(cls, vectors: NDArray[Any], parameters: ApproximateParameters) -> Self:
        """Learn and fill an index.

        Args:
            vectors: ``(n, dimension) float32``; they are kept as ``parameters.vectors`` says.
                An array of that type is not copied: it may be mapped from a file.
            parameters: Kind and settings.

        Raises:
            ConfigError: The settings do not suit the vectors' dimension or number.
        """
        table = VectorTable(vectors.astype(parameters.vectors, copy=False))
        return cls(build_index(table, parameters), table, parameters)

    def like(self, vectors: Vectors) -> Self:
        """Make a store of other vectors with the centroids and codes of this one."""
        faiss = require("faiss", "cpu")
        index = faiss.clone_index(self._index)
        index.reset()
        table = VectorTable(vectors.astype(self._parameters.vectors, copy=False))
        add_all(index, table)
        return type(self)(index, table, self._parameters)

    def asked_with(self, parameters: ApproximateParameters) -> Self:
        """Return the same index and vectors under other settings of the search.

        Args:
            parameters: Of the same kind; what the index was learnt with stays as it is.
        """
        return type(self)(self._index, self._vectors, parameters)

    @property
    def parameters(self) -> ApproximateParameters:
        """Kind and settings."""
        return self._parameters

    @property
    def vectors(self) -> VectorTable:
        """The vectors that scores are computed from; valid until rows are added."""
        return self._vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def append(self, vectors: Vectors) -> None:
        """Add ``(n, dimension) float32`` vectors behind the last row."""
        added = vectors.astype(self._parameters.vectors, copy=False)
        table = VectorTable(np.concatenate([self._vectors.array, added]))
        self._index.add(np.ascontiguousarray(added, dtype=np.float32))
        self._vectors = table

    def write(self, folder: Path) -> None:
        """Write FAISS's own file, and the vectors as a NumPy file."""
        require("faiss", "cpu").write_index(self._index, str(folder / INDEX_FILE))
        np.save(folder / VECTORS_FILE, self._vectors.array)

    def index_bytes(self) -> int:
        """Return the size of the FAISS index, as it is written."""
        faiss = require("faiss", "cpu")
        sizes: list[int] = []
        faiss.write_index(self._index, faiss.PyCallbackIOWriter(lambda raw: sizes.append(len(raw))))
        return sum(sizes)

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        excluded: Sequence[Rows] | None = None,
        allowed: Rows | None = None,
    ) -> Hits:
        """Find rows of a large inner product with each query; see ``VectorStore``."""
        total = len(self) if allowed is None else len(allowed)
        if total <= _EXACT_BELOW:
            return exact_search(self._vectors, queries, k, excluded=excluded, allowed=allowed)
        excluded = excluded or [np.empty(0, dtype=np.int64)] * len(queries)
        wanted = np.array(
            [min(k, total - _count(out, allowed)) for out in excluded], dtype=np.int64
        )
        chosen = None if allowed is None else selector(allowed, len(self))
        width, pending = min(k, total), np.arange(len(queries))
        rows = np.full((len(queries), width), -1, dtype=np.int64)
        scores = np.full((len(queries), width), -np.inf)
        for effort in [*self._efforts(total), None]:
            outs = [excluded[n] for n in pending.tolist()]
            if effort is None:
                hits = exact_search(
                    self._vectors, queries[pending], k, excluded=outs, allowed=allowed
                )
            else:
                options = search_parameters(self._index, effort, chosen)
                hits = self._found(queries[pending], width, outs, options)
            rows[pending], scores[pending] = hits.rows, hits.scores
            pending = pending[(hits.rows >= 0).sum(axis=1) < wanted[pending]]
            if not pending.size:
                break
        return Hits(rows=rows, scores=scores)

    def _efforts(self, total: int) -> list[int]:
        """Return how far to look at first, and then, where ``total`` rows are allowed.

        The fewer rows are allowed, the farther apart they lie, and the further it looks at once.
        """
        first, most = first_effort(self._parameters), most_effort(self._index)
        first = min(first * len(self) // total, _STEP**2 * first)
        return sorted({min(most, first * _STEP**step) for step in range(_STEPS)})

    def _found(
        self,
        queries: Vectors,
        width: int,
        excluded: Sequence[Rows],
        options: Any,  # noqa: ANN401
    ) -> Hits:
        """Return what one search of FAISS finds, scored exactly and in order."""
        size = max(_LEAST, self._parameters.rerank * width) + max(map(len, excluded), default=0)
        queries = np.ascontiguousarray(queries)
        _, found = self._index.search(queries, min(size, len(self)), params=options)
        scores = self._vectors.scores(queries, found)
        scores[left_out(found, excluded)] = -np.inf
        return ordered(found, scores, width)


def _count(rows: Rows, allowed: Rows | None) -> int:
    """Return how many distinct rows are allowed ones."""
    return len(rows) if allowed is None else int(np.isin(rows, allowed).sum())
