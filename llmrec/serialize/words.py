"""Times, spans and numbers in words. All ages are seconds before ``as_of``; all is English."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llmrec.errors import DataError
from llmrec.serialize.config import find_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from llmrec.serialize.config import SerializerConfig

    _Prefix = Callable[[datetime, datetime, datetime], str]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DAYS_AS_DAYS = 60
_DAYS_PER_MONTH, _DAYS_PER_YEAR = 30.44, 365.25
_MONTHS_AS_MONTHS = 24
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEASONS = ("winter", "spring", "summer", "autumn")
_LARGEST_PLAIN = 1e15

_TIMES = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60))


def span(seconds: float) -> str:
    """Return a length of time in its natural unit, rounded down: ``12 days``, ``1 hour``."""
    if seconds < _MINUTE:
        return _count(int(seconds), "second")
    if seconds < _HOUR:
        return _count(int(seconds // _MINUTE), "minute")
    if seconds < _DAY:
        return _count(int(seconds // _HOUR), "hour")
    days = int(seconds // _DAY)
    if days < _DAYS_AS_DAYS:
        return _count(days, "day")
    months = int(days / _DAYS_PER_MONTH)
    if months < _MONTHS_AS_MONTHS:
        return _count(months, "month")
    return _count(int(days / _DAYS_PER_YEAR), "year")


def ago(seconds: float) -> str:
    """Return an age in words: ``just now`` (under a minute), ``3 hours ago``."""
    return "just now" if seconds < _MINUTE else f"{span(seconds)} ago"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def number(value: float, *, what: str) -> str:
    """Return a number as a person writes it: ``4``, ``3.5``, ``1200000``.

    Raises:
        DataError: It is not finite.
    """
    if not math.isfinite(value):
        raise DataError(f"{what} is {value}", remedy="Leave it empty where there is none.")
    if value == int(value) and abs(value) < _LARGEST_PLAIN:
        return str(int(value))
    return f"{value:.4g}"


def season(month: int, hemisphere: str) -> str:
    """Return the meteorological season of a month (1-12), or nothing for hemisphere ``none``."""
    if hemisphere == "none":
        return ""
    shift = 0 if hemisphere == "north" else 2
    return _SEASONS[(month % 12 // 3 + shift) % 4]


class Moments:
    """Writes moments in a configuration's style and zone.

    Args:
        config: The style.
    """

    def __init__(self, config: SerializerConfig) -> None:
        self.style = config.time_style
        self.dated = self.style in {"absolute", "both"}
        self._zone = None if config.time_zone == "UTC" else find_zone(config.time_zone)
        self._clock = config.clock
        self._hemisphere = config.hemisphere
        self._days: dict[int, str] = {}
        self._ages: dict[int, str] = {}
        self.prefix: _Prefix = self._prefix(config)
        """Writes the start of an event's line from its moment (UTC), the same moment (local)
        and ``as_of``: the age in style ``relative``, else the time of day, with the day where
        no mark holds it."""

    @property
    def has_prefix(self) -> bool:
        """Whether events' lines start with a time."""
        return self.prefix is not _nothing

    def _prefix(self, config: SerializerConfig) -> _Prefix:
        parts: list[_Prefix] = []
        if self.dated and not config.session_marks:
            parts.append(self._date)
        if self.dated and config.clock:
            parts.append(self._time)
        if self.style == "relative":
            parts.append(self._age)
        if self.style == "both" and not config.session_marks:
            parts.append(self._age_aside)
        if not parts:
            return _nothing
        first, *others = parts
        for other in others:
            first = _both(first, other)
        return first

    def local(self, moment: datetime) -> datetime:
        """Return the moment in the zone of display."""
        return moment if self._zone is None else moment.astimezone(self._zone)

    def day(self, local: datetime) -> str:
        """Return the date of a local moment, ``2026-02-10``."""
        ordinal = local.toordinal()
        text = self._days.get(ordinal)
        if text is None:
            text = self._days[ordinal] = local.date().isoformat()
        return text

    def day_mark(self, moment: datetime, local: datetime, as_of: datetime) -> str:
        """Return the day of an event for the mark above it, in style ``both`` with its age."""
        day = self.day(local)
        return f"{day} {self._age_aside(moment, local, as_of)}" if self.style == "both" else day

    def header(self, as_of: datetime) -> str:
        """Return the line about the moment of the recommendation; nothing in style ``none``."""
        if self.style == "none":
            return ""
        local = self.local(as_of)
        weekday, part_of_year = _WEEKDAYS[local.weekday()], season(local.month, self._hemisphere)
        if not self.dated:
            return f"Today is a {weekday}{part_of_year and ' in ' + part_of_year}."
        clock = f", {self._time(as_of, local, as_of)}" if self._clock else ""
        return f"Today is {weekday} {self.day(local)}{clock}{part_of_year and ', ' + part_of_year}."

    def when(self, moment: datetime, as_of: datetime) -> str:
        """Return a past moment to the day, in the configured style; nothing in ``none``."""
        age, day = ago((as_of - moment).total_seconds()), self.day(self.local(moment))
        return {"absolute": day, "relative": age, "both": f"{day} ({age})", "none": ""}[self.style]

    def _date(self, _moment: datetime, local: datetime, _as_of: datetime) -> str:
        return self.day(local)

    def _time(self, _moment: datetime, local: datetime, _as_of: datetime) -> str:
        return _TIMES[local.hour * 60 + local.minute]

    def _age(self, moment: datetime, _local: datetime, as_of: datetime) -> str:
        age = as_of - moment
        minutes = age.days * 1440 or age.seconds // _MINUTE
        text = self._ages.get(minutes)
        if text is None:
            text = self._ages[minutes] = ago(minutes * _MINUTE)
        return text

    def _age_aside(self, moment: datetime, local: datetime, as_of: datetime) -> str:
        return f"({self._age(moment, local, as_of)})"


def _both(first: _Prefix, second: _Prefix) -> _Prefix:
    def write(moment: datetime, local: datetime, as_of: datetime) -> str:
        return f"{first(moment, local, as_of)} {second(moment, local, as_of)}"

    return write


def _nothing(_moment: datetime, _local: datetime, _as_of: datetime) -> str:
    return ""
