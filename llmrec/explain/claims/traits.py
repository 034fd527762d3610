"""What a sentence says an item is: attribute values, years, decades, words of its description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmrec.explain.claims.kindred import stems
from llmrec.explain.claims.tokens import fold
from llmrec.explain.claims.when import When
from llmrec.explain.facts import CLASSIC_YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from llmrec.explain.claims.binding import Binder
    from llmrec.explain.claims.node import Node

_DIRECTING = frozenset(["directornoun", "directv"])
_ACTING = frozenset(["castnoun", "castv"])
_MAKER_ROLES = frozenset(["director", "writer"])
_THEME_CUES = frozenset([
    "about", "on", "of", "around", "tagged", "labelled", "labeled", "with", "involving",
    "featuring", "into",
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trait:
    """Something that an item is or is not."""

    place: int
    label: str
    role: str
    holds: Callable[[str], bool]
    """Of an item id."""
    person: bool = False


def find_traits(binder: Binder) -> list[Trait]:
    """Return the traits that a sentence names and no rule has taken yet, in order."""
    return [
        trait
        for place, node in enumerate(binder.nodes)
        if not node.used and (trait := _trait(binder, place))
    ]


def _trait(binder: Binder, place: int) -> Trait | None:
    node, facts = binder.nodes[place], binder.context.facts
    if node.kind == "value" or (node.kind == "weak" and _is_meant(binder, place)):
        values = node.values
        roles = {facts.lexicon.role(v.field) for v in values}
        cue = _cue(binder, place) if roles <= {"director", "cast", "writer"} else frozenset()
        meant = [v for v in values if not cue or facts.lexicon.role(v.field) in cue]
        label = node.text + (f" as {'/'.join(sorted(cue))}" if cue else "")
        person = roles <= {"director", "cast", "writer"}
        if _is_common_noun(node, roles):
            roots = stems(fold(node.text))
            return Trait(
                place,
                label,
                min(roles),
                lambda i: facts.has(i, meant) or facts.text_words(i).issuperset(roots),
            )
        return Trait(place, label, min(roles), lambda i: facts.has(i, meant), person=person)
    if node.kind == "decade":
        start = node.year
        told = {*stems(f"{start}s"), stems(node.text)[-1]}
        return Trait(
            place,
            f"{start}s",
            "year",
            lambda i: (
                start <= (facts.year(i) or 0) < start + 10 or bool(facts.text_words(i) & told)
            ),
        )
    if isinstance(node.value, When) and node.value.year is not None and is_release(binder, place):
        years = node.value.years
        return Trait(
            place,
            node.text,
            "year",
            lambda i: years is not None and (y := facts.year(i)) is not None and years(y),
        )
    if node.has("directornoun") and _its(binder, place):
        own = [i for refs in binder.bind(place)[:1] for ref in refs for i in ref.ids]
        makers = {v for i in own for v in facts.role_values(i, "director")}
        return Trait(
            place,
            "its director",
            "director",
            lambda i: bool(facts.role_values(i, "director") & makers),
        )
    if (
        node.has("classic")
        and not node.has("newer", "comparative")
        and _is_adjective(binder, place)
    ):
        return Trait(
            place,
            node.text,
            "year",
            lambda i: facts.now.year - (facts.year(i) or 9999) >= CLASSIC_YEARS,
        )
    return None


def _is_common_noun(node: Node, roles: Set[str]) -> bool:
    """Return whether a value is a word that a description may use as well ("an avenger")."""
    return roles == {"theme"} or (roles <= {"genre", "theme", "franchise"} and node.text.islower())


def in_roles(binder: Binder, trait: Trait, roles: frozenset[str]) -> Trait:
    """Return a person's trait restricted to roles: "directed" is not "played in"."""
    facts = binder.context.facts
    values = binder.nodes[trait.place].values
    meant = [v for v in values if facts.lexicon.role(v.field) in roles]
    label = f"{binder.nodes[trait.place].text} as {'/'.join(sorted(roles))}"
    return replace(trait, label=label, holds=lambda i: facts.has(i, meant))


def _its(binder: Binder, place: int) -> bool:
    """Return whether "by its director" stands for a name."""
    lead = [n.lemma for n in binder.nodes[max(0, place - 2) : place]]
    behind = binder.nodes[place + 1 : place + 3]
    return lead in (["by", "its"], ["from", "its"]) and not any(n.kind == "value" for n in behind)


