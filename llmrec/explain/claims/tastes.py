"""Whether a taste is borne out by the history: often, mostly, most, all, never."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.explain.claims.events import use
from llmrec.explain.claims.likely import plausible
from llmrec.explain.claims.rules_likeness import holds_of
from llmrec.explain.claims.when import When
from llmrec.explain.facts import (
    DISLIKED_PART,
    FOND_PART,
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
    from llmrec.explain.claims.node import Node
    from llmrec.explain.claims.traits import Trait
    from llmrec.explain.facts import Facts, Past

_DEVOTED = frozenset(
    ["fan", "lover", "devotee", "passion", "love", "enthusiast", "obsession", "aficionado", "buff"]
)
_COMMON_ROLES = frozenset(["genre", "year", "country", "type"])
"""Roles with few values, of which every history has some by chance."""


@dataclass(slots=True)
class _Taste:
    """A trait that the person is said to like or to watch."""

    binder: Binder
    trait: Trait
    clause: Clause
    others: Sequence[Trait]
    """All traits that the sentence says so of."""
    nodes: list[Node]
    marks: set[str]
    """The classes of the clause's words."""
    pool: Sequence[Past]
    """The events of the time spoken of."""
    meeting: Sequence[Past]

    @property
    def facts(self) -> Facts:
        return self.binder.context.facts

    @property
    def enough(self) -> bool:
        """Whether there are as many events as a taste needs."""
        return len(self.meeting) >= TASTE_EVENTS

    def is_top(self, *, by_event: bool) -> bool:
        """Return whether no other value of its role occurs more often."""
        return self.enough and _is_top(self.facts, self.trait, self.others, by_event=by_event)


def check_taste(binder: Binder, trait: Trait, clause: Clause, others: Sequence[Trait]) -> None:
    """Check one trait that is said to be a taste, in the time that the clause names."""
    nodes = binder.within(clause)
    windows = [n for n in nodes if n.kind == "time" and not n.used and _is_window(n)]
    demands = [n.value for n in windows if isinstance(n.value, When)]
    pool = [p for p in binder.context.facts.past if all(d.holds(p.moment) for d in demands)]
    marks = {name for n in nodes for name in n.classes}
    if binder.nodes[clause.start].lemma == "be":
        marks |= {name for n in binder.nodes[: clause.start] for name in n.classes}
    meeting = [p for p in pool if trait.holds(p.item.item_id)]
    binder.nodes[trait.place].used = True
    binder.context.counted.append(trait)
    ok = _judge(_Taste(binder, trait, clause, others, nodes, marks, pool, meeting))
    if not ok and _may_be_attribute(binder, trait, clause):
        binder.nodes[trait.place].used = False
        return
    use([*windows, *(n for n in nodes if n.has("habit", "likev", "lovev", "fondness"))])
    binder.context.report("taste", f"{trait.label}: {len(meeting)} of {len(pool)} events", ok=ok)


def _is_window(node: Node) -> bool:
    return isinstance(node.value, When) and node.value.window


def _judge(taste: _Taste) -> bool:
    """Return whether a taste is borne out, by the strongest word that is said of it."""
    binder, trait, nodes = taste.binder, taste.trait, taste.nodes
    negated = [n for n in nodes if n.has("neg", "dislikev") and not n.used]
    if negated:
        return _is_denied(taste, negated)
    if not taste.meeting and any(n.has("neg") for n in nodes):
        return True  # "X has not featured in your viewing", read already
    if _is_complete(binder, trait, taste.clause):
        return taste.facts.has_seen_all(trait.holds)
    if _is_universal(binder, trait, taste.clause):
        return len(taste.meeting) == len(taste.pool) > 0
    if "favourite" in taste.marks:
        by_event = any(n.has("favourite") and "most" in n.lemma for n in nodes)
        use(n for n in binder.nodes if n.has("favourite"))
        return taste.is_top(by_event=by_event)
    if "mostly" in taste.marks:
        use(n for n in nodes if n.has("mostly"))
        return _is_mostly(taste)
    return _is_usual(taste)


def _is_denied(taste: _Taste, negated: Sequence[Node]) -> bool:
    """Return whether "you never watch", "you dislike", "nothing more often than" is borne out."""
    nodes = taste.nodes
    if any(n.has("than") for n in nodes):
        use(n for n in nodes if n.has("neg", "than", "habit", "comparative"))
        return taste.is_top(by_event=False)
    use(negated)
    if any(n.has("likev", "lovev", "dislikev") for n in nodes):
        return _liked_on_average(taste.facts, taste.meeting) is False
    return not taste.meeting


def _is_mostly(taste: _Taste) -> bool:
    named = [t for t in taste.others if t.role == taste.trait.role]
    if _share_of_any(taste.pool, [taste.trait]) > MOSTLY_SHARE:
        return True
    together = _share_of_any(taste.pool, named) > MOSTLY_SHARE
    return len(named) > 1 and taste.enough and together


def _is_usual(taste: _Taste) -> bool:
    """Return whether a trait is common enough for a taste, and not disliked where it is liked."""
    devoted = any(n.lemma in _DEVOTED for n in taste.nodes)
    often = bool(taste.marks & {"habit", "lovev"}) or devoted
    least, part = (OFTEN_EVENTS, OFTEN_SHARE) if often else (TASTE_EVENTS, TASTE_SHARE)
    common = taste.trait.role in _COMMON_ROLES
    share = _share_of_any(taste.pool, [taste.trait])
    ok = len(taste.meeting) >= least and (not common or share >= part)
    liking = any(n.has("likev", "lovev", "taste", "fondness") for n in taste.nodes)
    fond = any(n.lemma in {"fondness", "fond"} for n in taste.nodes)
    least_mean = FOND_PART if fond else DISLIKED_PART
    disliked = liking and _liked_on_average(taste.facts, taste.meeting, least_mean) is False
    return (ok or taste.is_top(by_event=True)) and not disliked


def _share_of_any(pool: Sequence[Past], traits: Sequence[Trait]) -> float:
    """Return what part of the events have one of the traits."""
    meeting = [p for p in pool if any(t.holds(p.item.item_id) for t in traits)]
    return len(meeting) / len(pool) if pool else 0.0


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


def _liked_on_average(
    facts: Facts, pasts: Sequence[Past], part: float = DISLIKED_PART
) -> bool | None:
    """Return whether rated events are liked on average; None where nothing is rated."""
    given = facts.ratings(pasts)
    if not given:
        return None
    return sum(given) / len(given) > part * facts.scale


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
