"""Claims about how far apart two events or two releases are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Binder, holds
from llmrec.explain.claims.events import (
    any_event,
    bind_event,
    events_of,
    is_past,
    names_of,
    past_readings,
)
from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.when import Gap

if TYPE_CHECKING:
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.facts import Past


def check_gaps(binder: Binder) -> None:
    """Check how far apart two events, or two releases, are said to be."""
    for place, node in enumerate(binder.nodes):
        if node.kind != "gap" or not isinstance(node.value, Gap) or node.used:
            continue
        node.used = True
        gap = node.value
        if _up_to_now(binder, place, gap):
            continue
        pairs = _gap_pairs(binder, place, gap)
        released = gap.years is not None and (
            tells_releases(binder, place) or not _all_past(binder, pairs)
        )
        if gap.years is not None and _names_new(binder) and not binder.near(place, "uverb"):
            released = True
        if released:
            pairs = _release_pairs(binder, place, gap)
        ok = any(_gap_holds(binder, gap, a, b, released=released) for a, b in pairs)
        ok = ok or _holds_loosely(binder, place, gap)
        binder.context.report("time", f"{node.text}: {_pair_names(binder, pairs)}", ok=ok)


def _holds_loosely(binder: Binder, place: int, gap: Gap) -> bool:
    """Return whether a gap holds of releases with the new item, or from an event up to now."""
    facts = binder.context.facts
    others = [r for r in plausible(binder) if not r.rec]
    after = [e for e in binder.entities if e > place]
    if gap.leads and after:
        others = (binder.resolve(after[0]) or [[]])[0]
    acted = any(n.lemma == "you" or n.has("ratev") for n in binder.within(binder.clause(place)))
    here = [
        e
        for e in binder.entities
        if is_past(binder, e) and binder.clause(e) == binder.clause(place)
    ]
    if gap.years is not None and not acted and (gap.leads or len(here) < 2):
        pairs = [(ref, binder.rec) for ref in others]
        pairs += [] if gap.leads else [(binder.rec, ref) for ref in others]
        return any(_gap_holds(binder, gap, a, b, released=True) for a, b in pairs)
    past = [r for r in others if events_of(facts, r)]
    if gap.adjacent or gap.direction < 0 or len({r.ids for r in past}) != 1:
        return False
    return any(gap.holds(p.moment.local, facts.now) for r in past for p in events_of(facts, r))


def _names_new(binder: Binder) -> bool:
    """Return whether the sentence names the recommended item, which has no event."""
    refs = [r for e in binder.entities for r in (binder.resolve(e) or [[]])[0]]
    return any(r.rec for r in refs)


def _up_to_now(binder: Binder, place: int, gap: Gap) -> bool:
    """Check "four weeks lie between [1] and today"."""
    clause = binder.within(binder.clause(place))
    today = [n for n in clause if n.lemma == "now" or n.text.lower() in {"today", "now", "tonight"}]
    if not today:
        return False
    readings = bind_event(binder, place)
    now = binder.context.facts.now
    ok = holds(
        readings,
        any_event(binder.context.facts, lambda past: gap.holds(past.moment.local, now)),
    )
    for node in today:
        node.used = True
    binder.context.report("time", f"{gap.text} up to now: {names_of(binder, readings)}", ok=ok)
    return True


def tells_releases(binder: Binder, place: int) -> bool:
    """Return whether a clause speaks of releases."""
    return binder.near(place, "releasev") and any(
        n.lemma in {"release", "come out", "premiere", "appear", "debut", "date", "make"}
        for n in binder.within(binder.clause(place))
    )


def _all_past(binder: Binder, pairs: list[tuple[Ref, Ref]]) -> bool:
    facts = binder.context.facts
    return bool(pairs) and all(events_of(facts, r) for pair in pairs for r in pair)


def _release_pairs(binder: Binder, place: int, gap: Gap) -> list[tuple[Ref, Ref]]:
    """Return (base, target) for releases: the recommended item may be one of them."""
    before, after = _around(binder, place, past_only=False)
    if not any(ref.rec for ref in [*before, *after]) and len(after) < 2 and not before:
        before = [binder.rec]
    return _pair_up(binder, place, gap, before, after)


def _gap_pairs(binder: Binder, place: int, gap: Gap) -> list[tuple[Ref, Ref]]:
    before, after = _around(binder, place, past_only=True)
    return _pair_up(binder, place, gap, before, after)


def _around(binder: Binder, place: int, *, past_only: bool) -> tuple[list[Ref], list[Ref]]:
    """Return the refs before a place (those of earlier sentences first) and after it."""
    facts = binder.context.facts
    rows: tuple[list[Ref], list[Ref]] = ([], [])
    rows[0].extend(r for r in binder.context.earlier if not past_only or events_of(facts, r))
    named = any(binder.nodes[e].has("named", "cited") for e in binder.entities)
    for e in binder.entities:
        if named and binder.nodes[e].has("it"):
            continue
        readings = past_readings(binder, e) if past_only else binder.resolve(e)
        rows[e > place].extend(readings[0] if readings else [])
    return rows


def _pair_up(
    binder: Binder, place: int, gap: Gap, before: list[Ref], after: list[Ref]
) -> list[tuple[Ref, Ref]]:
    """Return the (base, target) pairs that a gap may be told of."""
    if gap.leads and _leads_back(binder, place):
        return [(before[-1], after[0])] if before and after else []
    if gap.leads and not after and before and binder.near(place, "earliest"):
        return [(before[-1], before[-1])]
    if gap.leads and after:
        base = after[0]
        others = [*before[-1:], *after[1:2]] if before else after[1:2]
        return [
            (base, other) for other in others if other.ids != base.ids or other.cites != base.cites
        ]
    if gap.direction == 0:
        named = [*before, *after]
        here = [r for r in named if r in binder.refs()]
        chosen = here if len(here) > 1 else named
        pairs = list(itertools.pairwise(chosen[-3:] if len(here) < 2 else chosen))
        return _grouped(pairs)
    clause = binder.clause(place)
    behind = [e for e in binder.entities if place < e < clause.end]
    trails = place > 0 and binder.nodes[place - 1].kind == "entity" and len(before) > 1
    if behind and before and after and not trails:
        return [(before[-1], after[0])]
    if len(before) > 1:
        return [(before[-2], before[-1])]
    return [(before[-1], after[0])] if before and after else []


def _leads_back(binder: Binder, place: int) -> bool:
    """Return whether a gap is told from what was just named ("a month after that")."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    return behind is not None and behind.lemma in {"that", "this", "it"}


