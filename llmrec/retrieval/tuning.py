"""Which kind of store is the fastest that finds enough, measured on one's own vectors."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.progress import track
from llmrec.retrieval.checks import checked_vectors
from llmrec.retrieval.stores import FEW
from llmrec.retrieval.stores.approximate import ApproximateStore
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.parameters import (
    HnswParameters,
    IvfFlatParameters,
    IvfPqParameters,
    SqParameters,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.retrieval.stores.hits import Rows
    from llmrec.retrieval.stores.parameters import ApproximateParameters, StoreParameters

_BATCH = 100  # queries a search, while the speed is measured
_ROUNDS = 3
_EFFORTS = (8, 16, 32, 64, 128, 256, 512, 1024)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One store as it was measured."""

    parameters: StoreParameters
    recall: float
    """Share of the exact best ``k`` that were found, mean over the queries."""
    queries_per_s: float
    """In batches of 100, the best of three rounds; wall-clock time."""
    build_s: float
    index_bytes: int
    """Memory beside the vectors themselves."""


def sample_queries(vectors: Vectors, n_queries: int, *, seed: int = 0) -> Vectors:
    """Make queries like the items: each a mean of an item and a random direction near it.

    The random part is as long as the item is far from its nearest neighbour among a sample, so a
    query lies about as far from the items as they lie from each other.

    Args:
        vectors: ``(n, dimension) float32``, at least two.
        n_queries: How many; capped by the number of items.
        seed: Of the choice and the directions.

    Returns:
        ``(n_queries, dimension) float32``, as long as the items that they are made from.
    """
    rng = np.random.default_rng(seed)
    chosen = vectors[np.sort(rng.choice(len(vectors), min(n_queries, len(vectors)), replace=False))]
    nearest = FlatStore.of(vectors).search(chosen, 2).scores[:, -1:]
    lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
    distance = np.sqrt(np.maximum(2 * lengths**2 - 2 * np.minimum(nearest, lengths**2), 0.0))
    noise = rng.standard_normal(chosen.shape)
    noise *= distance / np.linalg.norm(noise, axis=1, keepdims=True)
    drawn = chosen + noise
    drawn *= lengths / np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.astype(np.float32)


def tune(
    vectors: Vectors, queries: Vectors, *, k: int = 100, kinds: Sequence[str] | None = None
) -> list[Trial]:
    """Measure stores of several kinds, each at rising effort until nothing more is gained.

    Args:
        vectors: ``(n, dimension) float32``: the items.
        queries: ``(n_queries, dimension) float32``.
        k: How many are looked for.
        kinds: Which kinds besides ``flat``; None for all.

    Returns:
        The trials, the exact store first.

    Raises:
        ConfigError: A kind is unknown.
        DataError: The queries do not fit the vectors.
    """
    queries = checked_vectors(queries, rows=None, what="queries", width=vectors.shape[1])
    bases = _candidates(vectors.shape[1])
    unknown = set(kinds or ()) - {base.kind for base in bases} - {"flat"}
    if unknown:
        raise ConfigError(f"no approximate kind {sorted(unknown)[0]!r} of index")
    flat = FlatStore.of(vectors)
    truth = flat.search(queries, k).rows
    trials = [_measured(flat, queries, truth, build_s=0.0)]
    wanted = [base for base in bases if kinds is None or base.kind in kinds]
    for base in track(wanted if len(vectors) > FEW else [], "Measuring indexes"):
        start = time.perf_counter()
        built = ApproximateStore.of(vectors, base)
        build_s = time.perf_counter() - start
        for settings in _efforts(base):
            trial = _measured(built.asked_with(settings), queries, truth, build_s=build_s)
            trials.append(trial)
            _logger.info("%s: recall %.4f", settings, trial.recall)
            if trial.recall > 0.999 or trial.queries_per_s < trials[0].queries_per_s:
                break
    return trials


def fastest(trials: Sequence[Trial], recall: float) -> Trial:
    """Return the fastest trial that reaches a recall; the exact store always does.

    Raises:
        ConfigError: ``recall`` is not above 0 and at most 1.
    """
    if not 0 < recall <= 1:
        raise ConfigError(f"recall is {recall}; it must be above 0 and at most 1")
    return max((t for t in trials if t.recall >= recall), key=lambda t: t.queries_per_s)


def _candidates(dimension: int) -> list[ApproximateParameters]:
    """Return what is built once for each kind."""
    parts = next(p for p in (dimension // 2, dimension // 3, dimension) if p and not dimension % p)
    return [
        SqParameters(),
        IvfFlatParameters(),
        IvfPqParameters(parts=parts, bits=4, rotate=False, rerank=4),
        HnswParameters(),
    ]


def _efforts(base: ApproximateParameters) -> list[ApproximateParameters]:
    """Return a kind's settings at rising effort."""
    if isinstance(base, SqParameters):
        return [base]
    name = "search_width" if isinstance(base, HnswParameters) else "probes"
    return [base.model_copy(update={name: effort}) for effort in _EFFORTS]


def _measured(store: VectorStore, queries: Vectors, truth: Rows, *, build_s: float) -> Trial:
    """Measure one store on all queries."""
    k = truth.shape[1]
    parts = [queries[start : start + _BATCH] for start in range(0, len(queries), _BATCH)]
    found, seconds = [], []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        found = [store.search(part, k).rows for part in parts]
        seconds.append(time.perf_counter() - start)
    pairs = zip(truth, np.concatenate(found), strict=True)
    return Trial(
        parameters=store.parameters,
        recall=float(np.mean([np.isin(best, rows).mean() for best, rows in pairs])),
        queries_per_s=len(queries) / min(seconds),
        build_s=build_s,
        index_bytes=store.index_bytes(),
    )