def _is_meant(binder: Binder, place: int) -> bool:
    """Return whether a word that is also ordinary stands as a keyword here."""
    before = place - 1
    while before >= 0 and (
        binder.nodes[before].has("comma", "value", "weak", "themenoun")
        or binder.nodes[before].lemma in {"and", "a", "an", "the"}
    ):
        before -= 1
    clause = binder.clause(place)
    if any(
        n.has("themenoun") and n.lemma in {"theme", "keyword", "tag", "topic", "motif", "subject"}
        for n in binder.nodes[clause.start : clause.end]
    ):
        return True
    if before < 0:
        return False
    lead = binder.nodes[before]
    return lead.lemma in _THEME_CUES or lead.has("aboutv", "themenoun")


def _is_adjective(binder: Binder, place: int) -> bool:
    after = binder.nodes[place + 1 : place + 3]
    return any(node.has("film", "value", "entity", "weak") for node in after) or not after


def is_release(binder: Binder, place: int) -> bool:
    """Return whether a bare year is said of a release and not of an event."""
    node = binder.nodes[place]
    clause = binder.within(binder.clause(place))
    lead = node.text.split()[0].lower()
    after = binder.nodes[place + 1] if place + 1 < len(binder.nodes) else None
    before = binder.nodes[place - 1] if place else None
    if any(n.has("releasev") and n.text.lower() in _RELEASED for n in clause):
        return True
    made = any(n.has("directv") and "past" in n.classes for n in clause)
    if made and not any(n.has("you") for n in clause):
        return True
    if any(n.has("yearnoun") for n in clause) and not any(n.has("you") for n in clause):
        return True
    if (
        before is not None
        and before.lemma in {"to", "goes back to", "go back to", "dates from"}
        and any(n.lemma in {"back", "go", "date", "goes back to", "go back to"} for n in clause)
    ):
        return True
    if node.text[0].isdigit():
        adjective = after is not None and (
            after.has("value", "film", "entity", "weak", "classic") or after.lemma == "'s"
        )
        return adjective or (before is not None and before.has("value", "film", "entity", "comma"))
    if before is not None and before.has("film", "value") and lead in {"from", "of"}:
        return True
    acted = any(n.has("you") or n.has("ratev") for n in clause)
    return lead in {"from", "of"} and not acted


_RELEASED = frozenset(
    [
        "released",
        "premiered",
        "out",
        "appeared",
        "dates",
        "dated",
        "made",
        "opened",
        "issued",
        "debuted",
        "hails",
        "published",
        "release",
        "shot",
        "shown",
        "screened",
    ]
) | frozenset(["came out", "comes out", "dates from", "hit cinemas", "reached cinemas"])


def _cue(binder: Binder, place: int) -> frozenset[str]:
    """Return the roles that the words around a person's name ask for; none where they are open."""
    before = place - 1
    nodes = binder.nodes
    while before >= 0 and (
        nodes[before].has("comma", "value")
        or nodes[before].lemma in {"and", "the", "both", "either"}
    ):
        before -= 1
    lead = nodes[before] if before >= 0 else None
    after = nodes[place + 1] if place + 1 < len(nodes) else None
    crossed = place > 0 and nodes[place - 1].has("comma")
    if crossed and after is not None and after.has("aux", "verb") and "ing" not in after.classes:
        return frozenset()
    if lead is None:
        return frozenset()
    if lead.lemma == "by":
        played = before > 0 and nodes[before - 1].lemma in {
            "play",
            "front",
            "lead",
            "headline",
            "carry",
        }
        return frozenset(["cast"]) if played else _MAKER_ROLES
    if lead.lemma == "direct" and "past" not in lead.classes and "ing" not in lead.classes:
        return frozenset()  # "X directs Y": Y plays
    if lead.has(*_DIRECTING) and not lead.has("film", "glue") and lead.lemma in _DIRECTORS:
        return _MAKER_ROLES
    if lead.has(*_ACTING) and lead.lemma in _ACTORS:
        return frozenset(["cast"])
    return frozenset()


_DIRECTORS = frozenset(
    ["direct", "director", "helm", "filmmaker", "film-maker", "maker", "directing"]
) | {"film maker"}
_ACTORS = frozenset(
    [
        "star",
        "actor",
        "actress",
        "feature",
        "cast",
        "lead",
        "headline",
        "co-star",
        "costar",
        "performer",
    ]
) | {"cast member", "leading man", "leading lady", "lead actor", "lead actress", "leading actor"}
