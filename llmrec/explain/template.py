"""The words of last resort: facts in fixed sentences, true by construction, in any language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.vocabulary import attribute_values
from llmrec.explain.facts import OFTEN_EVENTS, OFTEN_SHARE
from llmrec.explain.languages import Phrases, phrases_of
from llmrec.neutralize import neutralize, quoted
from llmrec.serialize import title_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.facts import Facts
    from llmrec.types import Evidence

ROLES = ("director", "franchise", "writer", "cast", "genre", "theme", "country")
"""What is told first of what two items have in common."""
_TASTE_ROLES = ("director", "franchise", "writer", "genre", "theme", "cast", "country")
_MAX_VALUES = 2
_NAME = re.compile(r"[^\W\d_a-z][\w'-]*(?: [^\W\d_a-z][\w'-]*)*")
_MAX_VALUE_WORDS = 6


def template_sentences(facts: Facts, language: str) -> list[str]:
    """Return the template's sentences about a recommendation.

    Args:
        facts: The truth about it.
        language: A code or a name; one without templates gets titles, dates and numbers alone.
    """
    phrases = phrases_of(language)
    item = quoted(title_text(facts.item))
    if facts.evidence:
        events = [_event(facts, phrases, n, e) for n, e in enumerate(facts.evidence, start=1)]
        cause = phrases.cause.format(item=item, events=phrases.listed(events))
        return [cause, *_shares(facts, phrases, item)]
    return [phrases.abstain.format(item=item), *_taste(facts, phrases, item)]


def _event(facts: Facts, phrases: Phrases, number: int, evidence: Evidence) -> str:
    past = facts.by_position.get(evidence.position)
    moment = past.moment.local if past else evidence.interaction.timestamp
    details = [phrases.told_date(moment)]
    if evidence.interaction.rating is not None:
        rating, scale = _number(evidence.interaction.rating), facts.stated_scale
        pattern = phrases.rated if scale is None else phrases.rated_of
        details.append(pattern.format(rating=rating, scale=scale and _number(scale)))
    return phrases.event.format(
        title=quoted(title_text(evidence.item)), number=number, details=", ".join(details)
    )


def _shares(facts: Facts, phrases: Phrases, item: str) -> list[str]:
    """Return the sentence on what the item has in common with the first event that shares."""
    for number, evidence in enumerate(facts.evidence, start=1):
        if evidence.item.item_id == facts.item.item_id:
            continue
        common = facts.shared(facts.item.item_id, evidence.item.item_id)
        values = _told(facts, phrases, [(r, v) for r in ROLES for v in _in_order(facts, common, r)])
        if values:
            title = quoted(title_text(evidence.item))
            listed = phrases.listed(values[:_MAX_VALUES])
            return [phrases.shares.format(item=item, values=listed, title=title, number=number)]
    return []


def _in_order(facts: Facts, common: frozenset[tuple[str, str]], role: str) -> list[str]:
    """Return the common values of a role in the item's own order and spelling."""
    rows = attribute_values(facts.item.attributes)
    return [
        value
        for name, value in rows
        if facts.lexicon.role(name) == role and (role, fold(value)) in common
    ]


def _told(facts: Facts, phrases: Phrases, values: Sequence[tuple[str, str]]) -> list[str]:
    return [
        phrases.told_value(role, _value(facts, value))
        for role, value in values
        if len(value.split()) <= _MAX_VALUE_WORDS and neutralize(value)
    ]


def _value(facts: Facts, value: str) -> str:
    """Return a value, between quotes where it is not plainly a name."""
    shown = neutralize(value)
    words = fold(shown).replace("-", " ").split()
    plain = _NAME.fullmatch(shown) and not all(map(facts.lexicon.ordinary, words))
    return shown if plain else quoted(shown)


def _taste(facts: Facts, phrases: Phrases, item: str) -> list[str]:
    """Return the sentence on the attribute of the item that most events share."""
    best: tuple[int, int, str, str] | None = None
    for name, value in attribute_values(facts.item.attributes):
        role = facts.lexicon.role(name)
        if role not in ROLES or not _told(facts, phrases, [(role, value)]):
            continue
        count = len(facts.having(name, value))
        if count >= OFTEN_EVENTS and count >= OFTEN_SHARE * len(facts.past):
            row = (-_TASTE_ROLES.index(role), count, role, value)
            best = max(best or row, row)
    if best is None:
        return []
    told = phrases.told_value(best[2], _value(facts, best[3]))
    return [phrases.taste.format(count=best[1], total=len(facts.past), value=told, item=item)]


def _number(value: float) -> str:
    return f"{value:g}"
