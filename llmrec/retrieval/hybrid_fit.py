"""Choose how the sources of a hybrid count, on validation queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import ConfigError, require
from llmrec.metrics import bootstrap_interval, ndcg, top_lists
from llmrec.progress import track
from llmrec.retrieval.bounds import left_out_pairs
from llmrec.retrieval.hybrid import on_one_scale, reciprocal_ranks, source_scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from llmrec.retrieval.base import Retriever
    from llmrec.types import Query, Scores, Seen

LIKELY, CLIMBED, RANKS = "likeliest-weights", "climbed-weights", "reciprocal-rank"
CUTOFF = 10
_DEPTH = 100  # best items of each source that are looked at
_BATCH = 128
_FOLDS = 5
_STEPS = (0.0, 0.5, 0.75, 1.33, 2.0)
_SWEEPS = 3
_NOTHING = 1e-4  # a source that counts less is left out
_PENALTY = 1e-3  # on the squared weights, against sources that say the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEffect:
    """What the likeliest weights lose without one source, all others fitted anew."""

    source: str
    difference: float
    """NDCG@10 with all sources less that without this one, on the queries both were fitted on."""
    low: float
    high: float
    """95 % bootstrap interval of ``difference``, users drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridFit:
    """How the sources count, and how good every way was."""

    chosen: str
    """``likeliest-weights``, ``climbed-weights``, ``reciprocal-rank``, or the name of the one
    source that is best alone."""
    weights: Mapping[str, float] | None
    """Of the sources that count; None: all of them, by ranks."""
    values: Mapping[str, float]
    """Mean NDCG@10 of every way. Fitted weights are measured on users that they were not fitted
    on, in five parts."""
    n_queries: int
    ablation: tuple[SourceEffect, ...]
    """One for each source that the likeliest weights count."""


def fit_hybrid(
    sources: Mapping[str, Retriever],
    queries: Sequence[Query],
    *,
    seen: Seen = "mask",
    seed: int = 0,
) -> HybridFit:
    """Choose between learnt weights, reciprocal ranks and the best single source.

    The likeliest weights maximise the likelihood of the true next item under a softmax over the
    items that any source holds among its best hundred (a convex problem, no weight below 0); a
    target that none of them holds takes part there, and is no hit. From them NDCG@10 is climbed,
    one weight at a time. NDCG@10 on users that a way was not fitted on decides.

    Args:
        sources: Fitted on what lies before the queries only.
        queries: Validation queries, any number above 0.
        seen: Which items can be the target, as for ``Retriever.retrieve``.
        seed: Of the five parts and of the intervals.

    Raises:
        ConfigError: No queries.
        DataError: A source gives NaN.
        MissingExtraError: SciPy is not installed.
    """
    if not queries:
        raise ConfigError("no validation queries to choose a hybrid's weights on")
    pool = _pooled(sources, queries, seen=seen)
    users = _codes(queries)
    everyone = np.arange(len(queries))
    likely = pool.fit(everyone)
    fitted = {LIKELY: likely, CLIMBED: pool.climb(likely, everyone)}
    gains = _cross_fitted(pool, users, likely, seed) | {RANKS: pool.gains(pool.by_rank)}
    gains |= {name: pool.gains(pool.features[n]) for n, name in enumerate(sources)}
    values = {name: float(gain.mean()) for name, gain in gains.items()}
    chosen = max(values, key=lambda name: values[name])  # max keeps the first of equals
    weights = None if chosen == RANKS else {chosen: 1.0}
    if chosen in fitted:
        named = zip(sources, fitted[chosen].tolist(), strict=True)
        weights = {name: round(weight, 6) for name, weight in named if weight > _NOTHING} or None
    return HybridFit(
        chosen=chosen,
        weights=weights,
        values=values,
        n_queries=len(queries),
        ablation=_ablation(pool, users, dict(zip(sources, likely.tolist(), strict=True)), seed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """The items that can be ranked high, query by query."""

    features: NDArray[np.float32]
    """``(n_sources, n_queries, width)``: the sources' scores on one scale."""
    by_rank: Scores
    """``(n_queries, width)``: sums of reciprocal ranks."""
    there: NDArray[np.bool_]
    """``(n_queries, width)``: what is an item, and not padding. The target is the first."""

    def gains(self, scores: NDArray[Any], rows: Any = slice(None)) -> Scores:  # noqa: ANN401
        """Return NDCG@10 of each query; ties share their places."""
        scores = np.where(self.there[rows], scores, -np.inf)
        own = scores[:, :1]
        ahead = np.count_nonzero(scores > own, axis=1)
        tied = np.count_nonzero(scores == own, axis=1)
        places = np.concatenate([ndcg(np.arange(1, CUTOFF + 1), CUTOFF), [0.0]])
        sums = np.concatenate([[0.0], np.cumsum(places)])
        low, high = np.minimum(ahead, CUTOFF), np.minimum(ahead + tied, CUTOFF)
        return np.asarray((sums[high] - sums[low]) / tied)

    def fused(self, weights: Scores, rows: Any = slice(None)) -> NDArray[np.float32]:  # noqa: ANN401
        """Return the weighted sums, ``(n_queries, width)``."""
        sums: NDArray[np.float32] = np.tensordot(
            weights.astype(np.float32), self.features[:, rows], axes=1
        )
        return sums

    def fit(self, rows: NDArray[np.int64], begin: Scores | None = None) -> Scores:
        """Return the likeliest weights, ``(n_sources,) float64``, none below 0."""
        optimize = require("scipy.optimize", "cpu")
        features, there = self.features[:, rows], self.there[rows]
        found = optimize.minimize(
            _loss,
            np.full(len(features), 0.3) if begin is None else begin,
            args=(features, there),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, None)] * len(features),
            options={"maxiter": 100},
        )
        weights: Scores = found.x
        return weights

    def climb(self, weights: Scores, rows: NDArray[np.int64]) -> Scores:
        """Return weights of a higher mean NDCG@10, changed one at a time while that gains."""
        weights, fused = weights.copy(), self.fused(weights, rows).astype(np.float64)
        best = self.gains(fused, rows).mean()
        small = 0.1 * weights.max(initial=0.0)
        for source in [*range(len(weights))] * _SWEEPS:
            one, now = self.features[source, rows], weights[source]
            for step in _STEPS:
                new = max(now, small) * step
                value = self.gains(fused + (new - weights[source]) * one, rows).mean()
                if value > best + 1e-9:
                    fused += (new - weights[source]) * one
                    best, weights[source] = value, new
        return weights

    def without(self, source: int) -> _Pool:
        """Return the pool as the other sources see it."""
        kept = np.delete(self.features, source, axis=0)
        return _Pool(features=kept, by_rank=self.by_rank, there=self.there)


