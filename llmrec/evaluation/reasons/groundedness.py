"""Groundedness: which claims hold before and after the checks, and what the checker catches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.reasons.corruption import KINDS
from llmrec.evaluation.reasons.intervals import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

Claim = tuple[str, str, bool]
"""User, category, and whether it holds."""
UNREAD = "unreadable"
NO_CLAIM = "readable"
"""Sentences that claim nothing which could be false: they count nowhere."""


def groundedness_figures(table: pl.DataFrame, *, seed: int, resamples: int) -> dict[str, Any]:
    """Return the share of claims that hold, before and after the checks, and what is caught.

    What holds is what the checker says holds, so a shipped text is grounded by construction, and
    the figures after the checks are worth what the checker catches of the planted texts.

    Args:
        table: ``REASONS`` lines.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    rows = table.to_dicts()
    options = {"seed": seed, "resamples": resamples}
    drafted = [row for row in rows if row["drafts"]]
    return {
        "before": _by_category(_claims(drafted, "draft_findings"), **options),
        "after": _by_category(_claims(rows, "findings"), **options),
        "first_drafts_that_stand": _share(drafted, lambda row: row["author"] == "llm", **options),
        "shipped_refused": _share(rows, lambda row: not row["stands"], **options),
        "true_templates_refused": _share(rows, lambda row: not row["template_stands"], **options),
        "planted": _planted(rows, **options),
    }


def _claims(rows: Sequence[dict[str, Any]], column: str) -> list[Claim]:
    return [
        (row["user_id"], found["category"], found["ok"])
        for row in rows
        for found in row[column]
        if found["category"] != NO_CLAIM
    ]


def _by_category(claims: Sequence[Claim], *, seed: int, resamples: int) -> list[dict[str, Any]]:
    """Return one figure a category, and those of all claims and of all that could be read."""
    groups = {"all": list(claims), "all that was read": [c for c in claims if c[1] != UNREAD]}
    for name in sorted({category for _, category, _ in claims}):
        groups[name] = [claim for claim in claims if claim[1] == name]
    return [
        {
            "category": name,
            **figure(
                [float(ok) for *_, ok in group],
                [user for user, *_ in group],
                seed=seed,
                resamples=resamples,
            ),
        }
        for name, group in groups.items()
        if group
    ]


def _share(rows: Sequence[dict[str, Any]], test: Any, **options: int) -> dict[str, Any]:  # noqa: ANN401
    users = [row["user_id"] for row in rows]
    return figure([float(test(row)) for row in rows], users, **options)


def _planted(rows: Sequence[dict[str, Any]], **options: int) -> list[dict[str, Any]]:
    """Return what share of false texts of each kind is refused, and is understood to be false."""
    texts: list[tuple[str, dict[str, Any]]] = [
        (row["user_id"], false) for row in rows for false in row["planted"]
    ]
    found: list[dict[str, Any]] = []
    for kind in ("all", *KINDS):
        group = [(user, false) for user, false in texts if kind in ("all", false["kind"])]
        users = [user for user, _ in group]
        caught = figure([float(false["caught"]) for _, false in group], users, **options)
        read = figure([float(false["read"]) for _, false in group], users, **options)
        if group:
            found.append({"kind": kind, "caught": caught, "understood": read})
    return found
