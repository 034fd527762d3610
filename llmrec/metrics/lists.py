"""What recommended lists are like beyond hitting targets: variety, novelty, popularity, genres.

Lists are item positions, ``(n_queries, k) int``, best first; -1 stands where a list has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.metrics.targets import Block
    from llmrec.types import Scores

    Lists = NDArray[np.int32] | NDArray[np.int64]

EMPTY = -1


def top_lists(scores: Block, k: int) -> tuple[NDArray[np.int64], Scores]:
    """Return each query's ``k`` best items and their scores, best first.

    Equal scores stand in the catalogue's order, so that the lists are the same everywhere.

    Args:
        scores: ``(n_queries, n_items)``; minus infinity = not ranked.
        k: How many; capped by the catalogue.

    Returns:
        Items ``(n_queries, min(k, n_items)) int64``, -1 where nothing is left, and their scores
        ``float64``, minus infinity there.

    Raises:
        ConfigError: ``k`` is below 1.
    """
    if k < 1:
        raise ConfigError(f"k is {k}; a list has at least 1 place")
    n_items = scores.shape[1]
    k = min(k, n_items)
    if not scores.size:
        return np.zeros((len(scores), k), dtype=np.int64), np.zeros((len(scores), k))
    kept = np.argpartition(scores, n_items - k, axis=1)[:, n_items - k :]
    last = np.take_along_axis(scores, kept, axis=1).min(axis=1, keepdims=True)  # k-th best score
    # More items on the k-th score than places: take them in the catalogue's order, row by row.
    for row in np.flatnonzero(np.count_nonzero(scores >= last, axis=1) > k):
        above = np.flatnonzero(scores[row] > last[row])
        level = np.flatnonzero(scores[row] == last[row])
        kept[row] = np.concatenate([above, level[: k - len(above)]])
    found = np.take_along_axis(scores, kept, axis=1).astype(np.float64)
    order = np.lexsort((kept, -found), axis=1)
    items, values = (
        np.take_along_axis(kept, order, axis=1),
        np.take_along_axis(found, order, axis=1),
    )
    return np.where(np.isneginf(values), EMPTY, items), values


def coverage(lists: Lists, n_items: int) -> float:
    """Return the share of the catalogue that is in at least one list, in [0, 1].

    Raises:
        ConfigError: The catalogue is empty.
    """
    if n_items < 1:
        raise ConfigError("coverage of a catalogue without items has no value")
    return len(np.unique(lists[lists >= 0])) / n_items


def novelty(lists: Lists, counts: Scores, n_users: int) -> Scores:
    """Return the mean self-information of each list's items, in bits: rarer items tell more.

    -log2 of the share of users who have the item (Zhou et al., "Solving the apparent diversity-
    accuracy dilemma of recommender systems", PNAS 2010), with one user added to both numbers, so
    that an item that nobody has is finite.

    Args:
        lists: ``(n_queries, k)``.
        counts: ``(n_items,)`` training users (or events) per item.
        n_users: Training users.

    Returns:
        ``(n_queries,) float64``; NaN for an empty list.
    """
    bits = -np.log2((np.minimum(counts, n_users) + 1.0) / (n_users + 1.0))
    return _mean_over(lists, bits)


def popularity(lists: Lists, counts: Scores, n_users: int) -> Scores:
    """Return the mean share of users who have a list's items: ``(n_queries,)`` in [0, 1].

    Beside the same figure of the users' histories it shows the popularity bias (Abdollahpouri et
    al., "The Unfairness of Popularity Bias in Recommendation", 2019). Arguments as for
    ``novelty``.
    """
    return _mean_over(lists, np.minimum(counts, n_users) / max(1, n_users))


def diversity(lists: Lists, vectors: Scores) -> Scores:
    """Return the mean distance, 1 - cosine, over the pairs of different items of each list.

    Intra-list diversity (Ziegler et al., "Improving recommendation lists through topic
    diversification", WWW 2005).

    Args:
        lists: ``(n_queries, k)``.
        vectors: ``(n_items, dim)``, any length; items whose vector is zero are passed over.

    Returns:
        ``(n_queries,) float64``; NaN where fewer than two items have a vector.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    there = (lists >= 0) & (lengths[:, 0] > 0)[lists]
    sums = np.zeros((len(lists), vectors.shape[1]))
    for place in range(lists.shape[1]):  # one column at a time: (n_queries, k, dim) would be large
        sums += np.where(there[:, place, None], unit[lists[:, place]], 0.0)
    n = there.sum(axis=1).astype(np.float64)
    cosines = (sums**2).sum(axis=1) - n  # over ordered pairs of different items
    pairs = n * (n - 1)
    return np.where(pairs > 0, 1.0 - cosines / np.maximum(pairs, 1.0), np.nan)


def miscalibration(shown: Scores, wanted: Scores, *, smoothing: float = 0.01) -> Scores:
    """Return how far the genres of lists are from those of histories: 0 where they are alike.

    The Kullback-Leibler divergence KL(wanted || shown), in nats, with a little of ``wanted``
    mixed into ``shown`` so that it is finite (Steck, "Calibrated Recommendations", RecSys 2018).

    Args:
        shown: ``(n_queries, n_genres)`` weight of each genre in the list, any sum.
        wanted: The same of the history.
        smoothing: The share that is mixed in.

    Returns:
        ``(n_queries,) float64``, not below 0; NaN where list or history has no genre.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p = wanted / wanted.sum(axis=1, keepdims=True)
        q = shown / shown.sum(axis=1, keepdims=True)
        q = (1.0 - smoothing) * q + smoothing * p
        terms = np.where(p > 0, p * np.log(p / q), 0.0)
    known = (wanted.sum(axis=1) > 0) & (shown.sum(axis=1) > 0)
    return np.where(known, np.maximum(0.0, terms.sum(axis=1)), np.nan)


def genre_weights(lists: Lists, genres: Scores) -> Scores:
    """Return the summed genre weights of each list: ``(n_queries, n_genres)``.

    Args:
        lists: ``(n_queries, k)``.
        genres: ``(n_items, n_genres)``; each item's row sums to 1, or to 0 without a genre.
    """
    sums = np.zeros((len(lists), genres.shape[1]))
    for place in range(lists.shape[1]):
        sums += np.where(lists[:, place, None] >= 0, genres[lists[:, place]], 0.0)
    return sums


def _mean_over(lists: Lists, values: Scores) -> Scores:
    there = lists >= 0
    n = there.sum(axis=1)
    sums = np.where(there, values[lists], 0.0).sum(axis=1)
    return np.where(n > 0, sums / np.maximum(1, n), np.nan)
