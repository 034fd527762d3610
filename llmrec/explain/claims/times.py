"""Time expressions of English, read into what they demand of an event's moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from llmrec.explain.claims.numbers import AMOUNT, ORDINAL, Range, parse_number, parse_ordinal
from llmrec.explain.claims.when import (
    DAYS,
    MONTHS,
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

Holds = Callable[[Moment], bool]
_Build = Callable[[re.Match[str]], "When | None"]

MONTH = (
    r"(?:(?i:january|february|april|june|july|september|october|november|december)|March|May|August"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
DAY = rf"(?i:{'|'.join(DAYS)})"
SEASON = r"(?i:spring(?:time)?|summer(?:time)?|autumn|fall|winter(?:time)?)"
YEAR = r"(?:19|20)\d\d"
UNIT = r"(?i:second|minute|hour|day|night|evening|morning|week|weekend|fortnight|month|year|decade)"
PART = r"(?i:morning|afternoon|evening|night|midnight|noon|midday|lunchtime)"
_DATE = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?|(?i:{ORDINAL}))"
_HEDGE = (
    r"(?:(?P<hedge>(?i:not even|not quite|not yet|just over|well over|over|more than|at least|just under|under|less than|"  # noqa: E501
    r"within|almost|nearly|close to|about|around|roughly|some|approximately|maybe|perhaps|barely|"
    r"only|just|a good|no more than|at most)) )?"
)
_IN = r"(?:(?i:in|on|during|over|from|of|at|by|through|throughout|for|across|since|back in|way back in) )?"  # noqa: E501
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


def _all(*tests: Holds) -> Holds:
    return lambda m: all(test(m) for test in tests)


def _is_month(name: str) -> Holds:
    return lambda m: m.local.month == month_number(name)


def _is_year(year: str | int) -> Holds:
    return lambda m: m.local.year == int(year)


def _is_day(name: str) -> Holds:
    # A night belongs to the day it began on.
    number = [day.lower() for day in DAYS].index(name.lower())
    return lambda m: m.local.weekday() == number


def _full_date(match: re.Match[str]) -> When:
    groups = match.groupdict()
    day = parse_ordinal(match["day"])
    tests = [_is_month(match["month"]), lambda m: m.local.day == day]
    if groups.get("year"):
        tests.append(_is_year(match["year"]))
    if groups.get("weekday"):
        tests.append(_is_day(match["weekday"]))
    return When(match[0], _all(*tests))


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


def _iso_of(match: re.Match[str]) -> When | None:
    bare = re.search(r"\d{4}-.*", match[0])
    inner = re.match(r"(.*)", bare[0]) if bare else None
    return _iso(inner) if inner else None


def _in_third(match: re.Match[str]) -> When:
    third = {"ea": 0, "st": 0, "be": 0, "mi": 1, "la": 2, "en": 2, "op": 0, "cl": 2}[
        match["third"].lower().removeprefix("the ")[:2]
    ]
    groups = match.groupdict()
    if groups.get("month"):
        low, high = ((1, 12), (9, 22), (19, 31))[third]
        tests: list[Holds] = [_is_month(match["month"]), lambda m: low <= m.local.day <= high]
        if groups.get("year"):
            tests.append(_is_year(match["year"]))
        return When(match[0], _all(*tests))
    if groups.get("season"):
        name = season_name(match["season"])
        tests = [lambda m: m.season == name]
        if groups.get("year"):
            tests.append(_season_year(match["year"]))
        return When(match[0], _all(*tests))
    year = groups.get("year")
    low, high = ((1, 5), (4, 9), (8, 12))[third]
    if year:
        return When(match[0], _all(_is_year(year), lambda m: low <= m.local.month <= high))
    back = 1 if (match["which"] or "").lower() == "last" else 0
    return When(
        match[0],
        lambda m: m.local.year == m.now.year - back and low <= m.local.month <= high,
    )


def _two_days(match: re.Match[str]) -> When:
    tests = [
        _is_month(match["month"]),
        lambda m: m.local.day in {int(match["one"]), int(match["two"])},
    ]
    if match["year"]:
        tests.append(_is_year(match["year"]))
    return When(match[0], _all(*tests))


def _third_of_month(match: re.Match[str]) -> When:
    third = {"ea": 0, "st": 0, "be": 0, "mi": 1, "la": 2, "en": 2, "cl": 2}[
        match["third"].lower()[:2]
    ]
    low, high = ((1, 12), (9, 22), (19, 31))[third]
    return When(match[0], lambda m: low <= m.local.day <= high)


def _edge_of_month(match: re.Match[str]) -> When:
    """Read "the last day of November", "the first Tuesday of August"."""
    first, what = match["edge"].lower() == "first", match["what"].lower()
    tests = [_is_month(match["month"])]
    if match["year"]:
        tests.append(_is_year(match["year"]))
    if what != "day":
        tests.append(_is_day(what))
    reach = 1 if what == "day" else 7

    def at_edge(m: Moment) -> bool:
        day = m.local.day
        return day <= reach if first else (m.local + timedelta(days=reach)).month != m.local.month

    return When(match[0], _all(*tests, at_edge))


def _half_ago(match: re.Match[str]) -> When:
    far = elapsed(Range(1.5, 1.5), match["unit"].lower(), "about")
    return When(match[0], lambda m: far(m.local, m.now))


def _season_year(year: str) -> Holds:
    def holds(m: Moment) -> bool:
        return m.local.year == int(year) or (
            m.local.month < 3 and m.local.year == int(year) + 1 and not m.southern
        )

    return holds


def _season(match: re.Match[str]) -> When:
    name = season_name(match["season"])
    which = (match["which"] or "").lower()
    tests: list[Holds] = [lambda m: m.season == name]
    if match["year"]:
        tests.append(_season_year(match["year"]))
    if which in {"last", "past"}:
        tests.append(lambda m: 20 <= m.days <= 460)
    elif which == "this":
        tests.append(lambda m: m.days <= 200)
    return When(match[0], _all(*tests))


def _which_month(match: re.Match[str]) -> When:
    which = (match["which"] or "").lower()
    tests = [_is_month(match["month"])]
    if match["year"]:
        tests.append(_is_year(match["year"]))
    if which in {"last", "past"}:
        tests.append(lambda m: m.days <= 400)
    elif which == "this":
        tests.append(lambda m: m.days <= 200)
    return When(match[0], _all(*tests))


def _which_day(match: re.Match[str]) -> When:
    which = (match["which"] or "").lower()
    tests = [_is_day(match["weekday"])]
    if which in {"last", "past"}:
        tests.append(lambda m: m.days <= 14)
    elif which == "this":
        tests.append(lambda m: m.days <= 7)
    if match["part"]:
        part = match["part"].lower()
        late = _is_day(DAYS[([d.lower() for d in DAYS].index(match["weekday"].lower()) + 1) % 7])
        night = _all(late, lambda m: m.local.hour < 5)
        tests.append(lambda m: in_part(part, hour_of(m.local)))
        day = _all(*tests)
        return When(match[0], lambda m: day(m) or (part == "night" and night(m)))
    return When(match[0], _all(*tests))


def _part(match: re.Match[str]) -> When | None:
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
    return When(match[0], _all(*tests))


def _weekend(match: re.Match[str]) -> When:
    which = (match["which"] or "").lower()
    tests: list[Holds] = [lambda m: is_weekend(m.local)]
    if which == "last":
        tests.append(lambda m: m.days <= 9)
    elif which in {"this", "this past", "past"}:
        tests.append(lambda m: m.days <= 7)
    return When(match[0], _all(*tests))


def _calendar_unit(match: re.Match[str]) -> When:
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


def _ago(match: re.Match[str]) -> When | None:
    amount = parse_number(match["amount"])
    if amount is None:
        return None
    far = elapsed(amount, match["unit"].lower().removesuffix("s"), hedge_of(match))
    return When(match[0], lambda m: far(m.local, m.now))


def _vaguely_ago(match: re.Match[str]) -> When:
    unit = match["unit"].lower().removesuffix("s")
    low, high = {"day": (1, 14), "week": (7, 100), "month": (40, 800)}.get(unit, (500, 1e6))
    return When(match[0], lambda m: low <= m.days <= high)


def _within_last(match: re.Match[str]) -> When | None:
    amount = parse_number(match["amount"]) if match["amount"] else Range(1, 1)
    if amount is None:
        return None
    return When(match[0], in_last(amount.high, match["unit"].lower()), window=True)


def _recent_units(match: re.Match[str]) -> When:
    unit = match["unit"].lower()
    count = {"day": 14, "week": 9, "month": 9, "evening": 21, "night": 21}.get(unit, 5)
    return When(match[0], in_last(count, unit), window=True)


def _days_back(low: int, high: int) -> _Build:
    return lambda match: When(match[0], lambda m: low <= m.days <= high)


def _recently(match: re.Match[str]) -> When:
    return When(match[0], lambda m: m.days <= RECENT_DAYS or m.newer < RECENT_EVENTS, window=True)


def _clock(match: re.Match[str]) -> When | None:
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


def _between(match: re.Match[str]) -> When:
    first, last = month_number(match["first"]), month_number(match["last"])
    months = {(first + n - 1) % 12 + 1 for n in range((last - first) % 12 + 1)}
    tests: list[Holds] = [lambda m: m.local.month in months]
    if match["year"]:
        tests.append(_is_year(match["year"]))
    return When(match[0], _all(*tests), window=True)


def _since(match: re.Match[str]) -> When:
    year = int(match["year"]) if match["year"] else None
    month = month_number(match["month"]) if match["month"] else 1

    def holds(m: Moment) -> bool:
        start_year = year or (m.now.year if m.now.month >= month else m.now.year - 1)
        return (m.local.year, m.local.month) >= (start_year, month)

    return When(match[0], holds, window=True)


_HOLIDAYS = {
    "halloween": ((10, 25), (10, 31)),
    "christmas": ((12, 15), (12, 31)),
    "christmas eve": ((12, 24), (12, 24)),
    "christmas day": ((12, 25), (12, 25)),
    "boxing day": ((12, 26), (12, 26)),
    "new year": ((12, 29), (12, 31)),
    "new year's eve": ((12, 31), (12, 31)),
    "new year's day": ((1, 1), (1, 1)),
    "valentine's day": ((2, 14), (2, 14)),
}
HOLIDAY = re.compile(
    r"(?:(?:(?i:at|around|over|before|on|near|for|last|this|during) )+|(?=(?i:christmas (?:eve|day)"
    r"|new year's (?:eve|day)|boxing day)\b))(?P<name>(?i:christmas(?: eve| day)?"
    r"|halloween(?= night| evening| of|[,.;]| you| (?:19|20)|$)|new year(?:'s eve|'s day)?"
    r"|valentine's day|boxing day))(?: (?i:night|evening|morning|time|season))?(?:(?:,| of)? "
    rf"(?P<year>{YEAR}))?\b"
)


def holiday(match: re.Match[str]) -> When:
    """Read a day that has a name."""
    low, high = _HOLIDAYS[match["name"].lower()]
    near = match["name"].lower() == "new year"
    year = match["year"]

    def holds(m: Moment) -> bool:
        day = (m.local.month, m.local.day)
        return (low <= day <= high or (near and day < (1, 4))) and (
            not year or m.local.year == int(year)
        )

    return When(match[0], holds)


_WHICH = r"(?:(?P<which>(?i:last|this|past|this past|that|the previous|each|every)) )?"
_THIRD = (
    r"(?P<third>(?i:early|mid|late|(?:the )?(?:start|beginning|middle|end|opening|close) of))[ -]"
    r"(?:in )?"
)

TIMES: tuple[tuple[re.Pattern[str], _Build], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (rf"{_IN}\b\d{{4}}-\d{{2}}-\d{{2}}(?:[ T]\d{{2}}:\d{{2}})?\b", _iso_of),
        (
            rf"{_IN}(?:the )?(?P<one>\d{{1,2}})(?:st|nd|rd|th)?(?: and (?:the )?| or |[-\u2013]| to )"  # noqa: E501
            rf"(?P<two>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",  # noqa: E501
            _two_days,
        ),
        (
            rf"{_IN}(?:the )?(?:(?P<weekday>{DAY}),? )?(?:the )?\b{_DATE}(?: of)? "
            rf"(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",
            _full_date,
        ),
        (
            rf"\b(?:(?i:it's|it is|it has|has|it was) )(?:(?i:been|now) )*{_HEDGE}(?P<amount>(?i:{AMOUNT})) "  # noqa: E501
            rf"(?P<unit>{UNIT})s? (?i:since)\b",
            _ago,
        ),
        (
            rf"{_HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s? (?i:have|has) (?i:passed|gone by|elapsed)"  # noqa: E501
            rf" (?i:since)\b",
            _ago,
        ),
        (
            rf"\b(?i:in|over|during) (?i:the )(?:(?P<amount>(?i:{AMOUNT})) )?(?P<unit>{UNIT})s? (?i:before|leading up to)"  # noqa: E501
            rf" (?i:this|today|now|that|the) ?(?i:suggestion|recommendation|pick|point|date|moment|list)?\b",  # noqa: E501
            _within_last,
        ),
        (
            rf"{_IN}(?:(?P<weekday>{DAY}),? )?\b(?P<month>{MONTH}) (?:the )?{_DATE}\b(?!:)"
            rf"(?:,? (?P<year>{YEAR}))?\b",
            _full_date,
        ),
        (
            rf"{_IN}(?:the )(?P<edge>(?i:first|last)) (?P<what>{DAY}|(?i:day)) (?:of|in) "
            rf"(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",
            _edge_of_month,
        ),
        (
            rf"\b(?i:a|one) (?P<unit>{UNIT}) and a half (?i:ago|back)\b",
            _half_ago,
        ),
        (
            rf"\b(?:between|from) (?i:early |mid[- ]|late |the (?:start|middle|end) of )?"
            rf"(?P<first>{MONTH}) (?:and|to|until|through) "
            rf"(?i:early |mid[- ]|late |the (?:start|middle|end) of )?(?P<last>{MONTH})"
            rf"(?: (?P<year>{YEAR}))?\b",
            _between,
        ),
        (
            rf"\b(?i:since|from) (?:(?P<month>{MONTH})(?: (?P<year>{YEAR}))?)(?: on(?:wards?)?)?\b",
            lambda m: _since(m) if m[0][:5].lower() == "since" or " on" in m[0] else None,
        ),
        (rf"\b(?i:since) (?P<month>)(?P<year>{YEAR})\b", _since),
        (
            rf"{_IN}(?:the )?{_THIRD}(?:(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?)\b",
            _in_third,
        ),
        (
            rf"{_IN}(?:the )?{_THIRD}(?:(?P<season>{SEASON})(?:(?:,| of)? (?P<year>{YEAR}))?)\b",
            _in_third,
        ),
        (
            rf"{_IN}(?:the )?(?P<third>(?i:early|mid|late|(?:the )?(?:start|beginning|middle|end)"
            rf" of))[ -](?:in )?(?:(?P<year>{YEAR})|(?P<which>(?i:this|last)) (?i:year))\b",
            _in_third,
        ),
        (
            rf"{_IN}{_WHICH}(?P<month>{MONTH})(?:(?:,| of)? (?P<year>{YEAR}))\b",
            _which_month,
        ),
        (
            rf"(?:(?i:in|during|of|over|since|from|by|through|throughout|this|last|past|that|early|"
            rf"late|both|and|to|until|till|for|your|a|one|the|every|each|back in) )"
            rf"{_WHICH}(?P<month>{MONTH})(?P<year>)(?:'s)?(?![\w ]*\bI\b)\b",
            _which_month,
        ),
        (
            r"^\s*(?P<month>May|March|August)(?P<which>)(?P<year>)(?= (?:brought|saw|was|gave|had|is|held|held|added|\w+ed\b))",  # noqa: E501
            _which_month,
        ),
        (
            r"(?P<month>(?i:january|february|april|june|july|september|october|november|december)"
            r"|August)(?P<which>)(?P<year>)\b",
            _which_month,
        ),
        (
            rf"{_IN}(?:the )?(?:(?P<which>(?i:last|this|past|that|one|a|an)) )?"
            rf"(?P<season>(?i:spring|summer|autumn|winter)(?:time)?)"
            rf"(?:(?:,| of)? (?P<year>{YEAR}))?\b(?! (?i:camp|soldier))",
            _season,
        ),
        (
            rf"(?:(?i:in the|last|this|that|the) )?(?P<which>(?i:last|this|in the|in)) "
            rf"(?P<season>(?i:fall))(?:(?:,| of)? (?P<year>{YEAR}))?\b",
            _season,
        ),
        (
            r"\b(?:(?i:in|at|towards?|by|near) )?(?i:the )?(?P<third>(?i:early|late|middle|mid|start|beginning"  # noqa: E501
            r"|end|close)) (?i:in|of) (?i:the|that) (?i:same )?(?i:month)\b",
            _third_of_month,
        ),
        (r"\b(?i:the day before yesterday)\b", _days_back(2, 2)),
        (
            r"\b(?P<lead>(?i:yesterday|this|last|late last)) (?P<part>(?i:morning|afternoon|evening"
            r"|night))\b",
            _part,
        ),
        (r"\b(?i:yesterday)\b", _days_back(1, 1)),
        (r"\b(?i:earlier today|today)\b", _days_back(0, 0)),
        (r"\b(?i:tonight)\b", _days_back(0, 0)),
        (r"\b(?i:(?:just )?the other (?:day|night|evening))\b", _days_back(1, 21)),
        (r"\b(?i:the other week)\b", _days_back(5, 40)),
        (
            rf"{_IN}(?:the |a |one |early |late |your )?{_WHICH}(?i:weekend)s?\b(?!')",
            _weekend,
        ),
        (
            rf"{_IN}(?:a |the |your )?(?i:weekday|weeknight|midweek)s?\b",
            lambda m: When(m[0], lambda x: x.local.weekday() < 5),
        ),
        (
            rf"{_IN}(?:a |one |the |your )?(?:late |early )?{_WHICH}(?P<weekday>{DAY})s?(?:'s)?"
            rf"(?:[ -](?P<part>{PART})s?)?\b",
            _which_day,
        ),
        (
            rf"{_IN}(?:the )?(?i:earlier |later )?(?P<which>(?i:last|this|past|previous)) "
            rf"(?P<unit>(?i:week|month|year|fortnight))(?:'s)?\b(?! of)",
            _calendar_unit,
        ),
        (
            rf"{_HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |short |long )?(?P<unit>{UNIT})s? "  # noqa: E501
            rf"(?i:ago|back|before now|before today)\b",
            _ago,
        ),
        (
            r"\b(?P<unit>(?i:days|weeks|months|years|decades)) (?i:ago|back)\b",
            _vaguely_ago,
        ),
        (
            rf"\b(?:(?i:with)?(?i:in|over|during|across|for|of|from) )?(?:the |these |your )?"
            rf"(?i:last|past|previous) (?P<amount>(?i:{AMOUNT}))? ?(?P<unit>{UNIT})s?\b",
            _within_last,
        ),
        (
            rf"\b(?:(?i:in|over|during|of|from) )?(?:the |these )?(?i:recent|latest) (?P<unit>{UNIT})s\b",  # noqa: E501
            _recent_units,
        ),
        (
            r"\b(?i:(?:quite |just |only |very |fairly |rather )?(?<!most )recently|lately|of late|"
            r"these days|not (?:so |too |very )?long ago|just now|in recent times)\b",
            _recently,
        ),
        (
            r"\b(?i:(?:quite )?a (?:little |good )?while (?:ago|back)|some time (?:ago|back)|a time ago)\b",  # noqa: E501
            _days_back(14, 10**6),
        ),
        (r"\b(?i:(?:a )?long (?:time |while )?ago|ages ago|long since)\b", _days_back(150, 10**6)),
        (
            r"(?:(?i:at|around|about|shortly after|just after|after) )?(?P<hedge>(?i:around|about|"
            r"roughly|shortly after|just after) )?\b(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?"
            r" ?(?P<half>(?i:[ap]\.?m\b\.?))",
            _clock,
        ),
        (
            r"(?:(?i:at|around|about) )?(?P<hedge>(?i:around|about|roughly) )?\b(?P<hour>\d{1,2}):"
            r"(?P<minute>\d\d)(?P<half>)\b",
            _clock,
        ),
        (
            rf"(?:(?i:in the|on a|on an|on the|in an|during the|at|around|one|that|late at|late in the|"  # noqa: E501
            rf"early in the|late|early|an|a|by) )?(?P<lead>(?i:late |early )?)(?:(?i:in the|at) )?"
            rf"(?P<part>{PART}s?)\b",
            _part,
        ),
        (HOLIDAY.pattern, holiday),
        (
            r"\b(?P<part>(?i:late|early))(?P<lead>)(?= (?i:on|in the evening|at night|that))",
            _part,
        ),
    )
)
"""Patterns and what each builds, the more specific first; a match that builds None is none."""


BARE_YEAR = re.compile(
    rf"(?:(?P<lead>(?i:in|during|of|from|since|back in|throughout|after|before|until|by|prior to)) )?\b(?P<year>{YEAR})\b"  # noqa: E501
)


def bare_year(match: re.Match[str]) -> When:
    """Return a bare year as a demand: of an event, or of a release."""
    year = int(match["year"])
    compare: dict[str, Callable[[int], bool]] = {
        "after": lambda y: y > year,
        "before": lambda y: y < year,
        "prior to": lambda y: y < year,
        "since": lambda y: y >= year,
        "until": lambda y: y <= year,
        "by": lambda y: y <= year,
    }
    same: Callable[[int], bool] = lambda y: y == year  # noqa: E731
    years = compare.get((match["lead"] or "").lower(), same)
    return When(match[0], lambda m: years(m.local.year), year=year, years=years)
