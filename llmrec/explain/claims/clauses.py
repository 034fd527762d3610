"""Clauses: where a sentence falls into stretches with a subject and a verb."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.node import Node


RELATIVE = frozenset(["which", "who", "whose", "whom"])


_SUBORDINATE = frozenset([
    "because", "since", "while", "whereas", "though", "although", "so", "but", "when",
    "whenever", "if", "as", "where", "until", "before", "after", "therefore", "thus", "hence",
    "consequently",
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of nodes, from ``start`` to before ``end``."""

    start: int
    end: int


def clauses_of(nodes: Sequence[Node]) -> list[Clause]:
    """Return the clauses of a sentence, in order."""
    cuts = [0]
    for place, node in enumerate(nodes):
        if node.has("semicolon", "colon", "dash", "open", "close", "stop") or (
            node.has("comma") and not _lists(nodes, place)
        ):
            cuts += [place, place + 1]
        elif place and (node.lemma in RELATIVE or _subordinates(nodes, place)):
            cuts.append(place)
    cuts.append(len(nodes))
    ends = sorted(set(cuts))
    clauses = [Clause(a, b) for a, b in itertools.pairwise(ends)]
    return [c for c in clauses if not (c.end - c.start == 1 and nodes[c.start].kind == "mark")]


def _lists(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a comma stands between things of one kind, or before such an "and"."""
    if not 0 < place < len(nodes) - 1:
        return False
    before, after = nodes[place - 1], nodes[place + 1]
    if after.lemma == "and" and place + 2 < len(nodes):
        after = nodes[place + 2]
    for kind in ("entity", "value"):
        if before.kind == kind and after.kind == kind:
            return not after.has("anaphor") and not _is_clause(nodes, place + 1)
    return before.kind in {"time", "gap"} and after.kind == "time"


def _subordinates(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a conjunction opens a clause with a subject of its own."""
    node = nodes[place]
    if node.has("cause"):
        return True
    if node.lemma in _SUBORDINATE:
        return node.lemma in {"because", "while", "whereas", "but"} or _is_clause(nodes, place + 1)
    return node.lemma == "and" and _is_clause(nodes, place + 1)


def _is_clause(nodes: Sequence[Node], place: int) -> bool:
    """Return whether a subject and its verb begin here."""
    if place < len(nodes) and nodes[place].lemma == "and":
        place += 1
    while place < len(nodes) and nodes[place].has("time", "gap", "cause", "additive", "then"):
        place += 1
    if place >= len(nodes):
        return False
    if nodes[place].has("you"):
        return nodes[place].lemma == "you"
    if nodes[place].lemma in {"we", "i"}:
        return True
    while place < len(nodes) and (
        nodes[place].lemma in {"the", "a", "this"} or nodes[place].has("value", "film")
    ):
        place += 1
    if place < len(nodes) and nodes[place].has("aux") and nodes[place - 1].has("value"):
        return True
    if place >= len(nodes) - 1 or nodes[place].kind != "entity":
        return False
    after = nodes[place + 1]
    singular = after.text.lower() in {"is", "was", "has", "does", "'s"} or (
        after.has("verb") and after.text.lower().endswith("s")
    )
    return (
        singular
        or after.has("modal")
        or (after.has("verb") and "past" in after.classes and not after.has("directv"))
    )
