"""Denials of ages, ratings, orders and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import holds
from llmrec.explain.claims.events import any_event, bind_event, is_past, use
from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.rules_weights import nothing_between
from llmrec.explain.claims.traits import find_traits

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node


def scope_of_negation(binder: Binder, place: int) -> range:
    """Return what a negation reaches: what follows up to a break or a "but"."""
    end = place + 1
    while end < len(binder.nodes):
        node = binder.nodes[end]
        listed = (
            node.has("comma")
            and end + 1 < len(binder.nodes)
            and (
                binder.nodes[end + 1].kind in {"entity", "value"}
                and binder.nodes[end - 1].kind == binder.nodes[end + 1].kind
            )
        )
        if (node.has(*_BREAKS) and not listed) or node.lemma in {"but", "though", "although"}:
            break
        end += 1
    return range(place + 1, end)


_BREAKS = ("comma", "colon", "semicolon", "dash", "close", "stop")
_AGES = frozenset(["newer", "older", "young", "old", "newest", "oldest", "latest", "earliest"])


def denies_age(binder: Binder, place: int) -> bool:
    """Check "a younger film it is not", "hardly the newest", "nothing is as old as this"."""
    near = binder.nodes[max(0, place - 6) : place + 8]
    aged = [
        n
        for n in near
        if not n.used and (n.has("newer", "older") or {n.lemma, n.text.lower()} & _AGES)
    ]
    facts = binder.context.facts
    own = facts.year(facts.item.item_id)
    years = [y for r in plausible(binder) for i in r.ids if not r.rec and (y := facts.year(i))]
    if not aged or own is None or not years or any(n.has("you") for n in near):
        return False
    newer = aged[0].has("newer", "latest") or aged[0].text.lower() in {"young", "newest", "younger"}
    if any(n.lemma == "nothing" for n in near):
        ok = all(own >= y if newer else own <= y for y in years)
    else:
        ok = not all(own > y if newer else own < y for y in years)
    use(aged)
    binder.context.report("comparison", f"not {aged[0].text}", ok=ok)
    return True


def denies_more(binder: Binder, place: int) -> bool:
    """Check "and none has more": that the item named has the best rating."""
    reach = [binder.nodes[n] for n in scope_of_negation(binder, place)]
    words = [
        n
        for n in reach
        if n.lemma in {"more", "higher", "better", "fewer", "lower"} or n.has("higher", "lower")
    ]
    facts = binder.context.facts
    rated = any(n.has("rating", "ratingnoun", "ratev") for n in binder.nodes)
    given = facts.ratings(facts.past)
    if (
        not words
        or not rated
        or not given
        or any(n.kind in {"number", "rating", "value"} for n in reach)
    ):
        return False
    edge = min(given) if words[0].has("lower") else max(given)
    use(words)
    ok = holds(bind_event(binder, place), any_event(facts, lambda p: p.interaction.rating == edge))
    binder.context.report("rating", "none rated otherwise", ok=ok)
    return True


def denies_last(binder: Binder, place: int) -> bool:
    """Check "nothing comes after [1] in your log", "no film lies between [2] and [1]"."""
    if binder.nodes[place].lemma not in {"nothing", "no", "none"}:
        return False
    if nothing_between(binder):
        return True
    behind = binder.nodes[place + 1 : place + 6]
    edge = next((n for n in behind if n.has("after", "before", "followv")), None)
    facts = binder.context.facts
    if edge is None or not facts.past or not any(n.has("you") for n in binder.nodes):
        return False
    event = facts.past[-1 if edge.has("after") or edge.lemma in {"come after", "follow"} else 0]
    readings = bind_event(binder, len(binder.nodes) - 1)
    edge.used = True
    ok = holds(readings, any_event(facts, lambda past: past is event))
    binder.context.report("order", f"nothing {edge.text}", ok=ok)
    return True


def denies_person(binder: Binder, place: int) -> bool:
    """Check "Pacino is not in Collateral"."""
    traits = [t for t in find_traits(binder) if t.person and t.place < place]
    clause = binder.clause(place)
    after = [e for e in binder.entities if place < e < clause.end]
    lead = binder.nodes[max(0, place - 2) : place]
    if not traits or not after or not any(n.lemma in {"be", "do"} for n in lead):
        return False
    trait = traits[-1]
    binder.nodes[trait.place].used = True
    ok = any(
        refs and not any(trait.holds(i) for ref in refs for i in ref.ids)
        for refs in binder.resolve(after[0])
    )
    binder.context.report("negation", f"not {trait.label}", ok=ok)
    return True


def denies_better(binder: Binder, place: int) -> bool:
    """Check "no film in your history is rated higher than [1]"."""
    nodes = binder.nodes
    facts = binder.context.facts
    newer = next((n for n in nodes[place:] if n.has("newer", "older") and not n.used), None)
    if (
        newer is not None
        and any(n.has("than") for n in nodes[place:])
        and any(n.has("you") for n in nodes)
    ):
        edge_event = facts.past[-1 if newer.has("newer") else 0] if facts.past else None
        readings = bind_event(binder, len(nodes) - 1)
        ok = holds(readings, any_event(facts, lambda past: past is edge_event))
        for node in nodes[place:]:
            node.used = node.used or node.has("newer", "older", "than")
        binder.context.report("order", "none newer or older", ok=ok)
        return True
    higher = next((n for n in nodes[place:] if n.has("higher", "lower") and not n.used), None)
    could = any(n.lemma in {"could", "can"} for n in nodes)
    if higher is None or not (could or any(n.has("than") for n in nodes[place:])):
        return False
    given = facts.ratings(facts.past)
    edge = (max(given) if higher.has("higher") else min(given)) if given else None
    readings = bind_event(binder, len(nodes) - 1)
    ok = holds(readings, any_event(facts, lambda past: past.interaction.rating == edge is not None))
    for node in nodes[place:]:
        node.used = node.used or node.has("higher", "lower", "than")
    binder.context.report("rating", "none rated otherwise", ok=ok)
    return True


def denies_rating(binder: Binder, place: int) -> bool:
    """Check "you have not rated [1]"."""
    verb = next(
        (
            n
            for n in binder.nodes[place + 1 : place + 5]
            if n.lemma in {"rate", "score", "grade"} or n.has("ratingnoun")
        ),
        None,
    )
    behind = binder.nodes[place + 1 : place + 5]
    if verb is None or any(n.has("rating", "number", "high", "low") for n in behind):
        return False
    if not any(is_past(binder, e) for e in binder.entities):
        return _denies_any_rating(binder, verb)
    readings = bind_event(binder, place)
    ok = holds(
        readings, any_event(binder.context.facts, lambda past: past.interaction.rating is None)
    )
    verb.used = True
    binder.context.report("rating", "not rated", ok=ok)
    return True


def _denies_any_rating(binder: Binder, verb: Node) -> bool:
    """Check "you have not rated anything"."""
    verb.used = True
    facts = binder.context.facts
    binder.context.report("rating", "nothing rated", ok=not facts.ratings(facts.past))
    return True


def denies_people(binder: Binder, place: int) -> bool:
    """Check "none of them is in [1]", "nobody in the cast turns up in [2]": no one in common."""
    facts, reach = binder.context.facts, scope_of_negation(binder, place)
    after = [e for e in binder.entities if e in reach and is_past(binder, e)]
    words = [binder.nodes[n] for n in reach if binder.nodes[n].lemma not in {"part", "role"}]
    speaks = any(n.has("castnoun") or n.lemma in {"them", "four", "three", "two"} for n in words)
    speaks = speaks or binder.nodes[place].lemma in {"nobody", "no one"}
    if (
        not after
        or not speaks
        or not (binder.context.people or any(n.has("castnoun") for n in words))
    ):
        return False
    own = {v for role in ("cast", "director") for v in facts.role_values(facts.item.item_id, role)}
    refs = [
        r
        for e in after
        if not binder.nodes[e].has("anaphor")
        for r in (binder.resolve(e) or [[]])[0]
    ]
    common = [
        v
        for r in refs
        for i in r.ids
        for role in ("cast", "director")
        for v in facts.role_values(i, role) & own
    ]
    use(words)
    binder.context.report("person", "nobody in common", ok=not common)
    return True


def denies_rival(binder: Binder, place: int) -> bool:
    """Check "nobody features in it more than Mann": that a value is the commonest of its role."""
    reach = scope_of_negation(binder, place)
    words = [binder.nodes[n] for n in reach]
    than = [n for n in reach if binder.nodes[n].has("than")]
    traits = [t for t in find_traits(binder) if than and t.place > than[-1] and t.place in reach]
    if not traits or not any(n.lemma in {"more", "oftener", "most"} for n in words):
        return False
    facts, trait = binder.context.facts, traits[0]
    binder.nodes[trait.place].used = True
    use(n for n in words if n.has("than"))
    seen = [i for i in facts.events if trait.holds(i)]
    role = trait.role
    counts = [
        sum(v in facts.role_values(i, role) for i in facts.events)
        for v in {v for i in facts.events for v in facts.role_values(i, role)}
    ]
    ok = bool(seen) and len(seen) >= max(counts, default=0)
    binder.context.report("taste", f"none more than {trait.label}: {len(seen)}", ok=ok)
    return True
