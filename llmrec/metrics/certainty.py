"""How sure a figure is: bootstrap intervals, paired tests, and what could be seen at all.

Queries of one user are not independent. Where ``clusters`` names each query's user, whole users
are drawn (Field and Welsh, "Bootstrapping clustered data", JRSS B 2007) or flipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

_CHUNK = 4_000_000  # drawn numbers held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A paired comparison of two rows on the same queries."""

    difference: float
    """Mean of (first - second) over all queries, those without any difference included."""
    low: float
    high: float
    """95 % bootstrap interval of ``difference``."""
    p_value: float
    """Two-sided; of one test alone, before ``holm``."""
    smallest_detectable: float
    """The true difference that queries like these would show (p < .05) four times out of five."""
    n_queries: int
    n_different: int
    """Queries on which the two differ at all."""


def bootstrap_interval(
    values: Scores,
    *,
    clusters: NDArray[np.int64] | None = None,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a mean over queries.

    Queries, or users, are drawn with replacement (Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, section 13.3). For the difference of two systems on the same queries pass
    the differences: the interval is then a paired one.

    Args:
        values: ``(n_queries,) float64``, one value a query.
        clusters: ``(n_queries,)`` the user of each query, as any integers; None: each its own.
        seed: Of the draws.
        resamples: How many means are drawn.
        level: Share of the means that lie inside.

    Raises:
        ConfigError: No values, no resamples, or a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    if not 0.0 < level < 1.0:
        raise ConfigError(f"level is {level}; use 0 < level < 1")
    means = bootstrap_means(values[:, None], clusters=clusters, seed=seed, resamples=resamples)
    low, high = np.quantile(means[:, 0], [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def bootstrap_means(
    values: Scores,
    *,
    clusters: NDArray[np.int64] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Scores:
    """Return drawn means of several figures at once, all of the same draws.

    Args:
        values: ``(n_queries, n_figures) float64``.
        clusters: As for ``bootstrap_interval``.
        seed: Of the draws.
        resamples: How many.

    Returns:
        ``(resamples, n_figures) float64``.

    Raises:
        ConfigError: No queries, no resamples, or clusters of another length.
    """
    if resamples < 1:
        raise ConfigError(f"resamples is {resamples}; use at least 1")
    sums, sizes = _summed(values, clusters)
    rng, n = np.random.default_rng(seed), len(sizes)
    chunk = max(1, _CHUNK // n)
    means = np.empty((resamples, sums.shape[1]))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        drawn = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(rows)])
        weights = drawn.astype(np.float64)
        means[start : start + rows] = (weights @ sums) / (weights @ sizes)[:, None]
    return means


def compare(
    first: Scores,
    second: Scores,
    *,
    clusters: NDArray[np.int64] | None = None,
    seed: int = 0,
    resamples: int = 1000,
    flips: int = 9999,
) -> Difference:
    """Compare two rows on the same queries: the difference, how sure it is, what could be seen.

    The test is Fisher's randomisation test: under the null hypothesis the two rows are
    exchangeable, so each user's summed difference could as well have the other sign (Smucker et
    al., "A Comparison of Statistical Significance Tests for Information Retrieval Evaluation",
    CIKM 2007). The observed signs count among the draws, so no p-value is 0.

    Args:
        first: ``(n_queries,) float64``.
        second: The same queries in the same order.
        clusters: As for ``bootstrap_interval``.
        seed: Of all draws.
        resamples: Of the interval.
        flips: Of the test.

    Raises:
        ConfigError: No queries, or the rows have different lengths.
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if first.shape != second.shape:
        raise ConfigError(
            f"rows of {len(first)} and {len(second)} queries cannot be paired",
            remedy="Compare rows of one run, or runs of the same card, data and sample.",
        )
    gaps = first - second
    low, high = bootstrap_interval(gaps, clusters=clusters, seed=seed, resamples=resamples)
    sums, sizes = _summed(gaps[:, None], clusters)
    return Difference(
        difference=float(gaps.mean()),
        low=low,
        high=high,
        p_value=_flipped(sums[:, 0], seed=seed, flips=flips),
        smallest_detectable=_detectable(sums[:, 0], sizes),
        n_queries=len(gaps),
        n_different=int(np.count_nonzero(gaps)),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for how many tests were made, in the same order.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979: the smallest counts
    times the number of tests, the next times one less, and none below one before it.
    """
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    corrected = [0.0] * len(p_values)
    floor = 0.0
    for place, n in enumerate(order):
        floor = max(floor, min(1.0, (len(p_values) - place) * p_values[n]))
        corrected[n] = floor
    return corrected


def _summed(values: Scores, clusters: NDArray[np.int64] | None) -> tuple[Scores, Scores]:
    """Return sums ``(n_clusters, n_figures)`` and sizes ``(n_clusters,)``."""
    if not len(values):
        raise ConfigError("an interval needs at least one query")
    if clusters is None:
        return values, np.ones(len(values))
    if len(clusters) != len(values):
        raise ConfigError(f"{len(values)} values but clusters of {len(clusters)} queries")
    _, code = np.unique(clusters, return_inverse=True)
    sums: Scores = np.stack([np.bincount(code, column) for column in values.T], axis=1)
    return sums, np.bincount(code).astype(np.float64)


def _flipped(sums: Scores, *, seed: int, flips: int) -> float:
    """Return the share of sign flips whose total is at least as far from 0 as the observed."""
    moved = sums[sums != 0.0]  # what does not differ cannot change the total
    if not moved.size:
        return 1.0
    rng = np.random.default_rng(seed)
    observed = abs(moved.sum()) - 1e-12 * np.abs(moved).sum()  # equal totals, other order of sums
    extreme, chunk = 1, max(1, _CHUNK // moved.size)
    for start in range(0, flips, chunk):
        rows = min(chunk, flips - start)
        signs = rng.integers(0, 2, (rows, moved.size), dtype=np.int8) * 2.0 - 1.0
        extreme += int((np.abs(signs @ moved) >= observed).sum())
    return extreme / (flips + 1)


def _detectable(sums: Scores, sizes: Scores, *, level: float = 0.05, power: float = 0.8) -> float:
    """Return (z of the level + z of the power) times the clustered standard error of the mean."""
    n = len(sizes)
    if n < 2:
        return float("inf")
    residuals = sums - sizes * (sums.sum() / sizes.sum())
    error = np.sqrt(n / (n - 1) * (residuals**2).sum()) / sizes.sum()
    normal = NormalDist()
    return float((normal.inv_cdf(1 - level / 2) + normal.inv_cdf(power)) * error)
