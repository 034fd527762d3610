"""More candidates than one listing holds: overlapping windows, and their scores on one scale."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import Scores

ANCHORS = 4
"""Candidates that every window lists, at most: their mean is a steadier level than one score."""


def windows_of(order: Sequence[int], size: int) -> list[tuple[int, ...]]:
    """Split a listed order into windows that share their anchors, as even as can be.

    Args:
        order: Positions of the candidates, in an order that owes nothing to the retriever.
        size: Candidates a window, at most; at least 2.

    Returns:
        The order alone where it fits; else windows that each begin with the order's first
        ``min(ANCHORS, size // 2)`` candidates, and hold every other candidate in exactly one.
    """
    if len(order) <= size:
        return [tuple(order)]
    n_anchors = min(ANCHORS, size // 2)
    anchors, rest = order[:n_anchors], order[n_anchors:]
    n_windows = -(-len(rest) // (size - n_anchors))
    return [(*anchors, *rest[start::n_windows]) for start in range(n_windows)]


def joined(scores: Sequence[Scores], orders: Sequence[Sequence[int]]) -> Scores:
    """Put the scores of one query's windows on one scale, by equal means of their anchors.

    Args:
        scores: Per window ``(n_listed,) float64``, finite, in the listed order.
        orders: Per window listed place -> candidate's position; what all windows list anchors
            them.

    Returns:
        ``(n_candidates,) float64`` in the candidates' own order, up to a constant; an anchor's
        score is the mean over its windows.
    """
    anchors = reduce(set.intersection, map(set, orders))
    n_candidates = 1 + max(map(max, orders))
    total, times = np.zeros(n_candidates), np.zeros(n_candidates)
    for listed, order in zip(scores, orders, strict=True):
        shared = [place for place, position in enumerate(order) if position in anchors]
        total[list(order)] += listed - listed[shared].mean()
        times[list(order)] += 1
    result: Scores = total / times
    return result
