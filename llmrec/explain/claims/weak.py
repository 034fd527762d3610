"""Attribute values that are spelt like ordinary language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import (
    DECADE,
)
from llmrec.explain.claims.tokens import Token, fold

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.vocabulary import Found


def is_weak(found: Found, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a value is spelt like ordinary language, so that a word may be meant."""
    if found.kind == "title" or found.quoted:
        return False
    roles = {lexicon.role(value.field) for value in found.phrase.values}
    if roles - {"theme", "franchise"} and not roles <= {"genre", "theme"}:
        return False
    words = [t for t in tokens[found.first : found.last] if t.is_word]
    if len(words) > 1 and " ".join(t.fold for t in words) not in _IDIOMS:
        return False
    if "genre" in roles and not (
        len(words) == 1 and words[0].fold in {"history", "short", "family"}
    ):
        return False
    return all(lexicon.ordinary(token.fold) for token in words)


_TIME_WORDS = re.compile(
    r"(?i)(?:spring|summer|autumn|fall|winter|night|evening|morning|afternoon|weekend|day|"
    r"\w+ies|(?:19|20)\d0s|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
)


_IDIOMS = frozenset(
    [
        "film history",
        "true story",
        "on the run",
        "one night",
        "last stand",
        "picture book",
        "first love",
    ]
)
"""Keywords of several words that are ordinary language as well."""


_THEME_LEADS = frozenset(
    ["about", "theme", "themes", "keyword", "keywords", "tag", "tags", "tagged", "is", "are"]
)


def tells_time(found: Found, tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Return whether a keyword is a word for times ("winter", "seventies") and not quoted."""
    if found.kind == "title" or found.quoted or found.last - found.first > 1:
        return False
    if {lexicon.role(v.field) for v in found.phrase.values} != {"theme"}:
        return False
    lead = tokens[found.first - 1].fold if found.first else ""
    word = tokens[found.first].fold
    decade = DECADE.fullmatch(word) is not None
    return (
        bool(_TIME_WORDS.fullmatch(word)) and (decade or not word.endswith("ies"))
    ) and lead not in _THEME_LEADS


def is_own(found: Found, own: Set[tuple[str, str]]) -> bool:
    """Return whether a phrase of several words is an attribute of the recommended item."""
    values = found.phrase.values
    return len(found.phrase.words) > 1 and any((v.field, fold(v.value)) in own for v in values)
