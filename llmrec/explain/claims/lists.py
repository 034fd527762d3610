"""Which items a sentence lists together: "A [1], B [2] and C"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain.claims.node import Node

_CONJUNCTIONS = frozenset(["and", "or", "plus", "then", "followed by"])


def listed(nodes: Sequence[Node], place: int) -> list[int]:
    """Return the entities that an entity is listed with ("A [1], B [2] and C"), in order."""
    row, conjoined = [place], False
    for step in (-1, 1):
        here = place
        while True:
            there = _across(nodes, here, step)
            if there is None:
                break
            between = nodes[min(here, there) + 1 : max(here, there)]
            conjoined = conjoined or any(n.lemma in _CONJUNCTIONS or n.has("and") for n in between)
            row.append(there)
            here = there
    if not conjoined and not all(nodes[e].has("cited") for e in row):
        return [place]
    return _one_list(nodes, sorted(row), place)


def _one_list(nodes: Sequence[Node], row: list[int], place: int) -> list[int]:
    """Return the part of a row that ends with its "and": "A and B, and C ..." are two lists."""
    for left, first, second in zip(row, row[1:], row[2:], strict=False):
        ended = any(n.lemma == "and" for n in nodes[left + 1 : first])
        anew = [n.lemma or n.text for n in nodes[first + 1 : second]][:2]
        if ended and anew == [",", "and"]:
            return row[: row.index(second)] if place < second else row[row.index(second) :]
    return row


def _across(nodes: Sequence[Node], place: int, step: int) -> int | None:
    """Return the next entity over "and", a comma and the like; None where more stands between."""
    there = place + step
    joined = False
    while 0 <= there < len(nodes):
        node = nodes[there]
        if node.kind == "entity":
            return there if joined and not node.has("it", "both") else None
        if node.lemma in {"and", "or", "plus"} or node.has("and", "comma", "then"):
            joined = True
        elif not (node.lemma in {"the", "with", "both"} or node.has("value", "film", "additive")):
            return None
        there += step
    return None
