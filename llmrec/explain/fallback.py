"""Plain true sentences from facts alone, in the languages of ``lexicon/sentences.yaml``.

In any other language a form without words is used: ``Title ← [1], [2]``.
"""

from __future__ import annotations

import importlib.resources
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import yaml

from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.vocabulary import attribute_values
from llmrec.explain.facts import OFTEN_EVENTS, OFTEN_SHARE
from llmrec.neutralize import neutralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.explain.facts import Facts
    from llmrec.types import Item

SHARED_ROLES = ("franchise", "director", "cast", "genre")
"""What is named as shared with a cited event; the first of these that is."""


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    file = importlib.resources.files("llmrec.explain") / "lexicon" / "sentences.yaml"
    loaded: Mapping[str, Mapping[str, str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have sentences."""
    return tuple(_sentences())


def plain_text(facts: Facts, *, language: str) -> str:
    """Return one or two sentences that are true by the facts, citing like ``[1]``.

    Args:
        facts: The truth about one recommendation.
        language: The code of a language; see the module's docstring.
    """
    words = _sentences().get(language)
    if words is None:
        return _wordless(facts)
    if facts.evidence:
        cites = [f"[{number}]" for number in range(1, len(facts.evidence) + 1)]
        said = [words["because"].format(cites=_joined(cites, words["and"])), _shared(facts, words)]
    else:
        said = [words["undecided"], _taste(facts, words)]
    return " ".join(sentence for sentence in said if sentence)


def _wordless(facts: Facts) -> str:
    title = neutralize(facts.item.title)
    cites = ", ".join(f"[{number}]" for number in range(1, len(facts.evidence) + 1))
    return f"{title} ← {cites}" if cites else title


def _joined(parts: list[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _shared(facts: Facts, words: Mapping[str, str]) -> str:
    """Return a sentence on what the item has in common with the strongest event that has it."""
    own = _by_role(facts, facts.item)
    for role in SHARED_ROLES:
        for number, evidence in enumerate(facts.evidence, start=1):
            theirs = {fold(value) for value in _by_role(facts, evidence.item).get(role, ())}
            common = [value for value in own.get(role, ()) if fold(value) in theirs]
            if common:
                return words[role].format(cite=f"[{number}]", value=neutralize(common[0]))
    return ""


def _taste(facts: Facts, words: Mapping[str, str]) -> str:
    """Return a sentence on the item's genre that the person chose most often, if often."""
    own = _by_role(facts, facts.item).get("genre", ())
    counts = Counter(
        genre
        for past in facts.past
        for genre in own
        if fold(genre) in facts.role_values(past.item.item_id, "genre")
    )
    if not counts:
        return ""
    genre, count = counts.most_common(1)[0]
    total = len(facts.past)
    if count < OFTEN_EVENTS or count < OFTEN_SHARE * total:
        return ""
    return words["taste"].format(value=neutralize(genre), count=count, total=total)


def _by_role(facts: Facts, item: Item) -> dict[str, list[str]]:
    """Return an item's text attributes as they are written, by role."""
    values: dict[str, list[str]] = {}
    for name, value in attribute_values(item.attributes):
        values.setdefault(facts.lexicon.role(name), []).append(value)
    return values
