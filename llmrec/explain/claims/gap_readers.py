"""Readers of the time between two events: from a match to what it demands of both moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from llmrec.explain.claims.numbers import Range, parse_number
from llmrec.explain.claims.time_words import hedge_of
from llmrec.explain.claims.when import DAYS, Gap, elapsed, hour_of, in_part, is_weekend, same_day
from llmrec.types import SESSION_GAP_S

if TYPE_CHECKING:
    import re

Between = Callable[[datetime, datetime], bool]


def _direction(word: str) -> int:
    word = word.lower()
    if word.startswith(("later", "after", "on", "hence", "past")):
        return 1
    return -1 if word.startswith(("earl", "befor", "prior", "prev", "ahead")) else 0


def _leads(word: str) -> bool:
    return word.lower() in {
        "later than",
        "earlier than",
        "after",
        "before",
        "prior to",
        "past",
        "ahead of",
        "on from",
    }


def counted(match: re.Match[str]) -> Gap | None:
    """Read "two weeks later"."""
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    unit = match["unit"].lower().removesuffix("s")
    years = amount if unit == "year" else None
    if unit == "decade":
        years = type(amount)(amount.low * 10, amount.high * 10)
    word = match["word"]
    return Gap(
        match[0],
        elapsed(amount, unit, hedge_of(match)),
        _direction(word),
        years=years,
        leads=_leads(word),
    )


def weekdays(match: re.Match[str]) -> Gap | None:
    """Read "three Fridays later"."""
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    number = [day.lower() for day in DAYS].index(match["weekday"].lower())
    weeks = elapsed(amount, "week")
    word = match["word"]
    direction = _direction(word)

    def holds(before: datetime, after: datetime) -> bool:
        told = after if direction >= 0 else before
        return told.weekday() == number and weeks(before, after)

    return Gap(match[0], holds, direction, leads=_leads(word))


def following(match: re.Match[str]) -> Gap:
    """Read "the next day"."""
    unit = match["unit"].lower()
    word = (match["word"] or "").lower()

    def holds(before: datetime, after: datetime) -> bool:
        days = (after.date() - before.date()).days
        if unit in {"day", "morning", "evening", "night", "afternoon"}:
            part = unit == "day" or in_part(unit, hour_of(after))
            return days == 1 and part
        if unit == "weekend":
            return 1 <= days <= 9 and is_weekend(after)
        week = (days + before.weekday() - after.weekday()) // 7
        if unit == "week":
            return week == 1 or 4 <= days <= 10
        if unit == "month":
            return 12 * (after.year - before.year) + after.month - before.month == 1
        return after.year - before.year == 1

    return Gap(match[0], holds, -1 if _direction(word) < 0 else 1, leads=_leads(word))


def unit_after(match: re.Match[str]) -> Gap:
    """Read "the day after"."""
    unit = match["unit"].lower()
    word = match["word"]
    if unit in {"day", "evening", "night", "morning"}:
        return Gap(
            match[0],
            lambda a, b: (b.date() - a.date()).days == 1,
            _direction(word),
            leads=_leads(word),
        )
    return Gap(
        match[0],
        elapsed(Range(1, 1), unit),
        _direction(word),
        years=Range(1, 1) if unit == "year" else None,
        leads=_leads(word),
    )


def same_unit(unit: str) -> Between:
    """Return whether two moments lie in the same day, week, session, ..."""

    def holds(before: datetime, after: datetime) -> bool:
        if unit in {"session", "sitting"}:
            return (after - before).total_seconds() <= 2 * SESSION_GAP_S
        if unit in {"morning", "afternoon", "evening", "night"}:
            in_both = in_part(unit, hour_of(before)) and in_part(unit, hour_of(after))
            return same_day(before, after) and in_both
        if unit == "day":
            return same_day(before, after)
        if unit == "weekend":
            near = (after.date() - before.date()).days <= 2
            return near and is_weekend(before) and is_weekend(after)
        if unit == "week":
            return before.isocalendar()[:2] == after.isocalendar()[:2]
        if unit == "month":
            return (before.year, before.month) == (after.year, after.month)
        return before.year == after.year

    return holds


def adjacent(match: re.Match[str]) -> Gap:
    """Read "right after": nothing lies between."""
    word = match["word"].lower()
    return Gap(match[0], lambda _a, _b: True, _direction(word), adjacent=True, leads=_leads(word))


def shortly(match: re.Match[str]) -> Gap:
    """Read "shortly after": three weeks at most."""
    word = match["word"].lower()
    return Gap(
        match[0],
        lambda a, b: b - a <= timedelta(days=21),
        _direction(word),
        leads=_leads(word),
    )


def long_apart(match: re.Match[str]) -> Gap:
    """Read "long before": 45 days at least."""
    word = match["word"].lower()
    return Gap(
        match[0], lambda a, b: b - a >= timedelta(days=45), _direction(word), leads=_leads(word)
    )


def within(match: re.Match[str]) -> Gap | None:
    """Read "within two days of each other"."""
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    unit = match["unit"].lower().removesuffix("s")
    return Gap(match[0], elapsed(amount, unit, "within"), 0)


def in_a_row(match: re.Match[str]) -> Gap:
    """Read "back to back": nothing lies between."""
    return Gap(match[0], lambda _a, _b: True, 0, adjacent=True)


def between(match: re.Match[str]) -> Gap | None:
    """Read "two years between them"."""
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    unit = match["unit"].lower().removesuffix("s")
    years = amount if unit == "year" else None
    return Gap(match[0], elapsed(amount, unit, hedge_of(match)), 0, years=years)
