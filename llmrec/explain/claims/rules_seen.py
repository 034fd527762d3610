"""Claims about what has been seen and what has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import antecedent, names_of
from llmrec.explain.claims.rules_liking import is_hope
from llmrec.explain.claims.rules_reasons import past_refs
from llmrec.explain.claims.traits import find_traits

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node


def check_seen(binder: Binder) -> None:
    """Check "you have not seen it yet", and that nobody is told to have seen the new item."""
    context = binder.context
    facts = context.facts
    if _supposes_otherwise(binder):
        return
    for place, node in enumerate(binder.nodes):
        if node.has("neg") and not node.used:
            _check_absent(binder, place)
            if any(n.has("than") for n in binder.nodes[place:]):
                return  # a comparison with everything seen, which another rule reads
        if node.has("unseen") and not node.used:
            _check_missing(binder, place)
        if not node.has("uverb") or not node.has("verb") or is_hope(binder, place):
            continue
        negation = _negation_before(binder, place)
        if negation is not None:
            _check_unseen(binder, place, negation)
        elif "base" not in node.classes and _seen_by_you(binder, place):
            ids = frozenset([facts.item.item_id])
            if not ids & frozenset(facts.events):
                context.report("seen", f"{facts.item.title} is not in the history", ok=False)


def _supposes_otherwise(binder: Binder) -> bool:
    """Return whether "had you not watched [1], it would ..." is said; marks its words."""
    nodes = binder.nodes
    opens = bool(nodes) and (
        nodes[0].text.lower() in {"had", "if", "were"} or nodes[0].lemma == "but for"
    )
    negated = [n for n in nodes[:8] if n.has("neg")]
    if not opens or not negated or not any(n.lemma in {"would", "might", "could"} for n in nodes):
        return False
    refs = past_refs(binder, range(len(nodes)))
    facts = binder.context.facts
    ok = bool(refs) and all(ref.ids & facts.evidence_ids for ref in refs)
    for node in nodes:
        node.used = node.used or node.has("lower", "neg", "below")
    binder.context.report("cause", "otherwise it would be different", ok=ok)
    return True


_STANDS = frozenset(
    [
        "be",
        "appear",
        "figure",
        "feature",
        "stand",
        "occur",
        "have",
        "do",
        "turn",
        "come",
        "list",
        "log",
        "record",
        "show",
        "find",
        "in",
    ]
) | {"turn up", "show up", "be on", "put on"}


def _check_absent(binder: Binder, place: int) -> None:
    """Check "Collateral is not yet in your history"."""
    behind = binder.nodes[place + 1 : place + 7]
    mine = [n for n, node in enumerate(behind) if node.lemma == "your"]
    if not mine or any(
        n.kind in {"value", "entity"} or (n.has("verb") and n.lemma not in _STANDS)
        for n in behind[: mine[0]]
    ):
        return
    after = behind[mine[0] : mine[0] + 3]
    if not any(n.has("watchnoun") for n in after) or any(n.has("likedadj", "comma") for n in after):
        return
    clause = binder.clause(place)
    before = [e for e in binder.entities if clause.start <= e < place]
    if not before:
        return
    binder.nodes[place].used = True
    events = frozenset(binder.context.facts.events)
    ok = any(refs and not any(r.ids & events for r in refs) for refs in binder.resolve(before[-1]))
    binder.context.report("seen", "not in the history", ok=ok)


def _negation_before(binder: Binder, place: int) -> Node | None:
    for node in reversed(binder.nodes[max(0, place - 4) : place]):
        if node.has("neg") and not node.used:
            return node
        if node.kind in {"entity", "value"} or node.has("comma"):
            return None
    return None


def _check_unseen(binder: Binder, place: int, negation: Node) -> None:
    context = binder.context
    facts = context.facts
    clause = binder.clause(place)
    if not any(n.has("you") for n in binder.nodes[clause.start : place]):
        return
    after = [e for e in binder.entities if place < e < clause.end]
    traits = [t for t in find_traits(binder) if place < t.place < clause.end]
    if not after and traits:
        meeting = facts.matching(lambda p: all(t.holds(p.item.item_id) for t in traits))
        for trait in traits:
            binder.nodes[trait.place].used = True
        negation.used = True
        context.report("seen", f"{traits[0].label}: {len(meeting)} events", ok=not meeting)
        return
    before = [e for e in binder.entities if e < place]
    target = after[:1] or before[-1:]
    readings = binder.resolve(target[0]) if target else [[binder.rec]]
    negation.used = True
    ok = any(
        all(not ref.ids & frozenset(facts.events) for ref in refs) for refs in readings if refs
    )
    context.report("seen", "not seen", ok=ok)


def _seen_by_you(binder: Binder, place: int) -> bool:
    """Return whether a past deed of the person has the recommended item for its object."""
    clause = binder.clause(place)
    if not any(n.lemma == "you" for n in binder.nodes[clause.start : place]):
        return False
    after = place + 1
    while after < clause.end and (
        binder.nodes[after].has("value", "film", "classic", "additive", "quote")
        or binder.nodes[after].lemma in {"the", "a"}
    ):
        after += 1
    if after < clause.end and binder.nodes[after].kind == "entity":
        return binder.nodes[after].has("rec") and binder.nodes[after].kind == "entity"
    hung = antecedent(binder, clause.start)
    return hung is not None and binder.nodes[hung].has("rec")


def _check_missing(binder: Binder, place: int) -> None:
    """Check "[1] is new to you", "a director you have yet to discover"."""
    context, node = binder.context, binder.nodes[place]
    facts, clause = context.facts, binder.clause(place)
    node.used = True
    here = [e for e in binder.entities if clause.start <= e < clause.end]
    target = [e for e in here if e > place][:1] or [e for e in here if e < place][-1:]
    persons = [t for t in find_traits(binder) if t.person and t.place < place]
    if not target and persons:
        binder.nodes[persons[-1].place].used = True
        seen = facts.matching(lambda past: persons[-1].holds(past.item.item_id))
        context.report("seen", f"{node.text}: {persons[-1].label}", ok=not seen)
        return
    readings = binder.resolve(target[0]) if target else [[binder.rec]]
    events = frozenset(facts.events)
    ok = any(refs and not any(ref.ids & events for ref in refs) for refs in readings)
    context.report("seen", f"{node.text}: {names_of(binder, readings)}", ok=ok)
