"""Ratings, repeats, proportions and plain numbers, read from English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.explain.claims.numbers import COUNT, ORDINAL, Range, parse_number, parse_ordinal

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = rf"(?:{COUNT})(?:[- ]and[- ]a[- ]half| 1/2|\u00bd)?"
_HALF = re.compile(r"(?i)(?:[- ]and[- ]a[- ]half| 1/2|\u00bd)$")
_RATING_NOUN = r"(?i:rating|score|mark|grade|verdict|vote)s?"
_FILM = r"(?! (?:of|your|the|films?|movies?|titles?|them|those|these))"


@dataclass(frozen=True, slots=True)
class Rated:
    """A demand on a rating."""

    value: float | None
    """The very number; None for the best there is."""
    scale: float | None = None
    """The best possible rating that the sentence names."""
    bound: str = ""
    """``least``: this or more; ``most``: this or less; ``over`` and ``under``: not this itself."""

    def holds(self, rating: float | None, best: float) -> bool:
        """Return whether a rating is meant, on a scale up to ``best``."""
        if rating is None or (self.scale is not None and self.scale != best):
            return False
        value = best if self.value is None else self.value
        if self.bound in {"least", "over"}:
            return rating > value or (self.bound == "least" and rating == value)
        if self.bound in {"most", "under"}:
            return rating < value or (self.bound == "most" and rating == value)
        return rating == value


@dataclass(frozen=True, slots=True)
class Repeats:
    """A demand on how often something was done."""

    times: Range


@dataclass(frozen=True, slots=True)
class Proportion:
    """A demand on a share of events."""

    part: Range


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a sentence that was read as one thing."""

    start: int
    end: int
    kind: str
    value: object


_BOUNDS = {
    "at least": "least", "no less than": "least", "no fewer than": "least", "or more": "least",
    "or higher": "least", "or better": "least", "and above": "least", "or above": "least",
    "over": "over", "more than": "over", "above": "over",
    "at most": "most", "no more than": "most", "or less": "most", "or lower": "most",
    "or fewer": "most", "under": "under", "below": "under", "less than": "under", "fewer than": "under",  # noqa: E501
}  # fmt: skip
_LEAST = (
    r"(?:(?P<least>(?i:at least|no less than|no fewer than|over|more than|above|at most|no more than"  # noqa: E501
    r"|under|below|less than|fewer than)) )?"
)
_MORE = (
    r"(?: (?P<more>(?i:or more|or higher|or better|and above|or above|or less|or lower|or fewer)))?"
)


def _value(text: str) -> float | None:
    half = 0.5 if _HALF.search(text) else 0.0
    number = parse_number(_HALF.sub("", text))
    return None if number is None or not number.exact else number.low + half


_SCALES = frozenset([4.0, 5.0, 6.0, 10.0, 20.0, 100.0])


def _rated(match: re.Match[str]) -> Rated | None:
    value = _value(match["value"])
    if value is None:
        return None
    groups = match.groupdict()
    scale = groups.get("scale")
    if scale and _value(scale) not in _SCALES and "star" not in match[0].lower():
        return None  # "eight out of twelve" counts
    hedges = (groups.get("least"), groups.get("more"), groups.get("still"))
    bound = next((_BOUNDS[h.lower()] for h in hedges if h), "")
    return Rated(value, _value(scale) if scale else None, bound)


def _glyphs(match: re.Match[str]) -> Rated:
    full, empty = match[0].count("\u2605"), match[0].count("\u2606")
    return Rated(full, full + empty if empty else None)


RATINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Rated | None]], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (
            rf"(?:(?i:a |an |the )?{_RATING_NOUN} of )?{_LEAST}(?:(?i:a|an|the|full) )?\b(?P<value>(?i:{_NUMBER}))"  # noqa: E501
            rf"(?:[- ]stars?|[- ]points?)?(?: (?i:out of) |/| / )(?:(?i:a possible) )?(?P<scale>(?i:{_NUMBER}))\b"  # noqa: E501
            rf"(?: stars?| points?)?(?! of (?:your|the)| films?| movies?)",
            _rated,
        ),
        (
            rf"\b(?P<value>(?i:{_NUMBER})) of (?:(?i:a possible|the possible|your) )?(?P<scale>(?i:{_NUMBER})) (?i:stars?|points?)\b",  # noqa: E501
            _rated,
        ),
        (
            rf"\b(?P<value>\d(?:\.\d)?) of (?P<scale>\d+)\b{_FILM}(?: stars?| points?)?(?=[\s.,;:)\]]|$)",  # noqa: E501
            _rated,
        ),
        (
            rf"{_LEAST}(?:(?i:a |an |the |your |all |full )+)?\b(?P<value>(?i:{_NUMBER}))(?:[- ](?i:full|whole|out of a possible))?"  # noqa: E501
            rf"{_MORE}[- ](?i:stars?|points?)\b(?: {_RATING_NOUN})?{_MORE.replace('more>', 'still>')}",  # noqa: E501
            _rated,
        ),
        (rf"(?:(?i:a|an|the|your) )?{_RATING_NOUN} of (?P<value>(?i:{_NUMBER}))\b", _rated),
        (rf"(?:(?i:a|an|the) )(?P<value>\d+(?:\.\d)?)[- ]{_RATING_NOUN}\b", _rated),
        (
            r"\b(?i:the|your) (?i:best|highest|top|greatest) (?i:possible )?(?i:rating|mark|score|grade)s?"  # noqa: E501
            r" (?i:there is|there are|you can give|one can give|possible|available|of all that there are|that exists)\b",  # noqa: E501
            lambda _: Rated(None),
        ),
        (
            r"\b(?:(?i:a|the|your|my) )?(?i:full|top|maximum|perfect|highest possible|best possible)"  # noqa: E501
            r"(?: possible)? (?i:marks?|ratings?|scores?|grades?|stars)\b",
            lambda _: Rated(None),
        ),
        (r"\b(?i:(?:the|your) maximum|(?:the )?highest possible)\b", lambda _: Rated(None)),
        ("[\u2605\u2606]+", _glyphs),
    )
)


def _times(match: re.Match[str]) -> Repeats | None:
    text = match[0].lower()
    if "count" in match.groupdict() and match["count"]:
        number = parse_number(match["count"])
        if number is None:
            return None
        hedge = (match["hedge"] or "").lower()
        if hedge in {"at least", "more than", "over", "no fewer than"}:
            low = number.low + (hedge in {"more than", "over"})
            return Repeats(Range(low, 1e9))
        return Repeats(number)
    if "more than" in text or "at least" in text:
        low = 2 if "once" in text else 3
        return Repeats(Range(low - ("at least" in text), 1e9))
    if match.groupdict().get("ordinal"):
        ordinal = parse_ordinal(match["ordinal"])
        return Repeats(Range(ordinal, ordinal)) if ordinal else None
    word = re.search(r"once|twice|thrice", text)
    fixed = {"once": 1, "twice": 2, "thrice": 3}.get(word[0] if word else "", 2)
    return Repeats(Range(fixed, fixed))


REPEATS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Repeats | None]], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (r"\b(?i:more than once|at least once|at least twice|more than twice)\b", _times),
        (
            rf"(?:(?P<hedge>(?i:at least|more than|over|no fewer than|only|just|exactly|all of) )\s*)?"  # noqa: E501
            rf"(?:(?i:on) )?\b(?P<count>(?i:{COUNT})) (?:(?i:different|separate) )?(?i:times|occasions)\b"  # noqa: E501
            r"(?: over)?(?! as)",
            _times,
        ),
        (r"\b(?:(?i:only|just|not) )?(?i:twice|thrice)\b(?: over)?", _times),
        (r"\b(?i:(?:only|just|exactly) once|once only|once(?=[.,;!)]|$))", _times),
        (
            rf"(?:(?i:for|on) )?(?i:the|a|your) (?P<ordinal>(?!(?i:first)\b)(?i:{ORDINAL})) (?i:time|viewing|watch|occasion)\b",  # noqa: E501
            _times,
        ),
    )
)

