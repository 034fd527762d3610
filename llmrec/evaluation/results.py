"""From a run folder to its results: every figure with its interval, and what the rows differ by."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE
from llmrec.evaluation.ranking import ranks_of
from llmrec.evaluation.variety import variety_of
from llmrec.evaluation.words import notes_of
from llmrec.metrics import (
    METRICS,
    auc,
    bootstrap_means,
    ceiling,
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
_GROUPS = ("few", "some", "many")


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
    ranks = {name: _ranks(table, made["card"]) for name, table in tables.items()}
    rows = [
        {
            **(folder.row(name) or {}),
            **_accuracy(ranks[name], queries, clusters, made, resamples),
            "lists": variety_of(tables[name], queries, items, made["card"]),
        }
        for name in folder.row_names
    ]
    rows.sort(key=lambda row: -row["metrics"][made["card"]["headline"]]["value"])
    headline = {name: headline_of(found, made["card"]) for name, found in ranks.items()}
    order = [row["name"] for row in rows]
    results: dict[str, Any] = {
        "format": FORMAT,
        "run": made,
        "environment": dict(environment),
        "queries": _about(queries, ranks),
        "chance": _chance(ranks, made["card"]),
        "rows": rows,
        "comparisons": _comparisons(order, headline, clusters, made["seed"], resamples),
    }
    results["notes"] = notes_of(results)
    cleaned: dict[str, Any] = _without_nan(results)
    return cleaned


def headline_of(ranks: TargetRanks, card: Mapping[str, Any]) -> Scores:
    """Return the headline metric of each query: ``(n_queries,) float64``."""
    name, _, k = card["headline"].partition("@")
    return METRICS[name](ranks, int(k))


def figure_names(card: Mapping[str, Any]) -> list[str]:
    """Return the names of a card's figures, ``metric@k``, the headline included."""
    names = [f"{metric}@{k}" for metric in card["metrics"] for k in card["cutoffs"]]
    return list(dict.fromkeys([*names, card["headline"]]))


def _ranks(table: pl.DataFrame, card: Mapping[str, Any]) -> TargetRanks:
    ranks = ranks_of(table)
    return ranks.pessimistic() if card["metric_ties"] == "pessimistic" else ranks


def _accuracy(
    ranks: TargetRanks,
    queries: pl.DataFrame,
    clusters: NDArray[np.int64],
    made: Mapping[str, Any],
    resamples: int,
) -> dict[str, Any]:
    """Return metrics with intervals, the ceiling and the valid-retrieval subset, and groups."""
    card, n_candidates = made["card"], made["card"]["candidates"]
    names = figure_names(card)
    figures = {}
    for name in names:
        metric, _, k = name.partition("@")
        figures[name] = METRICS[metric](ranks, int(k))
    if (ranks.n_ranked > 1).all():
        figures["auc"] = auc(ranks)
    figures[f"ceiling@{n_candidates}"] = ceiling(ranks, n_candidates)
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
        "groups": _groups(figures[card["headline"]], queries, clusters, made["seed"], resamples),
        "not_ranked": int(np.isinf(ranks.ahead).sum()),
        "tied": int((ranks.tied > 1).sum()),
    }


def _groups(
    values: Scores,
    queries: pl.DataFrame,
    clusters: NDArray[np.int64],
    seed: int,
    resamples: int,
) -> list[dict[str, Any]]:
    """Return the headline by how much was known of the user: thirds of the history's length."""
    lengths = queries["history"].list.len().to_numpy()
    edges = np.quantile(lengths, [1 / 3, 2 / 3])
    which = np.searchsorted(edges, lengths, side="left")
    found = []
    for n, name in enumerate(_GROUPS):
        inside = which == n
        if not inside.any():
            continue
        drawn = bootstrap_means(
            values[inside, None], clusters=clusters[inside], seed=seed, resamples=resamples
        )
        low, high = np.quantile(drawn[:, 0], [0.025, 0.975])
        found.append(
            {
                "group": f"{name} events ({lengths[inside].min()} to {lengths[inside].max()})",
                "queries": int(inside.sum()),
                "value": float(values[inside].mean()),
                "low": float(low),
                "high": float(high),
            }
        )
    return found


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


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
