"""Two runs beside each other: tables for every medium, notes in words, Markdown and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.pages import filled, label_width
from llmrec.evaluation.report.markdown import markdown_text, section
from llmrec.evaluation.report.tables import number, signed, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llmrec.evaluation.report.tables import Rows

_LEVEL = 0.05


def comparison_notes(found: Mapping[str, Any]) -> list[str]:
    """Return sentences on each pair of rows, and on rows that have no partner."""
    notes = [_said(pair, found["headline"]) for pair in found["pairs"]]
    notes += [
        f"{pair['first']} is not the same thing in both runs: {pair['what'][0]}; {pair['what'][1]}."
        for pair in found["pairs"]
        if pair["first"] == pair["second"] and pair["what"][0] != pair["what"][1]
    ]
    for which, run in zip(("first", "second"), found["runs"], strict=True):
        alone = found[f"only_{which}"]
        if alone:
            notes.append(f"Only {run['path']} has {', '.join(alone)}.")
    return notes


def _said(pair: Mapping[str, Any], headline: str) -> str:
    names = f"{pair['first']} of the first run and {pair['second']} of the second"
    figure = pair["headline"]
    if not figure["n_different"]:
        return f"{names} have the same {headline} on every query."
    gap = f"{signed(figure['difference'])} ({signed(figure['low'])} to {signed(figure['high'])})"
    beyond_0 = figure["low"] > 0 or figure["high"] < 0
    if figure["p_holm"] < _LEVEL or beyond_0:
        better = "better" if figure["difference"] > 0 else "worse"
        chance = (
            ", though not beyond what so many comparisons may show by chance"
            if figure["p_holm"] >= _LEVEL
            else ""
        )
        return (
            f"{pair['first']} of the first run is {better} than {pair['second']} of the second by "
            f"{headline}{chance}: {gap}, p {number(figure['p_holm'])} (Holm)."
        )
    return (
        f"{names} are not told apart by {headline}: {gap}, p {number(figure['p_holm'])} (Holm); "
        f"a difference below {number(figure['smallest_detectable'])} may stay unseen here."
    )


def pair_table(found: Mapping[str, Any]) -> Rows:
    """Return one line a pair of rows: the headline."""
    return [
        {"first": pair["first"], "second": pair["second"], **_line(pair["headline"])}
        for pair in found["pairs"]
    ]


def figure_table(pair: Mapping[str, Any]) -> Rows:
    """Return one line a figure of a pair of rows."""
    return [{"figure": name, **_line(figure)} for name, figure in pair["metrics"].items()]


def run_table(found: Mapping[str, Any]) -> Rows:
    """Return one line a run: where it lies and what it was made with."""
    return [
        {
            "run": which,
            "folder": run["path"],
            "commit": run["git_sha"] or "none (installed)",
            "seed": str(run["seed"]),
        }
        for which, run in zip(("first", "second"), found["runs"], strict=True)
    ]


def settings_table(found: Mapping[str, Any]) -> Rows:
    """Return one line a pair of rows: what both are, since one name may stand for two things."""
    return [
        {
            "first": pair["first"],
            "what it is": pair["what"][0],
            "its settings": spoken(pair["settings"][0]),
            "second": pair["second"],
            "what that is": pair["what"][1],
            "and its settings": spoken(pair["settings"][1]),
        }
        for pair in found["pairs"]
    ]


def _line(figure: Mapping[str, Any]) -> dict[str, str]:
    return {
        "of the first": number(figure["first"]),
        "of the second": number(figure["second"]),
        "difference": signed(figure["difference"]),
        "95 % interval": f"{signed(figure['low'])} to {signed(figure['high'])}",
        "p": number(figure["p_value"]),
        "p (Holm)": number(figure["p_holm"]),
        "smallest detectable": number(figure["smallest_detectable"]),
        "queries that differ": f"{figure['n_different']} of {figure['n_queries']}",
    }


def _sections(found: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    figures = [
        (f"Every figure: {pair['first']} and {pair['second']}", figure_table(pair))
        for pair in found["pairs"]
    ]
    return [
        (f"Differences by {found['headline']}", pair_table(found)),
        *figures,
        ("Settings", settings_table(found)),
        ("Runs", run_table(found)),
    ]


def comparison_markdown(found: Mapping[str, Any]) -> str:
    """Return the comparison as Markdown."""
    return "\n".join(
        [
            f"# {markdown_text(_title(found))}",
            "",
            *(f"- {markdown_text(note)}" for note in comparison_notes(found)),
            "",
            *(line for title, rows in _sections(found) for line in section(title, "", rows)),
        ]
    )


def comparison_html(found: Mapping[str, Any]) -> str:
    """Return the comparison as one HTML page that needs no other file; all text is escaped."""
    return filled(
        __package__,
        "comparison.html.jinja",
        title=_title(found),
        headline=found["headline"],
        notes=comparison_notes(found),
        whiskers=whiskers(found),
        sections=_sections(found),
    )


RENDERERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    ".html": comparison_html,
    ".md": comparison_markdown,
}
"""File ending -> how a comparison is written there."""


def whiskers(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plot of differences: places as shares of an axis with 0 in its middle."""
    ends = [abs(pair["headline"][end]) for pair in found["pairs"] for end in ("low", "high")]
    reach = max(ends, default=0.0) or 1.0

    def place(value: float) -> float:
        return 0.5 + 0.5 * value / reach

    names = [
        pair["first"] if pair["first"] == pair["second"] else f"{pair['first']} - {pair['second']}"
        for pair in found["pairs"]
    ]
    return {
        "reach": reach,
        "margin": label_width(names),
        "rows": [
            {
                "name": name,
                "text": signed(pair["headline"]["difference"]),
                **{end: place(pair["headline"][end]) for end in ("difference", "low", "high")},
            }
            for name, pair in zip(names, found["pairs"], strict=True)
        ],
    }


def _title(found: Mapping[str, Any]) -> str:
    return (
        f"Two runs on {found['runs'][0]['dataset']} under {found['protocol']}: "
        f"{found['queries']:,} queries of {found['users']:,} users"
    )
