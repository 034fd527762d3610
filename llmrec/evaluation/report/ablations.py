"""Ablations as tables, and the curve of a preference for places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.report.tables import number, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.report.tables import Rows


def ablation_tables(results: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """Return a title and a table for each ablation: the row itself, then what is changed."""
    return [
        (
            f"{entry['ablation']} of {entry['base']}: {entry['what']}",
            _table(entry, results["run"]["card"]["headline"]),
        )
        for entry in results["ablations"]
    ]


def _table(entry: Mapping[str, Any], headline: str) -> Rows:
    """Return the row itself in the first line, then a line a variant."""
    lines = [
        {
            "variant": variant["label"],
            headline: number(variant["value"]),
            "less the row": signed(variant["difference"]),
            "95 % interval": f"{signed(variant['low'])} to {signed(variant['high'])}",
            "p": number(variant["p_value"]),
            "p (Holm)": number(variant["p_holm"]),
            "smallest detectable": number(variant["smallest_detectable"]),
            "queries that differ": f"{variant['n_different']} of {variant['n_queries']}",
        }
        for variant in entry["variants"]
    ]
    itself = {"variant": f"({entry['base']})", headline: number(entry["base_value"])}
    return [dict.fromkeys(lines[0], "") | itself, *lines]


def place_curves(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the plots of the headline by listed place: shares of axes that end at ``top``."""
    return [
        {"base": entry["base"], **_curve(entry["places"])}
        for entry in results["ablations"]
        if entry["places"]
    ]


def _curve(places: Mapping[str, Any]) -> dict[str, Any]:
    top = max([places["chance"], *(point["high"] for point in places["points"])]) or 1.0
    last = max(1, places["candidates"] - 1)
    return {
        "top": top,
        "queries": places["queries"],
        "chance": places["chance"] / top,
        "shuffled": places["shuffled"] / top,
        "points": [
            {
                "place": point["place"],
                "x": point["place"] / last,
                **{name: point[name] / top for name in ("value", "low", "high")},
            }
            for point in places["points"]
        ],
    }
