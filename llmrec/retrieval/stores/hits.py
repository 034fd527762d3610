"""What a search found, and how several finds become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a search found: row ``n`` of both arrays belongs to query ``n``, best first."""

    rows: Rows
    """``(n_queries, width) int64``: rows of the index; -1 where nothing is left to find."""
    scores: NDArray[np.float64]
    """``(n_queries, width) float64``: inner products; -inf beside a row of -1."""


def ordered(rows: Rows, scores: NDArray[np.float64], width: int) -> Hits:
    """Put found rows in order: the highest score first, equal scores by row.

    Args:
        rows: ``(n_queries, size) int64``, distinct within a query where the score is finite.
        scores: ``(n_queries, size) float64``; -inf for what must not be found. Both arrays are
            changed.
        width: How many to keep of each query.
    """
    unsorted = np.flatnonzero(~(scores[:, :-1] > scores[:, 1:]).all(axis=1))
    order = np.lexsort((rows[unsorted], -scores[unsorted]), axis=-1)
    rows[unsorted] = np.take_along_axis(rows[unsorted], order, axis=-1)
    scores[unsorted] = np.take_along_axis(scores[unsorted], order, axis=-1)
    rows[np.isneginf(scores)] = -1
    return Hits(rows=rows[:, :width], scores=scores[:, :width])


def merged(parts: Sequence[Hits], starts: Sequence[int], width: int) -> Hits:
    """Join what several stores found for the same queries.

    Args:
        parts: One store's hits each; at least one.
        starts: For each store the row of the whole that its row 0 is.
        width: How many to keep of each query.
    """
    rows = [np.where(p.rows < 0, -1, p.rows + s) for p, s in zip(parts, starts, strict=True)]
    scores = np.concatenate([part.scores for part in parts], axis=1)
    return ordered(np.concatenate(rows, axis=1), scores, width)


def left_out(found: Rows, excluded: Sequence[Rows]) -> NDArray[np.bool_]:
    """Return which found rows their query must not see, ``(n_queries, size) bool``.

    Args:
        found: ``(n_queries, size) int64``.
        excluded: For each query, rows that it must not find.
    """
    out = np.zeros(found.shape, dtype=np.bool_)
    for query, rows in enumerate(excluded):
        if rows.size:
            out[query] = np.isin(found[query], rows)
    return out
