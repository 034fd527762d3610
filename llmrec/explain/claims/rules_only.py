"""Claims about the only one, the fourth one and the last five."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of, is_past
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.scopes import (
    Scope,
    head_of,
    scope_of,
    take_scope,
)
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.facts import MOSTLY_SHARE

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder


def check_window(binder: Binder, place: int, scope: Scope) -> None:
    """Check "your last three films were thrillers", "Heat [1] is among your last ten films"."""
    facts, value = binder.context.facts, binder.nodes[place].value
    size = int(value.low) if isinstance(value, Range) else 0
    pool = facts.past[-size:]
    lead = binder.nodes[scope.clause.start : place]
    partial = [n for n in lead if n.has("mostly", "habit") or n.lemma in {"many", "much"}]
    for trait in scope.traits:
        binder.nodes[trait.place].used = True
        part = sum(trait.holds(p.item.item_id) for p in pool) / max(1, len(pool))
        ok = size <= len(facts.past) and part > (MOSTLY_SHARE if partial else 0.999)
        binder.context.report("count", f"{trait.label} in the last {size}", ok=ok)
    named = [
        r
        for e in binder.entities
        if binder.clause(e) == scope.clause and is_past(binder, e)
        for r in (binder.resolve(e) or [[]])[0]
    ]
    if named:
        ok = all(any(p in pool for p in events_of(facts, ref)) for ref in named)
        binder.context.report("order", f"among the last {size}", ok=ok)
    elif not scope.traits:
        binder.context.report("count", f"the last {size}", ok=size <= len(facts.past))
    for node in partial:
        node.used = True


def _is_only_one(binder: Binder, place: int) -> bool:
    """Return whether "just one adventure film in your history" begins here."""
    nodes = binder.nodes
    return (
        nodes[place].lemma == "one"
        and place > 0
        and nodes[place - 1].lemma in {"just", "only", "exactly"}
        and any(n.kind == "value" for n in nodes[place + 1 : place + 2])
        and binder.near(place, "watchnoun")
    )


def check_only(binder: Binder) -> None:
    """Check "the only romance in your history": that there is one, and which it is."""
    for place, node in enumerate(binder.nodes):
        if not (node.has("onlyone") or _is_only_one(binder, place)) or node.used:
            continue
        scope = scope_of(binder, place)
        head = head_of(binder, place)
        if head is not None and head.has("recnoun") and not head.has("film") and not scope.traits:
            node.used = True
            ok = len(binder.context.facts.evidence) < 2
            binder.context.report("cause", f"{node.text} {head.text}", ok=ok)
            continue
        meeting = {
            p.item.item_id
            for p in scope.pool(binder)
            if all(t.holds(p.item.item_id) for t in scope.traits)
        }
        node.used = True
        take_scope(binder, scope)
        named = [r for e in binder.entities for r in (binder.resolve(e) or [[]])[0] if not r.rec]
        ok = len(meeting) == 1 and all(r.ids & meeting for r in named[:1])
        ok = ok and bool(scope.traits or scope.tests)
        binder.context.report("count", f"{node.text}: {len(meeting)}", ok=ok)


def _is_elliptic(binder: Binder, place: int) -> bool:
    """Return whether "the third survival" leaves out its verb: the third of those named."""
    node, nodes = binder.nodes[place], binder.nodes
    behind = nodes[place + 1 : place + 3]
    named = sum(nodes[e].has("named", "cited") for e in binder.entities if e < place)
    alone = behind[0].kind == "value" and not any(n.has("film", "and") for n in behind[1:])
    if not (alone and isinstance(node.value, int) and named >= node.value):
        return False
    if nodes[place - 1].lemma != "the":
        return False
    node.used = True
    return True


def check_ordinals(binder: Binder) -> None:
    """Check "your fourth Mann film": the place of an item among those seen, or the next place."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.kind != "ordinal" or node.used or not isinstance(node.value, int):
            continue
        if any(n.lemma in {"a", "an"} for n in binder.nodes[max(0, place - 2) : place]):
            node.used = True
            continue
        traits = [t for t in find_traits(binder) if place < t.place <= place + 3]
        if not traits or _is_elliptic(binder, place):
            continue
        seen = [i for i in facts.events if all(t.holds(i) for t in traits)]
        node.used = True
        for trait in traits:
            binder.nodes[trait.place].used = True
        readings = binder.bind(place)
        named = readings[0][0].ids if readings and readings[0] else frozenset()
        rec = bool(named & {facts.item.item_id}) and facts.item.item_id not in facts.events
        right = rec and len(seen) + 1 == node.value
        right = right and all(t.holds(facts.item.item_id) for t in traits)
        right = right or any(i in seen and seen.index(i) + 1 == node.value for i in named)
        binder.context.report("count", f"{node.text} of {len(seen)} {traits[0].label}", ok=right)
