"""Claims about what was done, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.amounts import Repeats
from llmrec.explain.claims.binding import Binder, holds
from llmrec.explain.claims.events import bind_event, is_past, names_of, use
from llmrec.explain.claims.numbers import Range
from llmrec.explain.claims.rules_liking import is_hope
from llmrec.explain.claims.traits import find_traits
from llmrec.explain.claims.when import When

if TYPE_CHECKING:
    from llmrec.explain.claims.mentions import Ref

_PRODUCT_VERBS = frozenset(
    [
        "buy",
        "purchase",
        "order",
        "own",
        "rent",
        "borrow",
        "read",
        "wear",
        "drink",
        "eat",
        "cook",
        "listen",
        "download",
        "subscribe",
        "acquire",
    ]
) | {"listen to", "get hold of", "taste"}
_EVENTS_OF_VERB = {
    "buy": {"purchase", "buy", "transaction", "order", "sale"},
    "purchase": {"purchase", "buy", "transaction", "order", "sale"},
    "order": {"purchase", "buy", "transaction", "order", "sale"},
    "acquire": {"purchase", "buy", "transaction", "order", "sale"},
    "read": {"read", "view"},
    "play": {"play", "listen"},
    "listen to": {"play", "listen"},
    "listen": {"play", "listen"},
    "drink": {"drink", "taste"},
}
_SIGHT = frozenset(["watch", "see", "view", "stream", "rewatch", "binge"])
_UNSEEN_EVENTS = frozenset(
    ["purchase", "buy", "transaction", "order", "cart", "click", "save", "read", "listen"]
)


def check_repeats(binder: Binder) -> None:
    """Check "twice", "three times", "you came back to"."""
    facts = binder.context.facts
    for place, node in enumerate(binder.nodes):
        if node.used:
            continue
        if binder.near(place, "onlyone") or _goes_on(binder, place):
            continue
        if node.kind == "repeats" and isinstance(node.value, Repeats):
            times = node.value.times
        elif (node.has("repeat") and _returns(binder, place)) or (
            node.lemma
            in {
                "rewatch",
                "revisit",
                "return to",
                "come back to",
                "go back to",
            }
            and _returns(binder, place)
        ):
            times = Range(2, 1e9)
        else:
            continue
        node.used = True
        if _counts_traits(binder, place, times):
            continue
        readings = bind_event(binder, place)

        def often(ref: Ref, times: Range = times) -> bool:
            return any(times.holds(len(facts.events.get(i, ()))) for i in ref.ids)

        ok = holds(readings, often)
        binder.context.report("count", f"{node.text}: {names_of(binder, readings)}", ok=ok)


def _goes_on(binder: Binder, place: int) -> bool:
    """Return whether "again" leads to another item ("in [2] and again in [1]")."""
    nodes = binder.nodes
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    led = nodes[place].lemma == "again" and place > 0 and nodes[place - 1].lemma == "and"
    return led and after is not None and after.lemma in {"in", "with", "from"}


def _counts_traits(binder: Binder, place: int, times: Range) -> bool:
    """Check "twice in May you chose Mann": events with a trait, in a window."""
    facts = binder.context.facts
    clause = binder.clause(place)
    here = range(clause.start, clause.end)
    inside = [t for t in find_traits(binder) if t.place in here]
    if not inside or any(e in here and is_past(binder, e) for e in binder.entities):
        return False
    windows = [n for n in binder.within(clause) if isinstance(n.value, When) and not n.used]
    near = min(inside, key=lambda t: abs(t.place - place))
    rows = [
        facts.matching(
            lambda p, g=group: (  # type: ignore[misc]
                all(t.holds(p.item.item_id) for t in g)
                and all(n.value.holds(p.moment) for n in windows if isinstance(n.value, When))
            )
        )
        for group in (inside, [near])
    ]
    meeting = next((row for row in rows if times.holds(len(row))), rows[0])
    use([*windows, *(binder.nodes[t.place] for t in inside)])
    binder.context.report("count", f"{len(meeting)} events", ok=times.holds(len(meeting)))
    return True


def _returns(binder: Binder, place: int) -> bool:
    """Return whether words of repetition are said of a past event and not of a trait."""
    node = binder.nodes[place]
    clause = binder.clause(place)
    nodes = binder.within(clause)
    here = [e for e in binder.entities if clause.start <= e < clause.end and is_past(binder, e)]
    acted = any(n.has("uverb") and "base" not in n.classes for n in nodes)
    if node.has("uverb"):
        return bool(here) and acted and not any(n.has("modal") for n in nodes)
    return bool(here) and acted and not any(n.has("value", "weak") for n in nodes)


def check_deeds(binder: Binder) -> None:
    """Check that what is said to have been done fits the log: a film is not bought."""
    facts = binder.context.facts
    screen = any(
        facts.has_role(i, "director") or facts.has_role(i, "cast") for i in facts.known_ids
    )
    for place, node in enumerate(binder.nodes):
        if not node.has("uverb") or not node.has("verb") or node.has("noun"):
            continue
        special = node.lemma in _PRODUCT_VERBS
        if not special and node.lemma not in _SIGHT:
            continue
        if not any(n.has("you") for n in binder.within(binder.clause(place))) or is_hope(
            binder, place
        ):
            continue
        kinds = {p.interaction.event for p in facts.past}
        if kinds <= {None}:
            ok = not (special and screen)
        elif special:
            ok = bool(
                _EVENTS_OF_VERB.get(node.lemma, {node.lemma}) & {(k or "").lower() for k in kinds}
            )
        else:
            ok = bool({(k or "").lower() for k in kinds} - _UNSEEN_EVENTS)
        if special or not ok:
            binder.context.report(
                "event", f"{node.text}: the log has {sorted(map(str, kinds))}", ok=ok
            )
