"""The tables of a report as rows of text, the same for Markdown, HTML and the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Rows = list[dict[str, str]]


def accuracy_table(results: Mapping[str, Any]) -> Rows:
    """Return one line a row: the headline with its interval, then the card's other figures."""
    card = results["run"]["card"]
    headline, ceiling = card["headline"], f"ceiling@{card['candidates']}"
    lines = []
    for row in results["rows"]:
        figures = row["metrics"]
        shown = {name: number(figure["value"]) for name, figure in figures.items()}
        interval = figures[headline]
        line = {"row": row["name"], headline: shown.pop(headline)}
        line["95 % interval"] = _between(interval)
        line[ceiling] = shown.pop(ceiling)
        lines.append({**line, **shown})
    if lines:
        chance = {name: number(value) for name, value in results["chance"].items()}
        lines.append({name: chance.get(name, "") for name in lines[0]} | {"row": "(chance)"})
    return lines


def brief_table(results: Mapping[str, Any]) -> Rows:
    """Return what fits a terminal: the headline with its interval, and recall from 10 on."""
    card = results["run"]["card"]
    names = [f"recall@{k}" for k in card["cutoffs"] if k >= 10 and "recall" in card["metrics"]]
    lines = []
    for row in results["rows"]:
        headline = row["metrics"][card["headline"]]
        line = {"row": row["name"], card["headline"]: number(headline["value"])}
        line |= {"from": number(headline["low"]), "to": number(headline["high"])}
        lines.append(line | {name: number(row["metrics"][name]["value"]) for name in names})
    if lines:
        chance = {name: number(value) for name, value in results["chance"].items()}
        lines.append({name: chance.get(name, "") for name in lines[0]} | {"row": "(chance)"})
    return lines


def retrieval_table(results: Mapping[str, Any]) -> Rows:
    """Return one line a row: what a reranker of its candidates could win, and figures there."""
    headline = results["run"]["card"]["headline"]
    lines = []
    for row in results["rows"]:
        found = row["retrieved"]
        ceiling = row["metrics"][f"ceiling@{found['candidates']}"]
        line = {
            "row": row["name"],
            f"target in first {found['candidates']}": number(ceiling["value"]),
        }
        line["95 % interval"] = _between(ceiling)
        line["queries"] = str(found["queries"])
        line[f"{headline} on those"] = number(found[headline])
        line["its 95 % interval"] = _between(found)
        lines.append(line)
    return lines


def comparison_tables(results: Mapping[str, Any]) -> tuple[Rows, Rows]:
    """Return one line a pair of rows: those of the best row, and all others."""
    best = results["rows"][0]["name"] if results["rows"] else ""
    lines = [
        {
            "first": pair["first"],
            "second": pair["second"],
            "difference": signed(pair["difference"]),
            "95 % interval": f"{signed(pair['low'])} to {signed(pair['high'])}",
            "p": number(pair["p_value"]),
            "p (Holm)": number(pair["p_holm"]),
            "smallest detectable": number(pair["smallest_detectable"]),
            "queries that differ": f"{pair['n_different']} of {pair['n_queries']}",
        }
        for pair in results["comparisons"]
    ]
    of_best = [line for line in lines if best in (line["first"], line["second"])]
    return of_best, [line for line in lines if line not in of_best]


def variety_table(results: Mapping[str, Any]) -> Rows:
    """Return one line a row: what its lists are like.

    Rows of an LLM are left out: only queries whose target was retrieved are reranked, and lists
    of those alone would be described as if they were everybody's.
    """
    rows = [row for row in results["rows"] if "lists" in row]
    names = dict.fromkeys(name for row in rows for name in row["lists"])
    shown = [name for name in names if name not in {"k", "intervals"}]
    return [
        {
            "row": row["name"],
            **{name.replace("_", " "): _with_interval(row["lists"], name) for name in shown},
        }
        for row in rows
    ]


def _with_interval(lists: Mapping[str, Any], name: str) -> str:
    found = lists["intervals"].get(name)
    interval = f" ({number(found['low'])} to {number(found['high'])})" if found else ""
    return number(lists.get(name)) + interval


def _between(interval: Mapping[str, Any]) -> str:
    """Return an interval's ends; nothing where it has none."""
    if interval["low"] is None:
        return ""
    return f"{number(interval['low'])} to {number(interval['high'])}"


def group_tables(results: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """Return a title and one line a row for each way to part the users: the headline by group."""
    ways = dict.fromkeys(group["by"] for row in results["rows"] for group in row["groups"])
    return [
        (
            f"By {way}",
            [
                {
                    "row": row["name"],
                    **{
                        f"{group['group']}, {group['queries']} queries": f"{number(group['value'])}"
                        f" ({number(group['low'])} to {number(group['high'])})"
                        for group in row["groups"]
                        if group["by"] == way
                    },
                }
                for row in results["rows"]
            ],
        )
        for way in ways
    ]


def gap_table(results: Mapping[str, Any]) -> Rows:
    """Return one line a row and way to part the users: from the best group to the worst."""
    return [
        {
            "row": gap["row"],
            "by": gap["by"],
            "best": gap["best"],
            "worst": gap["worst"],
            "gap": number(gap["difference"]),
            "95 % interval": f"{signed(gap['low'])} to {signed(gap['high'])}",
            "p": number(gap["p_value"]),
            "p (Holm)": number(gap["p_holm"]),
            "users": str(gap["users"]),
        }
        for gap in results["gaps"]
    ]


def tuning_table(results: Mapping[str, Any]) -> Rows:
    """Return one line a row: what was chosen, out of how much."""
    return [
        {
            "row": row["name"],
            "what": row["what"],
            "settings": spoken(row["settings"]),
            "trials": str(len(row["trials"])),
            "validation queries": str(row["validation_queries"]),
            "ranking took": f"{row['seconds']:.1f} s",
        }
        for row in results["rows"]
    ]


def trial_table(row: Mapping[str, Any]) -> Rows:
    """Return one line a trial of a row, best first."""
    trials = sorted(row["trials"], key=lambda trial: -(trial["value"] or 0.0))
    return [
        {
            "settings": spoken(trial["settings"]),
            "on validation": number(trial["value"]),
            "took": f"{trial['seconds']:.1f} s",
        }
        for trial in trials
    ]


def number(value: float | None) -> str:
    """Return a figure with four places, whole numbers as they are, nothing for none."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def signed(value: float) -> str:
    """Return a difference with its sign."""
    return f"{value:+.4f}"


def spoken(settings: Mapping[str, Any]) -> str:
    """Return settings as ``name value, ...``, those of a part in brackets behind its name."""
    parts = (f"{name} {_value(value)}" for name, value in settings.items() if value is not None)
    none = (f"no {name}" for name, value in settings.items() if value is None)
    return ", ".join([*parts, *none]) or "none"


def _value(value: Any) -> str:  # noqa: ANN401 - whatever a row has for a setting
    if isinstance(value, dict):
        return f"({spoken(value)})"
    return value if isinstance(value, str) else format(value, "g")
