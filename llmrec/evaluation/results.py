"""From a run folder to its results: every figure with its interval, and what the rows differ by."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.evaluation.figures import without_nan
from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE
from llmrec.evaluation.groups import compare_groups, groupings_of
from llmrec.evaluation.measures import card_ranks, figure_names, figures_of
from llmrec.evaluation.variety import variety_of
from llmrec.evaluation.words import notes_of
from llmrec.metrics import (
    METRICS,
    bootstrap_means,
    chance_level,
    compare,
    conditional_mean,
    holm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from llmrec.evaluation.folder import RunFolder
    from llmrec.metrics import TargetRanks
    from llmrec.types import Scores

FORMAT = 1


def results_of(
    folder: RunFolder, *, environment: Mapping[str, Any], resamples: int = 1000
) -> dict[str, Any]:
    """Return all figures of a run, in JSON values (no number: null).

    Args:
        folder: A run whose rows are complete.
        environment: What the figures were made with.
        resamples: Bootstrap draws.

    Raises:
        ArtifactError: A row is not complete, or a file is damaged.
    """
    made = folder.made_from
    queries, items = folder.table(QUERIES_FILE), folder.table(ITEMS_FILE)
    clusters = queries["user_id"].rank("dense").cast(pl.Int64).to_numpy()
    tables = {name: folder.ranked(name) for name in folder.row_names}
    ranks = {name: card_ranks(table, made["card"]) for name, table in tables.items()}
    figures = {name: figures_of(found, made["card"]) for name, found in ranks.items()}
    headline = {name: found[made["card"]["headline"]] for name, found in figures.items()}
    groups, gaps = compare_groups(
        headline,
        groupings_of(queries, folder.user_groups()),
        clusters,
        seed=made["seed"],
        resamples=resamples,
    )
    rows = [
        {
            **(folder.row(name) or {}),
            **_accuracy(ranks[name], figures[name], clusters, made, resamples),
            "groups": groups[name],
            "lists": variety_of(tables[name], queries, items, made["card"]),
        }
        for name in folder.row_names
    ]
    rows.sort(key=lambda row: -row["metrics"][made["card"]["headline"]]["value"])
    order = [row["name"] for row in rows]
    results: dict[str, Any] = {
        "format": FORMAT,
        "run": made,
        "environment": dict(environment),
        "queries": _about(queries, ranks),
        "chance": _chance(ranks, made["card"]),
        "rows": rows,
        "comparisons": _comparisons(order, headline, clusters, made["seed"], resamples),
        "gaps": sorted(gaps, key=lambda gap: order.index(gap["row"])),
    }
    results["notes"] = notes_of(results)
    cleaned: dict[str, Any] = without_nan(results)
    return cleaned


def _accuracy(
    ranks: TargetRanks,
    figures: Mapping[str, Scores],
    clusters: NDArray[np.int64],
    made: Mapping[str, Any],
    resamples: int,
) -> dict[str, Any]:
    """Return metrics with intervals, the ceiling and the valid-retrieval subset."""
    card, n_candidates = made["card"], made["card"]["candidates"]
    table = np.column_stack(list(figures.values()))
    drawn = bootstrap_means(table, clusters=clusters, seed=made["seed"], resamples=resamples)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    metrics = {
        name: {"value": float(values.mean()), "low": float(low[n]), "high": float(high[n])}
        for n, (name, values) in enumerate(figures.items())
    }
    retrieved = ranks.ahead + ranks.tied <= n_candidates
    return {
        "metrics": metrics,
        "retrieved": {
            "candidates": n_candidates,
            "queries": int(retrieved.sum()),
            card["headline"]: conditional_mean(figures[card["headline"]], retrieved),
        },
        "not_ranked": int(np.isinf(ranks.ahead).sum()),
        "tied": int((ranks.tied > 1).sum()),
    }


def _comparisons(
    order: list[str],
    values: Mapping[str, Scores],
    clusters: NDArray[np.int64],
    seed: int,
    resamples: int,
) -> list[dict[str, Any]]:
    """Compare every two rows on the headline; Holm's correction counts all of them."""
    pairs = list(itertools.combinations(order, 2))
    found = [
        compare(values[a], values[b], clusters=clusters, seed=seed, resamples=resamples)
        for a, b in pairs
    ]
    corrected = holm([difference.p_value for difference in found])
    return [
        {"first": a, "second": b, **asdict(difference), "p_holm": p}
        for (a, b), difference, p in zip(pairs, found, corrected, strict=True)
    ]


def _chance(ranks: Mapping[str, TargetRanks], card: Mapping[str, Any]) -> dict[str, float]:
    """Return what a ranker without information scores: its targets stand anywhere."""
    if not ranks:
        return {}
    sizes, counts = np.unique(next(iter(ranks.values())).n_ranked, return_counts=True)
    chance = {}
    for name in figure_names(card):
        metric, _, k = name.partition("@")
        levels = [chance_level(METRICS[metric], int(size), int(k)) for size in sizes]
        chance[name] = float(np.average(levels, weights=counts))
    n_candidates = card["candidates"]
    shares = np.minimum(1.0, n_candidates / np.maximum(1, sizes))
    chance[f"ceiling@{n_candidates}"] = float(np.average(shares, weights=counts))
    return chance | {"auc": 0.5}


def _about(queries: pl.DataFrame, ranks: Mapping[str, TargetRanks]) -> dict[str, Any]:
    ranked = [float(found.n_ranked.mean()) for found in ranks.values()]
    return {
        "queries": queries.height,
        "users": queries["user_id"].n_unique(),
        "windows": queries["window"].n_unique(),
        "history_events_median": queries["history"].list.len().median(),
        "items_ranked_mean": ranked[0] if ranked else None,
    }
