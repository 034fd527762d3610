"""The reasons' part of ``llmrec evaluate``: explain some users and say how true it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.cli.output import console, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def reasons_folder(run: Path) -> Path:
    """Return where the reasons of a run's folder are kept: beside it."""
    return run.with_name(f"{run.name}-reasons")


def print_reasons(results: Mapping[str, Any], out: Path) -> None:
    """Print the tables of a run's reasons."""
    from llmrec.evaluation.reasons import reason_tables

    for heading, _, rows in reason_tables(results):
        print_rows(rows, title=heading)
    console().print(f"written to {out}: reasons.html, results.json", markup=False)
