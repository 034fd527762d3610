"""Claims about the history as a whole: tastes, counts, shares, favourites."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Proportion, Rated, Repeats
from llmrec.explain.claims.entities import Ref
from llmrec.explain.claims.events import events_of, is_past
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.traits import Trait, find_traits
from llmrec.explain.claims.when import When, elapsed
from llmrec.explain.facts import (
    DISLIKED_PART,
    MOSTLY_SHARE,
    OFTEN_EVENTS,
    OFTEN_SHARE,
    TASTE_EVENTS,
    TASTE_SHARE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.explain.claims.binding import Binder, Clause
    from llmrec.explain.claims.nodes import Node
    from llmrec.explain.facts import Facts, Past

_AT_LEAST = frozenset(["at least", "over", "more than", "above", "beyond"])
_LAST_YEAR_DAYS = 366
_UNITS = frozenset(["day", "week", "month", "year", "hour"])
_DEVOTED = frozenset(
    ["fan", "lover", "devotee", "passion", "love", "enthusiast", "obsession", "aficionado", "buff"]
)
_COMMON_ROLES = frozenset(["genre", "year", "country", "type"])
"""Roles with few values, of which every history has some by chance."""


@dataclass(slots=True)
class _Scope:
    """What a clause counts: events in a window with some traits."""

    clause: Clause
    traits: list[Trait] = field(default_factory=list)
    tests: list[Callable[[Past], bool]] = field(default_factory=list)
    last: int | None = None
    """Only the newest so many events."""
    used: list[Node] = field(default_factory=list)
    inherited: bool = False
    """Whether the traits are those of the clause before ("a genre of which you saw seven")."""


def check_counts(binder: Binder) -> None:
    """Check "three crime films", "12 of your 45 films", "half of your history", "your last five"."""  # noqa: E501
    for place, node in enumerate(binder.nodes):
        if node.used or node.kind not in {"number", "proportion"}:
            continue
        _check_count(binder, place)


def _is_duration(binder: Binder, place: int) -> bool:
    """Return whether a number counts days or weeks that no other rule has read."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    return behind is not None and behind.kind == "word" and behind.lemma in _UNITS


def _check_duration(binder: Binder, place: int) -> None:
    """Check a bare stretch of time between the two events that the sentence names."""
    facts = binder.context.facts
    number = binder.nodes[place].value
    refs = [r for r in _named(binder, 0, _Scope(binder.clause(place))) if not r.rec]
    ok = False
    if isinstance(number, Range) and len(refs) > 1:
        test = elapsed(number, binder.nodes[place + 1].lemma)
        pairs = [(a, b) for a in events_of(facts, refs[0]) for b in events_of(facts, refs[1])]
        ok = any(test(*sorted((a.moment.local, b.moment.local))) for a, b in pairs)
    binder.context.report("time", f"{binder.nodes[place].text} between two events", ok=ok)


