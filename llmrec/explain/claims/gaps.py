"""Expressions for the time between two events: "two weeks later", "on the same evening"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.gap_readers import (
    adjacent,
    between,
    counted,
    following,
    in_a_row,
    long_apart,
    same_unit,
    shortly,
    unit_after,
    weekdays,
    within,
)
from llmrec.explain.claims.numbers import AMOUNT, Range
from llmrec.explain.claims.time_words import DAY, HEDGE, UNIT
from llmrec.explain.claims.when import Gap, elapsed

if TYPE_CHECKING:
    from collections.abc import Callable

_LATER = (
    r"(?:later than|later|after(?:wards?)?"
    r"|on(?=[,.;:]|$| (?:from|you|came|and|it|here|this|another|now)\b)|hence|past|later on"
    r"|on from)"
)
_EARLIER = r"(?:earlier than|earlier|before(?:hand)?|prior(?: to)?|previously|ahead of)"


GAPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Gap | None]], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT}))[ -](?:full |whole |short |long )?"
            rf"(?P<unit>{UNIT})s?(?:')? (?i:between|separate|separates|separated|separating)"
            r"(?: (?:them|the two|these|those))?\b",
            between,
        ),
        (
            r"(?i:with |at a distance of )?\b(?P<hedge>)(?P<amount>(?i:"
            + AMOUNT
            + rf"))[ -](?P<unit>{UNIT})s? (?i:gap|distance|interval) (?i:between)\b",
            between,
        ),
        (
            rf"\b(?i:took)(?: (?i:you|only|just))* {HEDGE}(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?\b",  # noqa: E501
            between,
        ),
        (
            rf"\b(?i:one) (?P<unit>{UNIT}) (?i:after) (?i:the other|another)\b",
            lambda m: Gap(m[0], elapsed(Range(1, 1), m["unit"].lower()), 0),
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?P<weekday>{DAY})s? (?P<word>(?i:{_LATER}|{_EARLIER}))\b",  # noqa: E501
            weekdays,
        ),
        (
            rf"(?:(?i:lie|lies|lay|passed|elapsed|were|are|there were|there are) ){HEDGE}(?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?\b(?! (?:ago|back|old|apart|older|younger|later|earlier|before|after|between))",  # noqa: E501
            between,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |good )?(?P<unit>{UNIT})s? "
            r"(?i:lie|lay|passed|elapsed|went by|stand|stood|separates?|separated)\b",
            between,
        ),
        (
            rf"\b(?i:the|that) (?:very )?(?i:next|following) (?P<unit>{UNIT})\b(?P<word>)",
            following,
        ),
        (
            rf"\b(?i:the) (?i:previous|preceding) (?P<unit>{UNIT})\b(?P<word>(?<!zz))",
            lambda m: Gap(m[0], following(m).holds, -1),
        ),
        (
            rf"\b(?i:the|a|one|just a|only a|just one) (?P<unit>{UNIT}) "
            rf"(?P<word>(?i:{_LATER}|{_EARLIER}))\b(?! (?:this|today|now|the suggestion|the recommendation))",  # noqa: E501
            unit_after,
        ),
        (
            rf"{HEDGE}\b(?P<amount>(?i:{AMOUNT})) (?:full |whole |short |long )?(?P<unit>{UNIT})s? "
            rf"(?P<word>(?i:{_LATER}|{_EARLIER}|apart|of each other|of one another))\b",
            counted,
        ),
        (
            rf"\b(?i:by|after|at a distance of|with a gap of) {HEDGE}(?P<amount>(?i:{AMOUNT})) "
            rf"(?P<unit>(?!(?i:year|decade)){UNIT})s?\b(?! (?:ago|back|old|of|later|earlier|before|after|you))",  # noqa: E501
            between,
        ),
        (
            rf"\b(?i:within|inside|in) (?P<amount>(?i:{AMOUNT})) (?P<unit>{UNIT})s?"
            r"(?i:' time| of (?:each other|one another|it|that|this))\b",
            within,
        ),
        (
            rf"\b(?i:within|inside) (?i:about |around |roughly |some )?(?P<amount>(?i:{AMOUNT})) "
            rf"(?P<unit>{UNIT})s?\b(?! of)",
            within,
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
            adjacent,
        ),
        (
            r"\b(?i:shortly|soon|not long|a little|a bit|a short time|a short while) "
            r"(?P<word>(?i:afterwards?|after|beforehand|before|later|earlier))\b",
            shortly,
        ),
        (
            r"\b(?i:long|much|considerably|well|some time|a long time|a good while) "
            r"(?P<word>(?i:afterwards?|after|beforehand|before|later|earlier))\b",
            long_apart,
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
            in_a_row,
        ),
    )
)
"""Patterns and what each builds, the more specific first."""
