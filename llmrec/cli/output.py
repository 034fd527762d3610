"""How every command answers: tables for people, JSON for programs, errors with an exit code."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", help="Also write the rows to FILE (.parquet or .jsonl).")
]


def console() -> Console:
    """Return the console for people: as wide as the terminal, or as ``COLUMNS`` says, or 100."""
    from rich.console import Console

    fixed = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    return Console(highlight=False, width=fixed)


def print_json(value: object) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_rows(rows: Sequence[Mapping[str, Any]], *, title: str | None = None) -> None:
    """Print rows of the same keys as a table; markup in them is printed as it stands."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in rows[0] if rows else ():
        numeric = all(isinstance(row[name], int | float) for row in rows)
        table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    screen = console()
    if title is not None:  # a line of its own: a table's title is as narrow as the table
        screen.print(Text(title, style="italic"))
    screen.print(table)


def write_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows to a .parquet or .jsonl file, whole or not at all.

    Raises:
        ConfigError: Another ending.
    """
    from llmrec.errors import ConfigError

    if path.suffix not in {".parquet", ".jsonl"}:
        raise ConfigError(f"--out {path}: unknown ending {path.suffix!r}; use .parquet or .jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        if path.suffix == ".jsonl":
            lines = (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
            Path(draft).write_text("".join(lines), encoding="utf-8")
        else:
            import polars as pl

            pl.from_dicts(list(rows), infer_schema_length=None).write_parquet(draft)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