def _counts_arguments(binder: Binder, place: int) -> bool:
    """Return whether reasons are counted and not films ("a few reasons", "two things")."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    return behind is not None and behind.has("recnoun") and not behind.has("film", "watchnoun")


def _is_total(binder: Binder, place: int) -> bool:
    """Return whether a number is the size of the history: "among your 45 films are 12 ..."."""
    nodes = binder.nodes
    if nodes[place].kind != "number" or place < 2 or nodes[place - 1].lemma not in {"your", "the"}:
        return False
    if nodes[place - 2].lemma not in {"among", "amongst", "of", "in"} or place + 1 >= len(nodes):
        return False
    clause = binder.clause(place)
    others = [n for n in nodes[place + 1 : clause.end] if n.kind == "number" and not n.used]
    return nodes[place + 1].has("film", "watchnoun") and bool(others)


def _counts_persons(binder: Binder, place: int) -> bool:
    """Return whether "all three" counts the names that stand before it."""
    node = binder.nodes[place]
    if (
        not isinstance(node.value, Range)
        or place == 0
        or binder.nodes[place - 1].lemma not in {"all", "these", "the"}
    ):
        return False
    names = [n for n in binder.nodes[:place] if n.kind == "value"]
    return len(names) == node.value.low and not any(
        n.has("film") for n in binder.nodes[place + 1 : place + 2]
    )


def _check_count(binder: Binder, place: int) -> None:  # noqa: C901, PLR0912, PLR0915
    facts = binder.context.facts
    node = binder.nodes[place]
    if _counts_persons(binder, place):
        node.used = True
        return
    if _is_duration(binder, place):
        node.used = True
        _check_duration(binder, place)
        return
    if _counts_arguments(binder, place):
        node.used = True
        return
    if _is_total(binder, place):
        node.used = True
        sizes = {len(facts.past), len(facts.events)}
        ok = isinstance(node.value, Range) and any(node.value.holds(size) for size in sizes)
        binder.context.report("count", f"{node.text} in all: {sorted(sizes)}", ok=ok)
        return
    scope = _scope(binder, place)
    if node.kind == "number" and _is_window(binder, place):
        node.used = True
        scope.last = int(node.value.low) if isinstance(node.value, Range) else None
        _check_window(binder, place, scope)
        return
    pool = facts.past[-scope.last :] if scope.last else facts.past
    pool = tuple(p for p in pool if all(test(p) for test in scope.tests))
    meeting = tuple(p for p in pool if all(t.holds(p.item.item_id) for t in scope.traits))
    named = _named(binder, place, scope)
    node.used = True
    for other in scope.used:
        other.used = True
    binder.context.counted.extend(scope.traits)
    if not scope.inherited:
        for trait in scope.traits:
            binder.nodes[trait.place].used = True
    if isinstance(node.value, Proportion):
        ok = bool(pool) and node.value.part.holds(len(meeting) / len(pool))
        binder.context.report(
            "count", f"{len(meeting)} of {len(pool)}", ok=ok and bool(scope.traits)
        )
        return
    wanted: Range = node.value  # type: ignore[assignment]
    if _at_least(binder, place):
        wanted = Range(wanted.low, 1e9)
    counts = {len(meeting), len({p.item.item_id for p in meeting})}
    if scope.tests:
        # "In May" means the last May where no year is told.
        late = [p for p in meeting if p.moment.days <= _LAST_YEAR_DAYS]
        counts |= {len(late), len({p.item.item_id for p in late})}
    ok = any(wanted.holds(count) for count in counts)
    if not ok:
        ok = _counts_named(binder, place, scope, wanted)
    lead = binder.nodes[max(0, place - 2) : place]
    if not named and any(n.lemma in {"the", "these", "those", "both", "all"} for n in lead):
        named = [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(facts.evidence, 1)]
    if named and not ok:
        ok = wanted.holds(len(named)) and all(
            any(t.holds(i) for i in ref.ids) for ref in named for t in scope.traits
        )
        ok = ok and all(
            any(all(test(p) for test in scope.tests) for p in events_of(facts, ref))
            for ref in named
        )
    ok = ok and _shared_with(binder, scope)
    label = ", ".join(t.label for t in scope.traits) or "events"
    binder.context.report("count", f"{node.text} of {label}: {sorted(counts)}", ok=ok)
    _check_total(binder, place)


def _shared_with(binder: Binder, scope: _Scope) -> bool:
    """Return whether what is counted holds of the item it is "shared with" as well."""
    clause = scope.clause
    places = range(clause.start, clause.end)
    sharing = [n for n in places if binder.nodes[n].lemma == "share" and not binder.nodes[n].used]
    after = [e for e in binder.entities if sharing and sharing[0] < e < clause.end]
    if not after or not scope.traits:
        return True
    binder.nodes[sharing[0]].used = True
    refs = (binder.resolve(after[0]) or [[]])[0]
    return all(any(t.holds(i) for i in ref.ids) for ref in refs for t in scope.traits)


def _counts_named(binder: Binder, place: int, scope: _Scope, wanted: Range) -> bool:
    """Return whether a number counts the items named, the recommended one among them."""
    refs = [r for r in binder.refs() if r.ids]
    everyone = refs if any(r.rec for r in refs) else [*refs, binder.rec]
    lead = binder.nodes[max(0, place - 2) : place]
    universal = any(n.lemma in {"all", "the", "these", "be"} for n in lead)
    return (
        universal
        and not scope.tests
        and wanted.holds(len(everyone))
        and all(any(t.holds(i) for i in ref.ids) for ref in everyone for t in scope.traits)
    )


def check_ordinals(binder: Binder) -> None:
    """Check "your fourth Mann film": the place of an item among those seen, or the next place."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.kind != "ordinal" or node.used or not isinstance(node.value, int):
            continue
        if place and binder.nodes[place - 1].lemma in {"a", "an"}:
            node.used = True
            continue
        traits = [t for t in find_traits(binder) if place < t.place <= place + 3]
        seen = [i for i in facts.events if all(t.holds(i) for t in traits)]
        if not traits:
            continue
        node.used = True
        for trait in traits:
            binder.nodes[trait.place].used = True
        readings = binder.bind(place)
        named = readings[0][0].ids if readings and readings[0] else frozenset()
        rec = bool(named & {facts.item.item_id}) and facts.item.item_id not in facts.events
        right = (
            rec and len(seen) + 1 == node.value and all(t.holds(facts.item.item_id) for t in traits)
        )
        right = right or any(i in seen and seen.index(i) + 1 == node.value for i in named)
        binder.context.report("count", f"{node.text} of {len(seen)} {traits[0].label}", ok=right)


