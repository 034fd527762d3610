"""Claims about the first, the last and the recent."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.events import (
    any_event,
    bind_event,
    events_of,
    is_past,
    names_of,
)
from llmrec.explain.claims.likely import cited_refs, plausible
from llmrec.explain.claims.rules_order import past_after, past_before, report_order
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.claims.when import RECENT_DAYS, RECENT_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Past


def check_extremes(binder: Binder) -> None:
    """Check "your most recent film", "the first crime film", "a recent viewing"."""
    for place, node in enumerate(binder.nodes):
        if _is_edge(binder, place) and not node.used:
            _check_edge(binder, place)
        if node.used or node.has("connective") or not node.has("latest", "earliest", "recentadj"):
            continue
        after = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
        if _points_back(binder, place) or _is_of_story(binder, place):
            node.used = True
            continue
        if after is not None and after.kind == "number":
            continue
        if _check_first_of_kind(binder, place):
            continue
        readings = bind_event(binder, place)
        if _claims_nothing(binder, place, after, readings):
            node.used = True
        elif node.has("recentadj") or _among(binder, place):
            _check_recent(binder, node, readings)
        elif not (node.lemma == "first" and _sequenced(binder, place)) and _is_ordering(
            binder, place
        ):
            _check_extreme(binder, place, readings)


def _points_back(binder: Binder, place: int) -> bool:
    """Return whether "the last of those", "the first two" only picks out what was named."""
    nodes = binder.nodes
    lead = [n.lemma for n in nodes[max(0, place - 2) : place]]
    behind = nodes[place + 1 : place + 4]
    if nodes[place].lemma not in {"first", "last"} or lead[-1:] not in (["the"], ["and"]):
        return False
    if behind and behind[0].kind == "number":
        owned = any(n.has("film", "watchnoun") or n.lemma == "your" for n in behind[1:])
        behind[0].used = behind[0].used or not owned
        return not owned
    of_those = any(n.lemma == "of" for n in behind) and any(
        n.has("they", "both", "number") or n.lemma in {"those", "these", "them", "which"}
        for n in behind
    )
    return of_those and "be" not in lead


def _is_of_story(binder: Binder, place: int) -> bool:
    """Return whether "the last human city", "puts survival first" orders nothing of the history."""
    node, nodes = binder.nodes[place], binder.nodes
    if node.lemma not in {"first", "last"}:
        return False
    if place and nodes[place - 1].kind == "value" and node.lemma == "first":
        return True
    told = any(n.has("you", "film", "watchnoun", "uverb") for n in nodes)
    return not told and not any(is_past(binder, e) for e in binder.entities)


def _check_first_of_kind(binder: Binder, place: int) -> bool:
    """Check "it would be your first film by Mann": that none was seen."""
    node, facts = binder.nodes[place], binder.context.facts
    traits = [t for t in find_traits(binder) if place < t.place <= place + 4]
    past = any(is_past(binder, e) for e in binder.entities)
    owned = any(n.lemma == "your" for n in binder.nodes[max(0, place - 2) : place])
    if node.lemma not in {"first", "very first"} or not traits or past or not owned:
        return False
    if not any(n.has("modal") for n in binder.nodes[:place]):
        return False
    node.used = True
    seen = facts.matching(lambda p: all(t.holds(p.item.item_id) for t in traits))
    binder.context.report("seen", f"first {traits[0].label}: {len(seen)} seen", ok=not seen)
    return True


def check_superlatives(binder: Binder) -> None:
    """Fail "the most moving film": no catalogue says so."""
    for place, node in enumerate(binder.nodes):
        behind = binder.nodes[place + 1 : place + 3]
        if node.lemma not in {"most", "the most", "least"} or len(behind) < 2 or node.used:
            continue
        plain = behind[0].has("praise", "choiceadj", "favourite", "high", "verdict", "recentadj")
        praised = behind[0].kind == "word" and behind[0].has("verb") and not plain
        if praised and behind[1].has("film") and not behind[1].has("recnoun"):
            binder.context.report("comparison", f"most {behind[0].text}", ok=False)


def _claims_nothing(binder: Binder, place: int, after: Node | None, readings: Alternatives) -> bool:
    """Return whether it is "your first viewing" of two, or "first released"."""
    if after is None:
        return False
    again = after.has("watchnoun") and _repeated(binder, readings)
    released = after.has("releasev") and not binder.near(place, "you")
    return (binder.nodes[place].has("earliest") and again) or released


def _check_recent(binder: Binder, node: Node, readings: Alternatives) -> None:
    node.used = True
    if any(is_past(binder, e) for e in binder.entities):
        ok = holds(readings, any_event(binder.context.facts, _is_recent))
        binder.context.report("order", f"recent: {names_of(binder, readings)}", ok=ok)


def _check_extreme(binder: Binder, place: int, readings: Alternatives) -> None:
    node = binder.nodes[place]
    node.used = True
    latest = node.has("latest") and node.lemma != "first"
    test = _extreme(binder, place, latest=latest)
    ok = holds(readings, any_event(binder.context.facts, test))
    if not ok and any(
        n.has("film") and n.has("plural") for n in binder.nodes[place + 1 : place + 3]
    ):
        ok = _are_edge(binder, readings, latest=latest)
    if not ok and _is_adverb(binder, place):
        ok = _is_edge_of_named(binder, readings, latest=latest)
    if not ok and node.text.lower() in _BY_YEAR and not binder.near(place, "you"):
        ok = _is_edge_by_year(binder, newest=node.text.lower() != "oldest")
    if not ok and node.lemma in {"oldest", "newest", "latest"}:
        ok = holds(readings, _extreme_release(binder, newest=node.lemma != "oldest"))
    binder.context.report("order", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _are_edge(binder: Binder, readings: Alternatives, *, latest: bool) -> bool:
    """Return whether several items together are the last or first ("your last films were ...")."""
    past = binder.context.facts.past
    return any(
        {i for ref in refs for i in ref.ids}
        >= {p.item.item_id for p in (past[-len(refs) :] if latest else past[: len(refs)])}
        for refs in readings
        if len(refs) > 1
    )


_BY_YEAR = frozenset(["oldest", "newest", "latest", "youngest", "earliest"])


def _is_edge_by_year(binder: Binder, *, newest: bool) -> bool:
    """Return whether the recommended item is the newest or oldest of all in question."""
    facts = binder.context.facts
    refs = [*plausible(binder), *cited_refs(binder)]
    years = {y for r in refs for i in r.ids if (y := facts.year(i)) is not None}
    return bool(years) and facts.year(facts.item.item_id) == (max(years) if newest else min(years))


def _is_adverb(binder: Binder, place: int) -> bool:
    """Return whether "first" orders the items named ("X came first", "the first of those")."""
    nodes = binder.nodes
    lead = nodes[place - 1].lemma if place else ""
    after = nodes[place + 1].lemma if place + 1 < len(nodes) else ""
    return nodes[place].lemma in {"first", "last"} and (
        lead not in {"the", "your", "very"} or after == "of"
    )


def _is_edge_of_named(binder: Binder, readings: Alternatives, *, latest: bool) -> bool:
    """Return whether an item is the first or last of those named or cited ("[1] came first")."""
    facts = binder.context.facts
    for refs in (binder.refs(), [*binder.context.earlier, *binder.refs()], cited_refs(binder)):
        row = sorted(p.position for r in refs for p in events_of(facts, r))
        if len({r.ids for r in refs}) < 2 or not row:
            continue
        edge = row[-1 if latest else 0]
        if holds(readings, any_event(facts, lambda p, e=edge: p.position == e)):  # type: ignore[misc]
            return True
    return False


def _repeated(binder: Binder, readings: Alternatives) -> bool:
    """Return whether it is "your first viewing" of something seen more than once."""
    facts = binder.context.facts
    return any(len(events_of(facts, ref)) > 1 for refs in readings for ref in refs)


def _extreme_release(binder: Binder, *, newest: bool) -> Callable[[Ref], bool]:
    """Return a test for the film of the history that was released last, or first."""
    facts = binder.context.facts
    years = [year for i in facts.events if (year := facts.year(i)) is not None]
    edge = (max(years) if newest else min(years)) if years else None
    return lambda ref: any(facts.year(i) == edge is not None for i in ref.ids)


_BEGIN = frozenset(["begin", "start", "open", "commence"])
_END = frozenset(["end", "close", "finish", "conclude", "stop"])


def _is_edge(binder: Binder, place: int) -> bool:
    """Return whether the history is said to begin or end here."""
    node = binder.nodes[place]
    if not (node.has("opening", "closing") or (node.lemma in _BEGIN | _END and node.has("verb"))):
        return False
    clause = binder.nodes[max(0, place - 5) : place + 5]
    log = any(
        n.lemma in {"history", "log", "list", "record", "diary", "timeline", "viewing"}
        for n in clause
    )
    return log and any(n.has("you") for n in clause)


def _check_edge(binder: Binder, place: int) -> None:
    """Check "your history begins with [1]"."""
    node, past = binder.nodes[place], binder.context.facts.past
    node.used = True
    edge = past[0 if node.has("opening") or node.lemma in _BEGIN else -1] if past else None
    readings = bind_event(binder, place)
    ok = holds(readings, any_event(binder.context.facts, lambda p: p is edge))
    binder.context.report("order", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _sequenced(binder: Binder, place: int) -> bool:
    """Check "first came [1], and later [2]": the order in which they are named."""
    nodes = binder.nodes
    node = nodes[place]
    rest = nodes[place + 1 :]
    second = [n for n in rest if n.kind == "ordinal" and n.value == 2]
    if not second and not any(n.has("then", "after") or n.lemma == "later" for n in rest):
        return False
    refs = past_after(binder, place)
    if second:
        before = past_before(binder, place)
        refs = [*([before] if before is not None else []), *refs]
        second[0].used = True
    node.used = True
    for sooner, later in itertools.pairwise(refs):
        if sooner.ids != later.ids:
            report_order(binder, sooner, later)
    return True


def _is_recent(past: Past) -> bool:
    return past.moment.days <= RECENT_DAYS or past.moment.newer < RECENT_EVENTS


def _among(binder: Binder, place: int) -> bool:
    lead = binder.nodes[max(0, place - 4) : place]
    words = [node.lemma for node in lead]
    plural = any(n.has("plural") for n in binder.nodes[place : place + 4])
    return plural and ("one" in words or "among" in words or "amongst" in words)


def _is_ordering(binder: Binder, place: int) -> bool:
    """Return whether a word like "first" or "last" orders the events of the history."""
    nodes = binder.nodes
    behind = nodes[place + 1 : place + 5]
    lead = nodes[max(0, place - 3) : place]
    noun = any(
        n.has("film", "watchnoun", "value", "stop", "comma", "entity", "uverb")
        or n.lemma in {"one", "thing", "to", "you"}
        for n in behind
    )
    return noun or not behind or any(n.has("you", "aux") for n in lead)


def _extreme(binder: Binder, place: int, *, latest: bool) -> Callable[[Past], bool]:
    """Return a test for the newest or oldest event, of those with the traits that follow."""
    facts = binder.context.facts
    traits = [t for t in find_traits(binder) if place < t.place <= place + 3]
    traits = [t for t in traits if binder.premodified(t.place) is None]
    pool = facts.matching(lambda p: all(t.holds(p.item.item_id) for t in traits))
    for trait in traits:
        binder.nodes[trait.place].used = True
    if not pool:
        return lambda _: False
    edge: datetime = pool[-1 if latest else 0].moment.local
    return lambda past: past.moment.local == edge and past in pool
