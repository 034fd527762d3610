"""A live index under changes and searches at once, every answer checked."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.retrieval import LiveIndex
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.parameters import IvfPqParameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.encode.base import Vectors
    from llmrec.retrieval import Found

SETTINGS = IvfPqParameters(lists=400, probes=64, parts=192, bits=4, rotate=False, rerank=3)
CHANGES_A_SECOND, SEARCHES_A_SECOND = 1000, 500
K = 20


class Trial:
    """One index, what was done to it, and what its answers should have been.

    Args:
        vectors: ``(n, dimension) float32``: item ``i<n>`` has vector ``n`` and no other.
        n_first: How many items are there at first; the others come later.
    """

    def __init__(self, vectors: Vectors, n_first: int) -> None:
        self.vectors, self.exact = vectors, vectors.astype(np.float64)
        ids = [f"i{n}" for n in range(n_first)]
        self.live = LiveIndex(ids, vectors[:n_first], store=SETTINGS, max_delta=4096)
        self.born_at = dict.fromkeys(ids, 0.0)
        self.gone_at: dict[str, float] = {}
        self.present, self.coming = list(range(n_first)), list(range(n_first, len(vectors)))
        self.rng = np.random.default_rng(0)
        self.faults = 0
        self.waits: list[float] = []

    def change(self) -> None:
        """Remove a random item, or add one that was not there yet."""
        if self.rng.random() < 0.5:
            place = int(self.rng.integers(len(self.present)))
            self.present[place], self.present[-1] = self.present[-1], self.present[place]
            name = f"i{self.present.pop()}"
            self.live.remove([name])
            self.gone_at[name] = time.perf_counter()
        else:
            n = self.coming.pop()
            self.born_at[f"i{n}"] = time.perf_counter()
            self.live.add([f"i{n}"], self.vectors[n : n + 1])
            self.present.append(n)

    def search(self) -> None:
        """Search and check the answer."""
        n, before = int(self.rng.integers(len(self.vectors))), time.perf_counter()
        [found] = self.live.search(self.vectors[n : n + 1], K)
        after = time.perf_counter()
        self.waits.append(after - before)
        self.faults += not self._right(n, found, before, after)

    def _right(self, n: int, found: Found, before: float, after: float) -> bool:
        """Return whether an answer holds ``K`` items that were there, with their scores."""
        numbers = [int(item_id[1:]) for item_id in found.item_ids]
        scored = np.allclose(self.exact[numbers] @ self.exact[n], found.scores, atol=1e-9)
        there = all(
            self.born_at[i] <= after and self.gone_at.get(i, after) >= before
            for i in found.item_ids
        )
        return scored and there and len(set(numbers)) == K

    def recall(self) -> float:
        """Return the share of the exact best ``K`` that 200 searches find now."""
        ids, held = self.live.items()
        asked = self.vectors[:200]
        best = FlatStore.of(held).search(asked, K).rows
        pairs = zip(best, self.live.search(asked, K), strict=True)
        return float(np.mean([len({ids[r] for r in b} & set(f.item_ids)) / K for b, f in pairs]))


def paced(act: Callable[[], None], rate: float, until: float, done: list[int]) -> None:
    """Act at a rate until a moment, and count; where it is late it does not wait."""
    due, count = time.perf_counter(), 0
    while (now := time.perf_counter()) < until:
        if now < due:
            time.sleep(due - now)
        act()
        count += 1
        due += 1 / rate
    done.append(count)


def measure(vectors: Vectors, n_first: int, seconds: float) -> dict[str, Any]:
    """Return the rates that were reached, the times of searches, and what was wrong."""
    trial = Trial(vectors, n_first)
    until = time.perf_counter() + seconds
    changes: list[int] = []
    searches: list[int] = []
    threads = [
        threading.Thread(target=paced, args=(trial.change, CHANGES_A_SECOND, until, changes)),
        threading.Thread(target=paced, args=(trial.search, SEARCHES_A_SECOND, until, searches)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trial.live.wait()
    return {
        "items": n_first,
        "settings": SETTINGS.model_dump(),
        "seconds": seconds,
        "changes_a_second": round(changes[0] / seconds),
        "searches_a_second": round(searches[0] / seconds),
        "answers_checked": searches[0],
        "answers_wrong": trial.faults,
        "recall_at_20": round(trial.recall(), 4),
        "search_ms_median": round(1e3 * float(np.median(trial.waits)), 2),
        "search_ms_99th": round(1e3 * float(np.quantile(trial.waits, 0.99)), 2),
    }
