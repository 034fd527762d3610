"""What the LLM adds, in figures: retriever, LLM alone and fusion side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.evaluation.llm_rows.candidates import split_at
from llmrec.evaluation.measures import card_ranks, figures_of
from llmrec.evaluation.ranking import ranks_of
from llmrec.evaluation.variety import padded
from llmrec.metrics import METRICS, chance_level, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.metrics import TargetRanks


def is_llm(row: Mapping[str, Any]) -> bool:
    """Return whether an LLM has a part in a row."""
    return "llm" in row


def among_first(table: pl.DataFrame, targets: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Return whether each target is among a row's first ``n`` items: ``(n_queries,) bool``."""
    found: NDArray[np.bool_] = (padded(table["items"].list.head(n), n) == targets[:, None]).any(
        axis=1
    )
    return found


def source_ranks(table: pl.DataFrame, targets: NDArray[np.int64], n: int) -> TargetRanks:
    """Return a source's ranks as they are compared with those of its reranked first ``n``."""
    return split_at(ranks_of(table), n, among_first(table, targets, n))


def llm_results(
    rows: Sequence[Mapping[str, Any]],
    tables: Mapping[str, pl.DataFrame],
    targets: NDArray[np.int64],
    comparisons: Sequence[Mapping[str, Any]],
    card: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return one entry an LLM, in JSON values.

    Args:
        rows: The results' rows.
        tables: Each row's ``RANKED``.
        targets: ``(n_queries,)`` catalogue positions.
        comparisons: The results' comparisons, corrected for all pairs of the run.
        card: The card's values.
    """
    by_name = {row["name"]: row for row in rows}
    alone = [row for row in rows if is_llm(row) and row["llm"]["role"] == "alone"]
    return [_entry(row, by_name, tables, targets, comparisons, card) for row in alone]


def _entry(
    row: Mapping[str, Any],
    by_name: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, pl.DataFrame],
    targets: NDArray[np.int64],
    comparisons: Sequence[Mapping[str, Any]],
    card: Mapping[str, Any],
) -> dict[str, Any]:
    about, name = row["llm"], row["name"]
    source, n = about["source"], about["candidates"]
    fusion = about["fusion"] if about["fusion"] in by_name else None
    shown = [(source, "retriever"), (name, "LLM alone"), *([(fusion, "fusion")] if fusion else [])]
    among = among_first(tables[source], targets, n)
    return {
        "name": name,
        "source": source,
        "fusion": fusion,
        "engine": about["made_of"]["engine"],
        "scorer": row["settings"]["scorer"],
        "template": about["made_of"]["template"],
        "candidates": n,
        "target_place": about["spec"]["target_place"],
        "queries": len(among),
        "retrieved": int(among.sum()),
        "ties_across": _ties_across(tables[source], n),
        "rows": [
            {
                "row": shown_name,
                "role": role,
                card["headline"]: by_name[shown_name]["metrics"][card["headline"]],
                "against_retriever": _difference(comparisons, shown_name, source),
            }
            for shown_name, role in shown
        ],
        "random_order": _random_order(tables[name], tables[source], among, n, card),
        "fit": by_name[fusion]["fit"] if fusion else None,
        "funnel": _funnel(tables, shown, among, card),
        "calibration": {
            role: by_name[shown_name].get("calibration") for shown_name, role in shown[1:]
        },
        "cost": _cost(row, by_name[source], len(among)),
    }


def _ties_across(table: pl.DataFrame, n: int) -> int:
    """Return how many targets tie with items on both sides of the last candidate."""
    ahead, tied = table["ahead"].to_numpy(), table["tied"].to_numpy()
    return int(((ahead < n) & (ahead + tied > n)).sum())


def _difference(
    comparisons: Sequence[Mapping[str, Any]], name: str, source: str
) -> dict[str, Any] | None:
    """Return the comparison of a row with its source, as row less source."""
    for pair in comparisons:
        if (pair["first"], pair["second"]) == (name, source):
            return dict(pair)
        if (pair["first"], pair["second"]) == (source, name):
            signs = {"difference": "difference", "low": "high", "high": "low"}
            turned = {name: 0.0 - pair[other] for name, other in signs.items()}  # never -0.0
            return {**pair, "first": name, "second": source, **turned}
    return None


def _random_order(
    table: pl.DataFrame,
    source: pl.DataFrame,
    among: NDArray[np.bool_],
    n: int,
    card: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the headline of a random order of the same candidates, and the LLM's distance."""
    metric, _, k = card["headline"].partition("@")
    mine = figures_of(card_ranks(table, card), card)[card["headline"]]
    here = padded(source["items"].list.head(n), n) >= 0
    sizes = here.sum(axis=1)
    levels = {
        int(size): chance_level(METRICS[metric], int(size), int(k)) for size in set(sizes) if size
    }
    chance = np.where(among, [levels.get(int(size), 0.0) for size in sizes], mine)
    return {"value": float(chance.mean()), "llm_alone_less_it": asdict(compare(mine, chance))}


def _funnel(
    tables: Mapping[str, pl.DataFrame],
    shown: Sequence[tuple[str, str]],
    among: NDArray[np.bool_],
    card: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return how many targets are left at each stage, in expectation over ties."""
    k = int(card["headline"].partition("@")[2])
    ranked = np.isfinite(tables[shown[0][0]]["ahead"].to_numpy())
    stages = [
        ("asked", float(len(among))),
        ("ranked at all", float(ranked.sum())),
        ("among the candidates", float(among.sum())),
    ]
    stages += [
        (f"first {k} by {role}", float(METRICS["recall"](card_ranks(tables[name], card), k).sum()))
        for name, role in shown
    ]
    return [{"stage": stage, "queries": count} for stage, count in stages]


def _cost(row: Mapping[str, Any], source: Mapping[str, Any], n_queries: int) -> dict[str, Any]:
    """Return totals as they were counted, and seconds a query by stage."""
    test = row["cost"].get("test", {})
    asked = test.get("queries", 0)
    stages = {"retrieve": source["seconds"] / max(1, n_queries)}
    if asked:
        stages |= {
            "serialize and render": test["render_s"] / asked,
            "score": test["score_s"] / asked,
        }
    return {
        **row["cost"],
        "seconds_a_query": stages,
        "users_per_s": 1.0 / sum(stages.values()) if asked and sum(stages.values()) else None,
        "peak_gib": row.get("peak_gib"),
        "roofline": row.get("roofline"),
    }
