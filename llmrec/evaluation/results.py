"""From a run folder to its results: every figure with its interval, and what the rows differ by."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.evaluation.ablations.results import ablation_results
from llmrec.evaluation.figures import without_nan
from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE
from llmrec.evaluation.groups import compare_groups, groupings_of
from llmrec.evaluation.llm_rows import is_llm, llm_results, source_ranks
from llmrec.evaluation.measures import card_ranks, figure_names, figures_of, with_ties
from llmrec.evaluation.variety import variety_of
from llmrec.evaluation.words import notes_of
from llmrec.metrics import (
    METRICS,
    bootstrap_interval,
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
        folder: A run; a row that was stopped partway is named, and told nothing of.
        environment: What the figures were made with.
        resamples: Bootstrap draws.

    Raises:
        ArtifactError: A file is damaged.
    """
    made = folder.made_from
    queries, items = folder.table(QUERIES_FILE), folder.table(ITEMS_FILE)
    clusters = queries["user_id"].rank("dense").cast(pl.Int64).to_numpy()
    variants = {record["row"] for record in folder.ablations()}
    finished = folder.finished_rows
    names = [name for name in finished if name not in variants]
    tables = {name: folder.ranked(name) for name in names}
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
        }
        for name in names
    ]
    for row in rows:
        if not is_llm(row):
            row["lists"] = variety_of(
                tables[row["name"]], queries, items, made, resamples=resamples
            )
    rows.sort(key=lambda row: -row["metrics"][made["card"]["headline"]]["value"])
    order = [row["name"] for row in rows]
    targets = queries["target"].to_numpy().astype(np.int64)
    same_ties = _with_same_ties(rows, tables, targets, made["card"])
    comparisons = _comparisons(order, headline, same_ties, clusters, made["seed"], resamples)
    results: dict[str, Any] = {
        "format": FORMAT,
        "run": made,
        "environment": dict(environment),
        "queries": _about(queries, ranks),
        "chance": _chance(ranks, made["card"]),
        "rows": rows,
        "unfinished": [name for name in folder.row_names if name not in finished],
        "comparisons": comparisons,
        "llm": llm_results(rows, tables, targets, comparisons, made["card"]),
        "ablations": ablation_results(folder, queries, clusters, resamples=resamples),
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
    subset = figures[card["headline"]][retrieved]
    ends = (math.nan, math.nan)  # of no query at all
    if len(subset):
        ends = bootstrap_interval(
            subset, clusters=clusters[retrieved], seed=made["seed"], resamples=resamples
        )
    return {
        "metrics": metrics,
        "retrieved": {
            "candidates": n_candidates,
            "queries": int(retrieved.sum()),
            card["headline"]: conditional_mean(figures[card["headline"]], retrieved),
            "low": ends[0],
            "high": ends[1],
        },
        "not_ranked": int(np.isinf(ranks.ahead).sum()),
        "tied": int((ranks.tied > 1).sum()),
    }


def _with_same_ties(
    rows: list[dict[str, Any]],
    tables: Mapping[str, pl.DataFrame],
    targets: NDArray[np.int64],
    card: Mapping[str, Any],
) -> dict[tuple[str, str], Scores]:
    """Return the headline of a source beside a row that reranks it: (reranking row, source).

    Its ties across the last candidate are broken as they were for the LLM, so that what was not
    reranked differs by exactly 0.
    """
    found = {}
    for row in filter(is_llm, rows):
        source = row["llm"]["source"]
        ranks = source_ranks(tables[source], targets, row["llm"]["candidates"])
        found[row["name"], source] = figures_of(with_ties(ranks, card), card)[card["headline"]]
    return found


def _comparisons(
    order: list[str],
    values: Mapping[str, Scores],
    same_ties: Mapping[tuple[str, str], Scores],
    clusters: NDArray[np.int64],
    seed: int,
    resamples: int,
) -> list[dict[str, Any]]:
    """Compare every two rows on the headline; Holm's correction counts all of them."""
    pairs = list(itertools.combinations(order, 2))
    found = [
        compare(
            same_ties.get((b, a), values[a]),
            same_ties.get((a, b), values[b]),
            clusters=clusters,
            seed=seed,
            resamples=resamples,
        )
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
