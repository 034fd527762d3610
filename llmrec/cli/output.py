"""How every command answers: tables for people, JSON for programs, errors with an exit code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from llmrec.errors import LlmrecError

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ROW_ENDINGS = (".parquet", ".jsonl")


def checked_out(
    path: Path | None, endings: Sequence[str] = ROW_ENDINGS, *, option: str = "--out"
) -> Path | None:
    """Return the file to write, refused before any work where it could not be written.

    Args:
        path: The file; None for none.
        endings: Which are known.
        option: What names it on the command line.

    Raises:
        ConfigError: Another ending.
        ArtifactError: Nothing can be written there.
    """
    if path is not None:
        from llmrec.artifacts import check_writable
        from llmrec.errors import ConfigError

        if path.suffix not in endings:
            raise ConfigError(
                f"{option} {path}: unknown ending {path.suffix!r}",
                remedy=f"Use {' or '.join(endings)}.",
            )
        check_writable(path)
    return path


def _checked_rows(path: Path | None) -> Path | None:
    return checked_out(path)


OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out", help="Also write the rows to FILE (.parquet or .jsonl).", callback=_checked_rows
    ),
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
        table.add_row(*(Text("" if value is None else _visible(value)) for value in row.values()))
    screen = console()
    if title is not None:  # a line of its own: a table's title is as narrow as the table
        screen.print(Text(title, style="italic"))
    screen.print(table)


def _visible(value: object) -> str:
    """Return a value as text whose control characters are written out: a log is untrusted."""
    controls = {*range(32), *range(127, 160)} - {ord("\n")}
    return str(value).translate({code: repr(chr(code))[1:-1] for code in controls})


def write_rows(rows: Sequence[Mapping[str, Any]], path: Path, columns: Mapping[str, Any]) -> None:
    """Write rows to a .parquet or .jsonl file, whole or not at all.

    Args:
        rows: Each with the keys of ``columns``; there may be none.
        path: What ``checked_out`` let pass.
        columns: Name -> Python type (``str``, ``int``, ``float``, ``list[str]``), so that the
            columns of a Parquet file do not depend on what stands in them.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    from llmrec.artifacts import replace_file

    with replace_file(path) as draft:
        if path.suffix == ".jsonl":
            lines = (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
            draft.write_text("".join(lines), encoding="utf-8")
        else:
            import polars as pl

            pl.DataFrame(list(rows), schema=dict(columns)).write_parquet(draft)


def note(text: str) -> None:
    """Tell people something on standard error, where it is in no program's way."""
    sys.stderr.write(f"note: {text}\n")


def tell_error(error: LlmrecError, *, as_json: bool) -> None:
    """Print an error on standard error: its message and remedy, or both as one JSON object."""
    if as_json:
        value = {
            "error": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
            "exit_code": error.exit_code,
        }
        sys.stderr.write(json.dumps(value, ensure_ascii=False) + "\n")
        return
    sys.stderr.write(f"error: {error.message}\n")
    if error.remedy:
        sys.stderr.write(f"  fix: {error.remedy}\n")
