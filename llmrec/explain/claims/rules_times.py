"""Claims about when events were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.events import (
    bind_event,
    is_past,
    names_of,
)
from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.likely import aligned, plausible
from llmrec.explain.claims.tokens import tokenize
from llmrec.explain.claims.traits import is_release
from llmrec.explain.claims.when import Moment, When

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node
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
    if past or told or not said_of_rec or not isinstance(demand, When) or demand.year is not None:
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
