"""Which past events a word speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.mentions import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmrec.explain.claims.binding import Alternatives, Binder
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Facts, Past

_JOINTS = frozenset(["and", "then", "but", "while", "or", "plus"])
_BETWEEN = ("value", "weak", "film", "decade", "classic", "watchnoun", "recentadj")


def events_of(facts: Facts, ref: Ref) -> tuple[Past, ...]:
    """Return the visible events of what a ref stands for."""
    return tuple(past for item_id in ref.ids for past in facts.events.get(item_id, ()))


def is_past(binder: Binder, place: int) -> bool:
    """Return whether an entity may stand for something in the history."""
    mention = binder.nodes[place].mention
    if mention.refs:
        return any(events_of(binder.context.facts, ref) for ref in mention.refs)
    return any(
        events_of(binder.context.facts, ref) for refs in binder.resolve(place) for ref in refs
    )


def past_readings(binder: Binder, place: int) -> Alternatives:
    """Return an entity's readings that stand for events of the history alone."""
    facts = binder.context.facts
    return [
        refs for refs in binder.resolve(place) if refs and all(events_of(facts, r) for r in refs)
    ]


def bind_event(binder: Binder, place: int) -> Alternatives:
    """Return whose events a time, a rating or a count at a place speaks of."""
    clause = binder.clause(place)
    here = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    before = [e for e in here if e < place]
    after = [e for e in here if e > place]
    if after and (not before or _fronted(binder, place, after[0])):
        return whole(binder, after[0])
    if before:
        return whole(binder, before[-1])
    hung = antecedent(binder, clause.start)
    if hung is not None and not is_past(binder, hung):
        return binder.resolve(hung)
    earlier = [e for e in binder.entities if e < clause.start and is_past(binder, e)]
    later = [e for e in binder.entities if e >= clause.end and is_past(binder, e)]
    if later and _leads_in(binder, clause.start, later[0]):
        return whole(binder, later[0])
    if earlier:
        return whole(binder, earlier[-1])
    if later:
        return whole(binder, later[0])
    return _unnamed(binder)


def antecedent(binder: Binder, start: int) -> int | None:
    """Return the entity that a relative clause hangs on."""
    if binder.nodes[start].lemma not in {"which", "that"}:
        return None
    before = start - 1
    while before >= 0 and binder.nodes[before].has("comma", "close"):
        before -= 1
    return before if before in binder.entities else None


def _leads_in(binder: Binder, start: int, entity: int) -> bool:
    """Return whether a clause of its own comes before the entity that it speaks of."""
    del entity
    return start == 0 or not any(e < start for e in binder.entities)


def _fronted(binder: Binder, place: int, entity: int) -> bool:
    """Return whether a time goes with the entity behind it: "and on 5 May Thief"."""
    if place == 0:
        return True
    before = binder.nodes[place - 1]
    joined = before.lemma in _JOINTS or before.has("comma", "then")
    between = binder.nodes[place + 1 : entity]
    bare = all(
        node.has(*_BETWEEN, "comma") or node.lemma in {"the", "you", "a", "'s", "of"}
        for node in between
    )
    of = bool(between) and between[-1].lemma in {"of", "'s"}
    return (joined and bare) or of


def whole(binder: Binder, place: int) -> Alternatives:
    """Return an entity with those it is listed with."""
    row = [e for e in binder.listed(place) if is_past(binder, e)]
    if len(row) < 2:
        return past_readings(binder, place)
    every = [ref for e in row for ref in (past_readings(binder, e) or [[]])[0]]
    return [every]


def _unnamed(binder: Binder) -> Alternatives:
    """Return what an unnamed event may be: one spoken of before, cited, or any of the history."""
    facts = binder.context.facts
    said = [ref for ref in binder.context.earlier if events_of(facts, ref)]
    if said:
        return [[ref] for ref in said[:-4:-1]] + [said[-2:], said]
    cited = [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(facts.evidence, 1)]
    cited = [ref for ref in cited if events_of(facts, ref)]
    if cited:
        return [[ref] for ref in cited]
    return [[Ref(frozenset([i]))] for i in facts.events]


def any_event(facts: Facts, test: Callable[[Past], bool]) -> Callable[[Ref], bool]:
    """Return a test of a ref: whether one of its events meets all that is said of it."""
    return lambda ref: any(test(past) for past in events_of(facts, ref))


def names_of(binder: Binder, readings: Alternatives) -> str:
    """Return whom readings speak of, for findings."""
    shown = [" and ".join(binder.context.name(ref.ids) for ref in refs) for refs in readings[:2]]
    return " or ".join(shown) or "no event"


def use(nodes: Iterable[Node]) -> None:
    """Mark nodes as accounted for."""
    for node in nodes:
        node.used = True
