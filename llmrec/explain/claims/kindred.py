"""Words of the same kind: stems, and rows of words that may stand for each other."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from llmrec.explain.claims.tokens import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INFLECTED = (
    *("ingly", "edly", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "s", "e", "y"),
)
_DERIVED = (
    *("fulness", "lessness", "iness", "ness", "ments", "ment", "ships", "ship", "hood", "ically"),
    *("ation", "ition", "able", "ible", "less", "ical", "ious", "eous", "ous", "ful", "ish", "ism"),
    *("ist", "ity", "ive", "ial", "ian", "ic", "al", "or", "ate"),
)
_SHORTEST, _SHORTEST_DERIVED = 3, 4


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """Return a word without its endings, for comparing words of descriptions."""
    for endings, shortest in ((_INFLECTED, _SHORTEST), (_DERIVED, _SHORTEST_DERIVED)):
        for ending in endings:
            if word.endswith(ending) and len(word) - len(ending) >= shortest:
                word = word[: -len(ending)]
                break
    if len(word) > _SHORTEST and word[-1] == word[-2]:
        word = word[:-1]
    return word


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words, in order."""
    return tuple(stem(token.fold) for token in tokenize(text) if token.is_word)


class Kindred:
    """Rows of words of which any may be used where the facts have another.

    Args:
        groups: Rows, one a line, of words and phrases between commas.
    """

    def __init__(self, groups: Mapping[str, str]) -> None:
        self._rows: list[frozenset[str]] = []
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for line in (line for text in groups.values() for line in text.splitlines()):
            entries = [stems(entry) for entry in line.split(",") if entry.strip()]
            for entry in entries:
                if len(entry) == 1:
                    self._by_word[entry[0]].add(len(self._rows))
            self._rows.append(frozenset(word for entry in entries for word in entry))

    def widened(self, texts: Iterable[str]) -> frozenset[str]:
        """Return the stems of texts and of all words that may stand for them."""
        own = {word for text in texts for word in stems(fold(text))}
        rows = {row for word in own for row in self._by_word.get(word, ())}
        return frozenset(own.union(*(self._rows[row] for row in rows)))
