"""From the LLM's scores to a row's figures: the LLM alone, or fused with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.errors import ArtifactError, LeakageError
from llmrec.evaluation.llm_rows.candidates import split_at
from llmrec.evaluation.ranking import RANKED, ranks_of
from llmrec.metrics import reranked
from llmrec.rerank import fuse, zscore
from llmrec.types import Ranking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.llm_rows.candidates import Lists
    from llmrec.types import ScoreKind, Scores


def llm_scores(lists: Lists, scored: pl.DataFrame) -> dict[int, Scores]:
    """Return the LLM's scores of each asked query's candidates, in the source's order.

    Raises:
        LeakageError: What was scored is not what the source proposed.
        ArtifactError: A query whose target is among the candidates was not scored.
    """
    found: dict[int, Scores] = {}
    for query, items, scores in scored.select("query", "items", "llm").iter_rows():
        wanted = [int(item) for item in lists.items[query, : lists.n_candidates] if item >= 0]
        if items != wanted:
            added = sorted(set(items) - set(wanted)) or items
            raise LeakageError(
                f"query {query}: the scored candidates are not those of {lists.source}; "
                f"catalogue positions {added[:5]} are not its own",
                remedy="Remove the row's folder and run again: nothing is added to candidates.",
            )
        found[query] = np.array(scores)
    missing = sorted(set(lists.asked) - set(found))
    if missing:
        raise ArtifactError(
            f"{len(missing)} queries are not scored yet, the first is {missing[0]}",
            remedy="Run the same `llmrec evaluate` again; it goes on where it stopped.",
        )
    return found


def rerank_lists(
    lists: Lists, llm: Mapping[int, Scores], kind: ScoreKind, weight: float
) -> pl.DataFrame:
    """Return a reranked row's figures as ``RANKED``: weight 1 is the LLM alone.

    A target that is not among the candidates keeps the source's place (``split_at``), and so does
    every target at weight 0. Otherwise it stands among the candidates where its score puts it,
    tied with those of equal score: the retriever's order breaks no tie for the LLM.

    Args:
        lists: The source's lists.
        llm: The LLM's scores of the asked queries' candidates, in the source's order.
        kind: How they were read.
        weight: The LLM's share.

    Raises:
        LeakageError: A target is among the candidates that the source did not propose.
    """
    split = split_at(ranks_of(lists.ranked), lists.n_candidates, lists.place >= 0)
    places, tied = np.full(len(split), np.inf), split.tied.copy()
    score = lists.ranked["score"].to_numpy().copy()
    items, scores = lists.ranked["items"].to_list(), lists.ranked["scores"].to_list()
    for n, known in llm.items():
        fused = _fused(lists, n, known, kind, weight)
        target = fused.position(lists.queries[n].target.item_id)
        head = np.array(fused.scores[: len(known)])
        score[n] = head[target]
        ahead = (head > head[target]).sum() if weight > 0 else split.ahead[n]
        tied[n] = (head == head[target]).sum() if weight > 0 else split.tied[n]
        places[n] = ahead + 1
        items[n] = [int(lists.items[n, c.rank - 1]) for c in fused.candidates]
        scores[n] = list(fused.scores)
    return pl.DataFrame(
        {
            "query": lists.ranked["query"],
            "ahead": _ahead(lists, split.ahead, places),
            "tied": tied,
            "n_ranked": lists.ranked["n_ranked"],
            "score": score,
            "items": items,
            "scores": scores,
        },
        schema=RANKED,
    )


def fused_scores(lists: Lists, number: int, llm: Scores, weight: float) -> Scores:
    """Return a query's fused scores of its candidates, in the source's order."""
    n_here = len(llm)
    return (1.0 - weight) * zscore(lists.scores[number, :n_here]) + weight * zscore(llm)


def _fused(lists: Lists, number: int, llm: Scores, kind: ScoreKind, weight: float) -> Ranking:
    """Return the whole list: the candidates by fused score, the rest behind them."""
    ranking = Ranking.of(lists.candidates(number), llm, kind)
    return fuse(ranking, weight, rest=lists.rest(number))


def _ahead(lists: Lists, before: Scores, places: Scores) -> Scores:
    """Return how many items stand before each target, after the guard has compared both rows."""
    among = lists.place >= 0
    behind = np.maximum(before, lists.n_candidates) + 1.0
    after = reranked(np.where(among, lists.place + 1.0, behind), places, lists.n_candidates)
    return np.where(among, after - 1.0, before)
