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
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Past

_ROLES = {
    "directornoun": ("director",),
    "castnoun": ("cast",),
    "genrenoun": ("genre",),
    "franchisenoun": ("franchise",),
}
"""What a noun speaks of."""
_AGES = {"eldest": True, "elder": True, "oldest": True, "older": True} | {
    "youngest": False,
    "younger": False,
    "newest": False,
    "newer": False,
}
"""Whether a word says that the year is the smaller one."""
_RANKS = dict.fromkeys(
    ("better", "best", "kinder", "kindest", "warmer", "warmest", "highest"), True
) | dict.fromkeys(("worse", "worst", "cooler", "coolest", "harsher", "lowest"), False)
"""Whether a word says that the rating is the greater one."""


def read_loosely(binder: Binder, place: int) -> bool:
    """Check liking, habits and shared makers in a word that is left; False where it has none."""
    node = binder.nodes[place]
    if node.used or node.kind not in {"word", "unknown", "ordinal"}:
        return False
    kind = next((name for name in LIKED if node.has(name)), None)
    if kind is not None:
        _check_liked(binder, place, kind)
    elif node.has("habit", "favourite", "mostly"):
        _check_often(binder, place)
    elif node.text.lower() in _AGES:
        _check_age(binder, place)
    elif node.has("higher", "lower") or node.text.lower() in _RANKS:
        _check_rank(binder, place)
    elif node.kind == "ordinal":
        _check_next(binder, place)
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
    values = node.values
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
    denied = any(n.has("neg") for n in binder.nodes)
    if denied and not rows and node.has("favourite"):
        node.used = True
        binder.context.report("cause", "no favourite decided it", ok=not facts.evidence)
    if not rows or denied:
        return
    node.used = True
    if node.lemma.endswith(" of") and not binder.near(place, "you", "watchnoun"):
        return  # "a string of murders"
    if node.has("favourite"):
        ok = any(_is_top(binder, row) for row in rows)
    else:
        counts = [_count(binder, row) for row in rows]
        ok = all(n >= OFTEN_EVENTS and n >= OFTEN_SHARE * len(facts.past) for n in counts)
    binder.context.report("taste", node.text, ok=ok)


def _count(binder: Binder, node: Node) -> int:
    facts = binder.context.facts
    values = node.values
    return len(facts.matching(lambda past: facts.has(past.item.item_id, values)))


def _is_top(binder: Binder, node: Node) -> bool:
    """Return whether no other value of its role is commoner, of at least three."""
    facts = binder.context.facts
    values = node.values
    roles = {facts.lexicon.role(value.field) for value in values}
    named = {value.value.casefold() for value in values}
    return _count(binder, node) >= OFTEN_EVENTS and any(named & facts.top(role) for role in roles)


def _check_age(binder: Binder, place: int) -> None:
    """Check "the eldest of the three" of the recommended item and the films that are named."""
    node, facts = binder.nodes[place], binder.context.facts
    behind = binder.nodes[place + 1 : place + 2]
    years = [facts.year(i) for ref in _named(binder) for i in ref.ids]
    own = facts.year(facts.item.item_id)
    if own is None or not years or None in years or any(n.lemma == "one" for n in behind):
        return
    ok = all((own < year) == _AGES[node.text.lower()] and own != year for year in years if year)
    node.used = True
    binder.context.report("comparison", f"{node.text}: {facts.item.title}", ok=ok)


def _check_rank(binder: Binder, place: int) -> None:
    """Check "the one you rated higher" of the film named last and the others that are named."""
    node, facts = binder.nodes[place], binder.context.facts
    before = [e for e in binder.entities if e < place and is_past(binder, e)]
    near = [e for e in binder.entities if place < e <= place + 2 and is_past(binder, e)]
    if not before and not near:
        near = [e for e in binder.entities if e > place and is_past(binder, e)][:1]
    if not before and not near:
        return
    readings = binder.resolve((near or before[::-1])[0])
    own = {i for ref in (readings[0] if readings else []) for i in ref.ids}
    best = {i: max(facts.ratings(facts.events[i]), default=0.0) for i in facts.events}
    others = {i for ref in _named(binder) for i in ref.ids if i in best} - own
    mine = {best[i] for i in own if i in best}
    if not others and node.text.lower().endswith("est"):
        others = set(facts.evidence_ids - own)
    if not mine or not others:
        return
    up = node.has("higher") or _RANKS.get(node.text.lower(), False)
    sign = 1 if up else -1
    ok = all(sign * m > sign * best[i] for m in mine for i in others)
    node.used = True
    binder.context.report("comparison", node.text, ok=ok)


def _check_next(binder: Binder, place: int) -> None:
    """Check "would be the tenth film in your log", "would be the fourth" by what was counted."""
    node, facts = binder.nodes[place], binder.context.facts
    if not any(n.lemma in {"would", "will", "'ll", "'d"} for n in binder.nodes[:place]):
        return
    counts = {len(facts.past), len(facts.events), len(facts.evidence)}
    values = [v for t in binder.context.counted + binder.context.traits for v in [t]]
    counts |= {sum(t.holds(p.item.item_id) for p in facts.past) for t in values}
    node.used = True
    binder.context.report(
        "count", node.text, ok=isinstance(node.value, int) and node.value - 1 in counts
    )


def _named(binder: Binder) -> list[Ref]:
    """Return the films of the history that are named in the sentence or before it."""
    refs = [ref for ref in binder.refs() if not ref.rec]
    return refs if len(refs) > 1 else refs + [r for r in binder.context.earlier if not r.rec]


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
