"""Run the whole line for some users and count what must hold of every answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.recommender import Recommender
    from llmrec.types import History, Ranking, Recommendation


def check_line(recommender: Recommender, user_ids: Sequence[str], *, k: int = 5) -> dict[str, Any]:
    """Recommend with reasons for users and return counts and times, in plain JSON values.

    Raises:
        DataError: A candidate has no score, or a reason cites what is not in the history.
    """
    if recommender.dataset is None:
        raise DataError("this recommender has no dataset, so no users can be looked up")
    histories = recommender.dataset.histories(user_ids)
    started = time.perf_counter()
    candidates = recommender.pipeline.retrieve(histories)
    retrieved = time.perf_counter()
    rankings = recommender.pipeline.decision(histories, candidates)
    ranked = time.perf_counter()
    lists = recommender.batch([{"history": h, "k": k, "explain": True} for h in histories])
    ended = time.perf_counter()
    for history, row, ranking in zip(histories, candidates, rankings, strict=True):
        _check_scored({c.item.item_id for c in row}, ranking, history)
    for history, row in zip(histories, lists, strict=True):
        _check_cited(row, history)
    return {
        "users": len(histories),
        "events": sum(len(history.interactions) for history in histories),
        "candidates_scored": sum(len(ranking.candidates) for ranking in rankings),
        "recommendations": sum(map(len, lists)),
        **_explanation_counts(lists),
        "seconds": {
            "retrieve": round(retrieved - started, 3),
            "rank": round(ranked - retrieved, 3),
            "whole_line_with_reasons": round(ended - ranked, 3),
        },
    }


def _check_scored(proposed: set[str], ranking: Ranking, history: History) -> None:
    if proposed != {candidate.item.item_id for candidate in ranking.candidates}:
        raise DataError(f"user {history.user_id!r}: a candidate was lost or invented by ranking")


def _check_cited(row: Sequence[Recommendation], history: History) -> None:
    seen = {event.item_id for event in history.interactions}
    for recommendation in row:
        explanation = recommendation.explanation
        for evidence in explanation.evidence if explanation else ():
            if evidence.item.item_id not in seen:
                raise DataError(
                    f"user {history.user_id!r}: the reason for {recommendation.item.title!r} "
                    f"cites {evidence.item.title!r}, which is not in the history"
                )


def _explanation_counts(lists: Sequence[Sequence[Recommendation]]) -> dict[str, int]:
    explanations = [r.explanation for row in lists for r in row if r.explanation is not None]
    authors = [explanation.author for explanation in explanations]
    return {
        "explanations": len(explanations),
        "cited_events": sum(len(explanation.evidence) for explanation in explanations),
        "without_a_deciding_event": sum(not explanation.evidence for explanation in explanations),
        "by_llm": authors.count("llm"),
        "by_llm_rewritten": authors.count("llm-rewritten"),
        "by_template": authors.count("template"),
    }
