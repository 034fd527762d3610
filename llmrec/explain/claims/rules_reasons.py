"""Claims about reasons: what a recommendation rests on, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of, is_past

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder, Clause
    from llmrec.explain.claims.entities import Ref
    from llmrec.explain.claims.nodes import Node

_FORWARD = frozenset(
    ["so", "therefore", "thus", "hence", "consequently", "accordingly", "wherefore"]
) | frozenset(
    [
        "that is why",
        "this is why",
        "that's why",
        "which is why",
        "for that reason",
        "for this reason",
        "as a result",
        "as a consequence",
        "for these reasons",
        "for those reasons",
        "in consequence",
    ]
)
_CAUSING = frozenset(
    [
        "lead",
        "prompt",
        "trigger",
        "explain",
        "drive",
        "tip",
        "decide",
        "underlie",
        "determine",
        "motivate",
        "cause",
        "justify",
        "underpin",
        "inspire",
        "shape",
        "spark",
        "warrant",
        "inform",
    ]
) | {"set off", "bring up"}
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
_SINGLE = frozenset(["single", "one", "particular", "specific", "individual", "isolated", "lone"])
_REASONS = frozenset(
    [
        "reason",
        "factor",
        "driver",
        "cause",
        "influence",
        "trigger",
        "basis",
        "motive",
        "argument",
        "source",
        "origin",
    ]
)


def check_reasons(binder: Binder) -> None:
    """Check causes: only evidence is a reason, and none is where no event decided."""
    context = binder.context
    for place, node in enumerate(binder.nodes):
        if _moves_you(binder, place):
            context.report("cause", "what moved the person is not known", ok=False)
        if node.has("abstain") or _abstains(binder, place):
            node.used = True
            context.report("cause", "no single event decided it", ok=not context.facts.evidence)
    causes = [(n, node) for n, node in enumerate(binder.nodes) if _causes(binder, node, n)]
    _check_strongest(binder)
    for place, node in causes:
        _check_cause(binder, place, node)


def _check_cause(binder: Binder, place: int, node: Node) -> None:
    context = binder.context
    node.used = True
    wrong = [
        ref
        for ref in past_refs(binder, _reach(binder, place, node))
        if not ref.ids & context.facts.evidence_ids
    ]
    if node.lemma in _FORWARD and _names_evidence(binder):
        wrong = []  # "X left you cold, so this goes back to [1]"
    for ref in wrong:
        context.report("cause", f"{context.name(ref.ids)} is no evidence", ok=False)
    if not wrong:
        context.report("cause", "the reasons are evidence or tastes", ok=True)
    if _is_motive(binder, place, node):
        context.report("cause", "why something was watched is not known", ok=False)


def _reach(binder: Binder, place: int, node: Node) -> range:
    """Return where the reasons stand that a word of cause speaks of."""
    clause = binder.clause(place)
    if node.lemma in _REASONS or _is_cleft(binder, place):
        here = range(clause.start, clause.end)
        return here if past_refs(binder, here) else range(clause.end)
    if node.lemma in _FORWARD or node.lemma in _CAUSING:
        return range(place)
    return range(place, _end(binder, clause))


def _names_evidence(binder: Binder) -> bool:
    here = past_refs(binder, range(len(binder.nodes)))
    return any(ref.ids & binder.context.facts.evidence_ids for ref in here)


def _abstains(binder: Binder, place: int) -> bool:
    """Return whether "no single film", "not any one event", "rather than one title" begins here."""
    if not binder.nodes[place].has("neg") or binder.nodes[place].used:
        return False
    single = False
    if any(n.kind == "value" for n in binder.nodes[place + 1 : place + 7]):
        return False
    if binder.nodes[place].lemma == "no" and any(
        n.lemma == "one" for n in binder.nodes[place + 1 : place + 2]
    ):
        behind = binder.nodes[place + 2 : place + 3]
        return any(n.has("film", "watchnoun", "recnoun") for n in behind)
    for node in binder.nodes[place + 1 : place + 7]:
        single = single or node.lemma in _SINGLE
        if single and (
            node.has("film", "watchnoun") or node.lemma in {"one", "reason", "choice", "thing"}
        ):
            return node.lemma != "one" or node is not binder.nodes[place + 1]
        if not (
            node.lemma in _SINGLE or node.has("glue", "verb", "cause", "basis", "aux", "recentadj")
        ):
            return False
    return False


def _is_main(binder: Binder, place: int) -> bool:
    behind = binder.nodes[place + 1 : place + 3]
    words = _MAIN | _SMALLER
    return binder.nodes[place].lemma in words and any(
        n.lemma in _REASONS | _WEIGHTS | {"one"} for n in behind
    )


def _moves_you(binder: Binder, place: int) -> bool:
    """Return whether "what got you into films of this kind" is said."""
    behind = binder.nodes[place + 1 : place + 4]
    return (
        binder.nodes[place].lemma in {"what", "who"}
        and len(behind) > 2
        and behind[0].lemma in {"get", "make", "turn", "draw", "bring", "hook", "teach"}
        and behind[1].lemma == "you"
        and behind[2].lemma in {"into", "onto", "on", "to", "a", "love", "like", "watch"}
    )


def _is_cleft(binder: Binder, place: int) -> bool:
    """Return whether "what tipped it was X", "it was X that made us choose" begins here."""
    nodes, node = binder.nodes, binder.nodes[place]
    if node.lemma == "what":
        behind = nodes[place + 1 : place + 6]
        verb = bool(behind) and behind[0].has("verb") and not behind[0].has("aux")
        return verb and any(n.lemma == "be" for n in behind)
    if node.text.lower() not in {"it", "was", "is"} or place + 2 >= len(nodes):
        return False
    if node.text.lower() == "it" and nodes[place + 1].lemma != "be":
        return False
    first = next(
        (e for e in binder.entities if place < e <= place + 3 and is_past(binder, e)), None
    )
    after = nodes[first + 1 : first + 3] if first is not None else []
    return any(n.lemma in {"that", "which"} for n in after) and not any(n.has("you") for n in after)


def _causes(binder: Binder, node: Node, place: int) -> bool:
    if _is_cleft(binder, place):
        return True
    if node.lemma == "since" and is_temporal(binder, place):
        return False
    if node.has("cause", "basis") or (node.lemma in _REASONS and node.has("recnoun")):
        return True
    if node.lemma == "without":
        return _is_counterfactual(binder, place)
    if node.lemma not in _CAUSING or not node.has("verb"):
        return False
    return any(n.has("rec", "recnoun") for n in binder.nodes[place:])


def is_temporal(binder: Binder, place: int) -> bool:
    """Return whether "since" tells a time: "since watching [1]", "since [1]"."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    if behind is None:
        return False
    if behind.lemma == "then" or (behind.has("verb") and "ing" in behind.classes):
        return True
    after = binder.nodes[place + 2] if place + 2 < len(binder.nodes) else None
    return behind.kind == "entity" and (after is None or after.has("comma", "you", "stop", "time"))


