"""Whether a phrase at a place is a title, an attribute value, or ordinary language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.tokens import is_quote
from llmrec.explain.claims.vocabulary import Found, Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.tokens import Token

_SMALL = frozenset(
    ["the", "a", "an", "of", "and", "in", "to", "for", "on", "at", "by", "or", "with", "from"]
)
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
