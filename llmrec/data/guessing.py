"""What the columns of an unknown file most likely are, by their names and their cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.times import looks_like_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.data.raw import RawTable

# role -> names without case and punctuation; an earlier name is the better guess
_NAMES = {
    "user": "userid user uid customerid customer reviewerid reviewer visitorid visitor memberid "
    "member listener accountid account clientid client username who",
    "item": "itemid item productid product movieid movie trackid track songid song sku parentasin "
    "asin stockcode articleid article bookid book isbn businessid business wineid gameid game what",
    "time": "timestamp time datetime date when ts eventtime createdat unixreviewtime orderdate "
    "orderedat invoicedate purchasedat playedat",
    "rating": "rating stars score overall grade",
    "event": "event eventtype action behavior behaviour activity",
    "quantity": "quantity qty count units plays",
    "price": "price unitprice cost paid",
    "text": "text review reviewtext comment body said",
    "order": "orderid order invoiceno invoice transactionid transaction basketid basket",
    "title": "title name itemname productname movietitle description",
}
_NUMERIC = ("rating", "quantity", "price")
_EPOCHS = {"s": (1e8, 1e10), "ms": (1e11, 1e13), "us": (1e14, 1e16)}  # the years 1973 to 2286

_LOOKED_AT = 10_000  # rows
_PATTERNS = {
    "whole number": r"^-?\d{1,18}$",
    "number": r"^-?\d*\.?\d+([eE][-+]?\d+)?$",
    "list": r"^\[.*\]$",
}


def guess_roles(table: RawTable) -> dict[str, str]:
    """Return role -> column; roles that no column seems to have are absent.

    A file without a time but with a title is taken for an items file: its roles are ``item_id`` and
    ``title``.
    """
    roles: dict[str, str] = {}
    for role, names in _NAMES.items():
        free = [column for column in table.columns if column not in roles.values()]
        fitting = [column for column in free if _fits(role, table.frame[column])]
        if (column := _named(fitting, names.split())) is not None:
            roles[role] = column
    if "time" not in roles:
        free = [column for column in table.columns if column not in roles.values()]
        timed = [column for column in free if is_time(table.frame[column])]
        roles |= {"time": timed[0]} if timed else {}
    if "time" not in roles and "title" in roles and "item" in roles:
        return {"item_id": roles["item"], "title": roles["title"]}
    roles.pop("title", None)
    return roles


def likely_name(table: RawTable, role: str) -> str | None:
    """Return the column whose name alone speaks for a role, else None."""
    return _named(table.columns, _NAMES[role].split())


def guess_unit(cells: pl.Series) -> str | None:
    """Return the unit of numeric times (``s``, ``ms`` or ``us``), else None."""
    numbers = cells.cast(pl.Float64, strict=False) if _plain(cells) else None
    if numbers is None or numbers.null_count() > cells.null_count():
        return None
    middle: Any = numbers.median()
    if middle is None:
        return None
    return next((unit for unit, (low, high) in _EPOCHS.items() if low <= middle < high), None)


def is_time(cells: pl.Series) -> bool:
    """Return whether a column holds times: typed, ISO 8601, or numbers of a likely size."""
    if cells.dtype.is_temporal():
        return True
    if cells.dtype == pl.String and looks_like_iso(cells.drop_nulls().head(_LOOKED_AT)).all():
        return cells.null_count() < len(cells)
    return guess_unit(cells) is not None


def type_of(cells: pl.Series) -> str:
    """Return in a few words what stands in a column."""
    filled = cells.drop_nulls()
    if cells.dtype != pl.String:
        return str(cells.dtype)
    if filled.is_empty():
        return "empty"
    head = filled.head(_LOOKED_AT).str.strip_chars()
    for name, pattern in _PATTERNS.items():
        if head.str.contains(pattern).all():
            return name
    return "time" if looks_like_iso(head).all() else "text"


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in reversed(columns)}
    exact = (plain[name] for name in names if name in plain)
    ends = (
        column for name in names if len(name) > 3 for key, column in plain.items() if name in key
    )
    return next(exact, None) or next(ends, None)


def _fits(role: str, cells: pl.Series) -> bool:
    if role == "time":
        return is_time(cells)
    if role in _NUMERIC:
        return cells.dtype.is_numeric() or type_of(cells) in {"whole number", "number"}
    if role == "title":
        return type_of(cells) == "text"
    return cells.dtype == pl.String or cells.dtype.is_integer()


def _plain(cells: pl.Series) -> bool:
    return cells.dtype == pl.String or cells.dtype.is_numeric()
