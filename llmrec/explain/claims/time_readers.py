"""What each time expression demands of an event's moment."""

from __future__ import annotations

import re
from collections.abc import Callable

from llmrec.explain.claims.numbers import Range, parse_number
from llmrec.explain.claims.time_words import (
    Holds,
    all_of,
    hedge_of,
    is_day,
    is_month,
    is_year,
    month_number,
    season_name,
)
from llmrec.explain.claims.when import (
    DAYS,
    RECENT_DAYS,
    RECENT_EVENTS,
    Moment,
    When,
    elapsed,
    hour_of,
    in_last,
    in_part,
    is_weekend,
)

Build = Callable[[re.Match[str]], "When | None"]


def in_third(match: re.Match[str]) -> When:
    """Read "in early March", "late in 2023"."""
    third = {"ea": 0, "st": 0, "be": 0, "mi": 1, "la": 2, "en": 2, "op": 0, "cl": 2}[
        match["third"].lower().removeprefix("the ")[:2]
    ]
    groups = match.groupdict()
    if groups.get("month"):
        low, high = ((1, 12), (9, 22), (19, 31))[third]
        tests: list[Holds] = [is_month(match["month"]), lambda m: low <= m.local.day <= high]
        if groups.get("year"):
            tests.append(is_year(match["year"]))
        return When(match[0], all_of(*tests))
    if groups.get("season"):
        name = season_name(match["season"])
        tests = [lambda m: m.season == name]
        if groups.get("year"):
            tests.append(_season_year(match["year"]))
        return When(match[0], all_of(*tests))
    year = groups.get("year")
    low, high = ((1, 5), (4, 9), (8, 12))[third]
    if year:
        return When(match[0], all_of(is_year(year), lambda m: low <= m.local.month <= high))
    back = 1 if (match["which"] or "").lower() == "last" else 0
    return When(
        match[0],
        lambda m: m.local.year == m.now.year - back and low <= m.local.month <= high,
    )


def half_ago(match: re.Match[str]) -> When:
    """Read "a week and a half ago"."""
    far = elapsed(Range(1.5, 1.5), match["unit"].lower(), "about")
    return When(match[0], lambda m: far(m.local, m.now))


def _season_year(year: str) -> Holds:
    def holds(m: Moment) -> bool:
        return m.local.year == int(year) or (
            m.local.month < 3 and m.local.year == int(year) + 1 and not m.southern
        )

    return holds


def season(match: re.Match[str]) -> When:
    """Read "last summer", "in the autumn of 2023"."""
    name = season_name(match["season"])
    which = (match["which"] or "").lower()
    tests: list[Holds] = [lambda m: m.season == name]
    if match["year"]:
        tests.append(_season_year(match["year"]))
    if which in {"last", "past"}:
        tests.append(lambda m: 20 <= m.days <= 460)
    elif which == "this":
        tests.append(lambda m: m.days <= 200)
    return When(match[0], all_of(*tests))


def which_month(match: re.Match[str]) -> When:
    """Read "in March", "last May 2023"."""
    which = (match["which"] or "").lower()
    tests = [is_month(match["month"])]
    if match["year"]:
        tests.append(is_year(match["year"]))
    if which in {"last", "past"}:
        tests.append(lambda m: m.days <= 400)
    elif which == "this":
        tests.append(lambda m: m.days <= 200)
    return When(match[0], all_of(*tests))


def which_day(match: re.Match[str]) -> When:
    """Read "on a Friday evening"."""
    which = (match["which"] or "").lower()
    tests = [is_day(match["weekday"])]
    if which in {"last", "past"}:
        tests.append(lambda m: m.days <= 14)
    elif which == "this":
        tests.append(lambda m: m.days <= 7)
    if match["part"]:
        part = match["part"].lower()
        late = is_day(DAYS[([d.lower() for d in DAYS].index(match["weekday"].lower()) + 1) % 7])
        night = all_of(late, lambda m: m.local.hour < 5)
        tests.append(lambda m: in_part(part, hour_of(m.local)))
        day = all_of(*tests)
        return When(match[0], lambda m: day(m) or (part == "night" and night(m)))
    return When(match[0], all_of(*tests))


