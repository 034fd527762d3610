"""Lists and objects as Python writes them, read without running anything."""

from __future__ import annotations

import ast
import json
import warnings
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from llmrec.data.raw import RawTable


def literal_lists(table: RawTable, column: str) -> pl.Series:
    """Return ``(n_rows,)`` list[str] of cells such as ``['a', 'b']`` or ``["a", 1]``.

    Raises:
        DataError: A filled cell is anything else, such as a call or a nested list.
    """
    cells = table.frame[column]
    lists = [_texts(cell) for cell in cells.to_list()]
    table.refuse(
        pl.Series([one is None for one in lists], dtype=pl.Boolean),
        "{value} is not a list of texts and numbers",
        column=column,
        remedy="Write ['a', 'b'] or [\"a\", \"b\"], or name what separates: list_separator= "
        "(--list-separator).",
    )
    return pl.Series(column, lists, dtype=pl.List(pl.String))


def literal(text: str) -> Any:  # noqa: ANN401 - whatever value the text stands for
    """Return the value of a JSON or Python literal; nothing in it is run.

    Raises:
        ValueError: The text is no literal, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "\d" in a text
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _texts(cell: str | None) -> list[str] | None:
    """Return a cell's values; an empty cell has none, None is not a list."""
    if cell is None or not cell.strip():
        return []
    try:
        values = literal(cell.strip())
    except ValueError:
        return None
    if not isinstance(values, list | tuple):
        return None
    if not all(isinstance(one, str | int | float) or one is None for one in values):
        return None
    return [str(one) for one in values if one is not None]
