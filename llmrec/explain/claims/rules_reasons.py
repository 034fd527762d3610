"""Claims about reasons, about what has not been seen, and everything negated or compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Binder, holds
from llmrec.explain.claims.events import antecedent, any_event, bind_event, events_of, is_past
from llmrec.explain.claims.rules_ratings import _is_hope
from llmrec.explain.claims.traits import Trait, find_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Clause
    from llmrec.explain.claims.entities import Ref
    from llmrec.explain.claims.nodes import Node
    from llmrec.explain.facts import Facts

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
    facts = context.facts
    for place, node in enumerate(binder.nodes):
        if node.has("abstain") or _abstains(binder, place):
            node.used = True
            context.report("cause", "no single event decided it", ok=not facts.evidence)
    causes = [(n, node) for n, node in enumerate(binder.nodes) if _causes(binder, node, n)]
    _check_strongest(binder)
    for place, node in causes:
        node.used = True
        clause = binder.clause(place)
        reach = range(place) if node.lemma in _FORWARD else range(place, _end(binder, clause))
        if node.lemma in _CAUSING:
            reach = range(place)
        if node.lemma in _REASONS:
            reach = range(clause.start, clause.end)
        wrong = [ref for ref in _past_refs(binder, reach) if not ref.ids & facts.evidence_ids]
        for ref in wrong:
            context.report("cause", f"{context.name(ref.ids)} is no evidence", ok=False)
        if not wrong:
            context.report("cause", "the reasons are evidence or tastes", ok=True)
        if _is_motive(binder, place, node):
            context.report("cause", "why something was watched is not known", ok=False)


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


def _causes(binder: Binder, node: Node, place: int) -> bool:
    if node.lemma == "since" and _is_temporal(binder, place):
        return False
    if node.has("cause", "basis") or (node.lemma in _REASONS and node.has("recnoun")):
        return True
    if node.lemma == "without":
        return _is_counterfactual(binder, place)
    if node.lemma not in _CAUSING or not node.has("verb"):
        return False
    return any(n.has("rec", "recnoun") for n in binder.nodes[place:])


def _is_temporal(binder: Binder, place: int) -> bool:
    """Return whether "since" tells a time: "since watching [1]", "since [1]"."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    if behind is None:
        return False
    if behind.lemma == "then" or (behind.has("verb") and "ing" in behind.classes):
        return True
    after = binder.nodes[place + 2] if place + 2 < len(binder.nodes) else None
    return behind.kind == "entity" and (after is None or after.has("comma", "you", "stop"))


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


def _past_refs(binder: Binder, reach: range) -> list[Ref]:
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
        near = _past_refs(binder, range(clause.start, clause.end))
        cited = [
            (ref, max(e.effect for e in facts.evidence if e.item.item_id in ref.ids))
            for ref in near or _past_refs(binder, range(len(binder.nodes)))
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
    before = _past_refs(binder, range(place))
    after = _past_refs(binder, range(place, len(binder.nodes))) or before[-1:]
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
        if node.lemma in {"only", "just", "solely", "purely", "exclusively", "entirely"}
        and _beside_entity(binder, place)
    ]
    speaks = any(
        n.has("cause", "basis", "weighv", "rec", "recnoun", "recv") and not n.has("uverb")
        for n in binder.nodes
    )
    if _nothing_between(binder):
        return
    words = alone or only
    refs = _past_refs(binder, range(len(binder.nodes)))
    if not words or not refs or not speaks:
        return
    named = frozenset(i for ref in refs for i in ref.ids)
    for node in words:
        node.used = True
    ok = facts.evidence_ids <= named
    binder.context.report("cause", f"{words[0].text}: {len(facts.evidence)} events", ok=ok)


def _nothing_between(binder: Binder) -> bool:
    """Check "between [2] and [1] you watched nothing else": that no event lies between."""
    if not any(n.lemma == "between" for n in binder.nodes):
        return False
    words = [
        n
        for n in binder.nodes
        if n.lemma in {"nothing else", "no other film", "nothing", "no", "none"}
    ]
    refs = _past_refs(binder, range(len(binder.nodes)))
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
            r for r in _past_refs(binder, range(len(binder.nodes))) if r.ids & facts.evidence_ids
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
            node.used = True
            ok = facts.item.item_id not in facts.events
            context.report("seen", f"{node.text}: {facts.item.title}", ok=ok)
        if not node.has("uverb") or not node.has("verb") or _is_hope(binder, place):
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
    refs = _past_refs(binder, range(len(nodes)))
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


