"""The report as one HTML page: plots are inline SVG, so nothing is loaded from anywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml

from llmrec.evaluation.pages import filled, label_width
from llmrec.evaluation.report import llm, tables
from llmrec.evaluation.report.ablations import ablation_tables, place_curves
from llmrec.evaluation.report.examples import best_without_llm
from llmrec.evaluation.report.sections import llm_sections, sections_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = (
    "#3b6fb6",
    "#c2571a",
    "#3f8f4f",
    "#8a5aa8",
    "#a8323e",
    "#6b7280",
    "#b08900",
    "#2a8c8c",
    "#7a4a2b",
)

DASHES = ("none", "7 4", "2 3")
"""Of lines, once all colours are taken."""


def render_html(results: Mapping[str, Any], examples: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of a run; every text in it is escaped."""
    return filled(
        __package__,
        "page.html.jinja",
        run=results["run"],
        queries=results["queries"],
        notes=results["notes"],
        card=yaml.safe_dump(results["run"]["card"], sort_keys=False),
        environment=yaml.safe_dump(results["environment"], sort_keys=False),
        bars=bars(results),
        lines=lines(results),
        llm_table=llm.llm_table(results),
        llm=[
            {
                **entry,
                "funnel": llm.funnel(entry),
                "curves": llm.curves(entry),
                "latency": llm.latency(entry),
                "cached": entry["cost"].get("test", {}).get("cache_hits", 0),
            }
            for entry in results["llm"]
        ],
        llm_sections=llm_sections(results),
        headline=results["run"]["card"]["headline"],
        ablation_tables=ablation_tables(results),
        place_curves=place_curves(results),
        sections=sections_of(results),
        trials=[
            (row["name"], tables.trial_table(row))
            for row in results["rows"]
            if len(row["trials"]) > 1
        ],
        examples=examples,
        best=best_without_llm(results) or "",
    )


def bars(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headline's bars: lengths and interval ends as shares of the axis in [0, 1]."""
    name = results["run"]["card"]["headline"]
    figures = [(row["name"], row["metrics"][name]) for row in results["rows"]]
    chance = results["chance"].get(name, 0.0)
    top = _round_up(max([chance, *(figure["high"] for _, figure in figures)], default=1.0))
    return {
        "title": name,
        "top": top,
        "chance": chance / top,
        "margin": label_width(name for name, _ in figures),
        "rows": [
            {
                "name": row,
                "value": figure["value"],
                "share": figure["value"] / top,
                "low": figure["low"] / top,
                "high": figure["high"] / top,
                "colour": COLOURS[n % len(COLOURS)],
            }
            for n, (row, figure) in enumerate(figures)
        ],
    }


def lines(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return recall by cut-off for each row: what a reranker of so many candidates could win."""
    cutoffs = [k for k in results["run"]["card"]["cutoffs"] if _has(results, f"recall@{k}")]
    rows = results["rows"]
    values = [[row["metrics"][f"recall@{k}"]["value"] for k in cutoffs] for row in rows]
    top = _round_up(max((value for row in values for value in row), default=1.0))
    spread = math.log(cutoffs[-1] / cutoffs[0]) if len(cutoffs) > 1 else 1.0
    places = [math.log(k / cutoffs[0]) / spread for k in cutoffs]
    return {
        "top": top,
        "ticks": list(zip(cutoffs, places, strict=True)),
        "rows": [
            {
                "name": row["name"],
                "points": [(x, y / top) for x, y in zip(places, found, strict=True)],
                "colour": COLOURS[n % len(COLOURS)],
                "dash": DASHES[n // len(COLOURS) % len(DASHES)],
            }
            for n, (row, found) in enumerate(zip(rows, values, strict=True))
        ],
    }


def _has(results: Mapping[str, Any], name: str) -> bool:
    return all(name in row["metrics"] for row in results["rows"])


def _round_up(value: float) -> float:
    """Return the next round number that is not below the value; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power
        for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
        if step * power >= value * (1 - 1e-9)
    )
