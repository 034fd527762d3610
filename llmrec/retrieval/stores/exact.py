"""Exact search over some rows of any vectors, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.hits import Hits, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.hits import Rows
    from llmrec.retrieval.stores.vectors import VectorTable


def exact_search(
    vectors: VectorTable,
    queries: Vectors,
    k: int,
    *,
    excluded: Sequence[Rows] | None = None,
    allowed: Rows | None = None,
) -> Hits:
    """Find the best rows among all that are allowed, as an exact store does.

    Args:
        vectors: Where the rows lie; no more than a part of them is in memory at once.
        queries: ``(n_queries, dimension) float32``.
        k: How many, at least 1.
        excluded: For each query, rows that it must not find.
        allowed: Rows that may be found at all, ascending; None for every row.
    """
    total = len(vectors) if allowed is None else len(allowed)
    width = min(k, total)
    best = Hits(
        rows=np.full((len(queries), width), -1, dtype=np.int64),
        scores=np.full((len(queries), width), -np.inf),
    )
    for rows, part in vectors.blocks(allowed):
        inside = None if excluded is None else [_places(out, rows) for out in excluded]
        hits = FlatStore.of(part).search(queries, k, excluded=inside)
        named = Hits(rows=np.where(hits.rows < 0, -1, rows[hits.rows]), scores=hits.scores)
        best = merged([best, named], [0, 0], width)
    return best


def _places(wanted: Rows, rows: Rows) -> Rows:
    """Return where in ascending ``rows`` the wanted ones stand, those that do."""
    places = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    found: Rows = places[rows[places] == wanted]
    return found
