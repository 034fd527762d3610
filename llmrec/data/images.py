"""Columns of the items file that hold paths of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.raw import ROW
from llmrec.errors import DataError

if TYPE_CHECKING:
    from llmrec.data.raw import RawTable


def images(table: RawTable, column: str) -> pl.Series:
    """Return ``(n_rows,)`` str: absolute paths of pictures, addresses as they are, else null.

    Raises:
        DataError: The column is not text, or a picture does not exist.
    """
    cells = table.frame[column]
    if cells.dtype != pl.String:
        raise DataError(f"type {cells.dtype} holds no paths", path=table.path, column=column)
    rows = zip(table.frame[ROW].to_list(), cells.to_list(), strict=True)
    found = [_found(table, row, cell) for row, cell in rows]
    missing = [cell is not None and one is None for cell, one in zip(cells, found, strict=True)]
    table.refuse(
        pl.Series(missing, dtype=pl.Boolean) & (cells.str.strip_chars() != ""),
        "the picture {value} does not exist",
        column=column,
        remedy="Paths start at the folder of the items file. Clear the cell if there is none.",
    )
    return pl.Series(column, found, dtype=pl.String)


def _found(table: RawTable, row: int, cell: str | None) -> str | None:
    text = (cell or "").strip()
    if not text or "://" in text:
        return text or None
    file, _ = table.place(row)
    path = (file.parent if file else Path()) / text
    return str(path.resolve()) if path.is_file() else None
