"""Files as raw tables: what their readers have in common, and the reader of Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import polars as pl

from llmrec.data.decoding import is_packed, require_file
from llmrec.data.raw import RawTable, shown
from llmrec.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data.options import ImportOptions

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""File ending (without .gz or .zst) -> format."""

LOST = "\N{REPLACEMENT CHARACTER}"


def format_of(path: Path) -> str | None:
    """Return the format that a file's ending names, else None."""
    stem = path.with_suffix("") if is_packed(path) else path
    return FORMATS.get(stem.suffix.lower())


def read_parquet(path: Path, options: ImportOptions) -> RawTable:
    """Read a Parquet file with its types.

    Raises:
        DataError: Missing, or not Parquet.
    """
    del options
    require_file(path)
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        refuse_parquet(path, error)
    return RawTable.of(path, frame)


def refuse_parquet(path: Path, error: Exception) -> NoReturn:
    """Raise the error for a file that is not Parquet, or not whole."""
    raise DataError(f"is not a readable Parquet file: {error}", path=path) from error


def refuse_encoding(path: Path, *, row: int, column: str | None, text: str) -> NoReturn:
    """Raise the error for text that is not UTF-8; ``text`` has ``LOST`` where it is not."""
    raise DataError(
        f"the text is not UTF-8 (unreadable at {LOST} in {shown(text)})",
        path=path,
        row=row,
        column=column,
        remedy="Say which encoding it is, e.g. encoding='latin-1' (--encoding latin-1).",
    )


def refuse_line_ends(path: Path, *, row: int | None = None) -> NoReturn:
    """Raise the error for lines that end in a carriage return alone."""
    raise DataError(
        "lines end in a carriage return (CR) alone, as on old Macs",
        path=path,
        row=row,
        remedy="Convert them: tr '\\r' '\\n' < FILE > NEW, or save the file with Unix line ends.",
    )
