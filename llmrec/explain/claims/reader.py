"""Reads a text sentence by sentence: every claim is checked, and every word accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims import (
    rules_ages,
    rules_counts,
    rules_deeds,
    rules_extremes,
    rules_franchise,
    rules_gaps,
    rules_history,
    rules_items,
    rules_liking,
    rules_negation,
    rules_only,
    rules_order,
    rules_ratings,
    rules_reasons,
    rules_seen,
    rules_times,
    rules_weights,
)
from llmrec.explain.claims.binding import Binder
from llmrec.explain.claims.entities import link_entities
from llmrec.explain.claims.leftovers import check_connective, check_leftovers, is_courtesy
from llmrec.explain.claims.mentions import Context, Mention, Ref
from llmrec.explain.claims.nodes import read_sentences
from llmrec.explain.claims.vocabulary import Value, Vocabulary

if TYPE_CHECKING:
    from llmrec.explain.claims.lexicon import Lexicon
    from llmrec.explain.claims.traits import Trait
    from llmrec.explain.facts import Facts
    from llmrec.types import Finding

_RULES = (
    check_connective,
    rules_seen.check_seen,
    rules_reasons.check_reasons,
    rules_weights.check_strongest,
    rules_weights.check_exclusive,
    rules_weights.check_weights,
    rules_liking.check_foretold,
    rules_liking.check_liking,
    rules_liking.check_received,
    rules_ratings.check_ratings,
    rules_deeds.check_repeats,
    rules_ages.check_ages,
    rules_ages.check_age,
    rules_gaps.check_gaps,
    rules_order.check_order,
    rules_extremes.check_extremes,
    rules_extremes.check_superlatives,
    rules_counts.check_counts,
    rules_only.check_only,
    rules_franchise.check_franchise,
    rules_only.check_ordinals,
    rules_history.check_tastes,
    rules_times.check_times,
    rules_negation.check_negations,
    rules_items.check_items,
    rules_deeds.check_deeds,
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
    traits: list[Trait] = []
    own = facts.values(facts.item.item_id)
    for sentence in read_sentences(text, vocabulary, near, facts.known_ids, lexicon, own):
        context = Context(facts, sentence, list(earlier), findings, people, traits)
        link_entities(context)
        binder = Binder(context)
        if is_courtesy(binder):
            context.report("readable", "claims nothing that could be false", ok=True)
            continue
        for rule in _RULES:
            rule(binder)
        traits = context.traits
        for node in sentence:
            if isinstance(node.value, Mention):
                earlier.extend([binder.rec] if node.value.anaphor == "rec" else node.value.refs)
    return tuple(findings)
