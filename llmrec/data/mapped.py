"""Logs of any column names: raw tables and a column mapping in, validated tables out."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.cells import blank, ids, optional_numbers, optional_texts
from llmrec.data.cleaning import CORE, EVENT_RULES, LAST_RULES, STRICT, Journal
from llmrec.data.files import format_of
from llmrec.data.items import ids_as_titles, titled_items
from llmrec.data.ordering import in_order
from llmrec.data.raw import ROW, RawTable, near
from llmrec.data.sources import files_of, read_raw
from llmrec.data.tables import (
    INTERACTIONS,
    RawLog,
    Tables,
    columns_of,
    hashed,
)
from llmrec.data.times import US_PER_S, microseconds
from llmrec.data.users import check_chosen, users_of
from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.data.cleaning import CleaningRules
    from llmrec.data.options import ImportOptions
    from llmrec.types import Item

log = logging.getLogger(__name__)

_N_ROLES = 3
_FIRST_PLAUSIBLE_S = 365 * 24 * 3600  # a log that ends in 1970 is most likely in another unit


def read_mapped(source: Path, options: ImportOptions, *, log_format: str) -> RawLog:
    """Read a log, and the items and users files where they are named.

    Args:
        source: The log; a pattern reads all files that match.
        options: The column mapping and conventions.
        log_format: A key of ``RAW_READERS``; the other files go by their own endings first.

    Raises:
        DataError: A file that cannot be read, with file and row, or a fault in the users file.
        ConfigError: A users file without a chosen column, or the reverse.
    """
    events = read_raw(source, options, file_format=log_format)
    return dataclasses.replace(read_beside(source, options, log_format=log_format), events=events)


def read_beside(source: Path, options: ImportOptions, *, log_format: str) -> RawLog:
    """Return what ``read_mapped`` does but for the events, of which it has the path alone."""
    files = files_of(source)

    def beside(path: Path) -> RawTable:
        files.extend(files_of(path))
        return read_raw(path, options, file_format=format_of(path) or log_format)

    check_chosen(options)
    return RawLog(
        events=RawTable(path=source, frame=pl.DataFrame()),
        items=None if options.items is None else beside(options.items),
        users=None if options.users is None else users_of(beside(options.users), options),
        options=options,
        items_path=options.items,
        sources=hashed(*files),
    )


def tables_of(log_: RawLog, rules: CleaningRules = STRICT, *, profiled: bool = False) -> Tables:
    """Return a log's tables, cleaned by the rules and then checked; what is left is all sound.

    Args:
        log_: What a reader found.
        rules: What is left out; by default nothing is, and whatever is wrong is refused.
        profiled: Whether the journal tells how events are spread before and after.

    Raises:
        DataError: Any fault that no rule leaves out, with file, row, column, value and remedy.
    """
    journal = Journal(read=log_.events.frame.height, profiles={} if profiled else None)
    items = titled_items(log_, rules, journal)
    events = cleaned(log_, items, rules, journal)
    warn_early(log_.events.path, log_.options, int(events.select(pl.max("timestamp_s")).item()))
    if items is None:
        items = ids_as_titles(log_.events.path, events["item_id"].unique())
    return Tables(
        interactions=events,
        items=items,
        users=log_.users,
        sources=log_.sources,
        journal=journal,
    )


def cleaned(
    log_: RawLog, items: Sequence[Item] | None, rules: CleaningRules, journal: Journal
) -> pl.DataFrame:
    """Return a log's events, cleaned by the rules and checked, in the columns of ``columns_of``.

    Args:
        log_: What a reader found, or a part of it that holds all events of its users.
        items: The items that may occur; None allows all.
        rules: What is left out.
        journal: Where that is noted.

    Raises:
        DataError: Any fault that no rule leaves out, with file, row, column, value and remedy.
    """
    events = known_events(log_, items, rules, journal)
    events = journal.by_rules(CORE, events, rules, raw=log_.events)
    return finished(events, rules, journal, raw=log_.events)


def known_events(
    log_: RawLog, items: Sequence[Item] | None, rules: CleaningRules, journal: Journal
) -> pl.DataFrame:
    """Return what ``cleaned`` has before ``CORE``, with the columns that rules look at.

    Raises:
        ConfigError: One column is mapped as two of user, item and time.
        DataError: Any fault that no rule leaves out, with file, row, column, value and remedy.
    """
    options, raw = log_.options, log_.events
    if len({options.user, options.item, options.time}) < _N_ROLES:
        raise ConfigError(
            f"user {options.user!r}, item {options.item!r} and time {options.time!r} are not three "
            "different columns",
            remedy="Name each with user= (--user), item= (--item) and time= (--time).",
        )
    if rules.missing == "drop":
        raw = _without_missing(raw, options, rules, journal)
    if items is not None:
        raw = _with_known_items(raw, log_, items, rules, journal)
    events = _events(raw, options, any_year=rules.earliest is not None)
    journal.look("before", events)
    return journal.by_rules(EVENT_RULES, events, rules, raw=raw)


def finished(
    events: pl.DataFrame, rules: CleaningRules, journal: Journal, *, raw: RawTable
) -> pl.DataFrame:
    """Return what ``cleaned`` makes of events that have passed ``CORE``.

    Raises:
        DataError: The rules leave nothing.
    """
    events = journal.by_rules(LAST_RULES, events, rules, raw=raw)
    journal.look("after", events)
    return events.select(columns_of(events))


def interactions_of(
    raw: RawTable,
    options: ImportOptions,
    *,
    known_items: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return the interactions of a log, checked, in the columns and order of ``columns_of``.

    Args:
        raw: The log.
        options: The column mapping and conventions.
        known_items: The ids that may occur; None allows all.

    Raises:
        DataError: Any fault, with file, row, column, value and remedy.
    """
    if known_items is not None:
        item = ids(raw, options.item, option="item")
        _refuse_unknown(raw, options.item, ~_among(item, known_items), known_items, None)
    events = _events(raw, options)
    return events.select(columns_of(events))


