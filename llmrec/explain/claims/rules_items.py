"""Claims about items: what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.persons import is_governed, said_of_person
from llmrec.explain.claims.rules_likeness import (
    check_companions,
    check_inherited,
    holds_of,
    names_of_refs,
)
from llmrec.explain.claims.rules_sharing import check_share, share_places, sharers
from llmrec.explain.claims.traits import Trait, find_traits, in_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

Claim = tuple[Trait, Alternatives]


def check_items(binder: Binder) -> None:
    """Check every trait that the sentence ascribes to an item, and every likeness of items."""
    shares = share_places(binder)
    traits = find_traits(binder)
    claims = [claim for trait in traits for claim in _claims(binder, trait, shares)]
    for trait, targets in claims:
        binder.nodes[trait.place].used = True
        ok = holds(targets, lambda ref, t=trait: holds_of(ref, t))  # type: ignore[misc]
        names = " or ".join(names_of_refs(binder, refs) for refs in targets) or "nothing"
        binder.context.report("attribute", f"{trait.label} said of {names}", ok=ok)
    check_inherited(binder, claims)
    check_companions(binder, claims)
    for place in shares:
        if not binder.nodes[place].used or binder.nodes[place].has("same"):
            check_share(binder, place, traits)
    binder.context.said = [trait for trait, _ in claims]
    said = binder.context.said + binder.context.counted
    binder.context.traits = said or binder.context.traits


def _claims(binder: Binder, trait: Trait, shares: Sequence[int]) -> list[Claim]:
    """Return a trait with whom it is said of; a person's name may be said of several."""
    if trait.person:
        said = said_of_person(binder, trait.place)
        found = [(in_roles(binder, trait, roles), targets) for roles, targets in said]
        if found and not is_governed(binder, trait.place):
            return found
        if found:
            return [*found, (trait, _targets(binder, trait, shares))]
    return [(trait, _targets(binder, trait, shares))]


def _targets(binder: Binder, trait: Trait, shares: Sequence[int]) -> Alternatives:
    """Return whom a trait is said of."""
    place = trait.place
    clause = binder.clause(place)
    if any(clause.start <= share < clause.end for share in shares):
        return sharers(binder, place)
    if _has_both(binder, place) and not any(
        binder.nodes[e].has("both") for e in binder.entities if clause.start <= e < clause.end
    ):
        pairs = _pairs(binder, place)
        if pairs:
            return pairs
    return binder.bind(place)


def _has_both(binder: Binder, place: int) -> bool:
    """Return whether "both" is said of items here, and not of values ("both comedy and drama")."""
    clause = binder.clause(place)
    return any(
        binder.nodes[n].has("both")
        and not (
            n + 1 < len(binder.nodes)
            and binder.nodes[n + 1].kind in {"value", "decade"}
            and n + 2 < len(binder.nodes)
            and binder.nodes[n + 2].lemma == "and"
        )
        for n in range(clause.start, clause.end)
    )


def _pairs(binder: Binder, place: int) -> Alternatives:
    """Return what "both" stands for next to a trait."""
    clause = binder.clause(place)
    before = [e for e in binder.entities if e < place]
    here = [e for e in before if clause.start <= e]
    row = binder.listed((here or before)[-1]) if before else []
    if len(row) == 2:
        return [[ref for e in row for ref in (binder.resolve(e) or [[]])[0]]]
    named = binder.refs()
    if len(named) == 2:
        return [named]
    return sharers(binder, place)
