"""What a sentence speaks of, and what has been said so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from llmrec.types import Finding

if TYPE_CHECKING:
    from llmrec.explain.claims.node import Sentence
    from llmrec.explain.claims.traits import Trait
    from llmrec.explain.claims.vocabulary import Value
    from llmrec.explain.facts import Facts


Anaphor = Literal["", "rec", "it", "past", "they", "both", "former", "latter", "nth"]


@dataclass(frozen=True, slots=True)
class Ref:
    """An item that a sentence speaks of."""

    ids: frozenset[str]
    """One id, or several that share the title: what holds for one of them is granted."""
    cites: tuple[int, ...] = ()
    rec: bool = False
    """Whether it is the recommended item."""
    name: str = ""


@dataclass(slots=True, eq=False)
class Mention:
    """What an entity node stands for."""

    refs: list[Ref] = field(default_factory=list)
    anaphor: Anaphor = ""
    nth: int = 0
    """Of "the second": which."""


@dataclass(slots=True)
class Context:
    """What has been said so far, and the truth to hold it against."""

    facts: Facts
    sentence: Sentence
    earlier: list[Ref]
    """Refs of the sentences before, in order."""
    findings: list[Finding]
    people: list[frozenset[Value]] = field(default_factory=list)
    """Persons named in the sentences before, in order."""
    traits: list[Trait] = field(default_factory=list)
    """What was said of items in the last sentence that said anything."""
    said: list[Trait] = field(default_factory=list)
    """What this sentence says of items."""
    counted: list[Trait] = field(default_factory=list)
    """What this sentence counted in the history."""

    def report(self, category: str, detail: str, *, ok: bool) -> None:
        """Add a finding on the sentence."""
        self.findings.append(
            Finding(category=category, sentence=self.sentence.text, ok=ok, detail=detail)
        )

    def name(self, ids: frozenset[str]) -> str:
        """Return an item's title, for findings."""
        return self.facts.item_of(min(ids)).title if ids else "?"
