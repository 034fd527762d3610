"""Fit the fusion weight on validation queries: retrieve, score what can be won, choose."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.progress import track
from llmrec.rerank import FusionArtifact, fit_weight, fusion_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.recommender import Pipeline
    from llmrec.types import Candidate, Query, Scores

MIN_QUERIES = 100
"""Validation queries that a fit takes at least."""
MIN_FOUND = 20
"""Queries among them whose target was retrieved, at least; with fewer, chance picks the weight."""
CHUNK = 8
"""Queries scored per engine call: enough for batching, few enough for honest progress."""


def sample_queries(queries: Sequence[Query], n: int, *, seed: int = 0) -> list[Query]:
    """Return ``n`` of the queries (all, if there are fewer), the same ones for the same seed.

    Raises:
        ConfigError: Fewer than ``MIN_QUERIES`` are asked for or there.
    """
    if min(n, len(queries)) < MIN_QUERIES:
        raise ConfigError(
            f"{min(n, len(queries))} validation queries cannot fit a weight; "
            f"{MIN_QUERIES} are needed, and the data has {len(queries)}",
            remedy="Ask for more, or set the weight by hand (weight: 0.1 is the default).",
        )
    if n >= len(queries):
        return list(queries)
    chosen = sorted(random.Random(seed).sample(range(len(queries)), n))  # noqa: S311
    return [queries[place] for place in chosen]


def fit_fusion(
    pipeline: Pipeline, queries: Sequence[Query], *, seed: int = 0, retriever: str | None = None
) -> FusionArtifact:
    """Fit how much the LLM counts beside this pipeline's retriever.

    Queries whose target the retriever did not find cost no model call: no weight can win them,
    and they count as 0 at every weight.

    Args:
        pipeline: Its retriever and reranker are what the weight will hold for.
        queries: Validation queries that served no other purpose.
        seed: Of the bootstrap interval.
        retriever: The identity that the weight will hold for; default: the pipeline's retriever's.

    Raises:
        ConfigError: The pipeline has no reranker, there are no queries, or the retriever found
            the targets of fewer than ``MIN_FOUND``.
    """
    reranker = pipeline.decision.reranker
    if reranker is None:
        raise ConfigError("there is no LLM in this pipeline, so there is no weight to fit")
    histories = [query.history for query in queries]
    candidates = pipeline.retrieve(histories)
    places = [
        _place(row, query.target.item_id) for row, query in zip(candidates, queries, strict=True)
    ]
    asked = [n for n, place in enumerate(places) if place is not None]
    _check_found(len(asked), len(queries), pipeline.n_candidates)
    llm: list[Scores] = [np.zeros(len(row)) for row in candidates]
    for start in track(range(0, len(asked), CHUNK), "Scoring validation queries"):
        chunk = asked[start : start + CHUNK]
        rankings = reranker.rerank([histories[n] for n in chunk], [candidates[n] for n in chunk])
        for n, ranking in zip(chunk, rankings, strict=True):
            by_id = {
                c.item.item_id: s for c, s in zip(ranking.candidates, ranking.scores, strict=True)
            }
            llm[n] = np.array([by_id[c.item.item_id] for c in candidates[n]])
    retrieval = [np.array([c.score for c in row]) for row in candidates]
    fit = fit_weight(retrieval, llm, places, seed=seed)
    key = fusion_key(
        retriever=retriever or pipeline.retriever.identity,
        reranker=reranker,
        candidates=pipeline.n_candidates,
        seen=pipeline.seen,
    )
    return FusionArtifact.of(fit, key)


def _check_found(found: int, asked: int, n_candidates: int) -> None:
    """Refuse to fit where too few queries can be won or lost."""
    if found >= MIN_FOUND:
        return
    more = (
        f"Ask about {math.ceil(1.2 * asked * MIN_FOUND / found)} queries, or take"
        if found
        else "Take"
    )
    raise ConfigError(
        f"only {found} of {asked} validation queries have their target among the "
        f"{n_candidates} candidates; {MIN_FOUND} are needed to fit a weight",
        remedy=f"{more} more candidates or a better retriever.",
    )


def _place(candidates: Sequence[Candidate], item_id: str) -> int | None:
    for place, candidate in enumerate(candidates):
        if candidate.item.item_id == item_id:
            return place
    return None
