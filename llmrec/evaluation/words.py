"""What the figures say, in words, before anybody reads more into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVEL = 0.05


def notes_of(results: Mapping[str, Any]) -> list[str]:
    """Return sentences on the best row, on what cannot be told apart, and on rows at chance."""
    rows, card = results["rows"], results["run"]["card"]
    if not rows:
        return ["No row is finished."]
    headline, best = card["headline"], rows[0]
    figure = best["metrics"][headline]
    notes = [
        f"{best['name']} is best by {headline}: {figure['value']:.4f} "
        f"(95 % interval {figure['low']:.4f} to {figure['high']:.4f}); "
        f"chance is {results['chance'][headline]:.4f}.",
        *_told_apart(results, best["name"]),
    ]
    for row in rows:
        found = row["metrics"][headline]
        if found["low"] <= results["chance"][headline] <= found["high"] and row["name"] != "random":
            notes.append(f"{row['name']} is not told apart from chance.")
        if row["not_ranked"]:
            notes.append(f"{row['name']} left {row['not_ranked']} targets unranked; they count 0.")
    notes.extend(_sample_note(results))
    return notes


def _told_apart(results: Mapping[str, Any], best: str) -> list[str]:
    pairs = [pair for pair in results["comparisons"] if pair["first"] == best]
    level = [pair["second"] for pair in pairs if pair["p_holm"] >= _LEVEL]
    if not pairs:
        return []
    nearest = pairs[0]  # rows stand in order of the headline
    seen = (
        f"a difference to {nearest['second']} below {nearest['smallest_detectable']:.4f} may stay "
        "unseen on these queries"
    )
    if level:
        return [f"It is not told apart from {', '.join(level)} (Holm, 5 %); {seen}."]
    return [f"It differs from every other row (Holm, 5 %); {seen}."]


def _sample_note(results: Mapping[str, Any]) -> list[str]:
    run, queries = results["run"], results["queries"]
    if run["sample"] is not None and run["sample"] == queries["queries"]:
        return [f"Figures are of a sample of {queries['queries']} queries (seed {run['seed']})."]
    return []
