"""Claims about the order of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.events import (
    events_of,
    past_readings,
)
from llmrec.explain.claims.rules_gaps import tells_releases
from llmrec.explain.claims.rules_reasons import is_temporal

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node


def check_order(binder: Binder) -> None:
    """Check "before", "after", "then", "followed", where two past events are named."""
    for place, node in enumerate(binder.nodes):
        if node.used or node.kind == "gap":
            continue
        if node.lemma == "since" and node.has("cause"):
            if is_temporal(binder, place):
                _check_since(binder, place)
        elif node.has("before", "after") and not _tells_years(binder, place):
            _check_sequence(binder, place, later_first=node.has("after"), leads=True)
        elif node.lemma == "next" and (_is_adjective(binder, place) or _says_next(binder, node)):
            continue
        elif node.has("then", "earlierword"):
            _check_sequence(binder, place, later_first=node.has("earlierword"), leads=False)
        elif node.has("followv") and not node.has("directv"):
            _check_following(binder, place)
        elif node.has("opening", "closing"):
            _check_end(binder, place)
    _check_tenses(binder)


def _tells_years(binder: Binder, place: int) -> bool:
    """Return whether releases are ordered ("three before [2]", "made before [1]")."""
    lead = binder.nodes[max(0, place - 2) : place]
    counted = any(n.kind == "number" or n.lemma == "year" for n in lead)
    return (counted or tells_releases(binder, place)) and not binder.near(place, "you")


def past_before(binder: Binder, place: int) -> Ref | None:
    """Return the last past item named before a place."""
    facts = binder.context.facts
    for e in reversed([e for e in binder.entities if e < place]):
        readings = past_readings(binder, e)
        if readings:
            return readings[0][-1]
    return next((r for r in reversed(binder.context.earlier) if events_of(facts, r)), None)


def past_after(binder: Binder, place: int) -> list[Ref]:
    """Return the past items named behind a place."""
    found: list[Ref] = []
    for e in [e for e in binder.entities if e > place]:
        if binder.nodes[e].has("both", "they", "it"):
            continue
        readings = past_readings(binder, e)
        if not readings and binder.nodes[e].has("rec"):
            break
        found.extend(readings[0] if readings else [])
    return found


def _check_sequence(binder: Binder, place: int, *, later_first: bool, leads: bool) -> None:
    """Check one conjunction of time between two past events."""
    after = past_after(binder, place)
    before = past_before(binder, place)
    node = binder.nodes[place]
    if not after or (leads and _is_foretold(binder, place)):
        return
    if leads:
        between = binder.nodes[
            place + 1 : binder.entities[next(n for n, e in enumerate(binder.entities) if e > place)]
        ]
        if any(n.kind == "mark" for n in between):
            return
        target = before if before is not None and _here(binder, before, place) else None
        if target is None:
            target = _after_list(binder, place, after)
        base = after[0]
    else:
        if before is None:
            return
        base, target = before, after[0]
    if target is None or base.ids == target.ids:
        return
    later, sooner = (target, base) if later_first or not leads else (base, target)
    if not leads and later_first:
        later, sooner = base, target
    node.used = True
    near = binder.nodes[max(0, place - 7) : place + 12]
    close = leads and later_first and any(_says_next(binder, n) for n in near)
    report_order(binder, sooner, later, adjacent=close)


def _check_end(binder: Binder, place: int) -> None:
    """Check "you started with [1], went on to [2] and finished with [3]" of the items named."""
    refs = [r for e in binder.entities if (rows := past_readings(binder, e)) for r in rows[0][:1]]
    after = past_after(binder, place)
    if len({r.ids for r in refs}) < 2 or not after:
        return
    binder.nodes[place].used = True
    for other in refs:
        if other.ids != after[0].ids:
            pair = (after[0], other) if binder.nodes[place].has("opening") else (other, after[0])
            report_order(binder, *pair)


def _is_foretold(binder: Binder, place: int) -> bool:
    """Return whether what comes after is still to be seen ("you'll meet him again after [1]")."""
    again = sum(n.has("after") for n in binder.nodes) > 1
    lead = binder.nodes[0 if again else binder.clause(place).start : place]
    if again and any(n.has("modal") or n.lemma == "'ll" for n in lead):
        return True
    return any(n.has("modal") or n.lemma in {"if", "'ll", "'d"} for n in lead) and not any(
        n.kind == "entity" and n.has("past") for n in lead
    )


def _after_list(binder: Binder, place: int, after: list[Ref]) -> Ref | None:
    """Return the first item named behind the list that "after" governs, where you saw it."""
    first = next(e for e in binder.entities if e > place)
    last = binder.listed(first)[-1]
    rest = [ref for ref in past_after(binder, last) if ref.ids != after[0].ids]
    acted = any(n.has("you", "uverb", "followv", "recv") for n in binder.nodes[last + 1 :])
    return rest[0] if rest and acted else None


def _says_next(binder: Binder, node: Node) -> bool:
    """Return whether "next" means that nothing lies between ("the next film after [2]")."""
    behind = binder.place[id(node)] + 1
    return (
        node.lemma == "next"
        and behind < len(binder.nodes)
        and binder.nodes[behind].has("film", "after")
    )


def _is_adjective(binder: Binder, place: int) -> bool:
    """Return whether "next" belongs to a noun ("the very next film")."""
    return any(n.has("film", "watchnoun", "recnoun") for n in binder.nodes[place + 1 : place + 2])


def _check_since(binder: Binder, place: int) -> None:
    """Check "since watching [1] you have seen [2] and [3]"."""
    after = past_after(binder, place)
    for later in after[1:]:
        report_order(binder, after[0], later)


def _here(binder: Binder, ref: Ref, place: int) -> bool:
    """Return whether a ref is named in the sentence before a place."""
    return any(ref in (binder.resolve(e) or [[]])[0] for e in binder.entities if e < place)


def _check_tenses(binder: Binder) -> None:
    """Check orders that tenses tell: "you had seen [2] when you watched [1]", "from [2] to [1]"."""
    nodes = binder.nodes
    refs = [(e, r[0][0]) for e in binder.entities if (r := past_readings(binder, e)) and r[0]]
    if len(refs) < 2:
        return
    (first, a), (second, b) = refs[0], refs[1]
    lead = nodes[max(0, first - 5) : first]
    middle = nodes[first + 1 : second]
    perfect = any(
        n.text.lower() in {"had", "having", "'d"}
        and any(b.has("verb") and "past" in b.classes for b in lead[i + 1 : i + 4])
        for i, n in enumerate(lead)
    ) and not any(n.has("have_short") for n in lead)
    marker = any(n.lemma in {"when", "by the time", "before"} or n.has("you") for n in middle)
    backwards = any(n.lemma in {"when", "by the time"} for n in nodes[: max(1, first)]) and any(
        n.text.lower() in {"had", "'d"} for n in middle
    )
    moved = any(n.lemma == "from" for n in lead[-2:]) and any(n.lemma == "to" for n in middle)
    acted = any(n.has("you") for n in nodes[:first]) and not any(n.has("comma") for n in lead[-2:])
    if backwards:
        report_order(binder, b, a)
    elif (perfect and marker) or (moved and acted):
        close = any(n.lemma in {"directly", "straight", "immediately"} for n in middle)
        report_order(binder, a, b, adjacent=close)


def _check_following(binder: Binder, place: int) -> None:
    node = binder.nodes[place]
    before, after = past_before(binder, place), past_after(binder, place)
    rec_before = any(binder.nodes[e].has("rec") for e in binder.entities if e < place)
    if before is None or rec_before:
        return
    if _stands_alone(binder, place):
        _check_came_after(binder, place)
        return
    if not after:
        return
    passive = place + 1 < len(binder.nodes) and binder.nodes[place + 1].lemma == "by"
    ahead = node.lemma in {"precede", "come before", "come ahead of", "lead into"}
    sooner, later = (before, after[0]) if ahead != passive else (after[0], before)
    node.used = True
    lead = binder.nodes[max(0, place - 2) : place]
    close = any(n.lemma in {"directly", "immediately", "straight", "next", "right"} for n in lead)
    report_order(binder, sooner, later, adjacent=close)


def _stands_alone(binder: Binder, place: int) -> bool:
    """Return whether nothing is followed by name ("X followed in December")."""
    behind = binder.nodes[place + 1 : place + 2]
    return (
        not behind
        or behind[0].has("time", "gap", "mark", "then")
        or behind[0].lemma
        in {
            "in",
            "on",
            "at",
            "and",
        }
    )


def _check_came_after(binder: Binder, place: int) -> None:
    """Check that "X came first; Y followed in May" tells them in their order."""
    facts = binder.context.facts
    named = [
        r
        for e in binder.entities
        if e < place
        for r in (binder.resolve(e) or [[]])[0]
        if events_of(facts, r)
    ]
    row = [*[r for r in binder.context.earlier if events_of(facts, r)], *named][-2:]
    if len(row) == 2 and row[0].ids != row[1].ids:
        binder.nodes[place].used = True
        report_order(binder, row[0], row[1])


def report_order(binder: Binder, sooner: Ref, later: Ref, *, adjacent: bool = False) -> None:
    """Report whether one thing was seen before another, with nothing between where told so."""
    facts = binder.context.facts
    ok = any(
        a.position < b.position
        and a.moment.local <= b.moment.local
        and not (adjacent and a.moment.newer - b.moment.newer > 1)
        for a in events_of(facts, sooner)
        for b in events_of(facts, later)
    )
    name = binder.context.name
    binder.context.report("order", f"{name(sooner.ids)} before {name(later.ids)}", ok=ok)
