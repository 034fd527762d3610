"""What dates demand of an event's moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from llmrec.explain.claims.numbers import parse_ordinal
from llmrec.explain.claims.time_words import (
    all_of,
    is_day,
    is_month,
    is_year,
)
from llmrec.explain.claims.when import (
    Moment,
    When,
)


def full_date(match: re.Match[str]) -> When:
    """Read "Friday, 3 May 2024"."""
    groups = match.groupdict()
    day = parse_ordinal(match["day"])
    tests = [is_month(match["month"]), lambda m: m.local.day == day]
    if groups.get("year"):
        tests.append(is_year(match["year"]))
    if groups.get("weekday"):
        tests.append(is_day(match["weekday"]))
    return When(match[0], all_of(*tests))


def _iso(match: re.Match[str]) -> When | None:
    try:
        day = datetime.fromisoformat(match[0].replace(" ", "T"))
    except ValueError:
        return When(match[0], lambda _: False)
    clock = ":" in match[0]
    return When(
        match[0],
        lambda m: (
            m.local.date() == day.date()
            and (not clock or (m.local.hour, m.local.minute) == (day.hour, day.minute))
        ),
    )


def iso_of(match: re.Match[str]) -> When | None:
    """Read an ISO date with a word before it."""
    bare = re.search(r"\d{4}-.*", match[0])
    inner = re.match(r"(.*)", bare[0]) if bare else None
    return _iso(inner) if inner else None


def two_days(match: re.Match[str]) -> When:
    """Read "on 3 and 4 May"."""
    tests = [
        is_month(match["month"]),
        lambda m: m.local.day in {int(match["one"]), int(match["two"])},
    ]
    if match["year"]:
        tests.append(is_year(match["year"]))
    return When(match[0], all_of(*tests))


def third_of_month(match: re.Match[str]) -> When:
    """Read "early that month"."""
    third = {"ea": 0, "st": 0, "be": 0, "mi": 1, "la": 2, "en": 2, "cl": 2}[
        match["third"].lower()[:2]
    ]
    low, high = ((1, 12), (9, 22), (19, 31))[third]
    return When(match[0], lambda m: low <= m.local.day <= high)


def edge_of_month(match: re.Match[str]) -> When:
    """Read "the last day of November", "the first Tuesday of August"."""
    first, what = match["edge"].lower() == "first", match["what"].lower()
    tests = [is_month(match["month"])]
    if match["year"]:
        tests.append(is_year(match["year"]))
    if what != "day":
        tests.append(is_day(what))
    reach = 1 if what == "day" else 7

    def at_edge(m: Moment) -> bool:
        day = m.local.day
        return day <= reach if first else (m.local + timedelta(days=reach)).month != m.local.month

    return When(match[0], all_of(*tests, at_edge))
