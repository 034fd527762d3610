"""Where a text names titles and attribute values of the catalogue, the longest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmrec.explain.claims.title_readings import reading_of
from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.vocabulary import RUN_WORDS, Found, Phrase
from llmrec.neutralize import CLOSE_QUOTE, OPEN_QUOTE

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.tokens import Token
    from llmrec.explain.claims.vocabulary import Vocabulary


_UNUSUAL = 2
"""Words that are not ordinary language which an excerpt of a description must hold."""
_KINDS = frozenset(
    ["genre", "director", "writer", "theme", "series", "country", "actor", "cast", "keyword"]
)
"""What our own sentences call a value before they quote it."""


def find_phrases(
    text: str,
    tokens: Sequence[Token],
    catalogue: Vocabulary,
    near: Vocabulary,
    known: Set[str],
    lexicon: Lexicon,
) -> list[Found]:
    """Find titles and attribute values in a text, the longest first at every place.

    Args:
        text: The text.
        tokens: The text's.
        catalogue: Phrases of all items.
        near: Full and short titles of the items in question.
        known: The ids of the items in question: of two readings theirs is taken.
        lexicon: Which words are ordinary, so that "Up" alone is no title.
    """
    found: list[Found] = []
    place = 0
    while place < len(tokens):
        best = _quotation(text, tokens, place, near) or _excerpt(tokens, place, near, lexicon)
        if best:
            found.append(best)
            place = best.last
            continue
        options = [*near.matches(tokens, place), *catalogue.matches(tokens, place)]
        for phrase, end in _merged(options):
            best = reading_of(phrase, tokens, (place, end), known, lexicon)
            if best:
                break
        if best:
            found.append(best)
        place = best.last if best else place + 1
    return found


def _excerpt(
    tokens: Sequence[Token], place: int, near: Vocabulary, lexicon: Lexicon
) -> Found | None:
    """Return the run of words that a text takes out of a description here."""
    words = [(n, t.fold) for n, t in enumerate(tokens[place : place + 60], place) if t.is_word]
    if not words or words[0][0] != place:
        return None
    key = tuple(word for _, word in words[:RUN_WORDS])
    best, longest = None, 0
    phrase = Phrase(key, frozenset(), (False,))
    for value, text, start in near.runs.get(key, ()):
        size = 0
        for (_, word), own in zip(words, text[start:], strict=False):
            if word != own:
                break
            size += 1
        if size >= longest:
            if size > longest:
                phrase.values.clear()
            longest, best = size, words[size - 1][0] + 1
            phrase.values.add(value)
    unusual = [w for _, w in words[:longest] if not lexicon.ordinary(w)]
    if best is None or len(unusual) < _UNUSUAL:
        return None
    return Found(phrase, place, best, "value", quoted=True)


def _merged(options: Sequence[tuple[Phrase, int]]) -> list[tuple[Phrase, int]]:
    """Join what ends at the same token, the longest first."""
    by_end: dict[int, Phrase] = {}
    for phrase, end in options:
        known = by_end.get(end)
        if known is None:
            by_end[end] = phrase
        elif known is not phrase:
            by_end[end] = replace(
                known,
                titles=known.titles | phrase.titles,
                values=known.values | phrase.values,
                surname=known.surname and phrase.surname,
                nickname=all(p.nickname for p in (known, phrase) if p.titles),
            )
    return sorted(((phrase, end) for end, phrase in by_end.items()), key=lambda o: -o[1])


def _quotation(text: str, tokens: Sequence[Token], place: int, near: Vocabulary) -> Found | None:
    """Return the title or value that stands between quotation marks here, to the letter."""
    if not place or tokens[place - 1].text != OPEN_QUOTE:
        return None
    start = tokens[place].start
    end = text.find(CLOSE_QUOTE, start)
    inside = fold(text[start:end]) if end >= 0 else ""
    last = next((n for n in range(place, len(tokens)) if tokens[n].start >= end), len(tokens))
    phrase = Phrase((inside,), frozenset(), (False,))
    kind = tokens[place - 2].fold if place > 1 else ""
    if inside in near.exact_titles and not (inside in near.exact_values and kind in _KINDS):
        phrase.titles |= near.exact_titles[inside]
        return Found(phrase, place, last, "title", quoted=True)
    if inside in near.exact_values:
        phrase.values |= near.exact_values[inside]
        return Found(phrase, place, last, "value", quoted=True)
    return None
