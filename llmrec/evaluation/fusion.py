"""Fit the fusion weight on validation queries: retrieve, score what can be won, choose."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.progress import track
from llmrec.rerank import FusionArtifact, fit_weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.recommender import Pipeline
    from llmrec.types import Candidate, Query, Scores

CHUNK = 8
"""Queries scored per engine call: enough for batching, few enough for honest progress."""


def sample_queries(queries: Sequence[Query], n: int, *, seed: int = 0) -> list[Query]:
    """Return ``n`` of the queries (all, if there are fewer), the same ones for the same seed."""
    if n < 1:
        raise ConfigError(f"{n} validation queries cannot fit a weight", remedy="Ask for 100 up.")
    if n >= len(queries):
        return list(queries)
    chosen = sorted(random.Random(seed).sample(range(len(queries)), n))  # noqa: S311
    return [queries[place] for place in chosen]


def fit_fusion(pipeline: Pipeline, queries: Sequence[Query], *, seed: int = 0) -> FusionArtifact:
    """Fit how much the LLM counts beside this pipeline's retriever.

    Queries whose target the retriever did not find cost no model call: no weight can win them,
    and they count as 0 at every weight.

    Args:
        pipeline: Its retriever and reranker are what the weight will hold for.
        queries: Validation queries that served no other purpose.
        seed: Of the bootstrap interval.

    Raises:
        ConfigError: The pipeline has no reranker, or there are no queries.
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
    return FusionArtifact.of(fit, retriever=pipeline.retriever.identity, reranker=reranker)


def _place(candidates: Sequence[Candidate], item_id: str) -> int | None:
    for place, candidate in enumerate(candidates):
        if candidate.item.item_id == item_id:
            return place
    return None
