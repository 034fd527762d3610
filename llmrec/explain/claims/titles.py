"""When a phrase of the catalogue is a title in a sentence, and when it is ordinary language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmrec.explain.claims.tokens import fold, is_quote
from llmrec.explain.claims.vocabulary import RUN_WORDS, Found, Phrase
from llmrec.neutralize import CLOSE_QUOTE, OPEN_QUOTE

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.tokens import Token
    from llmrec.explain.claims.vocabulary import Vocabulary


_SMALL = frozenset(
    ["the", "a", "an", "of", "and", "in", "to", "for", "on", "at", "by", "or", "with", "from"]
)
_UNUSUAL = 2
"""Words that are not ordinary language which an excerpt of a description must hold."""
_PRONOUNS = frozenset(
    [
        "it",
        "he",
        "she",
        "they",
        "we",
        "i",
        "you",
        "this",
        "that",
        "these",
        "those",
        "us",
        "her",
        "him",
        "them",
    ]
)
_TIME_WORDS = frozenset(
    ["in", "of", "since", "from", "by", "year", "until", "before", "after", "and", "during"]
)
_SERIES = frozenset(
    [
        "series",
        "saga",
        "films",
        "movies",
        "universe",
        "franchise",
        "trilogy",
        "cycle",
        "titles",
        "stories",
        "entries",
        "pictures",
        "instalments",
        "installments",
        "chapters",
        "sequels",
        "adventures",
        "fan",
        "world",
        "instalment",
        "installment",
        "chapter",
        "entry",
        "sequel",
        "story",
        "outing",
    ]
)
_SERIES_LEADS = frozenset(["another", "more", "other", "further"])


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


def reading_of(
    phrase: Phrase,
    tokens: Sequence[Token],
    place: tuple[int, int],
    known: Set[str],
    lexicon: Lexicon,
) -> Found | None:
    """Return what a phrase is at this place, or None where it is ordinary language."""
    start, end = place
    quoted = _quoted(tokens, start, end)
    title = bool(phrase.titles) and _is_title(phrase, tokens, place, known, lexicon, quoted=quoted)
    value = bool(phrase.values) and _is_value(phrase, tokens, place, lexicon)
    nickname = phrase.nickname and not _cited(tokens, end)
    if value and title and (nickname or not any(t.capital for t in tokens[start:end])):
        title = False
    if title and value:
        series = _names_series(tokens, start, end)
        roles = {lexicon.role(v.field) for v in phrase.values}
        near = bool(phrase.titles & known) or quoted or _cited(tokens, end)
        title = not series and (near or "franchise" in roles)
    if title:
        return Found(phrase, start, end, "title", quoted)
    return Found(phrase, start, end, "value", quoted) if value else None


def _names_series(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether a phrase stands for a whole series: "the Star Wars films"."""
    after = tokens[end].fold if end < len(tokens) else ""
    before = tokens[start - 1].fold if start else ""
    return after in _SERIES or before in _SERIES_LEADS


def _quoted(tokens: Sequence[Token], start: int, end: int) -> bool:
    inside = start > 0 and end < len(tokens)
    if not inside:
        return False
    # A comma or full stop may stand before the closing quote.
    after = tokens[end]
    if after.text in ",." and end + 1 < len(tokens):
        after = tokens[end + 1]
    return is_quote(tokens[start - 1]) and is_quote(after)


def _is_title(
    phrase: Phrase,
    tokens: Sequence[Token],
    place: tuple[int, int],
    known: Set[str],
    lexicon: Lexicon,
    *,
    quoted: bool,
) -> bool:
    start, end = place
    if _in_decimal(tokens, start, end):
        return False
    if not quoted and not any(c.isalnum() for t in tokens[start:end] for c in t.text):
        return False  # a bracket, though an item is called so
    if start and tokens[start - 1].text == "-" and tokens[start - 1].end == tokens[start].start:
        return False  # the "up" of "follow-up"
    marked = quoted or _cited(tokens, end)
    ordinary = all(lexicon.ordinary(word) for word in phrase.words)
    capital = _capitals(phrase, [token for token in tokens[start:end] if token.is_word])
    if not ordinary:
        written_small = len(phrase.words) > 2 and bool(phrase.titles & known)
        return capital or marked or written_small or _is_casual(tokens)
    if len(phrase.words) > 1:
        return capital or marked
    if quoted or not capital:
        return quoted or (marked and _is_casual(tokens))
    if marked:
        return True
    if not _opens(tokens, start) and not phrase.words[0].isdigit():
        return True
    return bool(phrase.titles & known) and _stands_as_name(tokens, start, end, lexicon)


