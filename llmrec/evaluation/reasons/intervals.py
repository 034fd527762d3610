"""A figure and its 95 % interval, whole users drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.metrics import bootstrap_interval, compare, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import Scores


def figure(
    values: Sequence[float], users: Sequence[str], *, seed: int, resamples: int
) -> dict[str, Any]:
    """Return a mean, its interval and how much it rests on; null figures of nothing.

    Args:
        values: One a text, claim or item.
        users: Whose each is; whole users are drawn.
        seed: Of the draws.
        resamples: How many.
    """
    counts = {"n": len(values), "users": len(set(users))}
    if not values:
        return {"value": None, "low": None, "high": None, **counts}
    wanted = np.asarray(values, dtype=np.float64)
    low, high = bootstrap_interval(wanted, clusters=codes(users), seed=seed, resamples=resamples)
    return {"value": float(wanted.mean()), "low": low, "high": high, **counts}


def differences(
    first: Scores,
    others: Mapping[str, Scores],
    users: Sequence[str],
    *,
    seed: int,
    resamples: int,
) -> list[dict[str, Any]]:
    """Compare one way with every other on the same items, paired, with Holm's correction.

    Args:
        first: ``(n_items,)``.
        others: The same items by the other ways, by name.
        users: Whose each item is.
        seed: Of the draws.
        resamples: Of the intervals.
    """
    if not len(first):
        return []
    found = [
        compare(first, values, clusters=codes(users), seed=seed, resamples=resamples)
        for values in others.values()
    ]
    corrected = holm([each.p_value for each in found])
    return [
        {
            "against": name,
            "difference": each.difference,
            "low": each.low,
            "high": each.high,
            "p_value": each.p_value,
            "p_holm": p_holm,
            "smallest_detectable": _finite(each.smallest_detectable),
            "n": each.n_queries,
        }
        for name, each, p_holm in zip(others, found, corrected, strict=True)
    ]


def codes(users: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return each user as an integer, ``(n,) int64``."""
    number = {user: n for n, user in enumerate(dict.fromkeys(users))}
    return np.array([number[user] for user in users], dtype=np.int64)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
