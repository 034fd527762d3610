"""False texts made of accepted ones: one title, number, time, person or attribute is exchanged.

What is put in comes from the same catalogue and is false by construction: titles of items that are
neither recommended nor in the history, values that the items in question lack, other dates, other
ratings and counts. What cannot be exchanged for something surely false is left as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.vocabulary import attribute_values
from llmrec.explain.claims.when import MONTHS
from llmrec.neutralize import neutralize, quoted
from llmrec.serialize import title_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from llmrec.explain import Facts
    from llmrec.types import Item

T = TypeVar("T")
KINDS = ("title", "number", "time", "person", "attribute")
PERSONS = frozenset(["director", "writer", "cast"])
_QUOTED = re.compile("\u201c[^\u201d]*\u201d")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBER = re.compile(r"(?<![\[\d.])\b\d+(?:\.\d+)?\b(?![\]\d.])")
_DATE = re.compile(rf"\b\d{{1,2}} (?P<month>{'|'.join(MONTHS)}) (?:19|20)\d\d\b")
_BOUND = re.compile(
    r"\b(?:over|more|least|most|about|around|nearly|almost|under|less|fewer|up to)\b"
)
_LONG_VALUE_WORDS = 6


def plant(
    text: str,
    facts: Facts,
    catalogue: Mapping[str, Item],
    rng: np.random.Generator,
    *,
    of_template: bool,
) -> dict[str, str]:
    """Return at most one false text of each kind; none of a kind that finds no place.

    Args:
        text: An accepted English text.
        facts: The truth about it.
        catalogue: Where what is put in comes from.
        rng: Chooses among places and values.
        of_template: Whether the template wrote it: all values that it names are the recommended
            item's, so another value is false as soon as that item lacks it.
    """
    ours = {facts.item.item_id} if of_template else facts.known_ids
    known = frozenset(value for item_id in ours for _, value in facts.values(item_id))
    others = _others(catalogue, known)
    planted = {
        "title": _other_title(text, facts, catalogue, rng),
        "number": _other_number(text, facts, rng),
        "time": _other_time(text, facts, rng),
        "person": _other_value(text, facts, others, rng, persons=True),
        "attribute": _other_value(text, facts, others, rng, persons=False),
    }
    return {kind: false for kind, false in planted.items() if false is not None and false != text}


def _other_title(
    text: str, facts: Facts, catalogue: Mapping[str, Item], rng: np.random.Generator
) -> str | None:
    """Put an unseen item's title in one place where a title of the case stands."""
    own = {quoted(title_text(facts.item_of(i))) for i in facts.evidence_ids | {facts.item.item_id}}
    places = [found.span() for found in _QUOTED.finditer(text) if found[0] in own]
    unseen = [item_id for item_id in catalogue if item_id not in facts.known_ids]
    if not places or not unseen:
        return None
    other = title_text(catalogue[_one(unseen, rng)])
    if fold(other) in fold(text):
        return None
    return _replaced(text, _one(places, rng), quoted(other))


def _other_number(text: str, facts: Facts, rng: np.random.Generator) -> str | None:
    """Exchange a rating or a count; dates and numbers inside titles are no such numbers."""
    if _ambiguous(facts) or _BOUND.search(text):
        return None
    hidden = _spans(_QUOTED, text) + _spans(_DATE, text) + _spans(_YEAR, text)
    places = [s for s in _spans(_NUMBER, text) if not _inside(s, hidden)]
    if not places:
        return None
    place = _one(places, rng)
    value = float(text[slice(*place)])
    within = value + 1 <= facts.scale or value > facts.scale
    changed = value + 1 if within else value - 1
    return _replaced(text, place, f"{changed:g}")


def _other_time(text: str, facts: Facts, rng: np.random.Generator) -> str | None:
    """Move a date by some months within its year."""
    hidden = _spans(_QUOTED, text)
    places = [found for found in _DATE.finditer(text) if not _inside(found.span(), hidden)]
    if not places or _ambiguous(facts):
        return None
    found = _one(places, rng)
    month = MONTHS.index(found["month"])
    moved = MONTHS[(month + 1 + int(rng.integers(10))) % 12]
    return _replaced(text, found.span("month"), moved)


def _other_value(
    text: str,
    facts: Facts,
    others: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    *,
    persons: bool,
) -> str | None:
    """Exchange an attribute value for another of the same field."""
    places = [
        (span, field)
        for span, field in _value_places(text, facts)
        if (facts.lexicon.role(field) in PERSONS) == persons and others.get(field)
    ]
    if not places:
        return None
    span, field = _one(places, rng)
    return _replaced(text, span, _one(others[field], rng))


def _others(catalogue: Mapping[str, Item], known: frozenset[str]) -> dict[str, list[str]]:
    """Return by field the short values of the catalogue that are not known."""
    found: dict[str, set[str]] = {}
    for item in catalogue.values():
        for field, value in attribute_values(item.attributes):
            shown = neutralize(value)
            if fold(value) not in known and _short(shown):
                found.setdefault(field, set()).add(shown)
    return {field: sorted(values) for field, values in found.items()}


def _value_places(text: str, facts: Facts) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield where a value of the items in question stands outside the titles, and its field."""
    titles = {quoted(title_text(facts.item_of(i))) for i in facts.known_ids}
    hidden = [found.span() for found in _QUOTED.finditer(text) if found[0] in titles]
    for item_id in sorted(facts.evidence_ids | {facts.item.item_id}):
        for field, value in attribute_values(facts.item_of(item_id).attributes):
            shown = neutralize(value)
            if not _short(shown):
                continue
            for span in _spans(re.compile(rf"(?<!\w){re.escape(shown)}(?!\w)"), text):
                if not _inside(span, hidden):
                    yield span, field


def _short(value: str) -> bool:
    return 0 < len(value.split()) <= _LONG_VALUE_WORDS


def _ambiguous(facts: Facts) -> bool:
    """Return whether a cited item was met more than once, so that another date may be true."""
    return any(len(facts.events.get(item_id, ())) > 1 for item_id in facts.evidence_ids)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(text)]


def _inside(span: tuple[int, int], hidden: Sequence[tuple[int, int]]) -> bool:
    return any(low <= span[0] and span[1] <= high for low, high in hidden)


def _one(options: Sequence[T], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]


def _replaced(text: str, span: tuple[int, int], other: str) -> str:
    return text[: span[0]] + other + text[span[1] :]