_PARTS = {
    "half": 0.5,
    "a half": 0.5,
    "one half": 0.5,
    "a third": 1 / 3,
    "one third": 1 / 3,
    "one in three": 1 / 3,
    "two thirds": 2 / 3,
    "a quarter": 0.25,
    "one quarter": 0.25,
    "one in four": 0.25,
    "three quarters": 0.75,
    "a fifth": 0.2,
    "one in five": 0.2,
    "one in two": 0.5,
    "every second": 0.5,
    "every other": 0.5,
    "every third": 1 / 3,
    "a tenth": 0.1,
    "one in ten": 0.1,
    "four fifths": 0.8,
    "three fifths": 0.6,
    "two fifths": 0.4,
}
PROPORTION = re.compile(
    r"(?:(?P<hedge>(?i:well over|just over|over|more than|at least|less than|under|just under|"
    r"nearly|almost|about|around|roughly|some|close to|fully|exactly|a good)) )?"
    rf"\b(?<!and )(?<!and-)(?<!and a )(?<!and-a-)(?:(?P<part>(?i:{'|'.join(sorted((p.replace(' ', '[- ]') for p in _PARTS), key=len, reverse=True))}))"  # noqa: E501
    r"|(?P<percent>\d+(?:\.\d+)?) ?(?:%|(?i:per ?cent)))(?![\w])(?! an? )"
    r"(?:(?<! third)(?<! fifth)(?<! quarter)(?<! tenth)|(?= of))"
    r"(?: (?i:of))?"
)


def proportion(match: re.Match[str]) -> Proportion:
    """Read a proportion, with what its hedge allows."""
    if match["percent"]:
        value, slack = float(match["percent"]) / 100, 0.006
    else:
        value, slack = _PARTS[re.sub("-", " ", match["part"].lower())], 0.04
    hedge = (match["hedge"] or "").lower()
    if hedge in {"well over", "just over", "over", "more than", "at least", "a good"}:
        return Proportion(Range(value - 1e-9, 1.0 if hedge != "just over" else value + 0.12))
    if hedge in {"less than", "under", "just under"}:
        return Proportion(Range(0.0 if hedge != "just under" else value - 0.12, value + 1e-9))
    if hedge in {"nearly", "almost", "close to"}:
        return Proportion(Range(value - 0.1, value + 0.01))
    if hedge:
        slack = max(slack, 0.08)
    return Proportion(Range(value - slack, value + slack))


NUMBER = re.compile(
    rf"\b(?P<number>(?i:{COUNT}))\b(?:(?i: or (?:so|more)))?(?!(?:st|nd|rd|th)\b)(?!\.\d)"
)
ORDINALS = re.compile(rf"\b(?P<ordinal>(?i:{ORDINAL}))\b")
DECADE = re.compile(
    r"(?:(?i:in|from|of|during|back in) )?(?:(?i:the) )?(?:(?i:early|mid|late)[- ])?(?P<decade>(?:19|20)\d0s|'?\d0s\b|"  # noqa: E501
    r"(?i:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties|noughties|two[- ]thousands))\b"  # noqa: E501
)
_DECADE_WORDS = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990, "noughties": 2000,
}  # fmt: skip


def decade(text: str) -> int:
    """Return a decade's first year."""
    text = text.lower().strip("'")
    if text in _DECADE_WORDS:
        return _DECADE_WORDS[text]
    if text.startswith("two"):
        return 2000
    digits = int(re.match(r"\d+", text)[0])  # type: ignore[index]  # the pattern has digits
    return digits if digits > 99 else (1900 if digits > 20 else 2000) + digits
