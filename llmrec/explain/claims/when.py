"""Moments and gaps: what a time expression demands of an event, or of two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.claims.numbers import Range

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
UNITS_S = {
    "second": 1.0,
    "minute": 60.0,
    "hour": HOUR_S,
    "day": DAY_S,
    "night": DAY_S,
    "evening": DAY_S,
    "morning": DAY_S,
    "afternoon": DAY_S,
    "week": 7 * DAY_S,
    "weekend": 7 * DAY_S,
    "fortnight": 14 * DAY_S,
    "month": 30.44 * DAY_S,
    "quarter": 91.3 * DAY_S,
    "year": 365.25 * DAY_S,
    "decade": 3652.5 * DAY_S,
}
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_SEASON_OF_MONTH = {
    12: "winter", 1: "winter", 2: "winter", 3: "spring", 4: "spring", 5: "spring",
    6: "summer", 7: "summer", 8: "summer", 9: "autumn", 10: "autumn", 11: "autumn",
}  # fmt: skip
_OPPOSITE = {"winter": "summer", "summer": "winter", "spring": "autumn", "autumn": "spring"}
_HOURS = {
    "morning": (4, 12),
    "midday": (11, 14),
    "noon": (11, 14),
    "lunchtime": (11, 15),
    "afternoon": (12, 18),
    "evening": (17, 24),
    "night": (20, 30),
    "midnight": (23, 26),
    "late": (21, 29),
    "early": (3, 9),
}
RECENT_DAYS = 45
RECENT_EVENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something happened, as a sentence may speak of it."""

    local: datetime
    """In the time zone that people are told times in."""
    now: datetime
    """The moment of the recommendation, in the same zone."""
    newer: int = 0
    """How many events came after it."""
    southern: bool = False

    @property
    def age_s(self) -> float:
        """Seconds before now."""
        return (self.now - self.local).total_seconds()

    @property
    def days(self) -> int:
        """Calendar days before now."""
        return (self.now.date() - self.local.date()).days

    @property
    def season(self) -> str:
        """The meteorological season."""
        season = _SEASON_OF_MONTH[self.local.month]
        return _OPPOSITE[season] if self.southern else season


@dataclass(frozen=True, slots=True)
class When:
    """A demand on the moment of one event."""

    text: str
    holds: Callable[[Moment], bool]
    year: int | None = None
    """Set where the expression is a bare year, which may be a year of release instead."""
    years: Callable[[int], bool] | None = None
    """Of a bare year: whether a year of release is meant by it."""
    window: bool = False
    """Whether it names a stretch of time up to now."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A demand on the time between two events."""

    text: str
    holds: Callable[[datetime, datetime], bool]
    """Of the earlier and the later moment."""
    direction: int
    """1: what is told comes later than what it is told from; -1 earlier; 0 no order."""
    adjacent: bool = False
    """Whether nothing may lie between."""
    years: Range | None = None
    """How many years, where it may be between two releases."""
    leads: bool = False
    """Whether what it is told from follows the expression ("two days after X")."""


def elapsed(amount: Range, unit: str, hedge: str = "") -> Callable[[datetime, datetime], bool]:
    """Return whether two moments lie so far apart, as people round it.

    "Three days" holds where the calendar says three days or the clock rounds or cuts to three.
    """
    size = UNITS_S[unit]

    def holds(before: datetime, after: datetime) -> bool:
        seconds = (after - before).total_seconds()
        count = seconds / size
        if count < -1e-9:
            return False
        if hedge in {"over", "more than", "just over", "at least", "well over"}:
            return amount.low * 0.98 <= count <= 2 * amount.high + 1
        if hedge in {
            "not even",
            "not quite",
            "not yet",
            "under",
            "less than",
            "within",
            "just under",
            "at most",
            "no more than",
        }:
            return count <= amount.high + 1e-6
        if hedge in {"almost", "nearly", "close to"}:
            return amount.low * 0.7 <= count <= amount.high * 1.02
        if hedge or not amount.exact:
            slack = max(0.5, 0.3 * amount.high) if hedge else 0.5
            return amount.low - slack <= count <= amount.high + slack
        return _rounds_to(amount.low, count, _calendar(before, after, unit))

    return holds


def _rounds_to(number: float, count: float, calendar: int | None) -> bool:
    if number != int(number):
        return abs(count - number) <= 0.25
    by_calendar = calendar == number and abs(count - number) < 1
    return by_calendar or int(number) in {int(count), int(count + 0.5)}


def _calendar(before: datetime, after: datetime, unit: str) -> int | None:
    """Return the difference by the calendar, for units that have one."""
    days = (after.date() - before.date()).days
    if unit in {"day", "night", "evening", "morning", "afternoon"}:
        return days
    if unit == "month":
        return 12 * (after.year - before.year) + after.month - before.month
    if unit in {"week", "weekend"}:
        return (days + before.weekday() - after.weekday()) // 7
    return None


def in_part(part: str, hour: float) -> bool:
    """Return whether an hour of the day lies in a part of the day."""
    low, high = _HOURS[part]
    return low <= hour < high or low <= hour + 24 < high


def hour_of(moment: datetime) -> float:
    """Return the time of day in hours."""
    return moment.hour + moment.minute / 60


def same_day(a: datetime, b: datetime) -> bool:
    """Return whether two moments belong to one day, nights counted with their evening."""
    shift = timedelta(hours=5)
    return a.date() == b.date() or (a - shift).date() == (b - shift).date()


def is_weekend(moment: datetime) -> bool:
    """Return whether it is Saturday, Sunday or Friday evening."""
    return moment.weekday() > 4 or (moment.weekday() == 4 and moment.hour >= 17)


def in_last(count: float, unit: str) -> Callable[[Moment], bool]:
    """Return a demand to lie within the last so many units."""
    return lambda m: m.age_s <= count * UNITS_S[unit] * 1.05 + HOUR_S
