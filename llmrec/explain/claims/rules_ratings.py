"""Claims about ratings: stars, marks in words, averages, the best and the worst."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Rated
from llmrec.explain.claims.binding import Binder, holds
from llmrec.explain.claims.events import any_event, bind_event, events_of, is_past, names_of
from llmrec.explain.claims.likely import aligned
from llmrec.explain.claims.mentions import Ref
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.rules_averages import check_average, check_span
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.facts import DISLIKED_PART

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Facts, Past

Claim = "tuple[int, Callable[[Past], bool]]"
_RATING_VERBS = frozenset(["rate", "score", "grade", "mark"])
_NUMBER_VERBS = frozenset(
    [
        "rate",
        "score",
        "give",
        "award",
        "mark",
        "grade",
        "get",
        "receive",
        "earn",
        "assign",
        "leave",
        "merit",
    ]
)


def check_ratings(binder: Binder) -> None:
    """Check every rating that the sentence states, in numbers or words."""
    claims: list[tuple[int, Callable[[Past], bool]]] = []
    for place, node in enumerate(binder.nodes):
        if node.lemma in {"average", "on average"} and check_average(binder, place):
            continue
        if node.used or _is_counted(binder, place):
            continue
        if check_span(binder, place):
            continue
        if (node.has("higher", "lower", "equal") or _likes_more(binder, place)) and _compares(
            binder, place
        ):
            _check_comparison(binder, place)
            continue
        test = _test_of(binder, place)
        if test is not None:
            node.used = True
            claims.append((place, test))
    _report(binder, claims)
    for place, node in enumerate(binder.nodes):
        if node.used or _behind_negation(binder, place):
            continue
        if node.lemma in _RATING_VERBS and node.has("verb") and not _checked(binder, place):
            _check_rated(binder, place)


def _report(binder: Binder, claims: list[tuple[int, Callable[[Past], bool]]]) -> None:
    for (place, _), ok in zip(claims, aligned(binder, claims), strict=True):
        node = binder.nodes[place]
        if not ok and node.kind == "number" and not _is_rating(binder, place):
            node.used = False  # a count then
            continue
        names = names_of(binder, bind_event(binder, place))
        binder.context.report("rating", f"{node.text}: {names}", ok=ok)


def _test_of(binder: Binder, place: int) -> Callable[[Past], bool] | None:
    """Return what a word or number demands of an event's rating; None where it is no rating."""
    node, facts = binder.nodes[place], binder.context.facts
    if (
        node.kind == "rating"
        and node.text.lower().endswith("points")
        and not binder.near(place, "ratev", "ratingnoun")
    ):
        node.used = True  # "they meet on two points"
        return None
    if node.kind == "rating" and isinstance(node.value, Rated):
        return _equals(facts, node.value)
    if node.kind == "number" and (_is_rating(binder, place) or _is_bare(binder, place)):
        value = node.amount
        return _equals(facts, Rated(value.low))
    if node.has("high", "low", "middling") and _speaks_of_rating(binder, place):
        return _in_words(facts, node)
    if node.has("unrated"):
        return lambda past: past.interaction.rating is None
    if node.has("best", "worst"):
        return _extreme(binder, place, best=node.has("best"))
    return None


_NO_NOUN = frozenset([
    "and", "or", "to", "for", "from", "with", "at", "but", "up", "each", "you", "while", "just",
    "for example", "for instance", "in", "as", "too", "also",
])  # fmt: skip


def _is_bare(binder: Binder, place: int) -> bool:
    """Return whether a number with no noun may be a rating: "three from you", "4 for [1]"."""
    value, facts = binder.nodes[place].value, binder.context.facts
    if not isinstance(value, Range) or not value.exact or not 0 < value.low <= facts.scale:
        return False
    lead = binder.nodes[place - 1].lemma if place else ""
    if not float(value.low).is_integer():
        return True
    if lead in {"all", "those", "these", "the", "of", "by", "in", "both"}:
        return False
    after = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    return after is None or after.kind in {"mark", "entity"} or after.lemma in _NO_NOUN


def _is_counted(binder: Binder, place: int) -> bool:
    """Return whether a rating restricts a count ("three of your films got five stars")."""
    clause = binder.clause(place)
    nodes = binder.within(clause)
    if nodes and nodes[0].lemma in {"which", "that"} and clause.start:
        before = binder.clause(clause.start - 1)
        nodes = [*binder.within(before), *nodes]
    counts = any(
        n.kind in {"number", "proportion"} or n.has("onlyone")
        for n in nodes
        if n is not binder.nodes[place]
    )
    past = any(is_past(binder, e) for e in binder.entities if clause.start <= e < clause.end)
    plural = any(n.has("film") for n in nodes)
    return counts and plural and not past


def _equals(facts: Facts, rated: Rated) -> Callable[[Past], bool]:
    return lambda past: rated.holds(past.interaction.rating, facts.scale)


def _in_words(facts: Facts, node: Node) -> Callable[[Past], bool]:
    def test(past: Past) -> bool:
        rating = past.interaction.rating
        if rating is None:
            return False
        part = rating / facts.scale
        if node.has("middling"):
            return 0.4 <= part <= 0.7
        return part >= 0.7 if node.has("high") else part <= DISLIKED_PART

    return test


