"""Validation in two halves: A stops training, B measures what came of it and fits the weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import DataError
from llmrec.evaluation.fusion import MIN_FOUND
from llmrec.metrics import ndcg
from llmrec.training.positions import draw_of
from llmrec.training.proposals import fit_retriever

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.data import Split
    from llmrec.rerank import Reranker
    from llmrec.training.proposals import Proposer
    from llmrec.training.recipe import Recipe
    from llmrec.types import Candidate, Query, Scores

CUTOFF = 10
CHUNK = 8
"""Queries scored per engine call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """Validation queries of some users, with the candidates that serving would bring."""

    queries: list[Query]
    candidates: list[list[Candidate]]
    places: list[int | None]
    """The target's place among the candidates; None where the retriever did not find it."""

    @property
    def asked(self) -> list[int]:
        """The queries whose target can be ranked; no model changes the others."""
        return [n for n, place in enumerate(self.places) if place is not None]


def halves(split: Split, recipe: Recipe) -> tuple[Half, Half, Proposer]:
    """Return half A and half B, and the one retriever that proposes for both.

    It learnt from the training part alone. Users are dealt to the halves, so no one is in both.

    Raises:
        DataError: A half has too few queries whose target was found.
    """
    retriever = fit_retriever(split.dataset.catalogue, split.train, recipe.candidates)
    order = draw_of("validation", recipe.seed).permutation(len(split.validation))
    drawn = [split.validation[n] for n in sorted(order[: recipe.validation.queries])]
    parts = []
    for number in (0, 1):
        queries = [q for q in drawn if _half(q.history.user_id, recipe.seed) == number]
        part = _half_of(queries, retriever, split, recipe)
        if len(part.asked) < MIN_FOUND:
            raise DataError(
                f"{len(part.asked)} of {len(queries)} validation queries of half "
                f"{'AB'[number]} have their target among the {recipe.candidates.most} "
                f"candidates of {retriever.name}; {MIN_FOUND} are needed to stop training by",
                remedy="Raise validation.queries or candidates.most in the recipe, or use a "
                "larger dataset.",
            )
        parts.append(part)
    return parts[0], parts[1], retriever


def _half(user: str, seed: int) -> int:
    return int(draw_of("half", seed, user).integers(2))


def _half_of(queries: Sequence[Query], retriever: Proposer, split: Split, recipe: Recipe) -> Half:
    rows = retriever.retrieve(
        [query.history for query in queries],
        recipe.candidates.most,
        seen=split.protocol.seen,
    )
    places = [
        next((n for n, c in enumerate(row) if c.item.item_id == query.target.item_id), None)
        for query, row in zip(queries, rows, strict=True)
    ]
    return Half(queries=list(queries), candidates=rows, places=places)


def llm_scores(reranker: Reranker, half: Half) -> dict[int, Scores]:
    """Return the LLM's scores of each query that is asked, in the retriever's order."""
    scores: dict[int, Scores] = {}
    for start in range(0, len(half.asked), CHUNK):
        chunk = half.asked[start : start + CHUNK]
        rankings = reranker.rerank(
            [half.queries[n].history for n in chunk], [half.candidates[n] for n in chunk]
        )
        for n, ranking in zip(chunk, rankings, strict=True):
            by_id = {
                c.item.item_id: s for c, s in zip(ranking.candidates, ranking.scores, strict=True)
            }
            scores[n] = np.array([by_id[c.item.item_id] for c in half.candidates[n]])
    return scores


def conditional_ndcg(half: Half, scores: dict[int, Scores]) -> Scores:
    """Return NDCG@10 of each query that was asked, ties to the better retrieval rank.

    Returns:
        ``(n_asked,) float64``.
    """
    ranks = []
    for n in half.asked:
        place = half.places[n] or 0
        row = scores[n]
        ranks.append(1 + int((row > row[place]).sum() + (row[:place] == row[place]).sum()))
    return ndcg(np.array(ranks, dtype=np.int64), CUTOFF)


def retrieval_scores(half: Half) -> dict[int, Scores]:
    """Return the retriever's own scores of each query that is asked."""
    return {n: np.array([c.score for c in half.candidates[n]]) for n in half.asked}
