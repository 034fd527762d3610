"""From a ranker and queries to one row of figures a query: places, scores and the best items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.errors import DataError
from llmrec.metrics import Pairs, TargetRanks, rank_targets, top_lists
from llmrec.retrieval import left_out_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.evaluation.baselines import Ranker
    from llmrec.types import Catalogue, Query, Seen

RANKED = pl.Schema(
    {
        "query": pl.Int32(),
        "ahead": pl.Float64(),
        "tied": pl.Int32(),
        "n_ranked": pl.Int32(),
        "score": pl.Float64(),
        "items": pl.List(pl.Int32()),
        "scores": pl.List(pl.Float32()),
    }
)
"""Per query: how many items score above its target (infinity: the target is not ranked), how many
score the same (itself included), how many are ranked, the target's score, and the best items by
catalogue position (-1: nothing left) with their scores."""


def rank_queries(
    ranker: Ranker,
    queries: Sequence[Query],
    catalogue: Catalogue,
    *,
    seen: Seen,
    list_length: int,
    numbers: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Rank the whole catalogue for a batch of queries.

    Args:
        ranker: Scores every item.
        queries: One target each.
        catalogue: The items, in the order of the scores.
        seen: Whether items of the history are left out, ranked, or alone ranked.
        list_length: How many of the best items are kept.
        numbers: What the queries are called; default: 0, 1, ...

    Returns:
        The columns of ``RANKED``, one row a query.

    Raises:
        DataError: The scores have another shape, or one is NaN.
    """
    histories = [query.history for query in queries]
    block = ranker.scores(histories)
    if block.shape != (len(queries), len(catalogue)):
        raise DataError(
            f"{ranker.identity} gave scores of shape {block.shape} for {len(queries)} queries on "
            f"{len(catalogue)} items",
            remedy="A ranker scores every item of the catalogue, once, in its order.",
        )
    targets = Pairs.of([[catalogue.position(query.target.item_id)] for query in queries])
    left_out = left_out_pairs(histories, catalogue, seen=seen)
    found = rank_targets(block, targets, left_out)
    items, scores = top_lists(block, list_length)
    return pl.DataFrame(
        {
            "query": list(range(len(queries)) if numbers is None else numbers),
            "ahead": found.ahead,
            "tied": found.tied,
            "n_ranked": found.n_ranked,
            "score": block[np.arange(len(queries)), targets.items].astype(np.float64),
            "items": items.tolist(),
            "scores": np.where(items >= 0, scores, 0.0).tolist(),
        },
        schema=RANKED,
    )


def ranks_of(table: pl.DataFrame) -> TargetRanks:
    """Return the columns of ``RANKED`` as ``TargetRanks``, in the table's order."""
    one, none = np.ones(table.height, dtype=np.int64), np.zeros(table.height, dtype=np.int64)
    return TargetRanks(
        query=np.arange(table.height),
        ahead=table["ahead"].to_numpy(),
        tied=table["tied"].cast(pl.Int64).to_numpy(),
        targets_ahead=none,
        targets_tied=one,
        n_ranked=table["n_ranked"].cast(pl.Int64).to_numpy(),
    )
