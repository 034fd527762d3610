"""Words of claims that no rule has read: held loosely against what the sentence is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import holds
from llmrec.explain.claims.events import any_event, bind_event, is_past
from llmrec.explain.claims.rules_liking import LIKED, is_hope
from llmrec.explain.facts import LIKED_PART, OFTEN_EVENTS, OFTEN_SHARE, TASTE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.nodes import Node
    from llmrec.explain.claims.vocabulary import Value
    from llmrec.explain.facts import Past

_ROLES = {
    "directornoun": ("director",),
    "castnoun": ("cast",),
    "genrenoun": ("genre",),
    "franchisenoun": ("franchise",),
}
"""What a noun speaks of."""


def read_loosely(binder: Binder, place: int) -> bool:
    """Check liking, habits and shared makers in a word that is left; False where it has none."""
    node = binder.nodes[place]
    if node.used or node.kind != "word":
        return False
    kind = next((name for name in LIKED if node.has(name)), None)
    if kind is not None:
        _check_liked(binder, place, kind)
    elif node.has("habit", "favourite"):
        _check_often(binder, place)
    else:
        _check_shared(binder, place)
    return node.used


def _check_liked(binder: Binder, place: int, kind: str) -> None:
    """Check "did not win you over", "go down well with you" by the ratings that were given."""
    node, facts = binder.nodes[place], binder.context.facts
    if is_hope(binder, place):
        return
    denied = any(n.has("neg") for n in binder.nodes[max(0, place - 4) : place])
    values = _values_near(binder, place)
    entities = [e for e in binder.entities if is_past(binder, e)]
    if not entities and not values:
        return

    def liked(share: float) -> bool:
        return share < LIKED_PART if denied else LIKED[kind](share)

    def test(past: Past) -> bool:
        rating = past.interaction.rating
        return rating is not None and liked(rating / facts.scale)

    if entities and not (values and _is_taste(binder, place, kind)):
        ok = holds(bind_event(binder, place), any_event(facts, test))
    else:
        ok = all(_rated(binder, row, liked) for row in values)
    node.used = True
    binder.context.report("rating", node.text, ok=ok)


def _is_taste(binder: Binder, place: int, kind: str) -> bool:
    """Return whether liking is of a kind of films and not of one."""
    clause = binder.clause(place)
    return kind == "fondness" or not any(clause.start <= e < clause.end for e in binder.entities)


def _rated(binder: Binder, node: Node, liked: Callable[[float], bool]) -> bool:
    """Return whether the mean rating of the films with a value is as said."""
    facts = binder.context.facts
    values: frozenset[Value] = node.value  # type: ignore[assignment]
    events = facts.matching(lambda past: facts.has(past.item.item_id, values))
    given = facts.ratings(events)
    return (
        len(events) >= TASTE_EVENTS and bool(given) and liked(sum(given) / len(given) / facts.scale)
    )


def _values_near(binder: Binder, place: int) -> list[Node]:
    """Return the attribute values of the clause, else of the sentence."""
    clause = binder.clause(place)
    near = [n for n in binder.nodes[clause.start : clause.end] if n.kind == "value"]
    return near or [n for n in binder.nodes if n.kind == "value"]


def _check_often(binder: Binder, place: int) -> None:
    """Check "again and again", "your most frequent genre" by how many events have the value."""
    node, facts = binder.nodes[place], binder.context.facts
    rows = _values_near(binder, place)
    if not rows or any(n.has("neg") for n in binder.nodes):
        return
    node.used = True
    if node.has("favourite"):
        ok = any(_is_top(binder, row) for row in rows)
    else:
        counts = [_count(binder, row) for row in rows]
        ok = all(n >= OFTEN_EVENTS and n >= OFTEN_SHARE * len(facts.past) for n in counts)
    binder.context.report("taste", node.text, ok=ok)


def _count(binder: Binder, node: Node) -> int:
    facts = binder.context.facts
    values: frozenset[Value] = node.value  # type: ignore[assignment]
    return len(facts.matching(lambda past: facts.has(past.item.item_id, values)))


def _is_top(binder: Binder, node: Node) -> bool:
    """Return whether no other value of its role is commoner, of at least three."""
    facts = binder.context.facts
    values: frozenset[Value] = node.value  # type: ignore[assignment]
    roles = {facts.lexicon.role(value.field) for value in values}
    named = {value.value.casefold() for value in values}
    return _count(binder, node) >= OFTEN_EVENTS and any(named & facts.top(role) for role in roles)


def _check_shared(binder: Binder, place: int) -> None:
    """Check "from its director down to ..." by what is shared with a film that is named."""
    node, facts = binder.nodes[place], binder.context.facts
    roles = [role for name, row in _ROLES.items() if node.has(name) for role in row]
    if not roles or any(n.has("neg", "followv", "before", "after") for n in binder.nodes):
        return
    named = [ref for ref in [*binder.refs(), *binder.context.earlier] if not ref.rec]
    ids: Sequence[str] = sorted({i for ref in named for i in ref.ids} - {facts.item.item_id})
    if not ids:
        return
    own = {(role, v) for role in roles for v in facts.role_values(facts.item.item_id, role)}
    shared = any(
        (role, v) in own for i in ids for role in roles for v in facts.role_values(i, role)
    )
    node.used = True
    binder.context.report("relation", f"the same {roles[0]}", ok=shared)
