"""Claims about the ages of items: "older than X by nine years", "twenty years old"."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.rules_likeness import names_of_refs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node

_OLDER = frozenset(["precede", "predate", "come before"])
_EVENTS = frozenset(["viewing", "event", "entry", "watch"])


def check_ages(binder: Binder) -> None:
    """Check "X is older than Y by nine years", "X is the newer": by their years of release."""
    for place, node in enumerate(binder.nodes):
        if node.used:
            continue
        tells = node.has("older", "newer") and _tells_age(binder, place)
        if not tells and not _precedes(binder, place) and not _made_around(binder, place):
            continue
        if _is_name(binder, place):
            node.used = True  # "the older one", "the earlier": which item is meant
            continue
        _check(binder, place)


def _made_around(binder: Binder, place: int) -> bool:
    """Return whether "made after [2]" orders releases."""
    node = binder.nodes[place]
    after = [e for e in binder.entities if place < e <= place + 2]
    lead = binder.nodes[max(0, place - 3) : place]
    made = any(n.has("releasev") and "past" in n.classes for n in lead)
    return node.has("before", "after") and made and bool(after) and not binder.near(place, "you")


def _is_name(binder: Binder, place: int) -> bool:
    """Return whether "the older one" only names one of two items."""
    lead = binder.nodes[place - 1] if place else None
    after = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    governed = place > 1 and binder.nodes[place - 2].lemma in {"with", "from", "in", "of", "to"}
    bare = after is None or after.kind in {"mark", "entity"} or after.lemma in {"one", "and"}
    return lead is not None and lead.lemma == "the" and governed and bare


def _check(binder: Binder, place: int) -> None:
    node = binder.nodes[place]
    older = node.has("older", "before") or node.lemma in _OLDER
    amount, taken = _amount(binder, place)
    subjects, objects = _subjects(binder, place), _objects(binder, place)
    pairs = [(a, b) for a in subjects for b in objects if a.ids != b.ids]
    if not pairs:
        return
    node.used = True
    for other in taken:
        other.used = True
    near = binder.nodes[place : place + 4]
    every = all if any(n.lemma in {"any", "all", "every", "each"} for n in near) else any
    ok = any(
        every(_is_so(binder, a, b, amount, older=older) for b in objects if b.ids != a.ids)
        for a in subjects
    )
    names = names_of_refs(binder, [*subjects[:1], *objects[:1]])
    binder.context.report("comparison", f"{node.text}: {names}", ok=ok)


def _is_so(binder: Binder, a: Ref, b: Ref, amount: Range | None, *, older: bool) -> bool:
    facts = binder.context.facts
    if any(n.lemma in _EVENTS for n in binder.nodes):
        rows = [[p.position for p in events_of(facts, ref)] for ref in (a, b)]
    else:
        rows = [[y for i in ref.ids if (y := facts.year(i)) is not None] for ref in (a, b)]
    return any(
        (x < y if older else x > y) and (amount is None or amount.holds(abs(x - y)))
        for x in rows[0]
        for y in rows[1]
    )


def _amount(binder: Binder, place: int) -> tuple[Range | None, list[Node]]:
    """Return by how many years, told before ("two years older") or behind ("older by two")."""
    nodes = binder.nodes
    lead, behind = nodes[max(0, place - 3) : place], nodes[place + 1 : place + 12]
    words = [n for n in [*lead, *behind[:3]] if n.has("than") or n.lemma == "year"]
    for node in reversed(lead):
        if node.kind == "number" and isinstance(node.value, Range):
            before = nodes[nodes.index(node) - 1]
            if before.lemma in {"over", "more than", "at least", "upwards of"}:
                return Range(node.value.low, math.inf), [node, before, *words]
            return node.value, [node, *words]
    by = next((n for n, b in enumerate(behind) if b.lemma == "by"), None)
    if by is not None:
        for n, node in enumerate(behind[by + 1 : by + 3], by + 1):
            if node.kind == "number" and isinstance(node.value, Range):
                return node.value, [
                    node,
                    *words,
                    *[b for b in behind[n + 1 : n + 2] if b.lemma == "year"],
                ]
    return None, [n for n in words if n.has("than")]


def _objects(binder: Binder, place: int) -> Sequence[Ref]:
    """Return than what: the entity behind, else what was spoken of."""
    after = [e for e in binder.entities if place < e <= place + 6]
    after = [e for e in after if not binder.nodes[e].has("they", "both")]
    joined = binder.nodes[place + 1 : after[0]] if after else []
    if after and not any(n.has("semicolon", "stop") for n in joined):
        row = binder.listed(after[0])
        return [r for e in row for r in (binder.resolve(e) or [[]])[0]]
    here = list(reversed(binder.refs()))
    if len(here) > 1:
        return here
    return [*here, *reversed(binder.context.earlier), binder.rec]


def _subjects(binder: Binder, place: int) -> Sequence[Ref]:
    """Return what is older or newer: a free entity before, else anything that may be meant."""
    clause = binder.clause(place)
    before = [e for e in binder.entities if clause.start <= e < place]
    modified = binder.premodified(place)
    if modified is not None and binder.nodes[place].has("older", "newer"):
        return [r for refs in binder.resolve(modified) for r in refs]
    named = [e for e in before if not binder.nodes[e].has("they", "both")]
    free = [e for e in named if not binder.governed(e)]
    close = [e for e in named if e >= place - 2]
    if close and binder.nodes[place - 1].lemma == "the":
        free = close
    if free:
        return [r for refs in binder.resolve(free[0]) for r in refs]
    return [binder.rec, *(r for r in plausible(binder) if not r.rec)]


def check_age(binder: Binder) -> None:
    """Check "it is twenty years old" by the year of release."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        behind = binder.nodes[place + 1 : place + 4]
        if node.kind != "number" or not isinstance(node.value, Range) or node.used:
            continue
        if len(behind) < 2 or behind[0].lemma != "year" or behind[1].lemma != "old":
            continue
        node.used = behind[0].used = behind[1].used = True
        age = node.value
        ok = any(
            refs
            and all(
                any(
                    (y := facts.year(i)) is not None
                    and (age.holds(facts.now.year - y) or age.holds(facts.now.year - y - 1))
                    for i in ref.ids
                )
                for ref in refs
            )
            for refs in binder.bind(place)
        )
        binder.context.report("year", f"{node.text} years old", ok=ok)


def _precedes(binder: Binder, place: int) -> bool:
    """Return whether "precedes [1] by five years" speaks of releases."""
    node = binder.nodes[place]
    if not node.has("followv", "datev") or not node.has("verb"):
        return False
    behind = binder.nodes[place + 1 :]
    return any(n.lemma == "year" for n in behind) and any(n.lemma == "by" for n in behind)


def _tells_age(binder: Binder, place: int) -> bool:
    clause = binder.within(binder.clause(place))
    lead = binder.nodes[max(0, place - 2) : place]
    if any(n.has("uverb") and not n.has("recv") for n in clause):
        return False
    return any(n.has("than") for n in clause) or any(n.lemma in {"the", "be", "year"} for n in lead)
