"""Claims about when events were, how far apart, and in which order."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.events import (
    any_event,
    bind_event,
    events_of,
    is_past,
    names_of,
    past_readings,
)
from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.likely import aligned, cited_refs, plausible
from llmrec.explain.claims.rules_reasons import is_temporal
from llmrec.explain.claims.tokens import tokenize
from llmrec.explain.claims.traits import find_traits, is_release
from llmrec.explain.claims.when import RECENT_DAYS, RECENT_EVENTS, Gap, Moment, When

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from llmrec.explain.claims.entities import Ref
    from llmrec.explain.claims.nodes import Node
    from llmrec.explain.facts import Past

_NOW = frozenset(
    ["tonight", "today", "this evening", "this weekend", "this afternoon", "a weekend"]
)
_USUAL_SHARE = 0.5
_OFTEN_SHARE = 0.25


def check_times(binder: Binder) -> None:
    """Check every time expression against the events that it speaks of."""
    claims: list[tuple[int, Callable[[Past], bool]]] = []
    for place, node in enumerate(binder.nodes):
        if node.kind != "time" or node.used or _is_other(binder, place):
            continue
        node.used = True
        if _checked_as_habit(binder, place) or _checked_as_now(binder, place):
            continue
        demand = node.value
        if isinstance(demand, When) and not _is_year_named(binder, place, demand):
            claims.append((place, lambda past, d=demand: d.holds(past.moment)))  # type: ignore[misc]
    for (place, _), ok in zip(claims, aligned(binder, claims), strict=True):
        names = names_of(binder, bind_event(binder, place))
        binder.context.report("time", f"{binder.nodes[place].text}: {names}", ok=ok)


def _is_year_named(binder: Binder, place: int, demand: When) -> bool:
    """Check a bare year as a release where nothing was done in it: "1986, as against 2010"."""
    years = demand.years
    clause = binder.within(binder.clause(place))
    if years is None or any(n.has("you", "uverb", "ratev") and not n.has("recv") for n in clause):
        return False
    facts = binder.context.facts
    made = {y for ref in plausible(binder) for i in ref.ids if (y := facts.year(i)) is not None}
    if not any(years(y) for y in made):
        return False
    binder.context.report("year", binder.nodes[place].text, ok=True)
    return True


def _is_other(binder: Binder, place: int) -> bool:
    """Return whether a time is a year of release, or words of the item's own description."""
    node = binder.nodes[place]
    if isinstance(node.value, When) and node.value.year is not None and is_release(binder, place):
        return True
    clause = binder.clause(place)
    if any(n.has("you") for n in binder.within(clause)):
        return False
    words = stems(" ".join(t.fold for t in tokenize(node.text) if t.is_word and len(t.fold) > 3))
    told = binder.context.facts.text_words(binder.context.facts.item.item_id)
    if words and all(word in told for word in words):
        node.used = True
        return True
    return False


def _checked_as_habit(binder: Binder, place: int) -> bool:
    """Check "you usually watch on Fridays": a share of all events."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    yours = any(n.has("you") for n in binder.nodes)
    if any(node.kind == "entity" and not node.has("it") for node in nodes) or not yours:
        return False
    habit = next(
        (n for n in nodes if n.has("habit", "mostly", "favourite") or _is_every(binder, n)), None
    )
    if binder.nodes[place].text.lower().startswith(("every ", "each ", "on every ", "on each ")):
        binder.context.report("time", f"{binder.nodes[place].text}: no log shows a rule", ok=False)
        return True
    if habit is None:
        return False
    habit.used = True
    facts, demand = binder.context.facts, binder.nodes[place].value
    if not isinstance(demand, When):
        return False
    meeting = facts.matching(lambda past: demand.holds(past.moment))
    least = (
        _OFTEN_SHARE
        if habit.lemma in {"often", "frequently", "regularly", "a lot"}
        else _USUAL_SHARE
    )
    if habit.lemma in {"always", "constantly", "every", "all", "each"}:
        least = 1.0
    ok = facts.share_of(meeting) >= least
    binder.context.report("time", f"{len(meeting)} of {len(facts.past)} events", ok=ok)
    return True


def _is_every(binder: Binder, node: Node) -> bool:
    """Return whether "all your films", "every film" is the subject here."""
    if node.lemma not in {"every", "all", "each", "everything"}:
        return False
    place = binder.place[id(node)]
    behind = binder.nodes[place + 1 : place + 4]
    return node.lemma == "everything" or any(n.has("film", "watchnoun") for n in behind)


def _checked_as_now(binder: Binder, place: int) -> bool:
    """Check "for tonight", "this Friday evening" said of the recommendation's own moment."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    if re.search(r"\b(?:ago|back|last|past|previous)\b", binder.nodes[place].text.lower()):
        return False
    if any(n.lemma in {"any", "no", "single", "rather than", "than"} for n in nodes[:place]):
        return binder.nodes[place].text.lower().startswith("one ")
    past = any(is_past(binder, e) for e in binder.entities if clause.start <= e < clause.end)
    told = any(n.has("uverb", "ratev", "likev", "lovev") and "past" in n.classes for n in nodes)
    tonight = binder.nodes[place].text.lower().removeprefix("for ") in _NOW
    said_of_rec = any(n.has("rec", "recnoun", "modal") for n in nodes) or tonight
    demand = binder.nodes[place].value
    if past or told or not said_of_rec or not isinstance(demand, When):
        return False
    facts = binder.context.facts
    supposed = any(
        n.has("modal") or n.lemma in {"perhaps", "maybe", "for", "if", "some"} for n in nodes
    )
    if supposed and not any(n.text.lower() == "today" for n in nodes):
        return True
    ok = demand.holds(Moment(local=facts.now, now=facts.now))
    binder.context.report("time", f"{binder.nodes[place].text}, said of now", ok=ok)
    return True


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
            _tells_releases(binder, place) or not _all_past(binder, pairs)
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
    acted = any(
        n.has("you", "uverb") and not n.has("recv") for n in binder.within(binder.clause(place))
    )
    here = [
        e
        for e in binder.entities
        if is_past(binder, e) and binder.clause(e) == binder.clause(place)
    ]
    if gap.years is not None and not acted and len(here) < 2:
        return any(_gap_holds(binder, gap, ref, binder.rec, released=True) for ref in others)
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


