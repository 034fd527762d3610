"""Claims by comparison: "like [1]", "X is another", "unlike [1]", "older than"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Alternatives, Binder
    from llmrec.explain.claims.mentions import Ref
    from llmrec.explain.claims.traits import Trait

Claims = "Sequence[tuple[Trait, Alternatives]]"
_NOT_LIKENESS = frozenset(["with", "alongside", "as in", "along with", "together with"])


def holds_of(ref: Ref, trait: Trait) -> bool:
    """Return whether a trait holds of what a ref stands for."""
    return any(trait.holds(item_id) for item_id in ref.ids)


def names_of_refs(binder: Binder, refs: Sequence[Ref]) -> str:
    """Return the titles of refs, for findings."""
    return " and ".join(binder.context.name(ref.ids) for ref in refs)


def check_companions(binder: Binder, claims: Sequence[tuple[Trait, Alternatives]]) -> None:
    """Check that "like [1]", "as does [1]" and "also" have something to be true of."""
    for e in binder.entities:
        if e > 0 and binder.nodes[e - 1].has("unlike"):
            _check_contrast(binder, e, claims)
        elif _compared(binder, e):
            _check_like(binder, e, claims)
    for place, node in enumerate(binder.nodes):
        if node.has("additive") and not node.used:
            clause = binder.clause(place)
            near = [(t, a) for t, a in claims if clause.start <= t.place < clause.end]
            if near:
                _check_also(binder, place, near)


def _near(binder: Binder, entity: int, claims: Sequence[tuple[Trait, Alternatives]]) -> list[Trait]:
    """Return the traits that a comparison with an entity may reach, its own apart."""
    refs = (binder.resolve(entity) or [[]])[0]
    return [
        trait
        for trait, targets in claims
        if _same_reach(binder, trait.place, entity)
        and not any(
            ref.ids == other.ids for group in targets[:1] for ref in group for other in refs
        )
    ]


def _check_like(binder: Binder, entity: int, claims: Sequence[tuple[Trait, Alternatives]]) -> None:
    near = _near(binder, entity, claims)
    refs = (binder.resolve(entity) or [[]])[0]
    if near:
        said = [*near, *(t for t, _ in claims if _leads_to(binder, t.place, entity))]
        ok = any(all(holds_of(ref, trait) for ref in refs) for trait in said)
        binder.context.report("relation", f"{names_of_refs(binder, refs)} likewise", ok=ok)


def _leads_to(binder: Binder, trait: int, entity: int) -> bool:
    """Return whether a trait is what is compared with an entity ("action like the first")."""
    within = binder.clause(trait) == binder.clause(entity) and trait < entity
    return within and binder.premodified(trait) != entity


def _check_contrast(
    binder: Binder, entity: int, claims: Sequence[tuple[Trait, Alternatives]]
) -> None:
    """Check "unlike [1], it is a comedy": that it is not so of what is set against it."""
    near = _near(binder, entity, claims)
    refs = (binder.resolve(entity) or [[]])[0]
    if near:
        ok = any(not any(holds_of(ref, trait) for ref in refs) for trait in near)
        binder.context.report("comparison", f"{names_of_refs(binder, refs)} differs", ok=ok)


def _check_also(binder: Binder, place: int, near: Sequence[tuple[Trait, Alternatives]]) -> None:
    """Check that what is "also" so is so of something else as well."""
    facts = binder.context.facts
    for_one = False
    before = [e for e in binder.entities if e < place]
    named = {i for e in before for r in (binder.resolve(e) or [[]])[0] for i in r.ids}
    for trait, targets in near:
        own = {i for refs in targets[:1] for ref in refs for i in ref.ids}
        said = [*binder.refs(), *binder.context.earlier, binder.rec]
        others = [ref.ids for ref in said if not ref.ids & own]
        if not any(ids & named for ids in others):
            others += [frozenset([i]) for i in facts.known_ids - own]
        for_one = for_one or any(trait.holds(i) for ids in others for i in ids)
        for_one = for_one or any(len(refs) > 1 for refs in targets[:1])
    if all(ref.rec for ref in [*binder.refs(), *binder.context.earlier]):
        for_one = for_one or len({trait.label for trait, _ in near}) > 1 or _tells_more(binder)
    binder.context.report("relation", "something else is so too", ok=for_one)


def _tells_more(binder: Binder) -> bool:
    """Return whether tastes were told before, which what is "also" so adds to."""
    return bool(binder.context.traits or binder.context.counted)


def _compared(binder: Binder, place: int) -> bool:
    """Return whether an entity stands behind "like", "as does", "similar to"."""
    before = place - 1
    nodes = binder.nodes
    while before >= 0 and (
        nodes[before].has(
            "value", "weak", "film", "additive", "classic", "decade", "comma", "entity"
        )
        or nodes[before].lemma in {"the", "a", "and"}
    ):
        before -= 1
    if before < 0 or not nodes[before].has("likeprep") or nodes[before].lemma in _NOT_LIKENESS:
        return False
    if nodes[before].lemma != "like":
        return True
    is_verb = before > 0 and (
        nodes[before - 1].has("you", "modal", "additive", "neg")
        or nodes[before - 1].lemma in {"to", "really", "do", "clearly", "who"}
    )
    return not is_verb


def _same_reach(binder: Binder, trait: int, entity: int) -> bool:
    """Return whether a trait belongs to the comparison around an entity."""
    here, there = binder.clause(trait), binder.clause(entity)
    if here == there:
        return True
    if here not in binder.clauses or there not in binder.clauses:
        return False
    between = binder.nodes[min(here.end, there.end) : max(here.start, there.start)]
    close = abs(binder.clauses.index(here) - binder.clauses.index(there)) <= 2
    return close and not any(node.has("semicolon", "stop") for node in between)


def check_inherited(binder: Binder, claims: Sequence[tuple[Trait, Alternatives]]) -> None:
    """Check "X is another", "the same goes for X", "so is X": what was just said holds of X too."""
    for place, node in enumerate(binder.nodes):
        heir = _heir(binder, place)
        if heir is None:
            continue
        node.used = True
        before = [trait for trait, _ in claims if trait.place < place] or [
            *binder.context.traits,
            *binder.context.counted,
        ]
        kinds = [trait for trait in before if trait.role != "year"] or list(before)
        readings = binder.resolve(heir) or [[]]
        if binder.nodes[heir].has("it"):
            readings = [*readings, [binder.rec]]
        last = kinds[-2 if _says_both(binder, place) else -1 :]
        if not last:
            continue
        refs = readings[0]
        ok = any(
            all(holds_of(ref, trait) for ref in row for trait in last) for row in readings if row
        )
        label = ", ".join(trait.label for trait in last)
        binder.context.report("relation", f"{label} of {names_of_refs(binder, refs)} too", ok=ok)


def _says_both(binder: Binder, place: int) -> bool:
    return binder.nodes[place].lemma == "both"


def _heir(binder: Binder, place: int) -> int | None:
    """Return the entity that takes over what was said before, where it does so here."""
    nodes = binder.nodes
    node = nodes[place]
    ahead = [e for e in binder.entities if e > place]
    behind = [e for e in binder.entities if e < place]
    if node.has("samegoes") or (
        node.has("soalso") and not any(n.has("value") for n in nodes[:place])
    ):
        return ahead[0] if ahead else None
    is_be = place > 0 and nodes[place - 1].lemma == "be"
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    bare = (
        after is None
        or after.has("stop", "comma", "semicolon", "additive", "close", "dash")
        or after.lemma in {"and", "in"}
    )
    one = node.lemma in {"another", "one", "too", "as well", "likewise", "both", "also", "one more"}
    if is_be and one and bare and behind and behind[-1] == place - 2:
        return behind[-1]
    if (
        node.lemma in {"too", "as well"}
        and place > 1
        and nodes[place - 1].lemma == "one"
        and behind
    ):
        return None
    return None
