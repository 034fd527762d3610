"""P(target is this item | it is among the candidates): one temperature, and whether it holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.metrics import bootstrap_means, reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

LOWEST, HIGHEST = 1e-3, 1e3
"""Temperatures that are looked at."""
BINS = 10
_STEPS = 60  # of golden section over ln(temperature): to about 4e-12 of the range
_GOLDEN = (math.sqrt(5) - 1) / 2


def probabilities(scores: Scores, temperature: float) -> Scores:
    """Return a softmax over the candidates: ``(n_candidates,)`` in, ``(n_candidates,)`` out."""
    shifted = (scores - scores.max()) / temperature
    weights = np.exp(shifted)
    result: Scores = weights / weights.sum()
    return result


def fit_temperature(scores: Sequence[Scores], places: Sequence[int]) -> float:
    """Return the temperature with the smallest mean log-loss.

    One parameter for all (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017). The
    loss is convex in the inverse temperature, so golden-section search finds its least value.

    Args:
        scores: Per query ``(n_candidates,)``, natural-log weights of the candidates.
        places: Per query the target's place among them.

    Returns:
        In [``LOWEST``, ``HIGHEST``]; the highest says that the scores carry no information.
    """
    low, high = math.log(LOWEST), math.log(HIGHEST)
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    losses = [_loss(scores, places, math.exp(point)) for point in inner]
    for _ in range(_STEPS):
        if losses[0] <= losses[1]:
            high, inner[1], losses[1] = inner[1], inner[0], losses[0]
            inner[0] = high - _GOLDEN * (high - low)
            losses[0] = _loss(scores, places, math.exp(inner[0]))
        else:
            low, inner[0], losses[0] = inner[0], inner[1], losses[1]
            inner[1] = low + _GOLDEN * (high - low)
            losses[1] = _loss(scores, places, math.exp(inner[1]))
    return math.exp((low + high) / 2)


def _loss(scores: Sequence[Scores], places: Sequence[int], temperature: float) -> float:
    """Return the mean of -ln P(target), by log-sum-exp so that no probability underflows."""
    total = 0.0
    for row, place in zip(scores, places, strict=True):
        shifted = (row - row.max()) / temperature
        total += math.log(np.exp(shifted).sum()) - shifted[place]
    return total / len(places)


def calibration_of(
    scores: Sequence[Scores],
    places: Sequence[int],
    clusters: NDArray[np.int64],
    temperature: float,
    *,
    seed: int,
) -> dict[str, Any]:
    """Return how well probabilities at a temperature hold, in JSON values.

    Args:
        scores: Per retrieved test query ``(n_candidates,)``.
        places: The targets' places.
        clusters: ``(n_queries,)`` the users, for the intervals.
        temperature: 1 leaves the scores as they are.
        seed: Of the intervals.

    Returns:
        ``log_loss`` and ``brier`` with their 95 % intervals; ``ece`` with ``noise``, the 95th
        percentile of what true probabilities would show on so few queries (an interval would say
        less: the expected calibration error is never below 0, and noise alone raises it); and the
        reliability curve's ``bins`` of about equally many predictions.
    """
    rows = [probabilities(row, temperature) for row in scores]
    p = np.concatenate(rows)
    sizes = [len(row) for row in rows]
    starts = np.cumsum([0, *sizes[:-1]])
    happened = np.zeros(len(p), dtype=np.bool_)
    happened[starts + np.array(places)] = True
    curve = reliability(p, happened, bins=BINS, spacing="quantile")
    squares = np.add.reduceat((p - happened) ** 2, starts)
    losses = [_loss([row], [place], temperature) for row, place in zip(scores, places, strict=True)]
    sums = np.column_stack([losses, squares, sizes])
    drawn = bootstrap_means(sums, clusters=clusters, seed=seed)
    mean = sums.mean(axis=0)
    return {
        "temperature": temperature,
        "queries": len(rows),
        "log_loss": _with_interval(mean[0], drawn[:, 0]),
        "brier": _with_interval(mean[1] / mean[2], drawn[:, 1] / drawn[:, 2]),
        "ece": {"value": curve.ece, "noise": _noise(rows, seed)},
        "bins": [
            {"predicted": float(said), "observed": float(came), "count": int(count)}
            for said, came, count in zip(curve.predicted, curve.observed, curve.counts, strict=True)
        ],
    }


def _noise(rows: Sequence[Scores], seed: int, *, draws: int = 1000, level: float = 0.95) -> float:
    """Return how large the ECE gets where every target is drawn from the probabilities said."""
    rng = np.random.default_rng(seed)
    p = np.concatenate(rows)
    edges = np.quantile(p, np.linspace(0.0, 1.0, BINS + 1))
    which = np.searchsorted(edges[1:-1], p, side="left")  # as ``reliability`` sorts them
    came = np.zeros((draws, BINS))
    start = 0
    for row in rows:
        drawn = np.searchsorted(np.cumsum(row)[:-1], rng.random(draws), side="right")
        came[np.arange(draws), which[start + drawn]] += 1.0
        start += len(row)
    said = np.bincount(which, p, BINS)
    return float(np.quantile(np.abs(came - said).sum(axis=1) / len(p), level))


def chance_of(scores: Sequence[Scores]) -> dict[str, float]:
    """Return what equal probabilities for all candidates score: ``brier`` and ``log_loss``."""
    sizes = np.array([len(row) for row in scores], dtype=np.float64)
    return {
        "brier": float((1.0 - 1.0 / sizes).sum() / sizes.sum()),
        "log_loss": float(np.log(sizes).mean()),
    }


def _with_interval(value: float, drawn: Scores) -> dict[str, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": float(value), "low": float(low), "high": float(high)}
