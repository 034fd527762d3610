"""Reads a text sentence by sentence: every claim is checked, and every word accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Binder
from llmrec.explain.claims.entities import Context, Mention, Ref, link_entities
from llmrec.explain.claims.leftovers import check_leftovers
from llmrec.explain.claims.nodes import read_sentences
from llmrec.explain.claims.rules_history import (
    check_counts,
    check_only,
    check_ordinals,
    check_tastes,
)
from llmrec.explain.claims.rules_items import check_ages, check_items
from llmrec.explain.claims.rules_ratings import (
    check_always_rated,
    check_deeds,
    check_liking,
    check_ratings,
    check_repeats,
)
from llmrec.explain.claims.rules_reasons import (
    check_negations,
    check_reasons,
    check_seen,
    check_weights,
)
from llmrec.explain.claims.rules_times import check_gaps, check_order, check_times
from llmrec.explain.claims.vocabulary import Value, Vocabulary
from llmrec.types import Finding

if TYPE_CHECKING:
    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.facts import Facts

_RULES = (
    check_seen,
    check_reasons,
    check_weights,
    check_liking,
    check_always_rated,
    check_ratings,
    check_repeats,
    check_ages,
    check_gaps,
    check_order,
    check_counts,
    check_only,
    check_ordinals,
    check_tastes,
    check_times,
    check_negations,
    check_items,
    check_deeds,
    check_leftovers,
)
"""In this order: a rule takes what later rules would read otherwise."""


def read_claims(
    text: str, facts: Facts, vocabulary: Vocabulary, lexicon: Lexicon
) -> tuple[Finding, ...]:
    """Check every sentence of an English text.

    Args:
        text: The explanation.
        facts: The truth about the recommendation.
        vocabulary: The phrases of the whole catalogue.
        lexicon: The words that can be read.
    """
    near = Vocabulary([facts.item_of(i) for i in sorted(facts.known_ids)], lexicon, short=True)
    findings: list[Finding] = []
    earlier: list[Ref] = []
    people: list[frozenset[Value]] = []
    own = facts.values(facts.item.item_id)
    for sentence in read_sentences(text, vocabulary, near, facts.known_ids, lexicon, own):
        context = Context(facts, sentence, list(earlier), findings, people)
        link_entities(context)
        binder = Binder(context)
        for rule in _RULES:
            rule(binder)
        for node in sentence:
            if isinstance(node.value, Mention):
                earlier.extend([binder.rec] if node.value.anaphor == "rec" else node.value.refs)
    return tuple(findings)
