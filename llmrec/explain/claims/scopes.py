"""What a count speaks of: the traits, windows and ratings of its reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Rated, Repeats
from llmrec.explain.claims.events import is_past
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.rules_sharing import FIELD_NOUNS
from llmrec.explain.claims.traits import Trait, find_traits
from llmrec.explain.claims.when import When

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.clauses import Clause
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Past


@dataclass(slots=True)
class Scope:
    """What a clause counts: events in a window with some traits."""

    clause: Clause
    traits: list[Trait] = field(default_factory=list)
    tests: list[Callable[[Past], bool]] = field(default_factory=list)
    last: int | None = None
    """Only the newest so many events."""
    used: list[Node] = field(default_factory=list)
    inherited: bool = False
    """Whether the traits are those of the clause before ("a genre of which you saw seven")."""

    def pool(self, binder: Binder) -> list[Past]:
        """Return the events that may be counted at all."""
        past = binder.context.facts.past
        kept = past[-self.last :] if self.last else past
        return [p for p in kept if all(test(p) for test in self.tests)]


def scope_of(binder: Binder, place: int) -> Scope:
    """Gather what restricts a count: traits, windows and ratings of its clause."""
    clause = binder.clause(place)
    scope = Scope(clause)
    reach = _reach(binder, clause, place)
    if _of_which(binder, clause, place):
        before = [t for t in find_traits(binder) if t.place < clause.start]
        scope.traits = [t for t in before if t.role != "year"][-1:] or binder.context.traits[-1:]
        scope.inherited = True
    scope.traits += [
        trait
        for trait in find_traits(binder)
        if trait.place in reach
        and binder.premodified(trait.place) is None
        and not _after_entity(binder, trait.place, place)
    ]
    for n in reach:
        node = binder.nodes[n]
        if n == place or node.used:
            continue
        test = _restriction(binder, scope, reach, n, place)
        if test is not None:
            scope.tests.append(test)
            scope.used.append(node)
        elif node.kind == "number" and is_window(binder, n) and isinstance(node.value, Range):
            scope.last = int(node.value.low)
            scope.used.append(node)
    return scope


def _restriction(
    binder: Binder, scope: Scope, reach: range, n: int, place: int
) -> Callable[[Past], bool] | None:
    """Return what a time, a rating or a repeat in reach of a count demands of its events."""
    node, facts = binder.nodes[n], binder.context.facts
    value = node.value
    if isinstance(value, When) and node.kind == "time":
        told = any(t.place == n for t in scope.traits) or _of_entity(binder, n, place)
        return None if told else lambda past: value.holds(past.moment)
    if isinstance(value, Rated) and node.kind == "rating":
        owned = any(e in reach and place < e < n and is_past(binder, e) for e in binder.entities)
        return None if owned else lambda past: value.holds(past.interaction.rating, facts.scale)
    if isinstance(value, Repeats):
        return lambda past: value.times.holds(len(facts.events[past.item.item_id]))
    return None


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


def is_window(binder: Binder, place: int) -> bool:
    """Return whether a number counts the newest events ("your last five films")."""
    before = binder.nodes[max(0, place - 2) : place]
    return bool(before) and (
        before[-1].has("latest", "recentadj") or before[-1].lemma in {"past", "previous"}
    )


_ADJECTIVES = frozenset(["different", "separate", "new", "own", "main", "other", "strong", "big"])


def head_of(binder: Binder, place: int) -> Node | None:
    """Return the noun that a number counts: behind it, past its adjectives."""
    for node in binder.nodes[place + 1 : place + 5]:
        if node.has("film", "watchnoun", "recnoun") or node.has(*FIELD_NOUNS):
            return node
        if node.kind == "unknown":
            return node
        if not (
            node.has("praise", "choiceadj", "hyphen", "additive", "classic", "same")
            or node.lemma in _ADJECTIVES
        ):
            return None
    return None


def take_scope(binder: Binder, scope: Scope) -> None:
    """Mark what a count has accounted for."""
    for node in scope.used:
        node.used = True
    binder.context.counted.extend(scope.traits)
    if not scope.inherited:
        for trait in scope.traits:
            binder.nodes[trait.place].used = True