def part_of_day(match: re.Match[str]) -> When | None:
    """Read "late at night", "this morning"."""
    text = match["part"].lower()
    lead = (match["lead"] or "").lower()
    tests: list[Holds] = [lambda m: in_part(text.removesuffix("s"), hour_of(m.local))]
    if lead.startswith(("this", "to")):
        tests.append(lambda m: m.days <= 1)
    if lead.startswith("yesterday"):
        tests.append(lambda m: m.days == 1)
    if lead.startswith("last"):
        tests.append(lambda m: m.days <= 2 and m.age_s < 40 * 3600)
    if "late" in lead and text.startswith("night"):
        tests.append(lambda m: in_part("late", hour_of(m.local)))
    return When(match[0], all_of(*tests))


def weekend(match: re.Match[str]) -> When:
    """Read "last weekend"."""
    which = (match["which"] or "").lower()
    tests: list[Holds] = [lambda m: is_weekend(m.local)]
    if which == "last":
        tests.append(lambda m: m.days <= 9)
    elif which in {"this", "this past", "past"}:
        tests.append(lambda m: m.days <= 7)
    return When(match[0], all_of(*tests))


def calendar_unit(match: re.Match[str]) -> When:
    """Read "last month", "this year"."""
    which, unit = match["which"].lower(), match["unit"].lower()
    back = 0 if which == "this" else 1

    def holds(m: Moment) -> bool:
        if unit in {"week", "fortnight"}:
            days = m.days + m.local.weekday() - m.now.weekday()
            weeks = days // 7
            if back == 0:
                return weeks == 0 or m.days < 7
            return weeks == 1 or m.days <= 7 or (unit == "fortnight" and m.days <= 15)
        if unit == "month":
            months = 12 * (m.now.year - m.local.year) + m.now.month - m.local.month
            return months == back or (which == "past" and m.days <= 31)
        return m.now.year - m.local.year == back or (which == "past" and m.days <= 366)

    return When(match[0], holds, window=True)


def ago(match: re.Match[str]) -> When | None:
    """Read "three weeks ago"."""
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    far = elapsed(amount, match["unit"].lower().removesuffix("s"), hedge_of(match))
    return When(match[0], lambda m: far(m.local, m.now))


def vaguely_ago(match: re.Match[str]) -> When:
    """Read "weeks ago"."""
    unit = match["unit"].lower().removesuffix("s")
    low, high = {"hour": (0, 1), "day": (1, 14), "week": (7, 100), "month": (40, 800)}.get(
        unit, (500, 1e6)
    )
    return When(match[0], lambda m: low <= m.days <= high)


def within_last(match: re.Match[str]) -> When | None:
    """Read "in the last two months"."""
    amount = parse_number(match["amount"]) if match["amount"] else Range(1, 1)
    if amount is None:
        return None
    return When(match[0], in_last(amount.high, match["unit"].lower()), window=True)


def recent_units(match: re.Match[str]) -> When:
    """Read "in recent weeks"."""
    unit = match["unit"].lower()
    count = {"day": 14, "week": 9, "month": 9, "evening": 21, "night": 21}.get(unit, 5)
    return When(match[0], in_last(count, unit), window=True)


def days_back(low: int, high: int) -> Build:
    """Return a reader of a fixed stretch of days before now."""
    return lambda match: When(match[0], lambda m: low <= m.days <= high)


def recently(match: re.Match[str]) -> When:
    """Read "recently", "of late"."""
    return When(match[0], lambda m: m.days <= RECENT_DAYS or m.newer < RECENT_EVENTS, window=True)


def clock(match: re.Match[str]) -> When | None:
    """Read "at 21:30", "around 9 pm"."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "").replace(".", "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        return When(match[0], lambda _: False)
    slack = 46 if match["hedge"] else 0 if match["minute"] else 59

    def holds(m: Moment) -> bool:
        late = m.local.hour * 60 + m.local.minute - hour * 60 - minute
        return -slack <= late <= slack if match["hedge"] else 0 <= late <= slack

    return When(match[0], holds)


def between_months(match: re.Match[str]) -> When:
    """Read "from March to May"."""
    first, last = month_number(match["first"]), month_number(match["last"])
    months = {(first + n - 1) % 12 + 1 for n in range((last - first) % 12 + 1)}
    tests: list[Holds] = [lambda m: m.local.month in months]
    if match["year"]:
        tests.append(is_year(match["year"]))
    return When(match[0], all_of(*tests), window=True)


def since(match: re.Match[str]) -> When:
    """Read "since May 2023"."""
    year = int(match["year"]) if match["year"] else None
    month = month_number(match["month"]) if match["month"] else 1

    def holds(m: Moment) -> bool:
        start_year = year or (m.now.year if m.now.month >= month else m.now.year - 1)
        return (m.local.year, m.local.month) >= (start_year, month)

    return When(match[0], holds, window=True)
