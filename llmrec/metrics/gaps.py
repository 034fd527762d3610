"""How far groups of users are apart, and whether chance alone would part them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.metrics.certainty import bootstrap_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.types import Scores

    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The distance between the best and the worst of several groups of users."""

    best: int
    worst: int
    """Numbers of the two groups."""
    difference: float
    """Mean of the best group less that of the worst, over their queries; never below 0."""
    low: float
    high: float
    """95 % bootstrap interval of ``difference`` between these two groups, as if they had been
    named beforehand: users of each are drawn on their own, since they are different people."""
    p_value: float
    """How often groups of the same sizes, drawn by lot among all these users, have a best and a
    worst at least as far apart; of one test alone, before ``holm``."""


def group_gaps(
    values: Scores,
    groups: Integers,
    *,
    clusters: Integers,
    seed: int = 0,
    resamples: int = 1000,
    shuffles: int = 1999,
) -> list[Gap]:
    """Find the best and the worst group of each figure, and test how far they are apart.

    Groups hold different users, so nothing can be paired. Because best and worst are chosen by
    looking, a test of those two alone would find gaps everywhere: instead whole users are dealt
    anew to groups of the same sizes, and the widest gap of each deal is what the observed one is
    held against (a permutation test of the range; Good, "Permutation, Parametric and Bootstrap
    Tests of Hypotheses", 2005). The observed groups count among the deals, so no p-value is 0.

    Args:
        values: ``(n_queries, n_figures) float64``.
        groups: ``(n_queries,)`` number of each query's group, from 0; at least two of them.
        clusters: ``(n_queries,)`` the user of each query, as any integers.
        seed: Of all draws.
        resamples: Of the interval.
        shuffles: Of the test.

    Returns:
        One gap a figure.

    Raises:
        ConfigError: Lengths differ, fewer than two groups, or a user in two groups.
    """
    sums, sizes, of_user = _by_user(values, groups, clusters)
    names, counts = np.unique(of_user, return_counts=True)
    starts = np.cumsum([0, *counts[:-1]])
    order = np.argsort(of_user, kind="stable")
    means = _means(sums[order], sizes[order], starts)
    p_values = _dealt(sums, sizes, starts, np.ptp(means, axis=0), seed=seed, shuffles=shuffles)
    found = []
    for n, column in enumerate(means.T):
        ends = (int(names[column.argmax()]), int(names[column.argmin()]))
        drawn = [
            bootstrap_means(
                values[groups == group, n, None],
                clusters=clusters[groups == group],
                seed=seed + place,  # two groups of one size must not be drawn alike
                resamples=resamples,
            )[:, 0]
            for place, group in enumerate(ends)
        ]
        low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
        found.append(
            Gap(
                best=ends[0],
                worst=ends[1],
                difference=float(np.ptp(column)),
                low=float(low),
                high=float(high),
                p_value=float(p_values[n]),
            )
        )
    return found


def _dealt(
    sums: Scores, sizes: Scores, starts: Integers, observed: Scores, *, seed: int, shuffles: int
) -> Scores:
    """Return the share of deals of users to groups whose widest gap reaches the observed one."""
    rng, extreme = np.random.default_rng(seed), np.ones(len(observed))
    for _ in range(shuffles):
        dealt = rng.permutation(len(sizes))
        extreme += np.ptp(_means(sums[dealt], sizes[dealt], starts), axis=0) >= observed - 1e-12
    return extreme / (shuffles + 1)


def _by_user(
    values: Scores, groups: Integers, clusters: Integers
) -> tuple[Scores, Scores, Integers]:
    """Return each user's sums ``(n_users, n_figures)``, number of queries, and group."""
    if not len(values) == len(groups) == len(clusters):
        raise ConfigError(
            f"{len(values)} values, groups of {len(groups)} and clusters of {len(clusters)} "
            "queries do not belong together"
        )
    users, first, code = np.unique(clusters, return_index=True, return_inverse=True)
    of_user = groups[first]
    moved = np.flatnonzero(of_user[code] != groups)
    if moved.size:
        raise ConfigError(
            f"user {clusters[moved[0]]} is in groups {of_user[code[moved[0]]]} and "
            f"{groups[moved[0]]}",
            remedy="Group users, not queries.",
        )
    if len(np.unique(of_user)) < 2:
        raise ConfigError(f"a gap needs two groups; all {len(users)} users are in one")
    sums: Scores = np.stack([np.bincount(code, column) for column in values.T], axis=1)
    return sums, np.bincount(code).astype(np.float64), of_user


def _means(sums: Scores, sizes: Scores, starts: Integers) -> Scores:
    """Return the mean over queries of runs of users: ``(n_groups, n_figures)``."""
    means: Scores = np.add.reduceat(sums, starts, axis=0) / np.add.reduceat(sizes, starts)[:, None]
    return means
