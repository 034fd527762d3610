"""Claims about many ratings at once: averages, spans, "none below three stars"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Rated
from llmrec.explain.claims.events import events_of
from llmrec.explain.claims.likely import cited_refs
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.facts import MOSTLY_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Past

_ABOVE = frozenset(["above", "over", "exceed", "more than", "at least"])
_BELOW = frozenset(["below", "under", "less than", "fewer than", "nearly", "almost", "close to"])
_NONE = frozenset(["none", "never", "no", "neither", "nothing", "not", "n't", "yet", "nor"])
_EVERY = frozenset(["all", "every", "each", "always", "both", "every one", "invariably", "either"])
_BOUNDS = {
    "past": "over", "below": "under", "under": "under", "less than": "under", "fewer than": "under",
    "lower": "under", "lower than": "under", "above": "over", "over": "over",
    "more than": "over", "higher": "over", "at least": "least", "at most": "most",
}  # fmt: skip
_TAILS = {"above": "least", "more": "least", "up": "least", "better": "least", "higher": "least",
          "below": "most", "less": "most", "lower": "most", "down": "most"}  # fmt: skip


def groups(binder: Binder) -> Iterator[list[Past]]:
    """Yield the events that a statement about several ratings may be about."""
    facts = binder.context.facts
    traits = find_traits(binder) or [*binder.context.counted[-1:], *binder.context.traits[-1:]]
    for trait in traits:
        yield [p for p in facts.past if trait.holds(p.item.item_id)]
    for refs in (binder.refs(), binder.context.earlier, cited_refs(binder)):
        yield [p for ref in refs for p in events_of(facts, ref)]
    yield list(facts.past)


def check_average(binder: Binder, place: int) -> bool:
    """Check "your ratings for Mann average above four"; return whether a mean is told."""
    told = [
        (abs(n - place), node)
        for n, node in enumerate(binder.nodes)
        if node.kind in {"number", "rating"} and not node.used and _value(node) is not None
    ]
    if not told:
        return False
    node = min(told, key=lambda pair: (float(_value(pair[1]) or 0).is_integer(), pair[0]))[1]
    value = _value(node) or 0.0
    bound = _lead_words(binder, binder.place[id(node)])
    means = [
        sum(given) / len(given)
        for pasts in groups(binder)
        if (given := binder.context.facts.ratings(pasts))
    ]
    if bound & _ABOVE:
        ok = any(value < mean <= value + 1 for mean in means)
    elif bound & _BELOW:
        ok = any(value - 0.6 <= mean < value for mean in means)
    else:
        ok = any(abs(mean - value) <= _slack(node) for mean in means)
    binder.nodes[place].used = node.used = True
    binder.context.report("rating", f"{value} on average", ok=ok)
    return True


def _slack(node: Node) -> float:
    """Return how far a mean may lie from the number told: half of its last digit."""
    digits = node.text.split()[0].partition(".")[2]
    return 0.006 if len(digits) > 1 else 0.06 if digits else 0.13


def _value(node: Node) -> float | None:
    if isinstance(node.value, Rated):
        return node.value.value
    return node.value.low if isinstance(node.value, Range) and node.value.exact else None


def _lead_words(binder: Binder, place: int) -> set[str]:
    lead = binder.nodes[max(0, place - 3) : place]
    words = {n.lemma for n in lead} | set(binder.nodes[place].text.lower().split())
    pairs = {" ".join(n.text.lower() for n in lead[i : i + 2]) for i in range(len(lead))}
    return words | pairs


def check_span(binder: Binder, place: int) -> bool:
    """Check "none below three stars", "every one four or more", "between 2.5 and 3.5"."""
    node = binder.nodes[place]
    value = _value(node)
    if node.kind not in {"number", "rating"} or value is None or node.used:
        return False
    if value > binder.context.facts.scale:
        return False
    if place and binder.nodes[place - 1].lemma in {"all", "the", "these", "those"}:
        return False
    demand = _demand(binder, place, value)
    if demand is None:
        return _check_between(binder, place, value)
    lead = binder.nodes[:place]
    none = [n for n in lead if n.lemma in _NONE or n.text.lower() in _NONE]
    every = [n for n in lead if n.lemma in _EVERY or n.has("mostly")]
    if not none and not every:
        return False
    best = binder.context.facts.scale
    ok = False
    for pasts in groups(binder):
        given = binder.context.facts.ratings(pasts)
        share = sum(demand.holds(r, best) for r in given) / len(given) if given else -1
        part = MOSTLY_SHARE if any(n.has("mostly") for n in every) else 0.999
        ok = ok or (share == 0 if none else share > part)
    for other in [node, *none, *every, *_bound_nodes(binder, place)]:
        other.used = True
    binder.context.report("rating", f"{'none' if none else 'all'}: {node.text}", ok=ok)
    return True


def _demand(binder: Binder, place: int, value: float) -> Rated | None:
    """Return a number's bound ("less than four", "four or more") as a demand."""
    node = binder.nodes[place]
    if isinstance(node.value, Rated) and node.value.bound:
        return node.value
    words = _lead_words(binder, place)
    bound = next((b for word, b in _BOUNDS.items() if word in words), None)
    tail = binder.nodes[place + 1 : place + 3]
    if len(tail) == 2 and tail[0].lemma in {"or", "and"} and tail[1].text.lower() in _TAILS:
        bound = _TAILS[tail[1].text.lower()]
    return Rated(value, None, bound) if bound else None


def _bound_nodes(binder: Binder, place: int) -> list[Node]:
    near = binder.nodes[max(0, place - 3) : place + 3]
    return [n for n in near if n.text.lower() in _TAILS or n.has("lower", "higher", "than")]


def _check_between(binder: Binder, place: int, value: float) -> bool:
    """Check "from a 2.5 up to a 4.5", "between two and four": the least and the greatest."""
    lead = [n.lemma for n in binder.nodes[max(0, place - 3) : place]]
    later = [n for n in binder.nodes[place + 1 : place + 6] if _value(n) is not None]
    if not later or not {"between", "from"} & set(lead):
        return False
    high = _value(later[0]) or 0.0
    joined = binder.nodes[place + 1 : binder.place[id(later[0])]]
    if not any(n.lemma in {"and", "to", "up to"} for n in joined) or any(
        n.kind == "entity" for n in joined
    ):
        return False
    rows = [binder.context.facts.ratings(pasts) for pasts in groups(binder)]
    ok = any(row and {min(row), max(row)} == {value, high} for row in rows)
    if not ok:
        return False
    binder.nodes[place].used = later[0].used = True
    binder.context.report("rating", f"between {value} and {high}", ok=True)
    return True
