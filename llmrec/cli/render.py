"""How histories and recommendations look: on a terminal, as JSON, as flat rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.console import Console

    from llmrec.types import Evidence, Explanation, History, Item, Recommendation

_AUTHORS = {
    "llm": "written by the LLM, checked",
    "llm-rewritten": "rewritten by the LLM after a failed check, checked",
    "template": "written from a template",
}


ROW_COLUMNS = {
    "user_id": str,
    "as_of": str,
    "rank": int,
    "item_id": str,
    "title": str,
    "score": float,
    "source": str,
    "retrieval_rank": int,
    "retrieval_score": float,
    "reason": str,
    "reason_author": str,
    "evidence_item_ids": list[str],
    "moved_from": int,
    "moved_by": list[str],
}
"""The columns of ``as_rows``, with their types."""


def titled(item: Item) -> str:
    """Return the title with its year, where it has one."""
    year = item.attributes.get("year")
    return f"{item.title} ({year})" if year else item.title


def day(moment: datetime) -> str:
    """Return a moment for people, e.g. ``Sat 02 Dec 2023 20:14``."""
    return f"{moment:%a %d %b %Y %H:%M}"


def print_history(
    console: Console, history: History, items: Mapping[str, Item], *, newest: int = 8
) -> None:
    """Print the newest events of a history, oldest first, with times and ratings."""
    from rich.markup import escape

    events = history.visible
    console.print(
        f"[bold]User {escape(history.user_id)}[/bold] · as of {day(history.as_of)} UTC · "
        f"{len(events)} earlier events"
    )
    for event in events[-newest:]:
        item = items.get(event.item_id)
        title = titled(item) if item else event.item_id
        rated = "" if event.rating is None else f"  rated {event.rating:g}"
        what = "" if event.event is None else f"  {event.event}"
        console.print(
            f"  [dim]{day(event.timestamp)}[/dim]  {escape(title)}[dim]{what}{rated}[/dim]"
        )


def print_recommendations(console: Console, rows: Sequence[Recommendation]) -> None:
    """Print ranked items with scores and, where there are any, reasons and their evidence."""
    from rich.markup import escape

    if not rows:
        console.print("  No item is left to recommend.")
    for row in rows:
        console.print(
            f"  [bold cyan]{row.rank:>2}. {escape(titled(row.item))}[/bold cyan]"
            f"  [dim]score {row.score:+.2f} · {row.candidate.source} rank "
            f"{row.candidate.rank}{_move(row)}[/dim]"
        )
        if row.explanation is not None:
            _print_explanation(console, row.explanation)
    console.print()


def _move(row: Recommendation) -> str:
    """Return where caps or diversity took an item from."""
    if not row.moved_by:
        return ""
    return f" · moved from place {row.moved_from} by {' and '.join(row.moved_by)}"


def _print_explanation(console: Console, explanation: Explanation) -> None:
    from rich.markup import escape
    from rich.padding import Padding

    console.print(Padding(escape(explanation.text), (0, 0, 0, 6)))
    for number, evidence in enumerate(explanation.evidence, start=1):
        console.print(Padding(escape(_evidence_line(number, evidence)), (0, 0, 0, 6)), style="dim")
    console.print(Padding(_author_line(explanation), (0, 0, 0, 6)), style="dim italic")


def _evidence_line(number: int, evidence: Evidence) -> str:
    event = evidence.interaction
    rated = "" if event.rating is None else f", rated {event.rating:g}"
    group = len(evidence.group)
    left_out = "this event" if group == 1 else f"it and {group - 1} more of its session"
    return (
        f"[{number}] {titled(evidence.item)}, {day(event.timestamp)}{rated}: "
        f"without {left_out} the log-odds fall by {evidence.effect:.2f}"
    )


def _author_line(explanation: Explanation) -> str:
    line = _AUTHORS[explanation.author]
    if not explanation.rejected:
        return line
    faults = sorted({finding.category for finding in explanation.rejected if not finding.ok})
    return f"{line}; the LLM's draft failed: {', '.join(faults)}"


def as_json(history: History, rows: Sequence[Recommendation]) -> dict[str, Any]:
    """Return one user's answer as JSON values."""
    return {
        "user_id": history.user_id,
        "as_of": history.as_of.isoformat(),
        "n_events": len(history.interactions),
        "recommendations": [
            {
                "rank": row.rank,
                "item_id": row.item.item_id,
                "title": row.item.title,
                "score": row.score,
                "source": row.candidate.source,
                "retrieval_rank": row.candidate.rank,
                "retrieval_score": row.candidate.score,
                "sources": {
                    name: {"score": score, "rank": rank}
                    for name, (score, rank) in row.candidate.sources.items()
                },
                "moved_from": row.moved_from,
                "moved_by": list(row.moved_by),
                "explanation": _explanation_json(row.explanation),
            }
            for row in rows
        ],
    }


def _explanation_json(explanation: Explanation | None) -> dict[str, Any] | None:
    if explanation is None:
        return None
    return {
        "text": explanation.text,
        "author": explanation.author,
        "language": explanation.language,
        "evidence": [
            {
                "number": number,
                "item_id": evidence.item.item_id,
                "title": evidence.item.title,
                "timestamp": evidence.interaction.timestamp.isoformat(),
                "rating": evidence.interaction.rating,
                "effect": evidence.effect,
                "noise": evidence.noise,
                "left_out_together": len(evidence.group),
            }
            for number, evidence in enumerate(explanation.evidence, start=1)
        ],
        "failed_checks": [
            {"category": f.category, "sentence": f.sentence, "detail": f.detail}
            for f in explanation.rejected
            if not f.ok
        ],
    }


def as_rows(answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Flatten JSON answers into one row per recommendation, for Parquet and JSONL files."""
    rows = []
    for answer in answers:
        for place in answer["recommendations"]:
            explanation = place["explanation"] or {}
            rows.append(
                {
                    "user_id": answer["user_id"],
                    "as_of": answer["as_of"],
                    **{key: value for key, value in place.items() if key != "explanation"},
                    "reason": explanation.get("text"),
                    "reason_author": explanation.get("author"),
                    "evidence_item_ids": [e["item_id"] for e in explanation.get("evidence", ())],
                }
            )
    return rows
