"""Citations for display: titles beside the numbers that lack one, and the list of what is cited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from llmrec.explain.claims.lexicon import english
from llmrec.explain.claims.tokens import fold, tokenize
from llmrec.explain.languages import READ, language_code, phrases_of
from llmrec.serialize import title_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import Evidence

_CITATION = re.compile(r"\[(\d+)\]")
_NOUN_BEFORE = re.compile(r"[^\W_]+$")
_ASKS_FOR_NOUN = frozenset(
    "of to in on at by for from with into about between among and or than as after before like both "
    "see via per over against behind is was are were because".split()
)


def resolve_citations(text: str, evidence: Sequence[Evidence], *, language: str = "en") -> str:
    """Put the title before a citation that stands for the film itself ("because of [1]").

    The number stays, and each title is put in once; a number that no evidence has stays as it
    is, for the checks to find. Only English is changed: elsewhere a title might break grammar,
    and ``legend`` tells what the numbers mean in any language.
    """
    if language_code(language) not in READ:
        return text
    pieces: list[str] = []
    place = 0
    for match in _CITATION.finditer(text):
        pieces.append(text[place : match.start()])
        number = int(match[1])
        if 1 <= number <= len(evidence):
            title = title_text(evidence[number - 1].item)
            if not _names(text, "".join(pieces), title) and _asks_for_noun("".join(pieces)):
                pieces.append(f"{title} ")
        pieces.append(match[0])
        place = match.end()
    return "".join(pieces) + text[place:]


def _names(text: str, before: str, title: str) -> bool:
    """Return whether a title is written out anywhere, by the model or here."""
    return fold(title) in fold(text) or fold(title) in fold(before)


def _asks_for_noun(before: str) -> bool:
    """Return whether what stands before a citation makes it the noun of its sentence."""
    stripped = before.rstrip()
    if not stripped or stripped[-1] in ".!?:;(\u2014":
        return True
    if stripped[-1] == ",":
        return True
    word = _NOUN_BEFORE.search(stripped)
    if word is None:
        return False
    if fold(word[0]) in _ASKS_FOR_NOUN:
        return True
    hit = english().lookup(tokenize(word[0]), 0)
    return hit is not None and "uverb" in hit[2] and "noun" not in hit[2]


def legend(
    evidence: Sequence[Evidence], *, language: str = "en", time_zone: str = "UTC"
) -> list[str]:
    """Return a line per citation: ``[1] Heat (18 May 2024)``."""
    phrases = phrases_of(language)
    zone = ZoneInfo(time_zone)
    return [
        f"[{number}] {title_text(e.item)} "
        f"({phrases.told_date(e.interaction.timestamp.astimezone(zone))})"
        for number, e in enumerate(evidence, start=1)
    ]
