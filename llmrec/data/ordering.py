"""The order of events: by user and time, and among those of one second as the log says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.cells import whole_numbers
from llmrec.data.tables import number_ties

if TYPE_CHECKING:
    from llmrec.data.options import ImportOptions
    from llmrec.data.raw import RawTable


def in_order(raw: RawTable, events: pl.DataFrame, options: ImportOptions) -> pl.DataFrame:
    """Sort by user and time; ties by the given sequence, else by the file's order or item id.

    Args:
        raw: The log, row by row that of the events.
        events: ``user_id``, ``item_id``, ``timestamp_s`` and ``us``.
        options: What orders ties.

    Returns:
        The events with ``sequence`` (int64).

    Raises:
        DataError: A sequence that is no whole number or stands twice in a second, or an item id
            that is no number where numbers are to order.
    """
    if options.sequence is not None:
        return _by_sequence(raw, events, options.sequence)
    if options.ties == "file":
        return number_ties(events, by=("us",))
    number = events["item_id"].cast(pl.Int64, strict=False)
    raw.refuse(
        number.is_null(),
        "item id {value} is not a number, so ties cannot be ordered by it",
        column=options.item,
        remedy="Choose ties='file' (--ties file).",
    )
    return number_ties(events.with_columns(number=number), by=("number",)).drop("number")


def _by_sequence(raw: RawTable, events: pl.DataFrame, column: str) -> pl.DataFrame:
    events = events.with_columns(sequence=whole_numbers(raw, column, option="sequence"))
    moment = ["user_id", "timestamp_s", "sequence"]
    raw.refuse(
        events.select(~pl.struct(moment).is_first_distinct()).to_series(),
        "this user has another event of the same second and sequence {value}",
        column=column,
        remedy="Number the events of one user and second differently, or leave sequence= "
        "(--sequence) out to keep the file's order.",
    )
    return events.sort(moment)
