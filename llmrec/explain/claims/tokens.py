"""Text to tokens and sentences, with offsets kept, the same way for titles and for sentences."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Scripts written without spaces: every character is a token of its own.
_SOLID = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_SOLID}]|(?:(?![{_SOLID}])[^\W_])+|\S")
_SUFFIX = re.compile(r"(?i)(n)['\u2019](t)\b|['\u2019](s|ve|re|ll|d|m)\b")
_APOSTROPHES = str.maketrans("\u2019\u2018\u02bc\u00b4`", "'''''")
_QUOTES = frozenset("\"\u201c\u201d\u201e\u00ab\u00bb*_\u2039\u203a\u300a\u300b\u300c\u300d'")
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "st",
        "vs",
        "etc",
        "eg",
        "ie",
        "approx",
        "no",
        "vol",
        "pt",
        "ep",
        "jr",
        "sr",
        "e",
        "g",
        "i",
        "a",
        "p",
        "m",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "u",
        "s",
    ]
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a contraction's ending (``'s``, ``n't``) or one punctuation mark."""

    text: str
    start: int
    end: int
    fold: str
    """Case, accents and apostrophe forms taken away."""

    @property
    def is_word(self) -> bool:
        """Whether it holds a letter or digit."""
        return self.fold[-1].isalnum()

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()


@lru_cache(maxsize=1 << 14)
def fold(text: str) -> str:
    """Take case, accents and apostrophe forms away."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    plain = "".join(char for char in plain if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFKC", plain).casefold() or text


def tokenize(text: str) -> list[Token]:
    """Split a text into tokens; contractions into two."""
    cuts: list[tuple[int, int]] = []
    place = 0
    for match in _SUFFIX.finditer(text):
        start = match.start()
        if not start or not text[start - 1].isalnum():
            continue
        cuts += [(m.start(), m.end()) for m in _TOKEN.finditer(text, place, start)]
        cuts.append(match.span())
        place = match.end()
    cuts += [(m.start(), m.end()) for m in _TOKEN.finditer(text, place)]
    return [Token(text[a:b], a, b, fold(text[a:b])) for a, b in cuts]


def is_quote(token: Token) -> bool:
    """Return whether a token is a quotation mark or a mark of emphasis."""
    return token.text in _QUOTES


def is_picture(token: Token) -> bool:
    """Return whether a token is a picture (an emoji, an arrow), which says nothing."""
    kinds = {"So", "Sk", "Sm", "Mn", "Cf"}
    return all(not c.isascii() and unicodedata.category(c) in kinds for c in token.text)


def sentence_spans(text: str, held: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences.

    Args:
        text: The whole text.
        held: Spans (titles, names) inside which no sentence ends.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in re.finditer(r"[.!?\u2026\u3002]+[\"\u201d\u2019')\]]*(?=\s|$)|\n+", text):
        inside = any(a <= match.start() < b for a, b in held)
        before = re.search(r"([^\W\d_]+)$", text[start : match.start()])
        short = before is not None and match[0] == "." and _is_abbreviation(before[1])
        if inside or (short and match.end() < len(text.rstrip())):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [(a, b) for a, b in spans if any(char.isalnum() for char in text[a:b])]


def _is_abbreviation(word: str) -> bool:
    return fold(word) in _ABBREVIATIONS or (len(word) == 1 and word.isupper())
