"""Ranking metrics of queries with one target each: pure functions of where the target stands.

Every function takes the target's rank (from 1) per query and returns one value per query, in
[0, 1]; the mean is the figure that papers report. A target that was not retrieved has rank
infinity (``None`` in a list) and counts 0: it is never left out of the mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

    Ranks = Sequence[int | float | None] | NDArray[np.float64] | NDArray[np.int64]


class Metric(Protocol):
    """What ``recall``, ``ndcg`` and ``mrr`` have in common."""

    def __call__(self, ranks: Ranks, k: int) -> Scores:
        """Return the metric at ``k`` of each query: ``(n_queries,) float64`` in [0, 1]."""
        ...


def recall(ranks: Ranks, k: int) -> Scores:
    """Return 1 where the target is among the first ``k``, else 0 (with one target: hit rate).

    Args:
        ranks: ``(n_queries,)`` the target's rank from 1; None or infinity = not retrieved.
        k: How many places count.

    Returns:
        ``(n_queries,) float64``.

    Raises:
        ConfigError: ``k`` or a rank is below 1, or a rank is NaN.
    """
    return (_checked(ranks, k) <= k).astype(np.float64)


def ndcg(ranks: Ranks, k: int) -> Scores:
    """Return 1 / log2(rank + 1) where the target is among the first ``k``, else 0.

    Normalised discounted cumulative gain (Järvelin and Kekäläinen, "Cumulated gain-based
    evaluation of IR techniques", TOIS 2002, with the base-2 discount 1 / log2(rank + 1)): with
    one target of gain 1 the ideal list has a gain of 1, so nothing is left to divide by.

    Args:
        ranks: As for ``recall``.
        k: How many places count.

    Returns:
        ``(n_queries,) float64`` in [0, 1].

    Raises:
        ConfigError: As for ``recall``.
    """
    places = _checked(ranks, k)
    return np.where(places <= k, 1.0 / np.log2(places + 1.0), 0.0)


def mrr(ranks: Ranks, k: int) -> Scores:
    """Return 1 / rank where the target is among the first ``k``, else 0.

    Reciprocal rank (Voorhees, "The TREC-8 Question Answering Track Report", 1999), cut at ``k``.

    Args:
        ranks: As for ``recall``.
        k: How many places count.

    Returns:
        ``(n_queries,) float64`` in [0, 1].

    Raises:
        ConfigError: As for ``recall``.
    """
    places = _checked(ranks, k)
    return np.where(places <= k, 1.0 / places, 0.0)


def chance_level(metric: Metric, n_candidates: int, k: int) -> float:
    """Return the metric's expectation when the target stands anywhere with equal chance.

    Args:
        metric: ``recall``, ``ndcg`` or ``mrr``.
        n_candidates: How many candidates are ranked, the target among them.
        k: How many places count.

    Raises:
        ConfigError: ``n_candidates`` or ``k`` is below 1.
    """
    if n_candidates < 1:
        raise ConfigError(f"n_candidates is {n_candidates}; chance needs at least 1 candidate")
    return float(metric(np.arange(1, n_candidates + 1), k).mean())


def bootstrap_interval(
    values: Scores, *, seed: int = 0, resamples: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean over queries.

    Queries are drawn with replacement (Efron and Tibshirani, "An Introduction to the Bootstrap",
    1993, section 13.3). For the difference of two systems on the same queries pass the
    differences: the interval is then a paired one.

    Args:
        values: ``(n_queries,) float64``, one value a query.
        seed: Of the draws.
        resamples: How many means are drawn.
        level: Share of the means that lie inside.

    Raises:
        ConfigError: No values, no resamples, or a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.size:
        raise ConfigError("an interval needs at least one query")
    if resamples < 1 or not 0.0 < level < 1.0:
        raise ConfigError(f"resamples is {resamples} and level {level}; use >= 1 and 0 < level < 1")
    rng = np.random.default_rng(seed)
    # One row of draws at a time: (resamples, n_queries) at once would be gigabytes for big runs.
    means = np.array(
        [values[rng.integers(0, values.size, values.size)].mean() for _ in range(resamples)]
    )
    low, high = np.quantile(means, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def _checked(ranks: Ranks, k: int) -> Scores:
    """Return the ranks as ``(n_queries,) float64``, infinity where nothing was retrieved."""
    if k < 1:
        raise ConfigError(f"k is {k}; a metric counts at least 1 place")
    if not isinstance(ranks, np.ndarray):
        ranks = np.array([np.inf if rank is None else rank for rank in ranks], dtype=np.float64)
    places = ranks.astype(np.float64)
    wrong = ~(places >= 1.0)  # NaN is wrong too
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ConfigError(
            f"rank {places[first]} of query {first} is not a rank",
            remedy="Ranks count from 1; use None or infinity for a target that is not there.",
        )
    return places