def _is_counterfactual(binder: Binder, place: int) -> bool:
    """Return whether "without [1] it would rank lower" begins here; marks its words."""
    behind = binder.nodes[place + 1 : place + 6]
    rest = binder.nodes
    if not any(n.kind == "entity" and n.has("past", "cited") for n in behind) or not any(
        n.has("modal") for n in rest
    ):
        return False
    for node in rest:
        node.used = node.used or node.has("lower", "neg", "below")
    return True


def _end(binder: Binder, clause: Clause) -> int:
    """Return where the reach of "because" ends: with its clause and those that hang on it."""
    later = [c for c in binder.clauses if c.start >= clause.end]
    for follow in later:
        nodes = binder.nodes[follow.start : follow.end]
        if any(n.has("rec") for n in nodes) or not any(n.kind == "entity" for n in nodes):
            return follow.start
    return len(binder.nodes)


def past_refs(binder: Binder, reach: range) -> list[Ref]:
    """Return the refs of a stretch that stand for events of the history."""
    facts = binder.context.facts
    return [
        ref
        for e in binder.entities
        if e in reach
        for ref in (binder.resolve(e) or [[]])[0]
        if events_of(facts, ref) and not ref.rec
    ]


def _is_motive(binder: Binder, place: int, node: Node) -> bool:
    """Return whether a cause is given for what the person did: nobody knows that."""
    if node.lemma not in {"because", "because of", "due to", "owing to", "thanks to"} or place == 0:
        return False
    before = binder.nodes[:place]
    clause = binder.clause(place - 1)
    main = binder.nodes[clause.start : place]
    recommends = any(n.has("rec", "modal", "recnoun") or n.lemma in {"we", "i"} for n in before)
    acted = any(n.has("uverb") and "past" in n.classes for n in main)
    return acted and any(n.lemma == "you" for n in main) and not recommends


def _check_strongest(binder: Binder) -> None:
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
