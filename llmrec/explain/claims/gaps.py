"""Expressions for the time between two events: "two weeks later", "on the same evening"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from llmrec.explain.claims.numbers import AMOUNT, Range, parse_number
from llmrec.explain.claims.time_words import DAY, HEDGE, UNIT, hedge_of
from llmrec.explain.claims.when import DAYS, Gap, elapsed, hour_of, in_part, is_weekend, same_day
from llmrec.types import SESSION_GAP_S

Between = Callable[[datetime, datetime], bool]

_LATER = (
    r"(?:later than|later|after(?:wards?)?"
    r"|on(?=[,.;:]|$| (?:from|you|came|and|it|here|this|another|now)\b)|hence|past|later on"
    r"|on from)"
)
_EARLIER = r"(?:earlier than|earlier|before(?:hand)?|prior(?: to)?|previously|ahead of)"


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


def _amount(match: re.Match[str]) -> Gap | None:
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


def _weekdays(match: re.Match[str]) -> Gap | None:
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


def _next(match: re.Match[str]) -> Gap:
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


def _day_after(match: re.Match[str]) -> Gap:
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


def _right(match: re.Match[str]) -> Gap:
    word = match["word"].lower()
    return Gap(match[0], lambda _a, _b: True, _direction(word), adjacent=True, leads=_leads(word))


def _shortly(match: re.Match[str]) -> Gap:
    word = match["word"].lower()
    return Gap(
        match[0],
        lambda a, b: b - a <= timedelta(days=21),
        _direction(word),
        leads=_leads(word),
    )


def _long(match: re.Match[str]) -> Gap:
    word = match["word"].lower()
    return Gap(
        match[0], lambda a, b: b - a >= timedelta(days=45), _direction(word), leads=_leads(word)
    )


def _within(match: re.Match[str]) -> Gap | None:
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    unit = match["unit"].lower().removesuffix("s")
    return Gap(match[0], elapsed(amount, unit, "within"), 0)


def _row(match: re.Match[str]) -> Gap:
    return Gap(match[0], lambda _a, _b: True, 0, adjacent=True)


def _years_between(match: re.Match[str]) -> Gap | None:
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    unit = match["unit"].lower().removesuffix("s")
    years = amount if unit == "year" else None
    return Gap(match[0], elapsed(amount, unit, hedge_of(match)), 0, years=years)


GAPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Gap | None]], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT}))[ -](?:full |whole |short |long )?"
            rf"(?P<unit>{UNIT})s?(?:')? (?i:between|separate|separates|separated|separating)"
            r"(?: (?:them|the two|these|those))?\b",
            _years_between,
        ),
        (
            r"(?i:with |at a distance of )?\b(?P<hedge>)(?P<amount>(?i:"
            + AMOUNT
            + rf"))[ -](?P<unit>{UNIT})s? (?i:gap|distance|interval) (?i:between)\b",
            _years_between,
        ),
        (
            rf"\b(?i:took)(?: (?i:you|only|just))* {HEDGE}(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?\b",  # noqa: E501
            _years_between,
        ),
        (
            rf"\b(?i:one) (?P<unit>{UNIT}) (?i:after) (?i:the other|another)\b",
            lambda m: Gap(m[0], elapsed(Range(1, 1), m["unit"].lower()), 0),
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?P<weekday>{DAY})s? (?P<word>(?i:{_LATER}|{_EARLIER}))\b",  # noqa: E501
            _weekdays,
        ),
        (
            rf"(?:(?i:lie|lies|lay|passed|elapsed|were|are|there were|there are) ){HEDGE}(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?\b(?! (?:ago|back|old|apart|older|younger|later|earlier|before|after|between))",  # noqa: E501
            _years_between,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |good )?(?P<unit>{UNIT})s? "
            r"(?i:lie|lay|passed|elapsed|went by|stand|stood|separates?|separated)\b",
            _years_between,
        ),
        (
            rf"\b(?i:the|that) (?:very )?(?i:next|following) (?P<unit>{UNIT})\b(?P<word>)",
            _next,
        ),
        (
            rf"\b(?i:the) (?i:previous|preceding) (?P<unit>{UNIT})\b(?P<word>(?<!zz))",
            lambda m: Gap(m[0], _next(m).holds, -1),
        ),
        (
            rf"\b(?i:the|a|one|just a|only a|just one) (?P<unit>{UNIT}) "
            rf"(?P<word>(?i:{_LATER}|{_EARLIER}))\b(?! (?:this|today|now|the suggestion|the recommendation))",  # noqa: E501
            _day_after,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |short |long )?(?P<unit>{UNIT})s? "
            rf"(?P<word>(?i:{_LATER}|{_EARLIER}|apart|of each other|of one another))\b",
            _amount,
        ),
        (
            rf"\b(?i:by|after|at a distance of|with a gap of) {HEDGE}(?P<amount>(?i:{AMOUNT})) "
            rf"(?P<unit>(?!(?i:year|decade)){UNIT})s?\b(?! (?:ago|back|old|of|later|earlier|before|after|you))",  # noqa: E501
            _years_between,
        ),
        (
            rf"\b(?i:within|inside|in) (?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?"
            r"(?i:' time| of (?:each other|one another|it|that|this))\b",
            _within,
        ),
        (
            rf"\b(?i:within|inside) (?i:about |around |roughly |some )?(?P<amount>(?i:{AMOUNT})) "
            rf"(?P<unit>{UNIT})s?\b(?! of)",
            _within,
        ),
        (
            r"\b(?:(?i:on|in|during|of|within|over|for|from|at) )?(?i:the|that|one and the|one) "
            r"(?:very )?(?:(?i:same|single|selfsame) )+(?P<unit>(?i:day|date|evening|night|week|weekend|month|year|"  # noqa: E501
            r"session|sitting|morning|afternoon))\b",
            lambda m: Gap(
                m[0],
                same_unit(m["unit"].lower().replace("date", "day")),
                0,
                years=Range(0, 0) if m["unit"].lower() == "year" else None,
            ),
        ),
        (
            r"\b(?:(?i:on|in|during|within|over|at) )(?i:one) "
            r"(?P<unit>(?i:day|evening|night|week|weekend|month|year|session|sitting|morning|"
            r"afternoon))\b",
            lambda m: Gap(m[0], same_unit(m["unit"].lower()), 0),
        ),
        (
            r"\b(?:(?i:later|earlier|again|also) )?(?i:that) (?:same )?"
            r"(?P<unit>(?i:day|evening|night|week|weekend|month|year|session|morning|afternoon))\b",
            lambda m: Gap(m[0], same_unit(m["unit"].lower()), 0),
        ),
        (
            r"\b(?i:right|straight|directly|immediately|just) "
            r"(?P<word>(?i:afterwards?|after|beforehand|before))\b",
            _right,
        ),
        (
            r"\b(?i:shortly|soon|not long|a little|a bit|a short time|a short while) "
            r"(?P<word>(?i:afterwards?|after|beforehand|before|later|earlier))\b",
            _shortly,
        ),
        (
            r"\b(?i:long|much|considerably|well|some time|a long time|a good while) "
            r"(?P<word>(?i:afterwards?|after|beforehand|before|later|earlier))\b",
            _long,
        ),
        (
            rf"\b(?i:(?:on|over) )?(?i:(?:two )?(?:consecutive|successive|adjacent)) (?P<unit>{UNIT})s\b",  # noqa: E501
            lambda m: Gap(m[0], elapsed(Range(1, 1), m["unit"].lower()), 0),
        ),
        (
            rf"\b(?:(?i:on|over) )?(?P<amount>(?i:two|three)) (?P<unit>{UNIT})s (?i:running|in a row|straight)\b",  # noqa: E501
            lambda m: Gap(m[0], elapsed(Range(1, 1), m["unit"].lower()), 0),
        ),
        (
            r"\b(?i:back[ -]to[ -]back|in a row|in succession|one after the other|"
            r"one after another|consecutively|in immediate succession|without a break)\b",
            _row,
        ),
    )
)
"""Patterns and what each builds, the more specific first."""
