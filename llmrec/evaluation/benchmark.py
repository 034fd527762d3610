"""How long metrics take: a dot-product ranker over everything, all accuracy metrics, intervals."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.metrics import METRICS, Pairs, auc, bootstrap_means, stream_targets
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmrec.metrics import Block, TargetRanks
    from llmrec.types import Scores

CUTOFFS = (1, 5, 10, 20, 50, 100)
SIZES = ((1_000, 1_000), (6_040, 3_706), (10_000, 10_000), (30_000, 30_000))
"""(users, items), rising; the second is MovieLens-1M's."""
LARGEST = (100_000, 100_000)
_GIB = 2**30


def measure_sizes(sizes: Iterable[tuple[int, int]], *, draws: int = 1000) -> list[dict[str, Any]]:
    """Return ``measure_metrics`` of each (users, items), each in a process of its own.

    A process knows only the most memory that it ever held, so one would hide the other's.
    """
    spawn = multiprocessing.get_context("spawn")
    found = []
    for users, items in track(list(sizes), "Measuring"):
        with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as process:
            found.append(
                process.submit(measure_metrics, users=users, items=items, draws=draws).result()
            )
    return found


def measure_metrics(
    *,
    users: int,
    items: int,
    seen: int = 100,
    dimension: int = 64,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Rank one target a user among all items, and return seconds and memory.

    Scores are inner products of random float32 vectors, made in blocks; ``seen`` random items a
    user are masked. Then every metric at every cut-off to 100 and AUC, and bootstrap intervals of
    all of them at once.

    Returns:
        Seconds of each step and of all, users per second, and the process's peak memory.
    """
    rng = np.random.default_rng(seed)
    queries, vectors = (
        rng.standard_normal((n, dimension), dtype=np.float32) for n in (users, items)
    )
    targets = Pairs.of(rng.integers(0, items, (users, 1)))
    masked = Pairs.of(rng.integers(0, items, (users, seen)))
    started = time.perf_counter()

    def score(run: slice) -> Block:
        return queries[run] @ vectors.T

    ranks = stream_targets(score, targets, n_items=items, seen=masked)
    ranked = time.perf_counter()
    table = accuracy_table(ranks)
    measured = time.perf_counter()
    low, high = np.quantile(bootstrap_means(table, resamples=draws), [0.025, 0.975], axis=0)
    ended = time.perf_counter()
    return {
        "users": users,
        "items": items,
        "figures": table.shape[1],
        "widest_interval": round(float((high - low).max()), 4),
        "seconds": {
            "rank": round(ranked - started, 2),
            "metrics": round(measured - ranked, 2),
            "bootstrap": round(ended - measured, 2),
            "all": round(ended - started, 2),
        },
        "users_per_s": round(users / (ended - started)),
        "peak_gib": round(peak_gib(), 2),
    }


def accuracy_table(ranks: TargetRanks) -> Scores:
    """Return every metric at every cut-off, and AUC: ``(n_queries, n_figures) float64``."""
    columns = [metric(ranks, k) for metric in METRICS.values() for k in CUTOFFS]
    return np.column_stack([*columns, auc(ranks)])


def peak_gib() -> float:
    """Return the most memory this process has held, in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _GIB
