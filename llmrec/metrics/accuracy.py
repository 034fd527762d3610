"""Accuracy of rankings: one value per query, as an expectation over the orders of tied items.

Every function takes ``TargetRanks`` (any number of targets per query, ties kept) or plain ranks
of queries with one target each, and returns ``(n_queries,) float64`` in [0, 1]. A target that is
not ranked counts 0; it is never left out. A query without targets has no value and is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from llmrec.errors import ConfigError
from llmrec.metrics.targets import TargetRanks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

    Ranks = Sequence[int | float | None] | NDArray[np.float64] | NDArray[np.int64] | TargetRanks


class Metric(Protocol):
    """What all metrics with a cut-off have in common."""

    def __call__(self, ranks: Ranks, k: int) -> Scores:
        """Return the metric at ``k`` of each query: ``(n_queries,) float64`` in [0, 1]."""
        ...


def recall(ranks: Ranks, k: int) -> Scores:
    """Return the share of a query's targets among the first ``k`` (with one target: hit rate).

    Args:
        ranks: ``TargetRanks``, or ``(n_queries,)`` ranks from 1; None or infinity = not ranked.
        k: How many places count.

    Raises:
        ConfigError: ``k`` or a rank is below 1, a rank is NaN, or a query has no targets.
    """
    found = _checked(ranks, k)
    return _per_query(found, _expected(found, np.ones(k))) / found.n_targets


def precision(ranks: Ranks, k: int) -> Scores:
    """Return the share of the first ``k`` places that hold targets; arguments as for ``recall``."""
    found = _checked(ranks, k)
    return _per_query(found, _expected(found, np.ones(k))) / k


def f1(ranks: Ranks, k: int) -> Scores:
    """Return the harmonic mean of precision and recall at ``k``; arguments as for ``recall``.

    With h targets of n among the first k places it is 2 h / (k + n), so that its expectation over
    tied items is that of h.
    """
    found = _checked(ranks, k)
    return 2.0 * _per_query(found, _expected(found, np.ones(k))) / (k + found.n_targets)


def hit_rate(ranks: Ranks, k: int) -> Scores:
    """Return 1 where any target is among the first ``k``, else 0; arguments as for ``recall``.

    Where the best tied group lies across place k, it is the chance that one of its targets makes
    it: one less the hypergeometric chance that none does.
    """
    found = _checked(ranks, k)
    first = found.first
    tied, wanted = found.tied[first], found.targets_tied[first]
    open_places = np.clip(k - found.ahead[first], 0, tied)
    missed = np.ones(len(found))
    for nth in range(int(wanted.max(initial=0))):
        left = np.maximum(0.0, tied - open_places - nth) / np.maximum(1, tied - nth)
        missed *= np.where(nth < wanted, left, 1.0)
    return 1.0 - missed


def ndcg(ranks: Ranks, k: int) -> Scores:
    """Return the normalised discounted cumulative gain at ``k``; arguments as for ``recall``.

    A target at rank r gains 1 / log2(r + 1); the sum is divided by that of the ideal order
    (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with
    the discount that is usual today).
    """
    found = _checked(ranks, k)
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    ideal: Scores = np.cumsum(gains)[np.minimum(found.n_targets, k) - 1]
    return _per_query(found, _expected(found, gains)) / ideal


def mrr(ranks: Ranks, k: int) -> Scores:
    """Return 1 / rank of the best target where it is among the first ``k``, else 0.

    Reciprocal rank (Voorhees, "The TREC-8 Question Answering Track Report", 1999), cut at ``k``;
    arguments as for ``recall``.
    """
    found = _checked(ranks, k)
    first = found.first
    ahead, tied = found.ahead[first], found.tied[first].astype(np.float64)
    wanted = found.targets_tied[first].astype(np.float64)
    values = _expected(found, 1.0 / np.arange(1, k + 1))[first]  # right where one target is tied
    several = np.flatnonzero(wanted > 1)
    if several.size:
        values[several] = _first_of_several(ahead[several], tied[several], wanted[several], k)
    return values


def average_precision(ranks: Ranks, k: int) -> Scores:
    """Return the precision at each target's place among the first ``k``, summed, per target.

    Its mean over queries is MAP at ``k``. The sum is divided by the number of the query's targets,
    also where that is above ``k`` (as TREC's ``map_cut``); arguments as for ``recall``. Given a
    tied target's place, each other target of its tie is as likely on any of the other places.
    """
    found = _checked(ranks, k)
    others = (found.targets_tied - 1) / np.maximum(1, found.tied - 1)  # targets per place ahead
    # At place r: (targets ahead + 1 + others * (r - ahead - 1)) / r, summed over the tie's places.
    ahead = np.where(np.isfinite(found.ahead), found.ahead, 0.0)
    constant = found.targets_ahead + 1 - others * (ahead + 1)
    inverse = _expected(found, 1.0 / np.arange(1, k + 1))
    sums = constant * inverse + others * _expected(found, np.ones(k))
    return _per_query(found, sums) / found.n_targets


def auc(ranks: TargetRanks) -> Scores:
    """Return the chance that a target scores above an item that is none, a tie counting half.

    The area under the ROC curve of each query (Hanley and McNeil, 1982). Items that are not
    ranked are left out; a target that is not ranked counts as behind all.

    Args:
        ranks: With ``n_ranked``.

    Raises:
        ConfigError: A query has no targets, or nothing but targets is ranked.
    """
    found = _checked(ranks, 1)
    ranked = np.bincount(found.query, np.isfinite(found.ahead), len(found))
    others = found.n_ranked - ranked
    if (others < 1).any():
        query = int(np.flatnonzero(others < 1)[0])
        raise ConfigError(f"query {query}: AUC needs ranked items that are no targets")
    ahead = found.ahead - found.targets_ahead
    tied = found.tied - found.targets_tied
    behind = others[found.query] - ahead - 0.5 * tied
    behind = np.where(np.isfinite(ahead), behind, 0.0)
    return _per_query(found, behind / others[found.query]) / found.n_targets


METRICS: dict[str, Metric] = {
    "recall": recall,
    "hit_rate": hit_rate,
    "precision": precision,
    "f1": f1,
    "ndcg": ndcg,
    "mrr": mrr,
    "map": average_precision,
}
"""Name -> metric with a cut-off; ``auc`` has none."""


def chance_level(metric: Metric, n_candidates: int, k: int) -> float:
    """Return the metric's expectation when one target stands anywhere with equal chance.

    Args:
        metric: Any of ``METRICS``.
        n_candidates: How many candidates are ranked, the target among them.
        k: How many places count.

    Raises:
        ConfigError: ``n_candidates`` or ``k`` is below 1.
    """
    if n_candidates < 1:
        raise ConfigError(f"n_candidates is {n_candidates}; chance needs at least 1 candidate")
    return float(metric(np.arange(1, n_candidates + 1), k).mean())


def _checked(ranks: Ranks, k: int) -> TargetRanks:
    if k < 1:
        raise ConfigError(f"k is {k}; a metric counts at least 1 place")
    found = ranks if isinstance(ranks, TargetRanks) else TargetRanks.of_ranks(ranks)
    empty = np.flatnonzero(found.n_targets == 0)
    if empty.size:
        raise ConfigError(
            f"query {empty[0]} has no targets, so no metric has a value there",
            remedy="Leave out queries with nothing to find.",
        )
    return found


def _expected(found: TargetRanks, gains: Scores) -> Scores:
    """Return each target's expected gain: ``gains`` are those of places 1 to k, else 0."""
    k = len(gains)
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    # The clip keeps "infinitely many ahead" a whole number.
    start = np.minimum(found.ahead, k).astype(np.int64)
    stop = np.minimum(start + found.tied, k)
    exact = found.tied == 1  # a difference of sums would lose digits
    single = np.concatenate([gains, [0.0]])[start]
    return np.where(exact, single, (sums[stop] - sums[start]) / found.tied)


def _per_query(found: TargetRanks, values: Scores) -> Scores:
    return np.bincount(found.query, values, len(found)).astype(np.float64)


def _first_of_several(ahead: Scores, tied: Scores, wanted: Scores, k: int) -> Scores:
    """Return E[1 / place of the first target] where ``wanted`` of ``tied`` items are targets."""
    values, chance = np.zeros(len(ahead)), wanted / tied
    for place in range(1, int(min(k, (tied - wanted + 1).max())) + 1):
        rank = ahead + place
        values += np.where(rank <= k, chance / rank, 0.0)
        left = tied - place
        chance = chance * np.maximum(0.0, left - wanted + 1) / np.maximum(left, 1.0)
    return values
