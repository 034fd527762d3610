"""One thing that a sentence says, and the sentence as a row of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmrec.explain.claims.mentions import Mention
    from llmrec.explain.claims.numbers import Range
    from llmrec.explain.claims.vocabulary import Value
    from llmrec.explain.claims.when import When


@dataclass(slots=True, eq=False)
class Node:
    """One thing that a sentence says."""

    kind: str
    """entity, value, time, gap, rating, repeats, proportion, number, ordinal, decade, word, mark,
    quote or unknown."""
    text: str
    start: int
    end: int
    lemma: str = ""
    classes: frozenset[str] = frozenset()
    value: object = None
    capital: bool = False
    """Whether it is a word with a capital that no sentence start explains."""
    used: bool = False
    """Whether a rule has accounted for it."""

    def has(self, *names: str) -> bool:
        """Return whether its kind or one of its classes is among the names."""
        return self.kind in names or not self.classes.isdisjoint(names)

    @property
    def titles(self) -> frozenset[str]:
        """Of a title: the ids of the items that are called so."""
        return cast("frozenset[str]", self.value)

    @property
    def values(self) -> frozenset[Value]:
        """Of a value: the attribute values that it may be."""
        return cast("frozenset[Value]", self.value)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of a citation: the numbers between its brackets."""
        return cast("tuple[int, ...]", self.value)

    @property
    def mention(self) -> Mention:
        """Of an entity: what it mentions."""
        return cast("Mention", self.value)

    @property
    def amount(self) -> Range:
        """Of a number or a rating: from where to where it reaches."""
        return cast("Range", self.value)

    @property
    def time(self) -> When:
        """Of a time: what it demands of a moment."""
        return cast("When", self.value)

    @property
    def year(self) -> int:
        """Of a decade: its first year."""
        return cast("int", self.value)


@dataclass(slots=True, eq=False)
class Sentence:
    """A sentence and its nodes, quotation marks left out."""

    text: str
    nodes: list[Node] = field(default_factory=list)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)
