"""Logs of any column names: raw tables and a column mapping in, validated tables out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.attributes import attributes
from llmrec.data.cells import ids, optional_numbers, optional_texts, titles, whole_numbers
from llmrec.data.csv_files import read_csv
from llmrec.data.files import format_of, read_jsonl, read_parquet
from llmrec.data.raw import near
from llmrec.data.tables import INTERACTIONS, Tables, items_from_frame, number_ties
from llmrec.data.times import US_PER_S, microseconds
from llmrec.types import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmrec.data.options import ImportOptions
    from llmrec.data.raw import RawTable

log = logging.getLogger(__name__)

RAW_READERS: dict[str, Callable[[Path, ImportOptions], RawTable]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "jsonl": read_jsonl,
}

_FIRST_PLAUSIBLE_S = 365 * 24 * 3600  # a log that ends in 1970 is most likely in another unit


def read_mapped(source: Path, options: ImportOptions, *, log_format: str) -> Tables:
    """Read a log, and the items file where one is named.

    Args:
        source: The log.
        options: The column mapping and conventions.
        log_format: A key of ``RAW_READERS``; the items file goes by its own ending first.

    Raises:
        DataError: Any fault, with file, row, column, value and remedy.
    """
    raw = RAW_READERS[log_format](source, options)
    if options.items is None:
        events = interactions_of(raw, options)
        items = _ids_as_titles(source, events)
        return Tables(interactions=events, items=items, sources=(source,))
    read_items = RAW_READERS[format_of(options.items) or log_format]
    items = items_of(read_items(options.items, options), options)
    known = [item.item_id for item in items]
    events = interactions_of(raw, options, known_items=known, items_path=options.items)
    return Tables(interactions=events, items=items, sources=(source, options.items))


def interactions_of(
    raw: RawTable,
    options: ImportOptions,
    *,
    known_items: Sequence[str] | None = None,
    items_path: Path | None = None,
) -> pl.DataFrame:
    """Return the interactions, checked, in the columns and the order of ``INTERACTIONS``.

    Args:
        raw: The log.
        options: The column mapping and conventions.
        known_items: The ids that may occur; None allows all.
        items_path: Where those are listed, for the message.

    Raises:
        DataError: Any fault, with file, row, column, value and remedy.
    """
    user, item = ids(raw, options.user, option="user"), ids(raw, options.item, option="item")
    if known_items is not None:
        _refuse_unknown(raw, options.item, item, known_items, items_path)
    us = microseconds(raw, options.time, options)
    _warn_early(raw, options, us)
    columns = {"user_id": user, "item_id": item, "us": us, "timestamp_s": us // US_PER_S}
    if options.rating is not None:
        columns["rating"] = optional_numbers(raw, options.rating, option="rating")
    if options.event is not None:
        columns["event"] = optional_texts(raw, options.event, option="event")
    if options.quantity is not None:
        columns["quantity"] = optional_numbers(raw, options.quantity, option="quantity")
    missing = [
        pl.lit(None, dtype).alias(n) for n, dtype in INTERACTIONS.items() if n not in columns
    ]
    events = pl.DataFrame(columns).with_columns(missing)
    return _in_order(raw, events, options).select(INTERACTIONS.names())


def items_of(raw: RawTable, options: ImportOptions) -> tuple[Item, ...]:
    """Return the items of an items file in its order.

    Raises:
        DataError: An empty or repeated id, an empty title, or a column that cannot be kept.
    """
    item_id = ids(raw, options.item_id, option="item_id")
    refuse_repeated(raw, options.item_id, item_id)
    columns = [item_id.alias("item_id"), titles(raw, options.title).alias("title")]
    return items_from_frame(pl.DataFrame([*columns, *attributes(raw, options)]))


def refuse_repeated(raw: RawTable, column: str, item_id: pl.Series) -> None:
    """Refuse a second row of one id."""
    raw.refuse(
        ~item_id.is_first_distinct(),
        "item id {value} stands in an earlier row too",
        column=column,
        remedy="Keep one row per item.",
    )


def _refuse_unknown(
    raw: RawTable, column: str, item: pl.Series, known: Sequence[str], path: Path | None
) -> None:
    names = pl.Series(known, dtype=pl.String)
    where = "the items" if path is None else path
    raw.refuse(
        ~item.is_in(names.implode()),
        f"item {{value}} is not in {where}",
        column=column,
        remedy=lambda value: f"Add the item there, or drop the row. {near(str(value), known)}",
    )


def _in_order(raw: RawTable, events: pl.DataFrame, options: ImportOptions) -> pl.DataFrame:
    """Sort by user and time; ties by the given sequence, else by the file's order or item id."""
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
    return number_ties(events.with_columns(number=number), by=("number",))


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


def _warn_early(raw: RawTable, options: ImportOptions, us: pl.Series) -> None:
    newest = us.max()
    if options.time_unit and isinstance(newest, int) and newest // US_PER_S < _FIRST_PLAUSIBLE_S:
        log.warning(
            "%s: every event lies before 1971; is time_unit=%r right?", raw.path, options.time_unit
        )


def _ids_as_titles(source: Path, events: pl.DataFrame) -> tuple[Item, ...]:
    log.warning(
        "%s: no items file was named, so item ids stand in for titles; a language model can make "
        "little of them",
        source,
    )
    names = events["item_id"].unique().sort().to_list()
    return tuple(Item(item_id=name, title=name) for name in names)