def _stands_as_name(tokens: Sequence[Token], start: int, end: int, lexicon: Lexicon) -> bool:
    """Return whether one ordinary word opens a sentence as a name ("Up was ...")."""
    if tokens[start].fold.isdigit():
        return not start or tokens[start - 1].fold not in _TIME_WORDS
    after = tokens[end].fold if end < len(tokens) else ""
    verbs = {"is", "was", "has", "and", "comes", "shares", ",", "stars", "'s"}
    if tokens[start].fold in {"us", "her", "him", "them"}:
        return after in {"is", "was", "has", "makes", "brings", "shares", "keeps", "adds", "offers"}
    hit = lexicon.lookup(tokens, end) if end < len(tokens) else None
    finite = hit is not None and bool(hit[2] & {"aux", "modal", "past"}) and "noun" not in hit[2]
    return tokens[start].fold not in _PRONOUNS and (after in verbs or finite)


def _capitals(phrase: Phrase, words: Sequence[Token]) -> bool:
    """Return whether a text has the capitals that the catalogue has, articles apart."""
    pairs = [
        token.capital or token.text[0].isdigit()
        for token, capital in zip(words, phrase.capitals, strict=False)
        if capital and not (token.fold in _SMALL and len(words) > 1)
    ]
    return all(pairs) if pairs else len(words) > 1 or not (words and words[0].text.isalpha())


def _in_decimal(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Return whether a number is a part of another ("3" in "3.5")."""
    behind = "".join(t.text for t in tokens[end : end + 2])
    lead = "".join(t.text for t in tokens[max(0, start - 2) : start])
    inside = tokens[end - 1].text.isdigit() and behind[:1] == "." and behind[1:].isdigit()
    return inside or (tokens[start].text.isdigit() and lead[-1:] == "." and lead[:-1].isdigit())


def _is_casual(tokens: Sequence[Token]) -> bool:
    """Return whether a text is written without any capitals."""
    return not any(token.capital for token in tokens)


def _cited(tokens: Sequence[Token], end: int) -> bool:
    """Return whether ``[n]`` or ``(year)`` follows, quotes apart."""
    while end < len(tokens) and is_quote(tokens[end]):
        end += 1
    after = [token.text for token in tokens[end : end + 3]]
    if len(after) < 3 or not after[1].isdigit():
        return False
    return after[0] == "[" or (after[0] == "(" and len(after[1]) == 4)


def _opens(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a token opens a sentence or a clause after a colon."""
    while start and is_quote(tokens[start - 1]):
        start -= 1
    return not start or tokens[start - 1].text in ".!?:;\u2026\u2014\u2013-"


def _is_value(
    phrase: Phrase, tokens: Sequence[Token], place: tuple[int, int], lexicon: Lexicon
) -> bool:
    """Return whether a phrase may stand for an attribute value here."""
    start, end = place
    if start and end < len(tokens) and (tokens[start - 1].text, tokens[end].text) == ("[", "]"):
        return False
    words = [token for token in tokens[start:end] if token.is_word]
    if not words or any(token.text in "[]" for token in tokens[start:end]):
        return False  # a part of a citation, though a keyword is spelt so
    persons = [v for v in phrase.values if v.field in lexicon.person_fields]
    if persons and len(persons) == len(phrase.values):
        capital = words[-1].capital or not words[-1].text.isascii()
        if phrase.surname and _opens(tokens, start) and lexicon.ordinary(words[-1].fold):
            return False
        return capital or len(words) > 1 or _is_casual(tokens)
    return True
