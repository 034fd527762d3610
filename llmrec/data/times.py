"""Times of any common form to microseconds since 1970 in UTC, exactly or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import polars as pl

from llmrec.data.cells import blank
from llmrec.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    from llmrec.data.options import ImportOptions
    from llmrec.data.raw import RawTable

US_PER_S = 1_000_000
_US_PER_UNIT = {"s": US_PER_S, "ms": 1_000, "us": 1}
_UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}
_FIRST_S = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
_LAST_S = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
END_OF_TIMES_US = _LAST_S * US_PER_S
"""The year 2200, before which every event of a dataset lies."""

_ISO = (
    r"^\s*(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<minute>\d{2}:\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|z|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?\s*$"
)
_ISO_FORM = "ISO 8601, e.g. 2024-05-01T18:30:00Z"
_NAME_UNIT = "Say its unit: time_unit='s', 'ms' or 'us' (--time-unit)."
_NAME_ZONE = "Name its zone: time_zone='UTC', 'Europe/Berlin', ... (--time-zone)."


def microseconds(
    table: RawTable, column: str, options: ImportOptions, *, any_year: bool = False
) -> pl.Series:
    """Return a column of times as ``(n_rows,)`` int64 microseconds since 1970, UTC.

    Numbers need ``time_unit``. Texts are ISO 8601, and those without an offset need ``time_zone``,
    as do typed times that are naive. With ``any_year`` times outside 1900-2200 are returned too.

    Raises:
        DataError: Empty, unreadable, without a unit or zone, outside 1900-2200, or a local time
            that did not occur or occurred twice.
        ConfigError: The zone does not exist.
    """
    cells = table.require(column, option="time")
    table.refuse(blank(cells), "the time is empty", column=column)
    is_text = cells.dtype == pl.String
    if cells.dtype.is_numeric() or (is_text and options.time_unit is not None):
        times = _from_numbers(table, column, options)
    elif is_text:
        times = _from_iso(table, column, options)
    elif cells.dtype in (pl.Datetime, pl.Date):
        times = _from_typed(table, column, options)
    else:
        raise DataError(
            f"type {cells.dtype} holds no times",
            path=table.path,
            column=column,
            remedy=f"Write times as {_ISO_FORM}, or as numbers with time_unit (--time-unit).",
        )
    if any_year:
        return times
    outside = (times < _FIRST_S * US_PER_S) | (times >= END_OF_TIMES_US)
    table.refuse(
        outside,
        "the time {value} lies outside 1900-2200",
        column=column,
        remedy="Is the unit right? See time_unit (--time-unit)." if options.time_unit else None,
    )
    return times


def parse_moment(text: str, *, what: str = "time", time_zone: str | None = None) -> datetime:
    """Read one moment, e.g. from the command line.

    Args:
        text: ISO 8601, e.g. ``2024-05-01T18:30:00Z`` or ``2024-05-01 20:30+02:00``.
        what: What messages call it.
        time_zone: The zone of a text without an offset.

    Raises:
        DataError: Unreadable, or without an offset where no zone is given.
    """
    parts = _iso_parts(pl.Series([text]))
    if parts["local"][0] is None:
        raise DataError(f"{what} {text!r} is not a time", remedy=f"Write it as {_ISO_FORM}.")
    if parts["zone"][0] is None and time_zone is None:
        raise DataError(f"{what} {text!r} has no time zone", remedy="Add one: Z, or e.g. +02:00.")
    us = _iso_to_us(parts, time_zone or "UTC", "refuse")[0]
    if us is None:
        raise DataError(f"{what} {text!r} did not occur, or occurred twice, in {time_zone}")
    return datetime.fromtimestamp(us // US_PER_S, UTC).replace(microsecond=us % US_PER_S)


def looks_like_iso(cells: pl.Series) -> pl.Series:
    """Return ``(n_rows,)`` bool: whether a text is an ISO 8601 time; false where it is null."""
    return _iso_parts(cells)["local"].is_not_null()


def names_no_zone(cells: pl.Series) -> pl.Series:
    """Return ``(n_rows,)`` bool: whether a text is an ISO 8601 time without offset or Z."""
    parts = _iso_parts(cells)
    return parts["local"].is_not_null() & parts["zone"].is_null()


def iso(moment: datetime) -> str:
    """Return an aware UTC moment in ISO 8601, e.g. ``2024-05-01T18:30:00Z``."""
    return moment.isoformat().replace("+00:00", "Z")


def _from_numbers(table: RawTable, column: str, options: ImportOptions) -> pl.Series:
    """Numbers, or texts of numbers; whole ones exactly, others to the microsecond."""
    cells = table.frame[column]
    if options.time_unit is None:
        everywhere = pl.repeat(value=True, n=len(cells), eager=True)
        table.refuse(
            everywhere, "{value} is a number without a unit", column=column, remedy=_NAME_UNIT
        )
    unit = options.time_unit or "s"
    factor = _US_PER_UNIT[unit]
    texts = cells.str.strip_chars() if cells.dtype == pl.String else cells
    exact = texts.cast(pl.Int64, strict=False)
    if cells.dtype.is_float():
        exact = exact.set(exact.cast(pl.Float64) != cells, None)
    numbers = texts.cast(pl.Float64, strict=False)
    table.refuse(
        numbers.is_null() | ~numbers.is_finite(),
        f"the time {{value}} is not a number of {_UNIT_NAMES[unit]}",
        column=column,
        remedy=f"Leave time_unit (--time-unit) out if the times are {_ISO_FORM}.",
    )
    limit = _LAST_S * US_PER_S  # clipped first, so that no product overflows
    bound = 2 * limit // factor
    whole = exact.clip(-bound, bound) * factor
    broken = (numbers.clip(-bound, bound) * factor).round().cast(pl.Int64)
    return whole.fill_null(broken)


def _from_typed(table: RawTable, column: str, options: ImportOptions) -> pl.Series:
    cells = table.frame[column]
    aware = isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone is not None
    times = cells.cast(pl.Datetime("us", getattr(cells.dtype, "time_zone", None)))
    if aware:
        return times.dt.epoch("us")
    if options.time_zone is None:
        table.refuse(
            times.is_not_null(), "the time {value} has no zone", column=column, remedy=_NAME_ZONE
        )
    local = _localised(times, options.time_zone or "UTC", options.ambiguous_times)
    _refuse_local(table, local.is_null(), column, options)
    return local


def _from_iso(table: RawTable, column: str, options: ImportOptions) -> pl.Series:
    cells = table.frame[column]
    parts = _iso_parts(cells)
    unread = parts["local"].is_null()
    number = cells.cast(pl.Float64, strict=False).is_not_null()
    table.refuse(
        unread & number, "{value} is a number without a unit", column=column, remedy=_NAME_UNIT
    )
    table.refuse(
        unread,
        "cannot read {value} as a time",
        column=column,
        remedy=f"Write times as {_ISO_FORM}, or as numbers with time_unit (--time-unit).",
    )
    if options.time_zone is None:
        table.refuse(
            parts["zone"].is_null(),
            "the time {value} has no zone",
            column=column,
            remedy=_NAME_ZONE,
        )
    times = _iso_to_us(parts, options.time_zone or "UTC", options.ambiguous_times)
    _refuse_local(table, times.is_null(), column, options)
    return times


def _iso_parts(cells: pl.Series) -> pl.DataFrame:
    """Return ``local`` (naive datetime, null where unreadable), ``us`` (fraction), ``zone``."""
    found = cells.str.extract_groups(_ISO).struct.unnest()
    text = (
        pl.col("date")
        + " "
        + pl.col("minute").fill_null("00:00")
        + ":"
        + pl.col("second").fill_null("00")
    )
    return found.select(
        local=text.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us"),
        us=(pl.col("fraction").fill_null("") + "000000").str.slice(0, 6).cast(pl.Int64),
        zone=pl.col("zone"),
    )


def _iso_to_us(parts: pl.DataFrame, time_zone: str, ambiguous: str) -> pl.Series:
    """Return microseconds; null where the local time did not occur, or twice."""
    digits = parts["zone"].str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    offset_s = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 3600
    offset_s += digits.str.slice(2, 2).cast(pl.Int64, strict=False) * 60
    signed = pl.select(
        pl.when(parts["zone"].str.starts_with("-")).then(-offset_s).otherwise(offset_s)
    ).to_series()
    aware = parts["local"].dt.epoch("us") - signed * US_PER_S
    naive = _localised(parts["local"], time_zone, ambiguous)
    times = pl.select(pl.when(parts["zone"].is_null()).then(naive).otherwise(aware)).to_series()
    return times + parts["us"]


def _localised(local: pl.Series, time_zone: str, ambiguous: str) -> pl.Series:
    choices: dict[str, Literal["null", "earliest", "latest"]] = {
        "refuse": "null",
        "earlier": "earliest",
        "later": "latest",
    }
    choice = choices[ambiguous]
    try:
        aware = local.dt.replace_time_zone(time_zone, ambiguous=choice, non_existent="null")
    except pl.exceptions.PolarsError:
        import zoneinfo

        raise ConfigError(
            f"time_zone: there is no zone {time_zone!r}",
            remedy=did_you_mean(time_zone, sorted(zoneinfo.available_timezones())) or None,
        ) from None
    return aware.dt.epoch("us")


def _refuse_local(table: RawTable, bad: pl.Series, column: str, options: ImportOptions) -> None:
    table.refuse(
        bad,
        f"the local time {{value}} did not occur, or occurred twice, in {options.time_zone} "
        "(clocks were changed)",
        column=column,
        remedy="Write it with its offset from UTC, or choose ambiguous_times='earlier' or 'later' "
        "(--ambiguous-times) for times that occurred twice.",
    )