def _grouped(pairs: list[tuple[Ref, Ref]]) -> list[tuple[Ref, Ref]]:
    return pairs[-1:] if len(pairs) == 1 else pairs


def _gap_holds(binder: Binder, gap: Gap, base: Ref, target: Ref, *, released: bool) -> bool:
    facts = binder.context.facts
    if released and gap.years is not None:
        return any(
            _years_apart(facts.year(a), facts.year(b), gap) for a in base.ids for b in target.ids
        )
    return any(
        _events_apart(gap, a, b)
        for a in events_of(facts, base)
        for b in events_of(facts, target)
        if a.position != b.position
    )


def _years_apart(base: int | None, target: int | None, gap: Gap) -> bool:
    if base is None or target is None or gap.years is None:
        return False
    apart = (target - base) * gap.direction if gap.direction else abs(target - base)
    return gap.years.holds(apart)


def _events_apart(gap: Gap, base: Past, target: Past) -> bool:
    first, last = sorted((base, target), key=lambda p: p.position)
    if gap.direction and (target is last) != (gap.direction > 0):
        return False
    if gap.adjacent and first.moment.newer - last.moment.newer > 1:
        same_item = first.moment.newer - last.moment.newer
        return same_item <= 1
    return gap.holds(first.moment.local, last.moment.local)


def _pair_names(binder: Binder, pairs: list[tuple[Ref, Ref]]) -> str:
    name = binder.context.name
    return "; ".join(f"{name(a.ids)} to {name(b.ids)}" for a, b in pairs) or "no two events"
