"""Claims about the history as a whole: tastes, counts, shares, favourites."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.rules_likeness import holds_of
from llmrec.explain.claims.traits import Trait, find_traits
from llmrec.explain.claims.when import When
from llmrec.explain.facts import (
    DISLIKED_PART,
    MOSTLY_SHARE,
    OFTEN_EVENTS,
    OFTEN_SHARE,
    TASTE_EVENTS,
    TASTE_SHARE,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.clauses import Clause
    from llmrec.explain.facts import Facts, Past

_AT_LEAST = frozenset(["at least", "over", "more than", "above", "beyond"])
_LAST_YEAR_DAYS = 366
_UNITS = frozenset(["day", "week", "month", "year", "hour"])
_DEVOTED = frozenset(
    ["fan", "lover", "devotee", "passion", "love", "enthusiast", "obsession", "aficionado", "buff"]
)
_COMMON_ROLES = frozenset(["genre", "year", "country", "type"])
"""Roles with few values, of which every history has some by chance."""


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
        named = [t for t in others if t.role == trait.role] or [trait]
        ok = _share_of_any(pool, [trait]) > MOSTLY_SHARE
        ok = ok or (
            len(named) > 1
            and len(meeting) >= TASTE_EVENTS
            and _share_of_any(pool, named) > MOSTLY_SHARE
        )
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
        ok = ok or (len(meeting) >= TASTE_EVENTS and _is_top(facts, trait, others, by_event=True))
        liking = any(n.has("likev", "lovev", "taste", "fondness") for n in nodes)
        ok = ok and not (liking and _liked_on_average(facts, meeting) is False)
    if not ok and _may_be_attribute(binder, trait, clause):
        binder.nodes[trait.place].used = False
        return
    for node in [*windows, *nodes]:
        if node in windows or node.has("habit", "likev", "lovev", "fondness"):
            node.used = True
    binder.context.report("taste", f"{trait.label}: {len(meeting)} of {len(pool)} events", ok=ok)


def _share_of_any(pool: Sequence[Past], traits: Sequence[Trait]) -> float:
    """Return what part of the events have one of the traits."""
    meeting = [p for p in pool if any(t.holds(p.item.item_id) for t in traits)]
    return len(meeting) / len(pool) if pool else 0.0


def _may_be_attribute(binder: Binder, trait: Trait, clause: Clause) -> bool:
    """Return whether no word of taste reaches a trait, so that an item may be meant."""
    start, end = trait.place, trait.place
    while start > clause.start and not binder.nodes[start - 1].has("comma"):
        start -= 1
    while end < clause.end and not binder.nodes[end].has("comma"):
        end += 1
    near = binder.nodes[start:end]
    marked = any(
        n.has("taste", "habit", "mostly", "favourite", "fondness", "neg")
        or (n.has("likev", "lovev", "dislikev") and n.has("verb"))
        for n in near
    )
    told = marked and any(n.has("you") for n in near)
    return not told and any(holds_of(r, trait) for r in plausible(binder))


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
