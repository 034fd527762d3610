"""Which item a word speaks of: clauses, what stands nearest, and what pronouns may mean."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from llmrec.explain.claims.clauses import RELATIVE, Clause, clauses_of
from llmrec.explain.claims.lists import listed
from llmrec.explain.claims.mentions import Context, Ref
from llmrec.explain.claims.pronouns import is_known, meanings, nth_of
from llmrec.explain.claims.when import When

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.explain.claims.node import Node

Alternatives = list[list[Ref]]
"""Readings of which one must hold; in each, what must hold for every ref."""
_PREPOSITIONS = frozenset([
    "of", "to", "in", "on", "at", "by", "for", "from", "with", "into", "onto", "about",
    "between", "among", "than", "as", "after", "before", "via", "alongside", "following",
    "over", "through", "around",
])  # fmt: skip
_MODIFIERS = frozenset(
    ["value", "weak", "decade", "classic", "film", "praise", "hyphen", "ordinal"]
)
_OPENERS = frozenset([
    "a", "an", "the", "another", "also", "both", "by", "with", "from", "in", "of", "about",
    "on", "set", "all", "one", "its",
])  # fmt: skip


class Binder:
    """Answers which refs a node of a sentence speaks of.

    Args:
        context: The sentence, with its entities linked, and what came before it.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.nodes = context.sentence.nodes
        self.place = {id(node): n for n, node in enumerate(self.nodes)}
        self.clauses = clauses_of(self.nodes)

    @cached_property
    def entities(self) -> list[int]:
        """The places of entity nodes."""
        return [n for n, node in enumerate(self.nodes) if node.kind == "entity"]

    def clause(self, place: int) -> Clause:
        """Return the clause that a node stands in."""
        for clause in self.clauses:
            if clause.start <= place < clause.end:
                return clause
        return Clause(place, place + 1)

    def within(self, clause: Clause) -> list[Node]:
        """Return a clause's nodes."""
        return self.nodes[clause.start : clause.end]

    def near(self, place: int, *names: str) -> bool:
        """Return whether the node's clause holds a node of one of these classes."""
        return any(node.has(*names) for node in self.within(self.clause(place)))

    def says_all(self, place: int) -> bool:
        """Return whether a clause says something of several items at once ("both", "all are")."""
        clause = self.clause(place)
        for n in range(clause.start, clause.end):
            node = self.nodes[n]
            if not node.has("both"):
                continue
            before = self.nodes[n - 1] if n else None
            after = self.nodes[n + 1] if n + 1 < len(self.nodes) else None
            after_be = before is not None and before.text.lower() in {"are", "were", "have", "they"}
            if after is not None and after.lemma == "about":
                continue
            if (
                node.lemma == "both"
                or after_be
                or (after is not None and after.has("aux", "number"))
            ):
                return True
        return False

    def bind(self, place: int) -> Alternatives:
        """Return whom an attribute at a place describes."""
        modified = self.premodified(place)
        if modified is not None:
            return self.resolve(modified)
        clause = self.clause(place)
        here = [e for e in self.entities if clause.start <= e < clause.end]
        before = [e for e in here if e < place]
        if before:
            return self._described(place, before, clause)
        return self._outside(place, clause, [e for e in here if e > place])

    def premodified(self, place: int) -> int | None:
        """Return the entity that a node stands before as its adjective ("the crime film Heat")."""
        after = place + 1
        while after < len(self.nodes):
            node = self.nodes[after]
            if node.kind == "entity":
                plain = not node.has("anaphor") or node.has("rec", "past")
                return after if plain and not node.has("it", "they", "both") else None
            year = isinstance(node.value, When) and node.value.year is not None
            glue = node.lemma in {"'s", "'", "own"} or (node.lemma == "and" and self._joins(after))
            if not (node.has(*_MODIFIERS) or year or glue) or node.has("plural"):
                return None
            after += 1
        return None

    def _joins(self, place: int) -> bool:
        """Return whether "and" stands between two attributes."""
        ends = self.nodes[place - 1], self.nodes[min(place + 1, len(self.nodes) - 1)]
        return all(node.has("value", "weak", "decade") for node in ends)

    def _described(self, place: int, before: Sequence[int], clause: Clause) -> Alternatives:
        """Return what a node behind entities of its own clause describes."""
        verb = max((n for n in range(clause.start, place) if self._finite(n)), default=None)
        nearest = before[-1]
        if verb is None:
            return self._group(nearest)
        between = [e for e in before if e > verb]
        subject = self._subject(verb, before)
        if not between:
            return self._group(subject if subject is not None else nearest)
        if subject is None or self._attached(between[-1], place):
            return self._group(between[-1])
        return [*self._group(between[-1]), *self._group(subject)]

    def _finite(self, place: int) -> bool:
        node = self.nodes[place]
        if node.has("aux"):
            return node.lemma == "be" or not self._followed_by_verb(place)
        return node.has("verb") and "ing" not in node.classes and not node.has("noun")

    def _followed_by_verb(self, place: int) -> bool:
        return place + 1 < len(self.nodes) and self.nodes[place + 1].has("verb", "additive")

    def _subject(self, verb: int, before: Sequence[int]) -> int | None:
        """Return the entity that a verb is about: before it and not behind a preposition."""
        free = [e for e in before if e < verb and not self.governed(e)]
        return free[-1] if free else next((e for e in reversed(before) if e < verb), None)

    def governed(self, place: int) -> bool:
        """Return whether an entity stands behind a preposition."""
        before = place - 1
        while before >= 0 and self.nodes[before].has("value", "weak", "film", "quote", "both"):
            before -= 1
        if before >= 0 and self.nodes[before].lemma in {"the", "a", "an"}:
            before -= 1
        if (
            before >= 1
            and self.nodes[before].lemma == "and"
            and self.nodes[before - 1].kind == "entity"
        ):
            return self.governed(before - 1)
        node = self.nodes[before] if before >= 0 else None
        return node is not None and (
            node.lemma in _PREPOSITIONS or node.has("likeprep", "after", "unlike")
        )

    def _attached(self, entity: int, place: int) -> bool:
        """Return whether a node follows an entity as its own phrase ("Heat [1] by Mann")."""
        return all(
            node.lemma in _PREPOSITIONS or node.has("directv", "castv", "value", "comma", "open")
            for node in self.nodes[entity + 1 : place]
        )

    def _outside(self, place: int, clause: Clause, after: Sequence[int]) -> Alternatives:
        """Return what a node describes whose clause names nothing before it."""
        earlier = [e for e in self.entities if e < clause.start]
        first = self.nodes[clause.start]
        if earlier and (first.lemma in RELATIVE or self._apposed(first)):
            return self._group(earlier[-1]) + self._main_subject(earlier)
        if earlier and (first.has("aux", "verb", "modal", "additive") or first.lemma == "and"):
            return self._main_subject(earlier) or self._group(earlier[-1])
        if after:
            return self._group(after[0])
        later = [e for e in self.entities if e > place]
        if not earlier and self._is_fragment(place):
            return [[self.rec], *(self._group(later[0]) if later else [])]
        if later and not earlier:
            return self._group(later[0])
        if earlier:
            return self._group(earlier[-1]) + self._main_subject(earlier)
        return self._discourse()

    def _is_fragment(self, place: int) -> bool:
        """Return whether a sentence has no verb of its own ("A film by Mann from 2004.")."""
        first = self.nodes[0]
        opens = first.lemma in {"a", "an", "another", "one"} or first.has(
            "value", "additive", "number"
        )
        finite = any(self._finite(n) for n in range(place))
        named = any(node.has("rec") for node in self.nodes)
        return opens and not finite and not named

    def _apposed(self, node: Node) -> bool:
        participle = node.has("verb") and ("past" in node.classes or "ing" in node.classes)
        return (
            participle
            or node.lemma in _OPENERS
            or node.has("value", "weak", "decade", "number", "both", "time", "likeprep")
        )

    def _main_subject(self, earlier: Sequence[int]) -> Alternatives:
        """Return the first entity of the sentence that no preposition governs."""
        free = [e for e in earlier if not self.governed(e)]
        return self._group(free[-1]) if free else []

    def _discourse(self) -> Alternatives:
        """Return what the sentences before were about."""
        found: Alternatives = [[ref] for ref in reversed(self.context.earlier[-2:])]
        return found or [[self.rec]]

    @property
    def rec(self) -> Ref:
        """The recommended item."""
        item = self.context.facts.item
        return Ref(frozenset([item.item_id]), rec=True, name=item.title)

    def listed(self, place: int) -> list[int]:
        """Return the entities that an entity is listed with ("A [1], B [2] and C"), in order."""
        return listed(self.nodes, place) if place in self.entities else [place]

    def _group(self, place: int) -> Alternatives:
        """Return an entity, with those it is listed with where the words are plural."""
        row = self.listed(place)
        if len(row) == 1:
            return self.resolve(place)
        every = [ref for e in row for ref in self._one(e)]
        after = self.nodes[row[-1] + 1 : row[-1] + 5]
        plural = any(_is_plural(node) for node in after) or self.says_all(row[0])
        if plural:
            return [every]
        return [*self.resolve(place), every]

    def _one(self, place: int) -> list[Ref]:
        found = self.resolve(place)
        return found[0] if found else []

    def refs(self) -> list[Ref]:
        """Return every ref that the sentence names, in order, without repetition."""
        found: list[Ref] = []
        for place in self.entities:
            mention = self.nodes[place].mention
            found.extend(ref for ref in mention.refs if not is_known(ref, found))
        return found

    def resolve(self, place: int) -> Alternatives:
        """Return what an entity stands for."""
        mention = self.nodes[place].mention
        if mention.refs:
            return [mention.refs]
        before = [ref for e in self.entities if e < place for ref in self._named(e)]
        said = [*self.context.earlier, *before]
        if mention.anaphor == "nth":
            return nth_of(mention.nth, said, self)
        return meanings(mention.anaphor, said, self)

    def _named(self, place: int) -> list[Ref]:
        mention = self.nodes[place].mention
        return [self.rec] if mention.anaphor == "rec" else mention.refs


def _is_plural(node: Node) -> bool:
    return node.lemma == "both" or node.text.lower() in {
        "are",
        "were",
        "have",
        "share",
        "star",
    }


def holds(alternatives: Alternatives, test: Callable[[Ref], bool]) -> bool:
    """Return whether a test holds throughout one of the readings."""
    return any(refs and all(test(ref) for ref in refs) for refs in alternatives)