def _tells_releases(binder: Binder, place: int) -> bool:
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
    if behind and before and after:
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
    _check_tenses(binder)
    _check_extremes(binder)


def _tells_years(binder: Binder, place: int) -> bool:
    """Return whether releases are ordered ("three before [2]", "made before [1]")."""
    lead = binder.nodes[max(0, place - 2) : place]
    counted = any(n.kind == "number" or n.lemma == "year" for n in lead)
    return (counted or _tells_releases(binder, place)) and not binder.near(place, "you")


def _past_before(binder: Binder, place: int) -> Ref | None:
    facts = binder.context.facts
    for e in reversed([e for e in binder.entities if e < place]):
        readings = past_readings(binder, e)
        if readings:
            return readings[0][-1]
    return next((r for r in reversed(binder.context.earlier) if events_of(facts, r)), None)


def _past_after(binder: Binder, place: int) -> list[Ref]:
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
    after = _past_after(binder, place)
    before = _past_before(binder, place)
    node = binder.nodes[place]
    if not after:
        return
    if leads:
        between = binder.nodes[
            place + 1 : binder.entities[next(n for n, e in enumerate(binder.entities) if e > place)]
        ]
        if any(n.kind == "mark" for n in between):
            return
        target = before if before is not None and _here(binder, before, place) else None
        if target is None:
            target = after[1] if len(after) > 1 else None
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
    _report_order(binder, sooner, later, adjacent=close)


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
    after = _past_after(binder, place)
    for later in after[1:]:
        _report_order(binder, after[0], later)


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
    acted = any(n.has("you") for n in nodes[:first])
    if backwards:
        _report_order(binder, b, a)
    elif (perfect and marker) or (moved and acted):
        close = any(n.lemma in {"directly", "straight", "immediately"} for n in middle)
        _report_order(binder, a, b, adjacent=close)


def _check_following(binder: Binder, place: int) -> None:
    node = binder.nodes[place]
    before, after = _past_before(binder, place), _past_after(binder, place)
    rec_before = any(binder.nodes[e].has("rec") for e in binder.entities if e < place)
    if before is None or rec_before or (_stands_alone(binder, place) and not before):
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
    _report_order(binder, sooner, later, adjacent=close)


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
        _report_order(binder, row[0], row[1])


def _report_order(binder: Binder, sooner: Ref, later: Ref, *, adjacent: bool = False) -> None:
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


def _check_extremes(binder: Binder) -> None:  # noqa: C901
    """Check "your most recent film", "the first crime film", "a recent viewing"."""
    for place, node in enumerate(binder.nodes):
        if _is_edge(binder, place) and not node.used:
            _check_edge(binder, place)
        if node.used or node.has("connective") or not node.has("latest", "earliest", "recentadj"):
            continue
        behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
        if behind is not None and behind.kind == "number":
            continue
        readings = bind_event(binder, place)
        named = any(is_past(binder, e) for e in binder.entities)
        if (
            node.has("earliest")
            and behind is not None
            and behind.has("watchnoun")
            and _repeated(binder, readings)
        ):
            node.used = True
            continue
        if node.has("recentadj") or _among(binder, place):
            if named:
                ok = holds(readings, any_event(binder.context.facts, _is_recent))
                binder.context.report("order", f"recent: {names_of(binder, readings)}", ok=ok)
            node.used = True
            continue
        if node.lemma == "first" and _sequenced(binder, place):
            continue
        if behind is not None and behind.has("releasev") and not binder.near(place, "you"):
            node.used = True
            continue
        if not _is_ordering(binder, place):
            continue
        node.used = True
        latest = node.has("latest") and node.lemma != "first"
        test = _extreme(binder, place, latest=latest)
        ok = holds(readings, any_event(binder.context.facts, test))
        if not ok and _is_adverb(binder, place):
            ok = _is_edge_of_named(binder, readings, latest=latest)
        if not ok and node.text.lower() in _BY_YEAR and not binder.near(place, "you"):
            ok = _is_edge_by_year(binder, newest=node.text.lower() != "oldest")
        if not ok and node.lemma in {"oldest", "newest", "latest"}:
            ok = holds(readings, _extreme_release(binder, newest=node.lemma != "oldest"))
        binder.context.report("order", f"{node.text}: {names_of(binder, readings)}", ok=ok)


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
    refs = _past_after(binder, place)
    if second:
        before = _past_before(binder, place)
        refs = [*([before] if before is not None else []), *refs]
        second[0].used = True
    node.used = True
    for sooner, later in itertools.pairwise(refs):
        if sooner.ids != later.ids:
            _report_order(binder, sooner, later)
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