def _scope(binder: Binder, place: int) -> _Scope:  # noqa: C901
    """Gather what restricts a count: traits, windows and ratings of its clause."""
    clause = binder.clause(place)
    scope = _Scope(clause)
    reach = _reach(binder, clause, place)
    nodes, best = binder.nodes, binder.context.facts.scale
    if _of_which(binder, clause, place):
        before = [t for t in find_traits(binder) if t.place < clause.start]
        scope.traits = [t for t in before if t.role != "year"][-1:] or binder.context.traits[-1:]
        scope.inherited = True
    for trait in find_traits(binder):
        if trait.place not in reach or binder.premodified(trait.place) is not None:
            continue
        if _after_entity(binder, trait.place, place):
            continue
        scope.traits.append(trait)
    for n in reach:
        node = nodes[n]
        if isinstance(node.value, When) and not node.used and node.kind == "time":
            if any(t.place == n for t in scope.traits) or _of_entity(binder, n, place):
                continue
            demand = node.value
            scope.tests.append(lambda p, d=demand: d.holds(p.moment))  # type: ignore[misc]
            scope.used.append(node)
        elif node.kind == "rating" and isinstance(node.value, Rated) and not node.used:
            if any(
                is_past(binder, e) and e < n for e in binder.entities if e in reach and e > place
            ):
                continue
            rated = node.value
            scope.tests.append(lambda p, r=rated: r.holds(p.interaction.rating, best))  # type: ignore[misc]
            scope.used.append(node)
        elif isinstance(node.value, Repeats) and not node.used and n != place:
            times, events = node.value.times, binder.context.facts.events
            scope.tests.append(lambda p, t=times: t.holds(len(events[p.item.item_id])))  # type: ignore[misc]  # noqa: B023
            scope.used.append(node)
        elif node.kind == "number" and n != place and _is_window(binder, n):
            value = node.value
            scope.last = int(value.low) if isinstance(value, Range) else None
            scope.used.append(node)
    return scope


def _reach(binder: Binder, clause: Clause, place: int) -> range:
    """Return the part of a clause that one count speaks of: another count ends it."""
    start, end = clause.start, clause.end
    for n in range(clause.start, clause.end):
        if n == place or not _opens_count(binder, n):
            continue
        if n < place:
            start = max(start, n + 1)
        else:
            end = min(end, n)
    if end == clause.end and end < len(binder.nodes) and hangs_on_count(binder, clause):
        end = binder.clause(end).end
    return range(start, end)


