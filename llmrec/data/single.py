"""The events of one person who is in no log, from a file of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.files import format_of
from llmrec.data.mapped import interactions_of
from llmrec.data.options import ImportOptions
from llmrec.data.sources import RAW_READERS
from llmrec.data.tables import cut_before, events_of
from llmrec.errors import DataError
from llmrec.types import History, as_utc

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data.raw import RawTable
    from llmrec.types import Catalogue

_USER = "__user__"
_OPTIONAL = ("rating", "event", "quantity")


def read_history(path: Path, *, catalogue: Catalogue, as_of: datetime | None = None) -> History:
    """Read one person's events.

    Args:
        path: A CSV, JSONL or Parquet file with the columns ``item_id`` and ``time`` (ISO 8601 with
            an offset, or whole seconds since 1970) and optionally ``rating``, ``event`` and
            ``quantity``. Events of one second keep the file's order.
        catalogue: The items that may occur.
        as_of: An aware moment, taken at its whole second; what is not before it does not count.
            None is one second after the newest event.

    Returns:
        A history whose user id is the file's name.

    Raises:
        DataError: Any fault in the file, with row, column, value and remedy.
    """
    log_format = format_of(path)
    if log_format is None:
        raise DataError(
            f"the ending {path.suffix!r} tells no format",
            path=path,
            remedy="Use .jsonl, .csv or .parquet.",
        )
    raw = RAW_READERS[log_format](path, ImportOptions())
    frame = interactions_of(
        raw.with_columns(pl.lit(path.stem).alias(_USER)),
        _options(raw),
        known_items=list(catalogue),
    )
    events = events_of(frame)
    default = events[-1].timestamp + timedelta(seconds=1)
    moment = default if as_of is None else as_utc(as_of, what="as_of")
    return cut_before(path.stem, events, moment)


def _options(raw: RawTable) -> ImportOptions:
    """Map the columns that are there; times that are all numbers are seconds."""
    times = raw.require("time", option="time")
    numeric = times.cast(pl.Float64, strict=False).is_not_null() if _plain(times) else None
    chosen = {"user": _USER, "item": "item_id", "time": "time"}
    if numeric is not None and numeric.all():
        chosen["time_unit"] = "s"
    chosen |= {name: name for name in _OPTIONAL if name in raw.columns}
    return ImportOptions.of(chosen)


def _plain(cells: pl.Series) -> bool:
    return cells.dtype == pl.String or cells.dtype.is_numeric()
