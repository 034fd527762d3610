"""Time expressions of English, read into what they demand of an event's moment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.date_readers import (
    edge_of_month,
    full_date,
    iso_of,
    third_of_month,
    two_days,
)
from llmrec.explain.claims.holidays import HOLIDAY, holiday
from llmrec.explain.claims.numbers import AMOUNT
from llmrec.explain.claims.time_readers import (
    Build,
    ago,
    between_months,
    calendar_unit,
    clock,
    days_back,
    half_ago,
    in_third,
    part_of_day,
    recent_units,
    recently,
    season,
    since,
    vaguely_ago,
    weekend,
    which_day,
    which_month,
    within_last,
)
from llmrec.explain.claims.time_words import (
    DATE,
    DAY,
    HEDGE,
    IN,
    MONTH,
    PART,
    SEASON,
    UNIT,
    YEAR,
)
from llmrec.explain.claims.when import (
    When,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_WHICH = r"(?:(?P<which>(?i:last|this|past|this past|that|the previous|each|every)) )?"
_THIRD = (
    r"(?P<third>(?i:early|mid|late|(?:the )?(?:start|beginning|middle|end|opening|close) of))[ -]"
    r"(?:in )?"
)

TIMES: tuple[tuple[re.Pattern[str], Build], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (rf"{IN}\b\d{{4}}-\d{{2}}-\d{{2}}(?:[ T]\d{{2}}:\d{{2}})?\b", iso_of),
        (
            rf"{IN}(?:the )?(?P<one>\d{{1,2}})(?:st|nd|rd|th)?(?: and (?:the )?| or |[-\u2013]| to )"  # noqa: E501
            rf"(?P<two>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",  # noqa: E501
            two_days,
        ),
        (
            rf"{IN}(?:the )?(?:(?P<weekday>{DAY}),? )?(?:the )?\b{DATE}(?: of)? "
            rf"(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",
            full_date,
        ),
        (
            rf"\b(?:(?i:it's|it is|it has|has|it was) )(?:(?i:been|now) )*{HEDGE}(?P<amount>(?i:{AMOUNT})) "  # noqa: E501
            rf"(?P<unit>{UNIT})s? (?i:since)\b",
            ago,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s? (?i:have|has) (?i:passed|gone by|elapsed)"  # noqa: E501
            rf" (?i:since)\b",
            ago,
        ),
        (
            rf"\b(?i:in|over|during) (?i:the )(?:(?P<amount>(?i:{AMOUNT})) )?(?P<unit>{UNIT})s? (?i:before|leading up to)"  # noqa: E501
            rf" (?i:this|today|now|that|the) ?(?i:suggestion|recommendation|pick|point|date|moment|list)?\b",  # noqa: E501
            within_last,
        ),
        (
            rf"{IN}(?:(?P<weekday>{DAY}),? )?\b(?P<month>{MONTH}) (?:the )?{DATE}\b(?!:)"
            rf"(?:,? (?P<year>{YEAR}))?\b",
            full_date,
        ),
        (
            rf"{IN}(?:the )(?P<edge>(?i:first|last)) (?P<what>{DAY}|(?i:day)) (?:of|in) "
            rf"(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?\b",
            edge_of_month,
        ),
        (
            rf"\b(?i:a|one) (?P<unit>{UNIT}) and a half (?i:ago|back)\b",
            half_ago,
        ),
        (
            rf"\b(?i:between|from) (?i:early |mid[- ]|late |the (?:start|middle|end) of )?"
            rf"(?P<first>{MONTH}) (?:and|to|until|through) "
            rf"(?i:early |mid[- ]|late |the (?:start|middle|end) of )?(?P<last>{MONTH})"
            rf"(?: (?P<year>{YEAR}))?\b",
            between_months,
        ),
        (
            rf"\b(?i:since|from) (?:(?P<month>{MONTH})(?: (?P<year>{YEAR}))?)(?: on(?:wards?)?)?\b",
            lambda m: since(m) if m[0][:5].lower() == "since" or " on" in m[0] else None,
        ),
        (rf"\b(?i:since) (?P<month>)(?P<year>{YEAR})\b", since),
        (
            rf"{IN}(?:the )?{_THIRD}(?:(?P<month>{MONTH})(?:,? (?P<year>{YEAR}))?)\b",
            in_third,
        ),
        (
            rf"{IN}(?:the )?{_THIRD}(?:(?P<season>{SEASON})(?:(?:,| of)? (?P<year>{YEAR}))?)\b",
            in_third,
        ),
        (
            rf"{IN}(?:the )?(?P<third>(?i:early|mid|late|(?:the )?(?:start|beginning|middle|end)"
            rf" of))[ -](?:in )?(?:(?P<year>{YEAR})|(?P<which>(?i:this|last)) (?i:year))\b",
            in_third,
        ),
        (
            rf"{IN}{_WHICH}(?P<month>{MONTH})(?:(?:,| of)? (?P<year>{YEAR}))\b",
            which_month,
        ),
        (
            rf"(?:(?i:in|during|of|over|since|from|by|through|throughout|this|last|past|that|early|"
            rf"late|both|and|to|until|till|for|your|a|one|the|every|each|back in) )"
            rf"{_WHICH}(?P<month>{MONTH})(?P<year>)(?:'s)?(?![\w ]*\bI\b)\b",
            which_month,
        ),
        (
            r"^\s*(?P<month>May|March|August)(?P<which>)(?P<year>)(?= (?:brought|saw|was|gave|had|is|held|held|added|\w+ed\b))",  # noqa: E501
            which_month,
        ),
        (
            r"(?P<month>May|March)(?P<which>)(?P<year>)"
            r"(?= (?:for|of (?:that|the same|this) year)\b)",
            which_month,
        ),
        (
            r"(?P<month>(?i:january|february|april|june|july|september|october|november|december)"
            r"|August)(?P<which>)(?P<year>)\b",
            which_month,
        ),
        (
            rf"{IN}(?:the )?(?:(?P<which>(?i:last|this|past|that|one|a|an)) )?"
            rf"(?P<season>(?i:spring|summer|autumn|winter)(?:time)?)"
            rf"(?:(?:,| of)? (?P<year>{YEAR}))?\b(?! (?i:camp|soldier))",
            season,
        ),
        (
            rf"(?:(?i:in the|last|this|that|the) )?(?P<which>(?i:last|this|in the|in)) "
            rf"(?P<season>(?i:fall))(?:(?:,| of)? (?P<year>{YEAR}))?\b",
            season,
        ),
        (
            r"\b(?:(?i:in|at|towards?|by|near) )?(?i:the )?(?P<third>(?i:early|late|middle|mid|start|beginning"  # noqa: E501
            r"|end|close)) (?i:in|of) (?i:the|that) (?i:same )?(?i:month)\b",
            third_of_month,
        ),
        (r"\b(?i:the day before yesterday)\b", days_back(2, 2)),
        (
            r"\b(?P<lead>(?i:yesterday|this|last|late last)) (?P<part>(?i:morning|afternoon|evening"
            r"|night))\b",
            part_of_day,
        ),
        (r"\b(?i:yesterday)\b", days_back(1, 1)),
        (r"\b(?i:earlier today|today)\b", days_back(0, 0)),
        (r"\b(?i:tonight)\b", days_back(0, 0)),
        (r"\b(?i:(?:just )?the other (?:day|night|evening))\b", days_back(1, 21)),
        (r"\b(?i:the other week)\b", days_back(5, 40)),
        (
            rf"{IN}(?:the |a |one |early |late |your )?{_WHICH}(?i:weekend)s?\b(?!')",
            weekend,
        ),
        (
            rf"{IN}(?:a |the |your )?(?i:weekday|weeknight|midweek)s?\b",
            lambda m: When(m[0], lambda x: x.local.weekday() < 5),
        ),
        (
            rf"{IN}(?:a |one |the |your )?(?:late |early )?{_WHICH}(?P<weekday>{DAY})s?(?:'s)?"
            rf"(?:[ -](?P<part>{PART})s?)?\b",
            which_day,
        ),
        (
            rf"{IN}(?:the )?(?i:earlier |later |early |late )?"
            rf"(?P<which>(?i:last|this|past|previous)) "
            rf"(?P<unit>(?i:week|month|year|fortnight))(?:'s)?\b(?! of)",
            calendar_unit,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |short |long )?(?P<unit>{UNIT})s? "
            rf"(?i:ago|back|before now|before today)\b",
            ago,
        ),
        (
            r"\b(?P<unit>(?i:hours|days|weeks|months|years|decades)) (?i:ago|back)\b",
            vaguely_ago,
        ),
        (
            rf"\b(?:(?i:with)?(?i:in|over|during|across|for|of|from) )?(?:the |these |your )?"
            rf"(?i:last|past|previous) (?P<amount>(?i:{AMOUNT}))? ?(?P<unit>{UNIT})s?\b",
            within_last,
        ),
        (
            rf"\b(?:(?i:in|over|during|of|from) )?(?:the |these )?(?i:recent|latest) (?P<unit>{UNIT})s\b",  # noqa: E501
            recent_units,
        ),
        (
            r"\b(?i:(?:quite |just |only |very |fairly |rather )?(?<!most )recently|lately|of late|"
            r"these days|not (?:so |too |very )?long ago|just now|in recent times)\b",
            recently,
        ),
        (
            r"\b(?i:(?:quite )?a (?:little |good )?while (?:ago|back)|some time (?:ago|back)|a time ago)\b",  # noqa: E501
            days_back(14, 10**6),
        ),
        (r"\b(?i:(?:a )?long (?:time |while )?ago|ages ago|long since)\b", days_back(150, 10**6)),
        (
            r"(?:(?i:at|around|about|shortly after|just after|after) )?(?P<hedge>(?i:around|about|"
            r"roughly|shortly after|just after) )?\b(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?"
            r" ?(?P<half>(?i:[ap]\.?m\b\.?))",
            clock,
        ),
        (
            r"(?:(?i:at|around|about) )?(?P<hedge>(?i:around|about|roughly) )?\b(?P<hour>\d{1,2}):"
            r"(?P<minute>\d\d)(?P<half>)\b",
            clock,
        ),
        (
            rf"(?:(?i:in the|on a|on an|on the|in an|during the|at|around|one|that|late at|late in the|"  # noqa: E501
            rf"early in the|late|early|an|a|by) )?(?P<lead>(?i:late |early )?)(?:(?i:in the|at) )?"
            rf"\b(?P<part>{PART}s?)\b",
            part_of_day,
        ),
        (HOLIDAY.pattern, holiday),
        (
            r"\b(?P<part>(?i:late|early))(?P<lead>)(?= (?i:on|in the evening|at night|that))",
            part_of_day,
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
    years = compare.get((match["lead"] or "").lower(), year.__eq__)
    return When(match[0], lambda m: years(m.local.year), year=year, years=years)
