"""The items of a log: those of an items file, checked, or bare ids where there is none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.attributes import attributes
from llmrec.data.cells import blank, ids, titles
from llmrec.data.raw import ROW, RawTable
from llmrec.data.tables import items_from_frame
from llmrec.types import Item

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data.cleaning import CleaningRules, Journal
    from llmrec.data.options import ImportOptions
    from llmrec.data.tables import RawLog

log = logging.getLogger(__name__)


def titled_items(log_: RawLog, rules: CleaningRules, journal: Journal) -> tuple[Item, ...] | None:
    """Return the items without those that the rules leave out; None where the log names none.

    Raises:
        DataError: As ``items_of`` says, or the rules leave nothing.
    """
    items, options = log_.items, log_.options
    if not isinstance(items, RawTable):
        return items
    shown = (options.item_id, options.title)
    items.require(options.title, option="title")
    if rules.exact_duplicates:
        again = _repeated_rows(items, options.item_id)
        items = journal.without(items, again, "exact_duplicates", columns=shown, what="items")
    if rules.untitled_items == "drop":
        untitled = blank(items.frame[options.title])
        items = journal.without(items, untitled, "untitled_items", columns=shown, what="items")
    return items_of(items, options)


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

    def remedy(value: object) -> str:
        row = int(raw.frame[ROW][item_id.index_of(str(value)) or 0])
        return f"Keep one row per item; row {raw.place(row)[1]} is its first."

    raw.refuse(
        ~item_id.is_first_distinct(),
        "item id {value} stands in an earlier row too",
        column=column,
        remedy=remedy,
    )


def _repeated_rows(raw: RawTable, column: str) -> pl.Series:
    """Return ``(n_rows,)`` bool: whether an earlier row has the same in every column."""
    twins = raw.frame.filter(raw.require(column, option="item_id").is_duplicated())
    seen: set[str] = set()
    again = []
    for row, cells in zip(twins[ROW], map(repr, twins.drop(ROW).iter_rows()), strict=True):
        again += [row] if cells in seen else []
        seen.add(cells)
    return raw.frame[ROW].is_in(again)


def ids_as_titles(path: Path | None, item_ids: pl.Series) -> tuple[Item, ...]:
    """Return items whose titles are their ids, in string order, and warn of it."""
    log.warning(
        "%s: no items file was named, so item ids stand in for titles; a language model can make "
        "little of them",
        path,
    )
    return tuple(Item(item_id=name, title=name) for name in item_ids.sort().to_list())
