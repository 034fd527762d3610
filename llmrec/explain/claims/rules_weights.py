"""Claims about how much a reason weighs: "mainly", "alone", "more than"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.rules_reasons import REASONS, past_refs

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder


_MAIN = frozenset(
    [
        "strongest",
        "main",
        "chief",
        "principal",
        "primary",
        "biggest",
        "foremost",
        "decisive",
        "heaviest",
        "largest",
        "greatest",
        "larger",
        "greater",
        "bigger",
        "stronger",
        "heavier",
    ]
)


_SMALLER = frozenset(["smaller", "lesser", "weaker", "lighter", "minor", "secondary", "slighter"])


_WEIGHTS = frozenset(
    ["effect", "influence", "weight", "role", "part", "impact", "say", "share", "push", "pull"]
)


def _is_main(binder: Binder, place: int) -> bool:
    behind = binder.nodes[place + 1 : place + 3]
    words = _MAIN | _SMALLER
    return binder.nodes[place].lemma in words and any(
        n.lemma in REASONS | _WEIGHTS | {"one"} for n in behind
    )


def check_strongest(binder: Binder) -> None:
    """Check "mainly because of [1]", "the strongest reason is [1]"."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.has("weaker") and not node.used:
            _check_weaker(binder, place)
        if node.used or not (node.has("strongest") or _is_main(binder, place)):
            continue
        if node.lemma in {"most", "the most"} and not binder.near(place, "weighv"):
            continue
        clause = binder.clause(place)
        near = past_refs(binder, range(clause.start, clause.end))
        cited = [
            (ref, max(e.effect for e in facts.evidence if e.item.item_id in ref.ids))
            for ref in near or past_refs(binder, range(len(binder.nodes)))
            if ref.ids & facts.evidence_ids
        ]
        node.used = True
        if not cited:
            continue
        top = max(e.effect for e in facts.evidence)
        smaller = node.lemma in _SMALLER
        ok = (cited[0][1] == top) != smaller
        binder.context.report(
            "cause", f"{node.text}: {binder.context.name(cited[0][0].ids)}", ok=ok
        )


def _check_weaker(binder: Binder, place: int) -> None:
    """Check "[1] and, to a lesser degree, [2]"."""
    facts = binder.context.facts
    node = binder.nodes[place]
    node.used = True
    before = past_refs(binder, range(place))
    after = past_refs(binder, range(place, len(binder.nodes))) or before[-1:]
    rows = [
        [e.effect for e in facts.evidence for r in refs if e.item.item_id in r.ids]
        for refs in (before[:1], after[-1:])
    ]
    ok = bool(rows[0]) and bool(rows[1]) and rows[0][0] > rows[1][0]
    binder.context.report("cause", node.text, ok=ok)


def check_exclusive(binder: Binder) -> None:
    """Check "[1] alone decided", "only [1] counted", "[1] and nothing else"."""
    facts = binder.context.facts
    alone = [n for n in binder.nodes if n.has("exclusive") and not n.used]
    only = [
        node
        for place, node in enumerate(binder.nodes)
        if node.lemma
        in {"only", "just", "solely", "purely", "exclusively", "entirely", "nothing but"}
        and _beside_entity(binder, place)
    ]
    speaks = any(
        n.has("cause", "basis", "weighv", "rec", "recnoun", "recv") and not n.has("uverb")
        for n in binder.nodes
    )
    if nothing_between(binder):
        return
    only += [
        n
        for n, b, e in zip(binder.nodes, binder.nodes[1:], binder.nodes[2:], strict=False)
        if n.lemma == "nothing" and b.lemma == "but" and e.kind == "entity"
    ]
    words = alone or only
    refs = past_refs(binder, range(len(binder.nodes)))
    if not words or not refs or not speaks:
        return
    named = frozenset(i for ref in refs for i in ref.ids)
    for node in words:
        node.used = True
    ok = facts.evidence_ids <= named
    binder.context.report("cause", f"{words[0].text}: {len(facts.evidence)} events", ok=ok)


def nothing_between(binder: Binder) -> bool:
    """Check "between [2] and [1] you watched nothing else": that no event lies between."""
    if not any(n.lemma == "between" for n in binder.nodes):
        return False
    words = [
        n
        for n in binder.nodes
        if n.lemma in {"nothing else", "no other film", "nothing", "no", "none"}
    ]
    refs = past_refs(binder, range(len(binder.nodes)))
    if not words or len(refs) < 2:
        return False
    facts = binder.context.facts
    for node in words:
        node.used = True
    ok = any(
        abs(a.moment.newer - b.moment.newer) == 1
        for a in events_of(facts, refs[0])
        for b in events_of(facts, refs[1])
    )
    binder.context.report("order", "nothing between", ok=ok)
    return True


def _beside_entity(binder: Binder, place: int) -> bool:
    """Return whether a word like "only" limits an item: it stands next to it as the subject."""
    nodes = binder.nodes
    behind = nodes[place + 1] if place + 1 < len(nodes) else None
    lead = nodes[place - 1] if place else None
    governed = lead is not None and (
        lead.lemma in {"because", "because of", "for"} or lead.has("cause", "basis")
    )
    return behind is not None and (
        (behind.kind == "entity" and (place == 0 or governed or lead is None))
        or behind.has("cause", "basis")
    )


def check_weights(binder: Binder) -> None:
    """Check "[1] matters more than [2]" by the effects of both."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if not node.has("weighv") and node.lemma != "outweigh":
            continue
        behind = binder.nodes[place + 1 : place + 4]
        more = node.lemma == "outweigh" or any(n.lemma == "more" for n in behind)
        less = any(n.lemma == "less" for n in behind)
        refs = [
            r for r in past_refs(binder, range(len(binder.nodes))) if r.ids & facts.evidence_ids
        ]
        compared = node.lemma == "outweigh" or any(n.has("than") for n in binder.nodes[place:])
        if not (more or less) or not compared or len(refs) < 2:
            continue
        for other in behind:
            other.used = True
        first, second = (
            max(e.effect for e in facts.evidence if e.item.item_id in r.ids) for r in refs[:2]
        )
        ok = first > second if more else first < second
        binder.context.report("cause", f"{node.text} {'more' if more else 'less'}", ok=ok)