def _without_missing(
    raw: RawTable, options: ImportOptions, rules: CleaningRules, journal: Journal
) -> RawTable:
    names = {"user": options.user, "item": options.item, "time": options.time}
    empty = [blank(raw.require(name, option=option)) for option, name in names.items()]
    bad = empty[0] | empty[1] | empty[2]
    if rules.missing_words:
        for name in (options.user, options.item):
            bad |= _among(raw.frame[name].cast(pl.String), rules.missing_words).fill_null(
                value=False
            )
    return journal.without(raw, bad, "missing", columns=names.values(), what="events")


def _with_known_items(
    raw: RawTable, log_: RawLog, items: Sequence[Item], rules: CleaningRules, journal: Journal
) -> RawTable:
    """Drop or refuse events on other items; those of an untitled item are told apart."""
    column = log_.options.item
    item = ids(raw, column, option="item")
    known = [one.item_id for one in items]
    if rules.untitled_items == "drop" and isinstance(log_.items, RawTable):
        listed = ids(log_.items, log_.options.item_id, option="item_id")
        bad = _among(item, listed.to_list()) & ~_among(item, known)
        raw = journal.without(raw, bad, "untitled_items", columns=(column,), what="events")
        item = item.filter(~bad)
    unknown = ~_among(item, known)
    if rules.unknown_items == "drop":
        return journal.without(raw, unknown, "unknown_items", columns=(column,), what="events")
    _refuse_unknown(raw, column, unknown, known, log_.items_path)
    return raw


def _among(item: pl.Series, known: Sequence[str]) -> pl.Series:
    return item.is_in(pl.Series(known, dtype=pl.String).implode())


def _refuse_unknown(
    raw: RawTable, column: str, bad: pl.Series, known: Sequence[str], path: Path | None
) -> None:
    where = "the items" if path is None else path
    raw.refuse(
        bad,
        f"item {{value}} is not in {where}",
        column=column,
        remedy=lambda value: f"Add the item there, or drop the row. {near(str(value), known)}",
    )


def _events(raw: RawTable, options: ImportOptions, *, any_year: bool = False) -> pl.DataFrame:
    """Return the checked events in order, with ``ROW``, ``us`` and, where mapped, ``order``."""
    user, item = ids(raw, options.user, option="user"), ids(raw, options.item, option="item")
    us = microseconds(raw, options.time, options, any_year=any_year)
    columns = {ROW: raw.frame[ROW], "user_id": user, "item_id": item, "us": us}
    columns["timestamp_s"] = us // US_PER_S
    for role in ("rating", "quantity", "price"):
        if (name := getattr(options, role)) is not None:
            columns[role] = optional_numbers(raw, name, option=role)
    for role in ("event", "text", "order"):
        if (name := getattr(options, role)) is not None:
            columns[role] = optional_texts(raw, name, option=role)
    missing = [
        pl.lit(None, dtype).alias(n) for n, dtype in INTERACTIONS.items() if n not in columns
    ]
    return in_order(raw, pl.DataFrame(columns).with_columns(missing), options)


def warn_early(path: Path | None, options: ImportOptions, last_s: int) -> None:
    """Warn where the newest event of a log, in seconds since 1970, makes its unit unlikely."""
    if options.time_unit and last_s < _FIRST_PLAUSIBLE_S:
        log.warning(
            "%s: every event lies before 1971; is time_unit=%r right?", path, options.time_unit
        )
