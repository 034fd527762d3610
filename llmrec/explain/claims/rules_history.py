"""Claims about what the person likes and often watches: which traits are said of tastes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain.claims.tastes import check_taste
from llmrec.explain.claims.traits import Trait, find_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.clauses import Clause


def check_tastes(binder: Binder) -> None:
    """Check "you like horror", "most of your films", "your favourite director"."""
    tastes = [t for t in find_traits(binder) if _is_taste(binder, t, binder.clause(t.place))]
    for trait in _joined(binder, tastes):
        check_taste(binder, trait, binder.clause(trait.place), tastes)
    for node in binder.nodes:
        if (
            node.has("habit", "mostly")
            and not node.used
            and any(n.used and n.has("value", "weak", "decade", "time") for n in binder.nodes)
        ):
            node.used = True


def _joined(binder: Binder, traits: Sequence[Trait]) -> list[Trait]:
    """Take traits that stand side by side as one: "romantic comedies" are both at once."""
    row: list[Trait] = []
    for trait in traits:
        last = row[-1] if row else None
        if (
            last is not None
            and trait.place == last.place + 1
            and binder.nodes[last.place].kind == "value"
        ):
            binder.nodes[last.place].used = True
            row[-1] = Trait(
                trait.place,
                f"{last.label} {trait.label}",
                trait.role,
                lambda i, a=last, b=trait: a.holds(i) and b.holds(i),  # type: ignore[misc]
            )
        else:
            row.append(trait)
    return row


def _is_taste(binder: Binder, trait: Trait, clause: Clause) -> bool:
    """Return whether a trait is said of the person and not of an item."""
    place = trait.place
    if binder.premodified(place) is not None or _tells_year(binder, trait, clause):
        return False
    nodes = binder.nodes[clause.start : clause.end]
    yours = [clause.start + n for n, node in enumerate(nodes) if node.has("you")]
    marks = [clause.start + n for n, node in enumerate(nodes) if node.has(*_TASTE_MARKS)]
    opened = nodes[0].lemma == "be"
    if not yours and not marks and not opened:
        return False
    if not marks and opened and not binder.entities:
        marks = [n for n in range(clause.start) if binder.nodes[n].has("favourite", "taste")]
    before = [e for e in binder.entities if clause.start <= e < place]
    last_mark = max((n for n in [*yours, *marks] if n < place), default=None)
    if before and (last_mark is None or before[-1] > last_mark):
        return _taste_behind(binder, place, clause)
    if _is_supposed(binder, place, [*marks, *yours]) or _liked_there(binder, before, yours):
        return False
    if marks:
        return True
    if not yours or _is_shown(binder, place, clause) or _seen_in(binder, place):
        return False
    one = place > 0 and binder.nodes[place - 1].lemma in {"a", "an"}
    if one and not binder.near(place, "likev", "lovev"):
        return False
    if any(n.has("directornoun", "castnoun", "genrenoun") for n in nodes) and not before:
        return not any(n.kind == "entity" for n in nodes)
    return _is_object(binder, place, clause, yours)


_TASTE_MARKS = ("taste", "habit", "mostly", "favourite", "fondness")
_TASTE_VERBS = ("tastev", "likev", "lovev", "dislikev", "uverb", "ratev")


def _is_supposed(binder: Binder, place: int, marks: Sequence[int]) -> bool:
    """Return whether "may" or "could" stands between a trait and every word of taste."""
    clause = binder.clause(place)
    modals = [n for n in range(clause.start, clause.end) if binder.nodes[n].has("modal")]
    if any(n < place and _hopes(binder, n) for n in modals):
        return True
    return bool(marks and modals) and all(
        any(min(place, mark) < n < max(place, mark) for n in modals) for mark in marks
    )


def _hopes(binder: Binder, modal: int) -> bool:
    """Return whether "you would be at home with", "you could be fond of" is said at a modal."""
    behind = binder.nodes[modal + 1 : modal + 4]
    return any(n.has("fondness", "likev", "lovev") for n in behind) and binder.nodes[modal - 1].has(
        "you"
    )


def _liked_there(binder: Binder, before: Sequence[int], yours: Sequence[int]) -> bool:
    """Return whether a film is named in which it was liked ("with [1] you liked romance")."""
    return bool(before and yours) and any(
        e < yours[0] and binder.governed(e) and binder.near(yours[0], "likev", "lovev")
        for e in before[-1:]
    )


def _tells_year(binder: Binder, trait: Trait, clause: Clause) -> bool:
    """Return whether a year belongs to one film ("a film from 1994")."""
    lead = binder.nodes[max(clause.start, trait.place - 2) : trait.place]
    mine = any(n.has("you", "plural") for n in binder.nodes[clause.start : trait.place])
    return trait.role == "year" and any(n.has("film") for n in lead) and not mine


def _is_object(binder: Binder, place: int, clause: Clause, yours: Sequence[int]) -> bool:
    """Return whether a verb of the person has a trait for its object ("you watch thrillers")."""
    nodes = binder.within(clause)
    rest = binder.nodes[yours[0] + 1 : clause.end]
    verb = next((n for n in rest if n.has(*_TASTE_VERBS)), None)
    if verb is None:
        return _owned(binder, place, yours)
    if any(n.lemma in {"every", "each"} for n in binder.nodes[clause.start : place]):
        return True
    if verb.has("likev", "lovev", "dislikev") and not any(n.has("modal") for n in nodes):
        return True
    plural = any(n.has("plural") for n in binder.nodes[place : place + 4])
    plural = plural or _ends_plural(binder, place)
    rec = any(n.has("rec") for n in nodes)
    return (plural or verb.has("tastev")) and not (rec and verb.has("recv") and not plural)


def _seen_in(binder: Binder, place: int) -> bool:
    """Return whether a name is followed by the film it was seen in ("you saw Myers in [1]")."""
    behind = binder.nodes[place + 1 : place + 6]
    first = next((n for n, b in enumerate(behind) if b.kind == "entity"), len(behind))
    between = behind[:first]
    inside = any(b.lemma in {"in", "from"} for b in between)
    return first < len(behind) and inside and not any(b.has("comma", "film") for b in between)


def _is_shown(binder: Binder, place: int, clause: Clause) -> bool:
    """Return whether a trait is promised of the new item ("you get to see Cruise in ...")."""
    nodes = binder.within(clause)
    rec = any(n.kind == "entity" and n.has("rec") for n in nodes)
    promised = any(n.has("modal") or n.lemma in {"get", "meet"} for n in nodes)
    del place
    return rec and promised


def _taste_behind(binder: Binder, place: int, clause: Clause) -> bool:
    """Return whether a taste noun follows the trait ("Heat feeds the crime habit of yours")."""
    after = binder.nodes[place + 1 : min(clause.end, place + 4)]
    lead = binder.nodes[max(clause.start, place - 4) : place]
    return any(n.has("taste") for n in after) and any(n.has("you") for n in [*lead, *after])


def _owned(binder: Binder, place: int, yours: Sequence[int]) -> bool:
    """Return whether "your" stands before the trait ("the thrillers in your history")."""
    near = binder.nodes[max(0, place - 3) : place]
    mine = any(n.lemma == "your" for n in near)
    behind = any(n > place for n in yours) and any(
        n.has("watchnoun") for n in binder.nodes[place : yours[-1] + 3]
    )
    return mine or behind


def _ends_plural(binder: Binder, place: int) -> bool:
    text = binder.nodes[place].text.lower()
    return text.endswith("s") and binder.nodes[place].kind == "value" and not text.endswith("ss")
