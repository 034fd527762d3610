"""Days that have a name: Christmas, Halloween, Valentine's Day."""

from __future__ import annotations

import re

from llmrec.explain.claims.time_words import YEAR
from llmrec.explain.claims.when import Moment, When

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
    r"(?:(?:(?<!set )(?i:at|around|over|before|on|near|for|last|during) )+"
    r"|(?i:this )(?=\w+(?:[,.;:!?)]| (?i:you|and|when|with|on)\b|$))|(?=(?i:christmas (?:eve|day)"
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