def _of_which(binder: Binder, clause: Clause, place: int) -> bool:
    """Return whether what is counted was named in the clause before."""
    nodes = binder.nodes[clause.start : clause.end]
    inside = any(n.kind == "value" for n in nodes)
    if inside or clause.start == 0:
        return False
    last = binder.nodes[clause.start - 2] if clause.start > 1 else None
    aside = binder.nodes[clause.start - 1].has("comma", "open", "dash")
    people = any(t.person for t in find_traits(binder) if t.place < clause.start)
    if aside and people and [n.lemma for n in nodes[:2]] == ["and", "in"]:
        return True
    if aside and last is not None and last.kind == "value" and nodes[0].lemma in {"in", "with"}:
        return True
    opener = nodes[0].lemma
    lead = binder.nodes[max(0, clause.start - 3) : clause.start]
    points = any(
        n.lemma in {"such", "them", "these", "those", "others", "kind", "sort", "more"}
        for n in nodes
    )
    named = any(n.has("genrenoun", "themenoun") for n in [*nodes, *lead])
    if binder.nodes[clause.start - 1].has("colon", "dash") and not any(
        n.kind == "entity" for n in nodes
    ):
        points = True
    del place
    return opener in {"which", "whom"} or named or points


def hangs_on_count(binder: Binder, clause: Clause) -> bool:
    """Return whether a relative clause follows that says which are counted."""
    follows = binder.nodes[clause.end].lemma in {"which", "that", "whom"}
    before = binder.nodes[clause.start : clause.end][-2:]
    named = any(n.kind == "entity" for n in before)
    return follows and not named and any(n.has("film", "value") for n in before)


def _opens_count(binder: Binder, place: int) -> bool:
    """Return whether a second count begins here ("... and eight are romances")."""
    node = binder.nodes[place]
    if node.kind not in {"number", "proportion"} or place == 0:
        return False
    lead = binder.nodes[place - 1]
    return lead.lemma in {"and", "but"} or lead.has("comma")


def _after_entity(binder: Binder, trait: int, number: int) -> bool:
    """Return whether an entity stands between a number and a trait, so that it is not counted."""
    low, high = sorted((trait, number))
    return any(low < e < high and not binder.nodes[e].has("it") for e in binder.entities)


def _of_entity(binder: Binder, time: int, number: int) -> bool:
    return any(number < e < time and is_past(binder, e) for e in binder.entities)


def _named(binder: Binder, place: int, scope: _Scope) -> list[Ref]:
    """Return the past refs that a count may be a count of: those of the sentence."""
    del scope
    facts = binder.context.facts
    found: list[Ref] = []
    for e in binder.entities:
        for ref in (binder.resolve(e) or [[]])[0]:
            if events_of(facts, ref) and not any(
                ref.ids == o.ids and ref.cites == o.cites for o in found
            ):
                found.append(ref)
    after = [
        r
        for e in binder.entities
        if e > place
        for r in (binder.resolve(e) or [[]])[0]
        if r in found
    ]
    return after or found


def _at_least(binder: Binder, place: int) -> bool:
    lead = binder.nodes[place - 1] if place else None
    before = binder.nodes[place - 2 : place] if place > 1 else []
    words = " ".join(n.text.lower() for n in before)
    return (lead is not None and lead.text.lower() in _AT_LEAST) or words.endswith("more than")


def _is_window(binder: Binder, place: int) -> bool:
    """Return whether a number counts the newest events ("your last five films")."""
    before = binder.nodes[max(0, place - 2) : place]
    return bool(before) and (
        before[-1].has("latest", "recentadj") or before[-1].lemma in {"past", "previous"}
    )


def _check_window(binder: Binder, place: int, scope: _Scope) -> None:
    """Check "your last three films were thrillers", "Heat [1] is among your last ten films"."""
    facts = binder.context.facts
    size = scope.last or 0
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


