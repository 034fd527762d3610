"""What retrieval allows: how often the target can be won at all, and figures where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError, LeakageError
from llmrec.metrics.accuracy import recall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.metrics.accuracy import Ranks
    from llmrec.types import Scores


def ceiling(ranks: Ranks, n_candidates: int) -> Scores:
    """Return the best recall that any order of the first ``n_candidates`` items can have.

    Args:
        ranks: Of the retriever; one target per query.
        n_candidates: How many candidates are reranked.

    Returns:
        ``(n_queries,) float64``: 1 where the target is among them; in between where it is tied
        across the last place. The mean is the retrieval ceiling.
    """
    return recall(ranks, n_candidates)


def conditional_mean(values: Scores, retrieved: NDArray[np.bool_]) -> float:
    """Return the mean over the valid-retrieval subset: queries whose target was retrieved.

    NaN where no target was. Always to be shown beside the size of the subset: a retriever that
    finds easy targets only makes its reranker look good here.

    Args:
        values: ``(n_queries,)`` a metric.
        retrieved: ``(n_queries,) bool``.

    Raises:
        ConfigError: Lengths differ.
    """
    if len(values) != len(retrieved):
        raise ConfigError(f"{len(values)} values but {len(retrieved)} queries")
    return float(values[retrieved].mean()) if retrieved.any() else float("nan")


def reranked(base: Scores, places: Scores, n_candidates: int) -> Scores:
    """Return the ranks of targets after the first candidates were put into another order.

    A target that was not among the candidates keeps the retriever's rank, so that its difference
    to the retriever is exactly 0 whatever the reranker did.

    Args:
        base: ``(n_queries,)`` rank of the target in the retriever's order, from 1.
        places: ``(n_queries,)`` its place among the reranked candidates, from 1; infinity where
            it is not among them.
        n_candidates: How many candidates were reranked.

    Raises:
        LeakageError: A target stands among the candidates that the retriever did not put there,
            or has gone from them.
        ConfigError: Lengths differ, or a place is beyond the candidates.
    """
    if base.shape != places.shape:
        raise ConfigError(f"{len(base)} retrieved ranks but {len(places)} reranked places")
    among = np.isfinite(places)
    wrong = np.flatnonzero(among != (base <= n_candidates))
    if wrong.size:
        n = int(wrong[0])
        did = "was added to" if among[n] else "is missing from"
        raise LeakageError(
            f"query {n}: the target {did} the candidates; the retriever has it at rank {base[n]:g} "
            f"and gave {n_candidates}",
            remedy="Rerank exactly what was retrieved; a target is never put in or taken out.",
        )
    if (places[among] > n_candidates).any() or (places[among] < 1).any():
        raise ConfigError(f"a reranked place is not between 1 and {n_candidates}")
    return np.where(among, places, base)