def _is_known(facts: Facts, item_id: str, role: str) -> bool:
    return facts.year(item_id) is not None if role == "year" else facts.has_role(item_id, role)


def _denies_last(binder: Binder, place: int) -> bool:
    """Check "nothing comes after [1] in your log", "no film lies between [2] and [1]"."""
    if binder.nodes[place].lemma not in {"nothing", "no", "none"}:
        return False
    if _nothing_between(binder):
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


def _denies_said(binder: Binder, place: int, before: Sequence[Trait]) -> bool:
    """Check "[1] is a comedy; Collateral is not": what was said does not hold of the other."""
    after = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    if after is not None and not after.has("stop", "comma", "semicolon"):
        return False
    entities = [e for e in binder.entities if e < place]
    traits = [t for t in before if t.place < place] or binder.context.traits
    if not entities or not traits or place - entities[-1] > 3:
        return False
    readings = binder.resolve(entities[-1])
    ok = any(
        refs and not any(traits[-1].holds(i) for r in refs for i in r.ids) for refs in readings
    )
    binder.context.report("negation", f"not {traits[-1].label}", ok=ok)
    return True


def _denies_person(binder: Binder, place: int) -> bool:
    """Check "Pacino is not in Collateral"."""
    traits = [t for t in find_traits(binder) if t.person and t.place < place]
    clause = binder.clause(place)
    after = [e for e in binder.entities if place < e < clause.end]
    lead = binder.nodes[max(0, place - 2) : place]
    if not traits or not after or not any(n.lemma in {"be", "do"} for n in lead):
        return False
    trait = traits[-1]
    binder.nodes[trait.place].used = True
    facts = binder.context.facts
    ok = any(
        refs and not any(trait.holds(i) for ref in refs for i in ref.ids)
        for refs in binder.resolve(after[0])
    )
    del facts
    binder.context.report("negation", f"not {trait.label}", ok=ok)
    return True


def _denies_better(binder: Binder, place: int) -> bool:
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


def _denies_rating(binder: Binder, place: int) -> bool:
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


def _denies_history(binder: Binder, place: int, traits: Sequence[Trait]) -> bool:
    """Check "there are no musicals in your history"."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    inside = [t for t in traits if t.place < clause.end]
    yours = any(n.lemma == "your" or n.lemma == "you" for n in nodes)
    if not inside or not yours or any(n.kind == "entity" for n in nodes):
        return False
    meeting = binder.context.facts.matching(lambda p: any(t.holds(p.item.item_id) for t in inside))
    for trait in inside:
        binder.nodes[trait.place].used = True
    binder.context.report("taste", f"no {inside[0].label}: {len(meeting)}", ok=not meeting)
    return True


def check_negations(binder: Binder) -> None:
    """Check "is not a comedy"; fail what is negated in any other way."""
    context = binder.context
    for place, node in enumerate(binder.nodes):
        if not node.has("neg") or node.used:
            continue
        node.used = True
        behind = binder.nodes[place + 1 : place + 6]
        traits = [t for t in find_traits(binder) if place < t.place <= place + 8]
        correlative = node.lemma in {"neither", "nor"}
        copula = (
            correlative
            or node.lemma in {"instead of", "rather than"}
            or any(n.lemma == "be" for n in binder.nodes[max(0, place - 3) : place])
        )
        if _denies_last(binder, place) or _denies_said(binder, place, find_traits(binder)):
            continue
        if _denies_better(binder, place) or _denies_person(binder, place):
            continue
        if _denies_rating(binder, place) or _denies_history(binder, place, traits):
            continue
        if behind and behind[0].lemma in {"only", "just", "merely", "simply"}:
            continue
        if traits and copula:
            trait = traits[0]
            binder.nodes[trait.place].used = True
            readings = binder.bind(trait.place)
            ok = any(
                all(
                    not any(trait.holds(i) for i in ref.ids)
                    and any(_is_known(context.facts, i, trait.role) for i in ref.ids)
                    for ref in refs
                )
                for refs in readings
                if refs
            )
            context.report("negation", f"not {trait.label}", ok=ok)
        else:
            context.report("negation", f"{node.text}: nothing that can be checked", ok=False)
