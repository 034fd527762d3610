"""Columns of ids, texts and numbers out of a raw table, each cell checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.errors import DataError

if TYPE_CHECKING:
    from llmrec.data.raw import RawTable


def ids(table: RawTable, column: str, *, option: str) -> pl.Series:
    """Return ``(n_rows,)`` str ids as written; whole numbers as their digits.

    Raises:
        DataError: No such column, an empty id, or a type that is no id (fractions, booleans, ...).
    """
    cells = table.require(column, option=option)
    cells = cells.cast(pl.String) if cells.dtype == pl.Null else cells
    if not (cells.dtype.is_integer() or _is_text(cells)):
        table.refuse(
            cells.is_not_null(),
            f"the id {{value}} is of type {cells.dtype}, neither text nor a whole number",
            column=column,
            remedy="Store ids as text or as whole numbers.",
        )
    texts = cells.cast(pl.String)
    refuse_unfit_ids(table, column, texts)
    return texts


def blank(cells: pl.Series) -> pl.Series:
    """Return ``(n_rows,)`` bool: whether a cell is null, or text of white space alone."""
    if cells.dtype != pl.String:
        return cells.is_null()
    return cells.is_null() | (cells.str.strip_chars() == "")


def refuse_unfit_ids(table: RawTable, column: str, texts: pl.Series) -> None:
    """Refuse ids that are empty, or that look like another id without being it.

    Raises:
        DataError: An id is missing or blank, stands between white space, or holds a control
            character (a NUL, a line break).
    """
    different = texts.unique()  # far fewer than rows, and mostly without a fault
    if not (blank(different) | different.str.contains(r"^\s|\s$|\p{Cc}")).any():
        return
    table.refuse(
        blank(texts),
        "the id is empty (value {value})",
        column=column,
        remedy="Fill it in, or leave the row out of the file.",
    )
    table.refuse(
        texts.str.contains(r"^\s|\s$"),
        "the id {value} begins or ends with white space, so it is another id than without",
        column=column,
        remedy="Strip the column before importing it.",
    )
    table.refuse(
        texts.str.contains(r"\p{Cc}"),
        "the id {value} holds a control character",
        column=column,
        remedy="Write ids of visible characters; was the file damaged, or its line ends mixed?",
    )


def titles(table: RawTable, column: str) -> pl.Series:
    """Return ``(n_rows,)`` str titles, none of them empty.

    Raises:
        DataError: No such column, not text, or an empty title.
    """
    texts = optional_texts(table, column, option="title")
    table.refuse(
        blank(texts),
        "the title is empty (value {value})",
        column=column,
        remedy="Give the item a title, or leave it out together with its interactions.",
    )
    return texts


def optional_texts(table: RawTable, column: str, *, option: str) -> pl.Series:
    """Return ``(n_rows,)`` str, null where the cell is empty.

    Raises:
        DataError: No such column, or one that holds neither text nor whole numbers.
    """
    cells = table.require(column, option=option)
    if not (cells.dtype.is_integer() or _is_text(cells) or cells.dtype == pl.Null):
        raise DataError(f"type {cells.dtype} is not text", path=table.path, column=column)
    texts = cells.cast(pl.String)
    return texts.set(texts == "", None)


def optional_numbers(table: RawTable, column: str, *, option: str) -> pl.Series:
    """Return ``(n_rows,)`` float64, null where the cell is empty (or NaN in a typed file).

    Raises:
        DataError: No such column, or a cell that is not a finite number.
    """
    cells = table.require(column, option=option)
    numbers = cells.cast(pl.Float64, strict=False) if _is_number_like(cells) else None
    if numbers is None:
        raise DataError(f"type {cells.dtype} holds no numbers", path=table.path, column=column)
    filled = cells.is_not_null()
    if cells.dtype.is_float():
        filled &= ~cells.is_nan()
        numbers = numbers.fill_nan(None)
    elif _is_text(cells):
        numbers = _stripped(cells).cast(pl.Float64, strict=False)
        filled &= _stripped(cells) != ""
    table.refuse(
        filled & (numbers.is_null() | ~numbers.is_finite()),
        f"the {option} {{value}} is not a number",
        column=column,
        remedy="Write it as a number with a decimal point, or leave the cell empty.",
    )
    return numbers


def whole_numbers(table: RawTable, column: str, *, option: str) -> pl.Series:
    """Return ``(n_rows,)`` int64, none negative.

    Raises:
        DataError: No such column, or a cell that is empty or not a whole number from 0.
    """
    cells = table.require(column, option=option)
    if not (cells.dtype.is_integer() or _is_text(cells)):
        raise DataError(f"type {cells.dtype} is not whole", path=table.path, column=column)
    numbers = cells.cast(pl.Int64, strict=False)
    table.refuse(
        numbers.is_null() | (numbers < 0),
        f"the {option} {{value}} is not a whole number from 0",
        column=column,
    )
    return numbers


def _stripped(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.String).str.strip_chars()


def _is_text(cells: pl.Series) -> bool:
    return cells.dtype in (pl.String, pl.Categorical, pl.Enum)


def _is_number_like(cells: pl.Series) -> bool:
    return cells.dtype.is_numeric() or _is_text(cells) or cells.dtype == pl.Null
