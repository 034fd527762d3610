"""What every store of vectors does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.hits import Hits, Rows
    from llmrec.retrieval.stores.parameters import StoreParameters
    from llmrec.retrieval.stores.vectors import VectorTable


class VectorStore(Protocol):
    """Vectors in rows from 0, searched by inner product.

    Whatever the kind, found rows carry the exact score: the inner product with the stored vector,
    added up in float64. Equal scores stand in the order of rows. A store finds ``k`` rows whenever
    ``k`` may be found. Searches may run in several threads, changes must not run beside them.
    """

    @property
    def parameters(self) -> StoreParameters:
        """Kind and settings."""
        ...

    @property
    def approximate(self) -> bool:
        """Whether a better row may be missed."""
        ...

    @property
    def vectors(self) -> VectorTable:
        """The vectors that scores are computed from; valid until rows change."""
        ...

    def __len__(self) -> int: ...

    def search(
        self,
        queries: Vectors,
        k: int,
        *,
        excluded: Sequence[Rows] | None = None,
        allowed: Rows | None = None,
    ) -> Hits:
        """Find the ``k`` rows of the largest inner product for each query.

        Args:
            queries: ``(n_queries, dimension) float32``, C-contiguous, finite.
            k: How many, at least 1; the width is at most the number of rows that are allowed.
            excluded: For each query, distinct rows that it must not find.
            allowed: Rows that may be found at all, ascending; None for every row.
        """
        ...

    def append(self, vectors: Vectors) -> None:
        """Add ``(n, dimension) float32`` vectors behind the last row."""
        ...

    def like(self, vectors: Vectors) -> Self:
        """Make a store of the same kind over other vectors, with what was learnt for this one."""
        ...

    def write(self, folder: Path) -> None:
        """Write the store's files into a folder."""
        ...

    def index_bytes(self) -> int:
        """Return the memory that searching needs beside the vectors themselves."""
        ...
