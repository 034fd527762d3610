"""Claims about items: what they are."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.explain.claims.binding import Alternatives, Binder, holds
from llmrec.explain.claims.events import is_past
from llmrec.explain.claims.likely import person_tied_to, plausible, tied_to
from llmrec.explain.claims.persons import is_governed, said_of_person
from llmrec.explain.claims.rules_likeness import (
    check_companions,
    check_inherited,
    holds_of,
    names_of_refs,
)
from llmrec.explain.claims.rules_sharing import check_share, share_places, sharers
from llmrec.explain.claims.traits import Trait, find_traits, in_roles
from llmrec.explain.facts import DISLIKED_PART, TASTE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_SERIES = ("series", "saga", "trilogy", "franchise")
_FIGURES = frozenset(["second chance", "experiment", "team", "twist"])
_EXCERPT_WORDS = 4
_SUBJECT_WORDS = 3
Claim = tuple[Trait, Alternatives]


def check_items(binder: Binder) -> None:
    """Check every trait that the sentence ascribes to an item, and every likeness of items."""
    shares = share_places(binder)
    traits = find_traits(binder)
    claims = [claim for trait in traits for claim in _claims(binder, trait, shares)]
    for trait, targets in claims:
        binder.nodes[trait.place].used = True
        ok = holds(targets, lambda ref, t=trait: holds_of(ref, t))  # type: ignore[misc]
        ok = ok or _holds_loosely(binder, trait, targets, shares)
        ok = ok or _holds_crosswise(binder, trait, traits, shares)
        if not ok and _is_figure(binder, trait):
            continue
        if trait.role == "franchise" and _is_done(binder, trait.place):
            own = binder.rec.ids
            seen = binder.context.facts.events.keys() - own
            ok = any(trait.holds(i) for i in seen)
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


def _holds_loosely(
    binder: Binder, trait: Trait, targets: Alternatives, shares: Sequence[int]
) -> bool:
    """Return whether a trait that no grammar ties to one item holds of any that may be meant."""
    place = trait.place
    clause = binder.clause(place)
    if trait.person and targets and said_of_person(binder, place):
        return False
    if targets and _names_series(binder, trait):
        subject = place - clause.start < _SUBJECT_WORDS and holds_of(binder.rec, trait)
        return subject or any(n.lemma in {"separate", "different"} for n in binder.within(clause))
    if trait.person and _names_item(binder, place):
        return any(holds_of(ref, trait) for ref in plausible(binder))
    tied = person_tied_to(binder, place) if trait.person else None
    tied = tied if tied is not None else tied_to(binder, place)
    if tied is not None and tied < place and len(binder.listed(tied)) > 1:
        return False
    if tied is not None and binder.resolve(tied):
        own = [[binder.rec]] if binder.nodes[tied].has("it") else []
        return holds([*binder.resolve(tied), *own], lambda ref: holds_of(ref, trait))
    if len(trait.label.split()) > _EXCERPT_WORDS:
        return any(holds_of(ref, trait) for ref in plausible(binder))
    near = [s for s in shares if clause.start <= s < clause.end or _one_part(binder, trait, s)]
    if near:
        return _shares_in_turn(binder, trait) or (
            _is_added(binder, place) and holds_of(binder.rec, trait)
        )
    if _has_both(binder, place) and targets:
        return False
    return any(holds_of(ref, trait) for ref in plausible(binder)) or _is_own_taste(binder, trait)


def _holds_crosswise(
    binder: Binder, trait: Trait, traits: Sequence[Trait], shares: Sequence[int]
) -> bool:
    """Return whether traits are divided among items ("greed and London from [1] and [2]").

    Every trait holds of one of the items, and every item has one of the traits. A trait that is
    shared with them holds of the recommended item too.
    """
    if trait.person and said_of_person(binder, trait.place):
        return False
    tied = tied_to(binder, trait.place)
    if trait.role == "franchise" or (
        tied is not None and (tied > trait.place or len(binder.listed(tied)) < 2)
    ):
        return False
    if _said_of_all(binder, trait.place):
        return False
    others = [t for t in traits if t.place != trait.place]
    past = [ref for ref in binder.refs() if not ref.rec] or binder.context.earlier[-3:]
    if not others or len(past) < 2:
        return False
    shared = bool(shares) or trait.person
    return (
        (holds_of(binder.rec, trait) or not shared)
        and any(holds_of(ref, trait) for ref in past)
        and all(any(holds_of(ref, t) for t in traits) for ref in past)
    )


def _said_of_all(binder: Binder, place: int) -> bool:
    """Return whether "are all", "were both" stands right before a trait."""
    lead = binder.nodes[max(0, place - 4) : place]
    return any(a.has("aux") and b.has("both") for a, b in itertools.pairwise(lead))


def _is_added(binder: Binder, place: int) -> bool:
    """Return whether a trait comes on top of what is shared ("the same comedy with a court")."""
    here = place - 1
    while here > 0 and (
        binder.nodes[here].kind == "value" or binder.nodes[here].lemma in {"a", "an", "some"}
    ):
        here -= 1
    return here > 0 and (
        binder.nodes[here].lemma in {"with", "plus", "adding"}
        and binder.nodes[here - 1].kind in {"value", "weak"}
    )


def _one_part(binder: Binder, trait: Trait, share: int) -> bool:
    """Return whether a name and a sharing stand in one part of a sentence, commas apart."""
    between = binder.nodes[min(trait.place, share) : max(trait.place, share)]
    return trait.person and not any(n.has("semicolon", "dash", "colon") for n in between)


def _names_series(binder: Binder, trait: Trait) -> bool:
    """Return whether a trait can be nothing but a series, said to be one."""
    behind = binder.nodes[trait.place + 1 : trait.place + 3]
    named = any(n.has("franchisenoun") for n in behind)
    named = named or binder.nodes[trait.place].text.lower().endswith(_SERIES)
    return trait.role == "franchise" and named


def _is_done(binder: Binder, place: int) -> bool:
    """Return whether a series is what the person has seen ("you got through an X film")."""
    clause = binder.clause(place)
    lead = binder.nodes[clause.start : place]
    mine = next((n for n, node in enumerate(lead) if node.lemma == "you"), None)
    if mine is None or any(n.has("modal", "neg") or n.kind == "entity" for n in lead):
        return False
    return any(n.has("verb") and "past" in n.classes for n in lead[mine:])


def _is_figure(binder: Binder, trait: Trait) -> bool:
    """Return whether a keyword is a figure of speech here ("a second chance", "with a twist")."""
    before = binder.nodes[trait.place - 1] if trait.place else None
    return binder.nodes[trait.place].text.lower() in _FIGURES and not (
        before is not None and (before.has("aboutv") or before.lemma == "about")
    )


def _names_item(binder: Binder, place: int) -> bool:
    """Return whether a name only tells which film is meant ("Spielberg's film")."""
    behind = binder.nodes[place + 1 : place + 4]
    return (
        len(behind) > 1
        and behind[0].text in {"'s", "\u2019s"}
        and any(n.has("film") for n in behind[1:])
    )


def _shares_in_turn(binder: Binder, trait: Trait) -> bool:
    """Check "with [1] it shares androids, with [2] the animation": each with the nearest."""
    clause = binder.clause(trait.place)
    here = [e for e in binder.entities if clause.start <= e < clause.end]
    past = [e for e in here if is_past(binder, e) and not binder.nodes[e].has("it")]
    bare = any(
        all(n.kind == "mark" or n.lemma == "and" for n in binder.nodes[a + 1 : b])
        for a, b in itertools.pairwise(past)
    )
    of_it = any(binder.nodes[e].has("it") for e in here)
    if bare or not past or (len(past) < 2 and not of_it):
        return False
    ends = [[e for e in past if e < trait.place][-1:], [e for e in past if e > trait.place][:1]]
    return holds_of(binder.rec, trait) and any(
        holds(binder.resolve(e), lambda ref: holds_of(ref, trait)) for end in ends for e in end
    )


def _is_own_taste(binder: Binder, trait: Trait) -> bool:
    """Return whether a trait may be said of the person: often seen, with "you" in the clause."""
    clause = binder.clause(trait.place)
    mine = any(n.has("you") for n in binder.nodes)
    named = any(clause.start <= e < trait.place for e in binder.entities)
    seen = binder.context.facts.matching(lambda past: trait.holds(past.item.item_id))
    given = binder.context.facts.ratings(seen)
    low = DISLIKED_PART * binder.context.facts.scale
    liked = not given or sum(given) / len(given) > low
    return mine and not named and len(seen) >= TASTE_EVENTS and liked


def _has_both(binder: Binder, place: int) -> bool:
    """Return whether "both" is said of items here, and not of values ("both comedy and drama")."""
    clause = binder.clause(place)
    return any(
        binder.nodes[n].has("both")
        and not _before_two_deeds(binder, n)
        and not (
            n + 1 < len(binder.nodes)
            and binder.nodes[n + 1].kind in {"value", "decade"}
            and n + 2 < len(binder.nodes)
            and binder.nodes[n + 2].lemma == "and"
        )
        for n in range(clause.start, clause.end)
    )


def _before_two_deeds(binder: Binder, place: int) -> bool:
    """Return whether "both" stands before two verbs ("both directs and stars")."""
    behind = binder.nodes[place + 1 : place + 4]
    return (
        len(behind) == 3
        and behind[1].lemma == "and"
        and all(n.has("verb") and n.text.endswith("s") for n in (behind[0], behind[2]))
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
