"""Claims that deny: what an item is not, what was not done, what no log holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.denials import (
    denies_age,
    denies_better,
    denies_last,
    denies_more,
    denies_people,
    denies_person,
    denies_rating,
    denies_rival,
    scope_of_negation,
)
from llmrec.explain.claims.events import is_past, use
from llmrec.explain.claims.likely import plausible, tied_to
from llmrec.explain.claims.traits import Trait, find_traits

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.mentions import Ref

_DECISIVE = frozenset(
    [
        "behind",
        "decide",
        "decisive",
        "hang",
        "hang on",
        "point",
        "point to",
        "carry",
        "lead",
        "lead to",
        "blame",
        "drive",
        "responsible",
        "specific",
        "tip",
        "single",
        "lie behind",
        "stand behind",
        "account",
        "cause",
        "name",
        "explain",
        "rest",
        "rest on",
    ]
)
_ELLIPTIC = frozenset(["one", "so", "that", "either", "them", "of", "is", "be", "has", "have"])
_BREAKS = ("comma", "colon", "semicolon", "dash", "close", "stop")


def check_negations(binder: Binder) -> None:
    """Check everything denied: the first reading that applies decides."""
    for place, node in enumerate(binder.nodes):
        if not node.has("neg") or node.used:
            continue
        node.used = True
        if any(deny(binder, place) for deny in _DENIALS):
            continue
        if _is_harmless(binder, place):
            continue
        binder.context.report("negation", f"{node.text}: nothing that can be checked", ok=False)


def _is_harmless(binder: Binder, place: int) -> bool:
    """Return whether nothing is denied that a log or a catalogue could tell."""
    reach = [binder.nodes[n] for n in scope_of_negation(binder, place)]
    if binder.nodes[place].lemma in {"rather than", "instead of", "other than"}:
        return True
    clause = binder.clause(place)
    lead = binder.nodes[clause.start : place]
    mine = any(n.lemma == "you" for n in [*lead, *reach])
    deed = any(
        n.has("uverb", "ratev", "likev", "lovev") and n.has("verb") and not n.has("recv", "noun")
        for n in reach
    )
    told = any(
        not n.used and n.kind in {"value", "rating", "number", "time", "gap", "decade"}
        for n in reach
    )
    places = scope_of_negation(binder, place)
    told = told or any(
        e in places and (is_past(binder, e) or not binder.nodes[e].has("anaphor"))
        for e in binder.entities
    )
    ordered = not mine and place > 0 and place < 3 and binder.nodes[place - 1].lemma == "do"
    if ordered and not any(e < place for e in binder.entities):
        return False  # "do not check this"
    return not told and not (mine and deed)


def _denies_series(binder: Binder, place: int) -> bool:
    """Check "belongs to no series", "is not part of any franchise"."""
    reach = scope_of_negation(binder, place)
    nouns = [n for n in reach if binder.nodes[n].has("franchisenoun")]
    if binder.nodes[place].lemma in {"neither", "nor"} and not nouns:
        nouns = [n for n in range(place) if binder.nodes[n].has("franchisenoun")]
    if not nouns or any(binder.nodes[n].kind == "value" for n in reach):
        return False
    facts = binder.context.facts
    use(binder.nodes[n] for n in nouns)
    readings = binder.bind(place) if binder.entities else [[binder.rec]]
    here = [[r] for e in binder.entities if e in reach for r in (binder.resolve(e) or [[]])[0]]
    ok = any(
        refs and not any(facts.has_role(i, "franchise") for r in refs for i in r.ids)
        for refs in [*here, *readings, [binder.rec]]
    )
    binder.context.report("franchise", "no series", ok=ok)
    return True


def _abstains(binder: Binder, place: int) -> bool:
    """Check "nothing more specific lies behind this": that there is no evidence."""
    clause = binder.clause(place)
    reach = [binder.nodes[n] for n in scope_of_negation(binder, place)]
    words = {n.lemma for n in [*binder.nodes[clause.start : place], *reach]}
    named = any(n.kind == "entity" and not n.has("anaphor") for n in reach)
    single = (
        words & {"one", "single", "event", "favourite", "any"}
        or any(n.kind == "time" for n in reach)
        or any(n.has("film", "watchnoun") for n in reach)
    )
    nothing = binder.nodes[place].lemma in {"nothing", "none", "no", "nobody"}
    if named or not words & _DECISIVE or not (single or nothing):
        return False
    binder.context.report(
        "cause", "no single event decided it", ok=not binder.context.facts.evidence
    )
    return True


def _denies_trait(binder: Binder, place: int) -> bool:
    """Check "is not a comedy", "no comedy this time", "rather than a thriller"."""
    reach = scope_of_negation(binder, place)
    traits = [t for t in find_traits(binder) if t.place in reach]
    if not traits or _seen_by_you(binder, place):
        return False
    if not _is_copula(binder, place) and all(t.role in {"theme", "text"} for t in traits):
        kept = [t for t in traits if any(_has(t, ref) for ref in plausible(binder))]
        if kept and any(_has(t, binder.rec) for t in kept) and binder.nodes[place].lemma != "no":
            use(binder.nodes[t.place] for t in kept)
            return True  # part of a story: "if he had never lived"
    for trait in traits if binder.nodes[place].lemma in {"neither", "nor", "no"} else traits[:1]:
        binder.nodes[trait.place].used = True
        tied = tied_to(binder, trait.place)
        readings = binder.resolve(tied) if tied is not None else [[r] for r in plausible(binder)]
        if _is_copula(binder, place):
            readings = binder.bind(trait.place)
        ok = any(refs and not any(_has(trait, ref) for ref in refs) for refs in readings)
        binder.context.report("negation", f"not {trait.label}", ok=ok)
    return True


def _is_copula(binder: Binder, place: int) -> bool:
    return any(n.lemma == "be" for n in binder.nodes[max(0, place - 2) : place])


def _seen_by_you(binder: Binder, place: int) -> bool:
    """Return whether a deed of the person is denied ("you never watched a comedy")."""
    clause = binder.clause(place)
    return any(n.lemma == "you" for n in binder.nodes[clause.start : place]) and any(
        binder.nodes[n].has("uverb", "ratev") and binder.nodes[n].has("verb")
        for n in scope_of_negation(binder, place)
    )


def _has(trait: Trait, ref: Ref) -> bool:
    return any(trait.holds(i) for i in ref.ids)


def _denies_said(binder: Binder, place: int) -> bool:
    """Check "Collateral is not one", "which neither [1] nor [2] has", "in neither of them"."""
    reach = scope_of_negation(binder, place)
    before = [t for t in find_traits(binder) if t.place < place]
    traits = before or binder.context.counted or binder.context.traits
    if not traits or any(t.place in reach for t in find_traits(binder)):
        return False
    after = [e for e in binder.entities if e in reach]
    rest = [binder.nodes[n] for n in reach if binder.nodes[n].kind != "entity"]
    plain = all(
        n.lemma in _ELLIPTIC
        or n.has(
            "neg", "aux", "film", "cast", "recv", "castv", "watchnoun", "glue", "castnoun", "and"
        )
        for n in rest
    )
    if not plain or (not after and len(rest) > 4):
        return False
    lead = [e for e in binder.entities if e < place]
    readings = [
        *(refs for e in (after or lead[-1:]) for refs in binder.resolve(e)),
        *([[binder.rec]] if not after else []),
    ]
    kinds = [t for t in traits if t.person] if any(n.lemma in {"them", "of"} for n in rest) else []
    denied = kinds or traits[-1:]
    ok = any(refs and not any(_has(t, ref) for ref in refs for t in denied) for refs in readings)
    binder.context.report("negation", f"not {denied[-1].label}", ok=ok)
    use(binder.nodes[n] for n in reach if binder.nodes[n].has("neg"))
    return True


def _denies_history(binder: Binder, place: int) -> bool:
    """Check "there are no musicals in your history", "you have never seen Mann"."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    reach = scope_of_negation(binder, place)
    inside = [t for t in find_traits(binder) if t.place in reach]
    yours = any(n.lemma in {"your", "you"} for n in nodes)
    if not inside or not yours or any(n.kind == "entity" for n in nodes):
        return False
    meeting = binder.context.facts.matching(lambda p: any(t.holds(p.item.item_id) for t in inside))
    for trait in inside:
        binder.nodes[trait.place].used = True
    binder.context.report("taste", f"no {inside[0].label}: {len(meeting)}", ok=not meeting)
    return True


def _only_adds(binder: Binder, place: int) -> bool:
    """Return whether it is "not only", "not just", which denies nothing."""
    behind = binder.nodes[place + 1 : place + 2]
    return any(
        n.lemma
        in {"only", "just", "merely", "simply", "least", "long", "more", "less", "doubt", "wonder"}
        for n in behind
    )


_DENIALS = (
    _only_adds,
    denies_last,
    _denies_series,
    _abstains,
    denies_better,
    denies_more,
    denies_rival,
    denies_people,
    denies_person,
    denies_rating,
    _denies_history,
    _denies_trait,
    denies_age,
    _denies_said,
)