def _extreme(binder: Binder, place: int, *, best: bool) -> Callable[[Past], bool]:
    """Return a test for the best or worst rating, of a group where one is named."""
    facts = binder.context.facts
    traits = [t for t in find_traits(binder) if _limits(binder, place, t.place)]
    for trait in traits:
        binder.nodes[trait.place].used = True
    pool = facts.matching(lambda p: all(t.holds(p.item.item_id) for t in traits))
    given = facts.ratings(pool)
    edge = (max(given) if best else min(given)) if given else None
    return lambda past: past.interaction.rating is not None and past.interaction.rating == edge


def _limits(binder: Binder, edge: int, place: int) -> bool:
    """Return whether a trait names the group that something is the best of."""
    if edge < place <= edge + 2 and binder.premodified(place) is None:
        return True
    lead = binder.nodes[max(0, place - 4) : place]
    return any(n.lemma in {"of", "among", "amongst"} for n in lead) and any(
        n.has("you") for n in lead
    )


def _is_rating(binder: Binder, place: int) -> bool:
    """Return whether a bare number is what something was rated with."""
    value = binder.nodes[place].value
    if not isinstance(value, Range) or not value.exact:
        return False
    clause = binder.clause(place)
    nodes = binder.nodes
    verb = any(
        nodes[n].lemma in _NUMBER_VERBS and nodes[n].has("ratev")
        for n in range(clause.start, place)
    )
    noun = any(nodes[n].has("ratingnoun") for n in range(max(clause.start, place - 4), place))
    behind = nodes[place + 1 : place + 3]
    if place and nodes[place - 1].lemma in {"those", "these", "the", "both", "of"}:
        return False
    counts = any(n.has("film", "value") or n.lemma == "of" for n in behind[:1])
    return (verb or noun) and not counts


def _speaks_of_rating(binder: Binder, place: int) -> bool:
    clause = binder.within(binder.clause(place))
    return any(
        n.lemma in _NUMBER_VERBS | {"reward", "value", "rank", "judge"} and n.has("ratev")
        for n in clause
    ) or any(n.has("ratingnoun") and not n.has("film") for n in clause)


def _checked(binder: Binder, place: int) -> bool:
    """Return whether the clause of a rating verb states a rating."""
    clause = binder.within(binder.clause(place))
    return any(
        n.kind == "rating" or (n.used and n.has("number", "high", "low", "higher")) for n in clause
    )


def _behind_negation(binder: Binder, place: int) -> bool:
    return any(n.has("neg") for n in binder.nodes[max(0, place - 3) : place])


def _check_rated(binder: Binder, place: int) -> None:
    """Check "you rated [1]": that there is a rating at all."""
    clause = binder.clause(place)
    here = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    if here:
        readings = bind_event(binder, place)
        test = any_event(binder.context.facts, lambda p: p.interaction.rating is not None)
        ok = holds(readings, test)
        binder.context.report("rating", f"rated: {names_of(binder, readings)}", ok=ok)


def _likes_more(binder: Binder, place: int) -> bool:
    """Return whether "liked [1] more than [2]" is said here."""
    behind = binder.nodes[place + 1 : place + 3]
    more = binder.nodes[place].lemma in {"more", "less", "better"}
    return more and any(n.has("than") for n in behind) and binder.near(place, "likev", "lovev")


def _compares(binder: Binder, place: int) -> bool:
    clause = binder.clause(place)
    nodes = binder.within(clause)
    past = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    of_them = any(n.has("they") for n in binder.nodes)
    if any(n.kind in {"number", "rating"} for n in binder.nodes[place + 1 : place + 4]):
        return False  # "lower than 3.5"
    rating = any(n.lemma in _NUMBER_VERBS | {"like", "rank"} for n in nodes) or any(
        n.has("ratingnoun") for n in nodes
    )
    return rating and (len(past) > 1 or (of_them and bool(past)))


def _check_comparison(binder: Binder, place: int) -> None:
    """Check "you rated A higher than B"."""
    facts = binder.context.facts
    node = binder.nodes[place]
    node.used = True
    clause = binder.clause(place)
    for other in binder.within(clause):
        if other.has("than"):
            other.used = True
    past = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    named = [e for e in past if not binder.nodes[e].has("they")] or past
    first = (binder.resolve(named[0]) or [[]])[0]
    second = (binder.resolve(named[1]) or [[]])[0] if len(named) > 1 else _others(binder, first)
    pairs = [
        (a, b)
        for ref in first
        for a in _given(facts, ref)
        for o in second
        for b in _given(facts, o)
    ]
    higher = node.has("higher") or node.lemma in {"more", "better"}
    compare = operator.eq if node.has("equal") else operator.gt if higher else operator.lt
    ok = any(compare(a, b) for a, b in pairs)
    binder.context.report("comparison", f"{node.text}: {names_of(binder, [first, second])}", ok=ok)


def _others(binder: Binder, refs: list[Ref]) -> list[Ref]:
    """Return what else "the two" may be: named before, or cited."""
    own = {i for ref in refs for i in ref.ids}
    facts = binder.context.facts
    said = [
        r
        for r in [*binder.refs(), *binder.context.earlier]
        if not r.ids & own and events_of(facts, r)
    ]
    return said[:1] or [Ref(frozenset([i])) for i in facts.evidence_ids - own]


def _given(facts: Facts, ref: Ref) -> list[float]:
    return facts.ratings(events_of(facts, ref))