def _loss(
    weights: Scores, features: NDArray[np.float32], there: NDArray[np.bool_]
) -> tuple[float, Scores]:
    """Return the mean negative log-likelihood of the targets with its penalty, and its slope."""
    scores = np.tensordot(weights.astype(np.float32), features, axes=1)
    scores[~there] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    totals = chances.sum(axis=1, keepdims=True)
    chances /= totals
    n = len(scores)
    loss = float((np.log(totals[:, 0]) - scores[:, 0]).mean() + _PENALTY * weights @ weights)
    slope = [np.vdot(chances, one) / n - one[:, 0].mean() for one in features]
    return loss, np.array(slope, dtype=np.float64) + 2 * _PENALTY * weights


def _pooled(sources: Mapping[str, Retriever], queries: Sequence[Query], *, seen: Seen) -> _Pool:
    parts = [
        part
        for start in track(range(0, len(queries), _BATCH), "Asking the sources")
        for part in _pooled_batch(sources, queries[start : start + _BATCH], seen=seen)
    ]
    width = max(part.shape[1] for part in parts)
    table = np.zeros((len(sources) + 1, len(parts), width), dtype=np.float32)
    there = np.zeros((len(parts), width), dtype=np.bool_)
    for n, part in enumerate(parts):
        table[:, n, : part.shape[1]], there[n, : part.shape[1]] = part, True
    return _Pool(features=table[:-1], by_rank=table[-1].astype(np.float64), there=there)


def _pooled_batch(
    sources: Mapping[str, Retriever], queries: Sequence[Query], *, seen: Seen
) -> list[NDArray[np.float32]]:
    """Return of each query ``(n_sources + 1, n_items)``: the features and the sum by rank."""
    catalogue = next(iter(sources.values())).catalogue
    histories = [query.history for query in queries]
    targets = [catalogue.position(query.target.item_id) for query in queries]
    left_out = left_out_pairs(histories, catalogue, seen=seen)
    blocks = [source_scores(name, source, histories) for name, source in sources.items()]
    tables = [*map(on_one_scale, blocks), sum(map(reciprocal_ranks, blocks), np.zeros(1))]
    best = []
    for block in blocks:
        if left_out is not None:
            block[left_out.queries, left_out.items] = -np.inf
        best.append(top_lists(block, _DEPTH)[0])
    found = np.concatenate(best, axis=1)
    parts = []
    for n, target in enumerate(targets):
        items = np.unique(found[n])
        items = np.concatenate([[target], items[(items >= 0) & (items != target)]])
        parts.append(np.stack([table[n, items] for table in tables]).astype(np.float32))
    return parts


def _codes(queries: Sequence[Query]) -> NDArray[np.int64]:
    """Return each query's user as a number."""
    _, codes = np.unique([query.history.user_id for query in queries], return_inverse=True)
    return np.asarray(codes, dtype=np.int64)


def _cross_fitted(
    pool: _Pool, users: NDArray[np.int64], begin: Scores, seed: int
) -> dict[str, Scores]:
    """Return each query's NDCG@10 under weights that were fitted without its user's fifth."""
    folds = np.random.default_rng(seed).permutation(users.max() + 1)[users] % _FOLDS
    gains = {LIKELY: np.zeros(len(users)), CLIMBED: np.zeros(len(users))}
    for fold in range(_FOLDS):
        asked, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if not asked.size:
            continue
        likely = pool.fit(others, begin) if others.size else begin
        climbed = pool.climb(likely, others) if others.size else begin
        for way, weights in ((LIKELY, likely), (CLIMBED, climbed)):
            gains[way][asked] = pool.gains(pool.fused(weights, asked), asked)
    return gains


def _ablation(
    pool: _Pool, users: NDArray[np.int64], fitted: Mapping[str, float], seed: int
) -> tuple[SourceEffect, ...]:
    weights = np.array(list(fitted.values()))
    everyone, whole = np.arange(len(users)), pool.gains(pool.fused(weights))
    effects = []
    for n, (name, weight) in enumerate(fitted.items()):
        if weight <= _NOTHING or len(fitted) == 1:
            continue
        rest = pool.without(n)
        left = rest.gains(rest.fused(rest.fit(everyone, np.delete(weights, n))))
        low, high = bootstrap_interval(whole - left, clusters=users, seed=seed)
        effects.append(
            SourceEffect(source=name, difference=float((whole - left).mean()), low=low, high=high)
        )
    return tuple(effects)
