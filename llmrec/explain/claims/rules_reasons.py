"""Claims about reasons: what a recommendation rests on, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of, is_past

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.clauses import Clause
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node

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
_SINGLE = frozenset(["single", "one", "particular", "specific", "individual", "isolated", "lone"])
REASONS = frozenset(
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
    if node.lemma in _FORWARD and (_names_evidence(binder) or _is_supposed(binder, place)):
        wrong = []  # "X left you cold, so this goes back to [1]", "so this may suit you"
    for ref in wrong:
        context.report("cause", f"{context.name(ref.ids)} is no evidence", ok=False)
    if not wrong:
        context.report("cause", "the reasons are evidence or tastes", ok=True)
    if _is_motive(binder, place, node):
        context.report("cause", "why something was watched is not known", ok=False)


def _reach(binder: Binder, place: int, node: Node) -> range:
    """Return where the reasons stand that a word of cause speaks of."""
    clause = binder.clause(place)
    if node.lemma in REASONS or _is_cleft(binder, place):
        here = range(clause.start, clause.end)
        return here if past_refs(binder, here) else range(clause.end)
    if node.lemma in _FORWARD or node.lemma in _CAUSING:
        return range(place)
    return range(place, _end(binder, clause))


def _is_supposed(binder: Binder, place: int) -> bool:
    """Return whether what follows is only held to be likely ("so it may go down well")."""
    behind = binder.within(binder.clause(place))
    likely = any(n.has("modal", "you") for n in behind)
    return likely and not any(n.has("recnoun") and n.kind == "word" for n in behind)


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
    if node.text.lower() != "it" and place and nodes[place - 1].kind == "value":
        return False  # "Chastain was in X, which"
    first = next(
        (e for e in binder.entities if place < e <= place + 3 and is_past(binder, e)), None
    )
    after = nodes[first + 1 : first + 4] if first is not None else []
    return any(n.lemma in {"that", "which"} for n in after[:2]) and not any(
        n.has("you") for n in after[:2] if node.text.lower() == "it"
    )


def _causes(binder: Binder, node: Node, place: int) -> bool:
    if _is_cleft(binder, place):
        return True
    if node.lemma == "since" and is_temporal(binder, place):
        return False
    if node.has("cause", "basis") or (node.lemma in REASONS and node.has("recnoun")):
        return True
    if node.lemma == "without":
        return _is_counterfactual(binder, place)
    if node.lemma not in _CAUSING or not node.has("verb"):
        return False
    if node.lemma == "lead" and not any(
        n.lemma in {"to", "us"} for n in binder.nodes[place + 1 : place + 3]
    ):
        return False  # "Hanks leads the cast"
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
