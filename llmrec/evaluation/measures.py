"""A card's figures of every query, from where its target stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.ranking import ranks_of
from llmrec.metrics import METRICS, auc, ceiling

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from llmrec.metrics import TargetRanks
    from llmrec.types import Scores


def card_ranks(ranked: pl.DataFrame, card: Mapping[str, Any]) -> TargetRanks:
    """Return where the targets of a row stand, its ties as the card counts them."""
    return with_ties(ranks_of(ranked), card)


def with_ties(ranks: TargetRanks, card: Mapping[str, Any]) -> TargetRanks:
    """Return ranks with ties as the card counts them."""
    return ranks.pessimistic() if card["metric_ties"] == "pessimistic" else ranks


def figure_names(card: Mapping[str, Any]) -> list[str]:
    """Return the names of a card's figures, ``metric@k``, the headline included."""
    names = [f"{metric}@{k}" for metric in card["metrics"] for k in card["cutoffs"]]
    return list(dict.fromkeys([*names, card["headline"]]))


def figures_of(ranks: TargetRanks, card: Mapping[str, Any]) -> dict[str, Scores]:
    """Return every figure of a card, its ceiling included, and AUC where it has a value.

    Returns:
        Name -> ``(n_queries,) float64`` in [0, 1].
    """
    figures = {}
    for name in figure_names(card):
        metric, _, k = name.partition("@")
        figures[name] = METRICS[metric](ranks, int(k))
    if (ranks.n_ranked > 1).all():
        figures["auc"] = auc(ranks)
    figures[f"ceiling@{card['candidates']}"] = ceiling(ranks, card["candidates"])
    return figures
