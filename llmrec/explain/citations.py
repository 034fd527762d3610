"""Citations for display: titles and dates beside the numbers, and the list of what is cited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from llmrec.explain.claims.lexicon import english
from llmrec.explain.claims.tokens import fold, tokenize
from llmrec.explain.languages import READ, language_code, phrases_of
from llmrec.neutralize import quoted
from llmrec.serialize import title_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.languages import Phrases
    from llmrec.types import Evidence

_CITATION = re.compile(r"\[(\d+)\]")
_LAST_WORD = re.compile(r"[^\W_]+$")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ASKS_FOR_NOUN = frozenset(
    [
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "with",
        "into",
        "about",
        "between",
        "among",
        "and",
        "or",
        "than",
        "as",
        "after",
        "before",
        "like",
        "both",
        "see",
        "via",
        "per",
        "over",
        "against",
        "behind",
        "is",
        "was",
        "are",
        "were",
        "because",
        "following",
    ]
)


def resolve_citations(
    text: str, evidence: Sequence[Evidence], *, language: str = "en", time_zone: str = "UTC"
) -> str:
    """Turn each event's first citation into its title and date; the number stays.

    ``because of [1]`` becomes ``because of “Heat” (18 May 2024) [1]``. Where the text names the
    title itself nothing is put in; where it tells years itself no date is. In English a number
    that only marks a source ("you like crime [1]") stays alone. A number that no evidence has
    stays as it is, for the checks to find.

    Args:
        text: What a model wrote.
        evidence: What is cited, in the order of its numbers.
        language: Whose date format; a code or a name.
        time_zone: The IANA name of the zone in which dates are told.
    """
    phrases, zone = phrases_of(language), ZoneInfo(time_zone)
    reads = language_code(language) in READ
    dated = bool(_YEAR.search(text))
    said, pieces, place = fold(text), [], 0
    for match in _CITATION.finditer(text):
        before, number = text[: match.start()], int(match[1])
        pieces.append(text[place : match.start()])
        if 1 <= number <= len(evidence) and (not reads or _asks_for_noun(before)):
            title = title_text(evidence[number - 1].item)
            if fold(title) not in said:
                said += fold(title)
                date = "" if dated else f"({_date(evidence[number - 1], phrases, zone)}) "
                pieces.append(f"{quoted(title)} {date}")
        pieces.append(match[0])
        place = match.end()
    return "".join(pieces) + text[place:]


def _asks_for_noun(before: str) -> bool:
    """Return whether what stands before a citation makes it the noun of its sentence."""
    before = before.rstrip()
    if not before or before[-1] in ".!?:;,(\u2014":
        return True
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    if fold(word[0]) in _ASKS_FOR_NOUN:
        return True
    hit = english().lookup(tokenize(word[0]), 0)
    return (
        hit is not None
        and bool(hit[2] & {"uverb", "ratev", "likev", "lovev"})
        and "noun" not in hit[2]
    )


def _date(evidence: Evidence, phrases: Phrases, zone: ZoneInfo) -> str:
    return phrases.told_date(evidence.interaction.timestamp.astimezone(zone))


def legend(
    evidence: Sequence[Evidence], *, language: str = "en", time_zone: str = "UTC"
) -> list[str]:
    """Return a line per citation, in any language: ``[1] Heat (18 May 2024)``."""
    phrases, zone = phrases_of(language), ZoneInfo(time_zone)
    return [
        f"[{number}] {title_text(e.item)} ({_date(e, phrases, zone)})"
        for number, e in enumerate(evidence, start=1)
    ]
