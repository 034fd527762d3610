"""The further columns of an items file: numbers, texts and lists of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.images import images
from llmrec.data.literals import literal_lists
from llmrec.data.raw import near
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.data.options import ImportOptions
    from llmrec.data.raw import RawTable

_WHOLE = r"^-?(0|[1-9]\d{0,14})$"
_NUMBER = r"^-?(0|[1-9]\d{0,14})(\.\d+)?$"


def attributes(table: RawTable, options: ImportOptions) -> pl.DataFrame:
    """Return the attribute columns, each int64, float64, str or list[str]; null where absent.

    A text column becomes numeric where every filled cell is a number as one would write it
    (``007`` stays text), and a list where ``list_separator`` occurs in it. Booleans and dates
    become text.

    Raises:
        DataError: No such column, an infinite number, or a type that no attribute can have.
    """
    names = _names(table, options)
    for name in (*options.list_columns, *options.image_columns):
        if name not in names:
            raise DataError(
                "the items file has no such attribute column",
                path=table.path,
                column=name,
                remedy=near(name, names),
            )
    columns = [
        images(table, name) if name in options.image_columns else typed(table, name, options)
        for name in names
    ]
    return pl.DataFrame([column for column in columns if column.null_count() < len(column)])


def _names(table: RawTable, options: ImportOptions) -> list[str]:
    """Return which columns become attributes."""
    taken = (options.item_id, options.title)
    if options.attributes is not None:
        for name in options.attributes:
            table.require(name, option="attributes")
    wanted = table.columns if options.attributes is None else options.attributes
    names = [name for name in wanted if name not in taken]
    for name in ("item_id", "title"):
        if name in names:
            raise DataError(
                f"an attribute cannot be called {name!r}, since {taken!r} are mapped to item_id "
                "and title",
                path=table.path,
                column=name,
                remedy="Rename the column, or leave it out with attributes= (--attribute).",
            )
    return names


def typed(table: RawTable, name: str, options: ImportOptions) -> pl.Series:
    """Return a column as int64, float64, str or list[str]; raises as ``attributes``."""
    cells = table.frame[name]
    dtype = cells.dtype
    if isinstance(dtype, pl.List | pl.Array):
        return _listed(table, cells)
    if dtype.is_integer():
        whole = cells.cast(pl.Int64, strict=False)
        table.refuse(
            whole.is_null() & cells.is_not_null(),
            "{value} exceeds 64 bits",
            column=name,
            remedy="Write it as text.",
        )
        return whole
    if dtype.is_float() or isinstance(dtype, pl.Decimal):
        numbers = cells.cast(pl.Float64).fill_nan(None)
        table.refuse(numbers.is_infinite(), "{value} is not a finite number", column=name)
        return numbers
    if dtype == pl.Boolean or dtype.is_temporal() or dtype in (pl.Categorical, pl.Enum, pl.Null):
        return cells.cast(pl.String)
    if dtype == pl.String and name in options.list_columns and options.list_separator is None:
        return _without_empty(literal_lists(table, name))
    if dtype == pl.String:
        return _text(cells, options)
    raise DataError(
        f"type {dtype} cannot be an attribute",
        path=table.path,
        column=name,
        remedy="Write text, numbers or lists of text, or leave it out: attributes= (--attribute).",
    )


def _text(cells: pl.Series, options: ImportOptions) -> pl.Series:
    """Texts stay, or become lists or numbers; an empty cell is null."""
    cells = cells.set(cells.str.strip_chars() == "", None)
    mark = options.list_separator
    if mark is not None and _is_list(cells, mark, options.list_columns):
        return _without_empty(cells.str.split(mark))
    if cells.str.contains(_WHOLE).all():
        return cells.cast(pl.Int64)
    if cells.str.contains(_NUMBER).all():
        return cells.cast(pl.Float64)
    return cells


def _is_list(cells: pl.Series, mark: str, chosen: Sequence[str]) -> bool:
    if chosen:
        return cells.name in chosen
    return bool(cells.str.contains(mark, literal=True).any())


def _listed(table: RawTable, cells: pl.Series) -> pl.Series:
    inner = getattr(cells.dtype, "inner", None)
    if inner is not None and inner.is_nested():
        raise DataError(
            f"type {cells.dtype} cannot be an attribute",
            path=table.path,
            column=cells.name,
            remedy="Write lists of text, or leave it out: attributes= (--attribute).",
        )
    if isinstance(cells.dtype, pl.Array):
        cells = cells.arr.to_list()
    return _without_empty(cells.cast(pl.List(pl.String)))


def _without_empty(lists: pl.Series) -> pl.Series:
    """Strip the values, drop the empty ones; a list without any is null."""
    value = pl.element().str.strip_chars()
    lists = lists.list.eval(value.filter(value != ""))
    return lists.set(lists.list.len() == 0, None)