def check_only(binder: Binder) -> None:
    """Check "the only romance in your history": that there is one, and which it is."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if not node.has("onlyone") or node.used:
            continue
        scope = _scope(binder, place)
        meeting = {
            p.item.item_id
            for p in facts.past
            if all(t.holds(p.item.item_id) for t in scope.traits)
            and all(test(p) for test in scope.tests)
        }
        for trait in scope.traits:
            binder.nodes[trait.place].used = True
        for other in [node, *scope.used]:
            other.used = True
        named = [r for e in binder.entities for r in (binder.resolve(e) or [[]])[0] if not r.rec]
        ok = len(meeting) == 1 and all(r.ids & meeting for r in named[:1])
        ok = ok and bool(scope.traits or scope.tests)
        binder.context.report("count", f"{node.text}: {len(meeting)}", ok=ok)


def _check_total(binder: Binder, place: int) -> None:
    """Check the second number of "12 of your 45 films": the size of the history."""
    facts = binder.context.facts
    nodes = binder.nodes
    clause = binder.clause(place)
    for n in range(place + 1, min(clause.end, place + 6)):
        node = nodes[n]
        if node.kind == "number" and not node.used and isinstance(node.value, Range):
            between = nodes[place + 1 : n]
            if any(b.lemma in {"of", "out"} for b in between) and not any(
                b.kind == "entity" for b in between
            ):
                node.used = True
                sizes = {len(facts.past), len(facts.events)}
                ok = any(node.value.holds(size) for size in sizes)
                binder.context.report("count", f"{node.text} in all: {sorted(sizes)}", ok=ok)


def check_tastes(binder: Binder) -> None:
    """Check "you like horror", "most of your films", "your favourite director"."""
    tastes = [t for t in find_traits(binder) if _is_taste(binder, t, binder.clause(t.place))]
    for trait in _joined(binder, tastes):
        _check_taste(binder, trait, binder.clause(trait.place), tastes)
    for node in binder.nodes:
        if (
            node.has("habit", "mostly")
            and not node.used
            and any(n.used and n.has("value", "weak", "decade", "time") for n in binder.nodes)
        ):
            node.used = True


def _joined(binder: Binder, traits: Sequence[Trait]) -> list[Trait]:
    """Take traits that stand side by side as one: "romantic comedies" are both at once."""
    row: list[Trait] = []
    for trait in traits:
        last = row[-1] if row else None
        if (
            last is not None
            and trait.place == last.place + 1
            and binder.nodes[last.place].kind == "value"
        ):
            binder.nodes[last.place].used = True
            row[-1] = Trait(
                trait.place,
                f"{last.label} {trait.label}",
                trait.role,
                lambda i, a=last, b=trait: a.holds(i) and b.holds(i),  # type: ignore[misc]
            )
        else:
            row.append(trait)
    return row


def _is_taste(binder: Binder, trait: Trait, clause: Clause) -> bool:  # noqa: C901, PLR0912
    """Return whether a trait is said of the person and not of an item."""
    place = trait.place
    nodes = binder.within(clause)
    if binder.premodified(place) is not None:
        return False
    lead = binder.nodes[max(clause.start, place - 2) : place]
    if (
        trait.role == "year"
        and any(n.has("film") for n in lead)
        and not any(n.has("you", "plural") for n in binder.nodes[clause.start : place])
    ):
        return False
    yours = [n for n in range(clause.start, clause.end) if binder.nodes[n].has("you")]
    marks = [
        n
        for n in range(clause.start, clause.end)
        if binder.nodes[n].has("taste", "habit", "mostly", "favourite", "fondness")
    ]
    if not yours and not marks and binder.nodes[clause.start].lemma != "be":
        return False
    if not marks and binder.nodes[clause.start].lemma == "be" and not binder.entities:
        marks = [n for n in range(clause.start) if binder.nodes[n].has("favourite", "taste")]
    before = [e for e in binder.entities if clause.start <= e < place]
    last_mark = max((n for n in [*yours, *marks] if n < place), default=None)
    if before and (last_mark is None or before[-1] > last_mark):
        return _taste_behind(binder, place, clause)
    if marks:
        return True
    if not yours or _is_shown(binder, place, clause):
        return False
    if _seen_in(binder, place):
        return False
    if (
        place
        and binder.nodes[place - 1].lemma in {"a", "an"}
        and not binder.near(place, "likev", "lovev")
    ):
        return False
    if any(n.has("directornoun", "castnoun", "genrenoun") for n in nodes) and not before:
        return not any(n.kind == "entity" for n in nodes)
    verb = next(
        (
            binder.nodes[n]
            for n in range(yours[0] + 1, clause.end)
            if binder.nodes[n].has("tastev", "likev", "lovev", "dislikev", "uverb", "ratev")
        ),
        None,
    )
    if verb is None:
        return _owned(binder, place, yours)
    if any(n.lemma in {"every", "each"} for n in binder.nodes[clause.start : place]):
        return True
    if verb.has("likev", "lovev", "dislikev") and not any(n.has("modal") for n in nodes):
        return True
    plural = any(n.has("plural") for n in binder.nodes[place : place + 4]) or _ends_plural(
        binder, place
    )
    rec = any(n.has("rec") for n in nodes)
    return (plural or verb.has("tastev")) and not (rec and verb.has("recv") and not plural)


def _seen_in(binder: Binder, place: int) -> bool:
    """Return whether a name is followed by the film it was seen in ("you saw Myers in [1]")."""
    behind = binder.nodes[place + 1 : place + 6]
    first = next((n for n, b in enumerate(behind) if b.kind == "entity"), len(behind))
    between = behind[:first]
    inside = any(b.lemma in {"in", "from"} for b in between)
    return first < len(behind) and inside and not any(b.has("comma", "film") for b in between)


def _is_shown(binder: Binder, place: int, clause: Clause) -> bool:
    """Return whether a trait is promised of the new item ("you get to see Cruise in ...")."""
    nodes = binder.within(clause)
    rec = any(n.kind == "entity" and n.has("rec") for n in nodes)
    promised = any(n.has("modal") or n.lemma in {"get", "meet"} for n in nodes)
    del place
    return rec and promised


def _taste_behind(binder: Binder, place: int, clause: Clause) -> bool:
    """Return whether a taste noun follows the trait ("Heat feeds the crime habit of yours")."""
    after = binder.nodes[place + 1 : min(clause.end, place + 4)]
    lead = binder.nodes[max(clause.start, place - 4) : place]
    return any(n.has("taste") for n in after) and any(n.has("you") for n in [*lead, *after])


def _owned(binder: Binder, place: int, yours: Sequence[int]) -> bool:
    """Return whether "your" stands before the trait ("the thrillers in your history")."""
    near = binder.nodes[max(0, place - 3) : place]
    mine = any(n.lemma == "your" for n in near)
    behind = any(n > place for n in yours) and any(
        n.has("watchnoun") for n in binder.nodes[place : yours[-1] + 3]
    )
    return mine or behind


def _ends_plural(binder: Binder, place: int) -> bool:
    text = binder.nodes[place].text.lower()
    return text.endswith("s") and binder.nodes[place].kind == "value" and not text.endswith("ss")


def _check_taste(  # noqa: C901, PLR0912, PLR0915
    binder: Binder, trait: Trait, clause: Clause, others: Sequence[Trait] = ()
) -> None:
    facts = binder.context.facts
    nodes = binder.within(clause)
    windows = [
        n
        for n in nodes
        if n.kind == "time" and not n.used and isinstance(n.value, When) and n.value.window
    ]
    pool = facts.past
    for node in windows:
        demand = node.value
        if isinstance(demand, When):
            pool = tuple(p for p in pool if demand.holds(p.moment))
    meeting = tuple(p for p in pool if trait.holds(p.item.item_id))
    share = len(meeting) / len(pool) if pool else 0.0
    marks = {name for n in nodes for name in n.classes}
    if binder.nodes[clause.start].lemma == "be":
        marks |= {name for n in binder.nodes[: clause.start] for name in n.classes}
    negated = [n for n in nodes if n.has("neg", "dislikev") and not n.used]
    unequalled = bool(negated) and any(n.has("than") for n in nodes)
    binder.nodes[trait.place].used = True
    binder.context.counted.append(trait)
    if unequalled:
        ok = _is_top(facts, trait, others, by_event=False) and len(meeting) >= TASTE_EVENTS
        for n in nodes:
            n.used = n.used or n.has("neg", "than", "habit", "comparative")
    elif negated:
        ok = not meeting
        if any(n.has("likev", "lovev", "dislikev") for n in nodes):
            ok = _liked_on_average(facts, meeting) is False
        for n in negated:
            n.used = True
    elif _is_complete(binder, trait, clause):
        ok = facts.has_seen_all(trait.holds)
    elif _is_universal(binder, trait, clause):
        ok = share > 1 - 1e-9
    elif "favourite" in marks:
        by_event = any(n.has("favourite") and "most" in n.lemma for n in nodes)
        ok = _is_top(facts, trait, others, by_event=by_event) and len(meeting) >= TASTE_EVENTS
        for n in binder.nodes:
            n.used = n.used or n.has("favourite")
    elif "mostly" in marks:
        ok = share > MOSTLY_SHARE
        for n in nodes:
            n.used = n.used or n.has("mostly")
    else:
        often = (
            "habit" in marks or bool(marks & {"lovev"}) or any(n.lemma in _DEVOTED for n in nodes)
        )
        least = OFTEN_EVENTS if often else TASTE_EVENTS
        part = OFTEN_SHARE if often else TASTE_SHARE
        common = trait.role in _COMMON_ROLES
        ok = len(meeting) >= least and (not common or share >= part)
        liking = any(n.has("likev", "lovev", "taste", "fondness") for n in nodes)
        ok = ok and not (liking and _liked_on_average(facts, meeting) is False)
    for node in [*windows, *nodes]:
        if node in windows or node.has("habit", "likev", "lovev", "fondness"):
            node.used = True
    binder.context.report("taste", f"{trait.label}: {len(meeting)} of {len(pool)} events", ok=ok)


def _is_complete(binder: Binder, trait: Trait, clause: Clause) -> bool:
    """Return whether it is "every film by Mann": all that the catalogue has."""
    lead = binder.nodes[clause.start : trait.place]
    acted = any(n.has("uverb") for n in lead)
    places = [n for n, node in enumerate(lead) if node.lemma in {"every", "all", "each"}]
    return acted and bool(places) and not any(n.lemma == "your" for n in lead[places[-1] :])


def _is_universal(binder: Binder, trait: Trait, clause: Clause) -> bool:
    """Return whether the words leave no exception: "all your films", "you only watch"."""
    for n in range(clause.start, trait.place):
        node = binder.nodes[n]
        behind = binder.nodes[n + 1 : n + 5]
        if node.lemma in {"all", "every", "each"} and any(b.has("you", "film") for b in behind):
            return not any(b.has("anaphor", "rec") for b in behind)
        if node.lemma in {"exclusively", "always", "nothing but"} or (
            node.lemma == "only"
            and any(b.has("uverb", "tastev") for b in [*behind[:1], binder.nodes[max(0, n - 1)]])
        ):
            return True
    return False


def _liked_on_average(facts: Facts, pasts: Sequence[Past]) -> bool | None:
    """Return whether rated events are liked on average; None where nothing is rated."""
    given = facts.ratings(pasts)
    if not given:
        return None
    return sum(given) / len(given) > DISLIKED_PART * facts.scale


def _is_top(facts: Facts, trait: Trait, others: Sequence[Trait], *, by_event: bool) -> bool:
    """Return whether no other value of its role occurs more often, those named beside it apart."""
    ids = [p.item.item_id for p in facts.past] if by_event else list(facts.events)
    named = [t for t in others if t.role == trait.role]
    count = sum(trait.holds(i) for i in ids)
    rest: Counter[str] = Counter()
    for i in ids:
        if not any(t.holds(i) for t in named) or not named:
            rest.update(facts.role_values(i, trait.role))
    beside = Counter(value for i in ids for value in facts.role_values(i, trait.role))
    own = {v for v in beside if _always(facts, v, [*named, trait], ids)}
    best = max((n for value, n in beside.items() if value not in own), default=0)
    return count >= best and count > 0


def _always(facts: Facts, value: str, traits: Sequence[Trait], ids: Sequence[str]) -> bool:
    """Return whether a value is one of those named: wherever it stands, one of them holds."""
    has = [i for i in ids if value in facts.role_values(i, traits[-1].role)]
    return any(
        all(t.holds(i) for i in has) and sum(t.holds(i) for i in ids) == len(has) for t in traits
    )
