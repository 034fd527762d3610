"""The words of time expressions, and the tests they are read into."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from llmrec.explain.claims.numbers import ORDINAL
from llmrec.explain.claims.when import (
    DAYS,
    MONTHS,
    Moment,
)

if TYPE_CHECKING:
    import re

Holds = Callable[[Moment], bool]


MONTH = (
    r"(?:(?i:january|february|april|june|july|september|october|november|december)|March|May|August"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)


DAY = rf"(?i:{'|'.join(DAYS)})"


SEASON = r"(?i:spring(?:time)?|summer(?:time)?|autumn|fall|winter(?:time)?)"


YEAR = r"(?:19|20)\d\d"


UNIT = r"(?i:second|minute|hour|day|night|evening|morning|week|weekend|fortnight|month|year|decade)"


PART = r"(?i:morning|afternoon|evening|night|midnight|noon|midday|lunchtime)"


DATE = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?|(?i:{ORDINAL}))"


HEDGE = (
    r"(?:(?P<hedge>(?i:not even|not quite|not yet|just over|well over|over|more than|at least|just under|under|less than|"  # noqa: E501
    r"within|almost|nearly|close to|about|around|roughly|some|approximately|maybe|perhaps|barely|"
    r"only|just|a good|no more than|at most)) )?"
)


IN = r"(?:(?i:in|on|during|over|from|of|at|by|through|throughout|for|across|since|back in|way back in) )?"  # noqa: E501


_EXACT_HEDGES = {"only", "just", "barely", "a good"}


def month_number(name: str) -> int:
    """Return a month's number from its name or three letters."""
    return [month[:3].lower() for month in MONTHS].index(name[:3].lower()) + 1


def season_name(text: str) -> str:
    """Return a season's one name."""
    return {"fal": "autumn", "aut": "autumn", "spr": "spring", "sum": "summer"}.get(
        text[:3].lower(), "winter"
    )


def hedge_of(match: re.Match[str]) -> str:
    """Return a match's hedge ("about"), none where it makes no difference."""
    hedge = (match["hedge"] or "").lower()
    return "" if hedge in _EXACT_HEDGES else hedge


def all_of(*tests: Holds) -> Holds:
    """Return a demand that all tests hold."""
    return lambda m: all(test(m) for test in tests)


def is_month(name: str) -> Holds:
    """Return a demand for a month, by its name."""
    return lambda m: m.local.month == month_number(name)


def is_year(year: str | int) -> Holds:
    """Return a demand for a year."""
    return lambda m: m.local.year == int(year)


def is_day(name: str) -> Holds:
    """Return a demand for a day of the week."""
    # A night belongs to the day it began on.
    number = [day.lower() for day in DAYS].index(name.lower())
    return lambda m: m.local.weekday() == number
