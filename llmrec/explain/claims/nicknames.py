"""Parts of titles that name a film by themselves where few films are in question ("Totoro")."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from llmrec.explain.claims.tokens import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.tokens import Token
    from llmrec.types import Item

_SMALL = frozenset(
    ["the", "a", "an", "of", "and", "in", "to", "for", "on", "at", "by", "or", "with", "from", "'s"]
)
_ROMAN = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "part", "vol"])
_PART = re.compile(
    r"\b(?:Part|Vol\.|Chapter|Episode) (?:[IVX]+|\d+)\b|\b(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z]\w+"
)
_SHORTEST = 4


def nicknames(items: Iterable[Item], lexicon: Lexicon) -> list[tuple[str, str]]:
    """Return (part of a title, item id) where no other item in question has that part.

    Args:
        items: The items in question.
        lexicon: Which words are ordinary, and which attributes hold persons and series.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    written: dict[str, str] = {}
    taken: set[str] = set()
    for item in items:
        for name, value in item.attributes.items():
            if name in lexicon.person_fields or lexicon.role(name) == "franchise":
                rows = [value] if isinstance(value, str) else value
                taken.update(t.fold for v in rows for t in tokenize(str(v)))  # type: ignore[union-attr]
        for part in _parts(item.title, lexicon):
            owners[fold(part)].add(item.item_id)
            written[fold(part)] = part
    return [
        (written[part], next(iter(ids)))
        for part, ids in sorted(owners.items())
        if len(ids) == 1 and not all(word in taken for word in part.split())
    ]


def _parts(title: str, lexicon: Lexicon) -> Iterator[str]:
    """Yield the runs of a title between its small words, and its words that are only names."""
    part = _PART.search(title)
    if part:
        yield part[0]
    run: list[Token] = []
    for token in [*tokenize(title), None]:
        if token is not None and token.is_word and token.fold not in _SMALL:
            run.append(token)
            continue
        if len(run) > 1 and all(t.capital for t in run):
            yield " ".join(t.text for t in run)
        for word in run:
            if _is_name(word, lexicon):
                yield word.text
        run = []


def _is_name(word: Token, lexicon: Lexicon) -> bool:
    """Return whether a word of a title can be nothing but a name."""
    long = len(word.text) >= _SHORTEST and word.text.isalpha() and word.capital
    return long and word.fold not in _ROMAN and lexicon.lookup([word], 0) is None
