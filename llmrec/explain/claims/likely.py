"""What a word may speak of where no grammar says so: the loose readings of a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, holds
from llmrec.explain.claims.events import any_event, bind_event, events_of, is_past, whole
from llmrec.explain.claims.mentions import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node
    from llmrec.explain.facts import Past

Test = "Callable[[Past], bool]"

_LINKS = frozenset(["in", "of", "from", "behind", "to"])
_APPOSED = frozenset(["a", "an", "the", "another", "also", "both"])


def plausible(binder: Binder) -> list[Ref]:
    """Return every item that a sentence may be about: named in it, recommended, spoken of last."""
    found = [*binder.refs(), binder.rec]
    for e in binder.entities:
        found.extend(ref for refs in binder.resolve(e)[:1] for ref in refs)
    named = any(not binder.nodes[e].has("anaphor") for e in binder.entities)
    return found if named else [*found, *binder.context.earlier[-3:]]


def tied_to(binder: Binder, place: int) -> int | None:
    """Return the entity that an attribute belongs to by grammar; None where it is open.

    Ties are "the crime film X", "X is a crime film", "X, a crime film", "X's crime" and "the
    crime of X".
    """
    modified = binder.premodified(place)
    if modified is not None:
        return modified
    behind = _behind(binder, place)
    return behind if behind is not None else _before(binder, place)


def person_tied_to(binder: Binder, place: int) -> int | None:
    """Return the item that a name belongs to: "X stars N", "N, known to you from X"."""
    nodes = binder.nodes
    here = place - 1
    while here >= 0 and (
        _modifies(nodes[here])
        or nodes[here].has("comma", "and")
        or nodes[here].lemma in {"and", "by"}
    ):
        here -= 1
    if here > 0 and nodes[here].has("castv", "directv") and nodes[here].has("verb"):
        while (
            here > 0
            and nodes[here].kind == "word"
            and nodes[here].has("verb", "aux", "modal", "additive")
        ):
            here -= 1
        if nodes[here].kind == "entity":
            return here
    for there in range(place + 1, min(place + 9, len(nodes) - 1)):
        if nodes[there].kind not in {"word", "mark"} or nodes[there].has(
            "semicolon", "dash", "directv"
        ):
            break
        if nodes[there].lemma in _LINKS and nodes[there + 1].kind == "entity":
            return there + 1
    return None


def _before(binder: Binder, place: int) -> int | None:
    nodes = binder.nodes
    here = place - 1
    while here >= 0 and (_modifies(nodes[here]) or nodes[here].lemma in _APPOSED):
        here -= 1
    if here < 1:
        return None
    link = nodes[here]
    joined = link.lemma == "be" or link.has("comma", "open") or link.text in {"'s", "\u2019s"}
    if not joined or nodes[here - 1].kind != "entity":
        return None
    if link.has("comma") and nodes[here + 1].lemma not in _APPOSED:
        return None  # a list, or an opening phrase
    return here - 1


def _behind(binder: Binder, place: int) -> int | None:
    nodes = binder.nodes
    here = place + 1
    while here < len(nodes) and (
        _modifies(nodes[here]) or _turns_up(nodes[here]) or nodes[here].has("themenoun")
    ):
        here += 1
    if here + 1 < len(nodes) and nodes[here].lemma in {"like", "as", "just like"}:
        here += 1
    if here + 1 >= len(nodes) or nodes[here].lemma not in _LINKS:
        return None
    return here + 1 if nodes[here + 1].kind == "entity" else None


_PRESENCE = frozenset(
    ["turn up", "appear", "figure", "feature", "show up", "crop up", "come", "run", "occur"]
)


def _turns_up(node: Node) -> bool:
    """Return whether a verb only says that something is there ("turns up in X")."""
    return node.has("verb") and node.lemma in _PRESENCE


def _modifies(node: Node) -> bool:
    return node.has("value", "weak", "decade", "film", "praise", "hyphen", "classic", "additive")


def aligned(binder: Binder, claims: Sequence[tuple[int, Callable[[Past], bool]]]) -> list[bool]:
    """Return which claims hold of events, in the first reading of the sentence in which all do.

    A reading gives every claim's place its events: those of its clause, those named right before,
    right behind or nearest, or those named in the same order as the claims stand.
    """
    rows = []
    for reading in (bind_event, _last_named, _next_named, _nearest, _in_sight):
        row = [_holds(binder, reading(binder, place), test) for place, test in claims]
        if all(row):
            return row
        rows.append(row)
    turns = _in_turn(binder, len(claims))
    if turns and all(_holds(binder, [[r]], t) for r, (_, t) in zip(turns, claims, strict=True)):
        return [True] * len(claims)
    return rows[0]


def _holds(binder: Binder, readings: Alternatives, test: Callable[[Past], bool]) -> bool:
    return holds(readings, any_event(binder.context.facts, test))


def _past_places(binder: Binder) -> list[int]:
    return [e for e in binder.entities if is_past(binder, e)]


def _last_named(binder: Binder, place: int) -> Alternatives:
    before = [e for e in _past_places(binder) if e < place]
    if before:
        return whole(binder, before[-1])
    return [[ref] for ref in _said(binder)[-1:]]


def _next_named(binder: Binder, place: int) -> Alternatives:
    after = [e for e in _past_places(binder) if e > place]
    return whole(binder, after[0]) if after else _last_named(binder, place)


def _nearest(binder: Binder, place: int) -> Alternatives:
    near = sorted(_past_places(binder), key=lambda e: abs(e - place))
    return whole(binder, near[0]) if near else []


def _in_sight(binder: Binder, _: int) -> Alternatives:
    """Return what a sentence without a past event of its own may speak of."""
    if any(not binder.nodes[e].has("anaphor") for e in _past_places(binder)):
        return []
    cited = cited_refs(binder)
    return [*([ref] for ref in [*_said(binder), *cited]), cited]


def cited_refs(binder: Binder) -> list[Ref]:
    """Return the evidence, in the order of its numbers."""
    evidence = binder.context.facts.evidence
    return [Ref(frozenset([e.item.item_id]), (n,)) for n, e in enumerate(evidence, 1)]


def _said(binder: Binder) -> list[Ref]:
    return [ref for ref in binder.context.earlier if events_of(binder.context.facts, ref)]


def _in_turn(binder: Binder, count: int) -> list[Ref]:
    """Return as many refs as there are claims, in the order in which they were named."""
    facts = binder.context.facts
    here = [ref for ref in binder.refs() if events_of(facts, ref)]
    cited = cited_refs(binder)
    return next((refs for refs in (here, _said(binder), cited) if len(refs) == count), [])
