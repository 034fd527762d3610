"""Evidence curves: what happens to an item as more and more events are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = {"cited": "#c2571a", "similar": "#3b6fb6", "recent": "#3f8f4f", "random": "#6b7280"}
_TITLES = {
    "removed": "Fall of the item's log-odds",
    "places": "Places lost among the candidates",
}


def plots(curve: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one plot of each measure; none where no item has a curve.

    Args:
        curve: ``faithfulness_figures``'s, a point for each number of events.

    Returns:
        Titles, both ends of the upright axis, and lines whose points are shares of the axes; the
        axis holds 0, where every line begins.
    """
    if not curve:
        return []
    return [_plot(title, [point[what] for point in curve]) for what, title in _TITLES.items()]


def _plot(title: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ways = [way for point in found for way in point["ways"]]
    low: float = min(0.0, *(way["low"] for way in ways))
    high: float = max(0.0, *(way["high"] for way in ways))
    reach = (high - low) or 1.0

    def height(value: float) -> float:
        return (value - low) / reach

    return {
        "title": title,
        "low": low,
        "high": high,
        "zero": height(0.0),
        "lines": [
            {
                "way": way,
                "colour": colour,
                "points": [
                    {
                        "x": count / len(found),
                        **{end: height(figure[end]) for end in ("value", "low", "high")},
                    }
                    for count, point in enumerate(found, start=1)
                    for figure in point["ways"]
                    if figure["way"] == way
                ],
            }
            for way, colour in COLOURS.items()
        ],
    }


def curve_table(curve: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return one line a number of events and way to choose them."""
    return [
        {
            "taken away": str(point["events"]),
            "events": way["way"],
            "items": str(point["items"]),
            "fall of log-odds": shown(way),
            "cited lead": _lead(point["removed"], way["way"]),
            "places lost": shown(places),
            "cited lead in places": _lead(point["places"], way["way"]),
        }
        for point in curve
        for way, places in zip(point["removed"]["ways"], point["places"]["ways"], strict=True)
    ]


def _lead(found: Mapping[str, Any], way: str) -> str:
    leads = [lead(row) for row in found["differences"] if row["against"] == way]
    return leads[0] if leads else ""


def lead(row: Mapping[str, Any]) -> str:
    """Return a difference with its sign and interval."""
    return f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"


def shown(figure: Mapping[str, Any]) -> str:
    """Return a figure with its interval; a dash for none."""
    if figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
