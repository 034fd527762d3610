"""Bare stretches of time: between events or releases, or part of a story."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.explain.claims.events import events_of, is_past
from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.when import elapsed

if TYPE_CHECKING:
    from llmrec.explain.claims.binding import Binder


_UNITS = frozenset(["day", "week", "month", "year", "hour"])


def is_duration(binder: Binder, place: int) -> bool:
    """Return whether a number counts days or weeks that no other rule has read."""
    behind = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    return behind is not None and behind.kind == "word" and behind.lemma in _UNITS


def check_duration(binder: Binder, place: int) -> None:
    """Check a bare stretch of time: between events or releases, or part of a story."""
    facts, number = binder.context.facts, binder.nodes[place].value
    unit = binder.nodes[place + 1].lemma
    refs = [r for r in plausible(binder) if not r.rec]
    clause = binder.clause(place)
    told = any(n.has("you") for n in binder.within(clause)) or any(
        clause.start <= e < clause.end and is_past(binder, e) for e in binder.entities
    )
    ok = not told and not any(
        n.has("directv") and n.has("verb") and "past" in n.classes for n in binder.within(clause)
    )
    if isinstance(number, Range) and told:
        test = elapsed(number, unit)
        moments = sorted(e.moment.local for r in refs for e in events_of(facts, r))
        ok = any(test(a, b) for a, b in itertools.combinations([*moments, facts.now], 2))
        ok = ok or (unit == "year" and years_apart(binder, number))
    binder.context.report("time", f"{binder.nodes[place].text} {unit}s", ok=ok)


def years_apart(binder: Binder, number: Range) -> bool:
    """Return whether two releases in question lie so many years apart."""
    facts = binder.context.facts
    years = {y for r in plausible(binder) for i in r.ids if (y := facts.year(i)) is not None}
    return any(number.holds(abs(a - b)) for a in years for b in years)
