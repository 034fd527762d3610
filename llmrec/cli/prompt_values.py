"""What ``llmrec prompt show`` fills templates with: an authored example, or a user's own data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from llmrec.llm import Engine
    from llmrec.recommender import RecommenderConfig
    from llmrec.serialize import HistorySerializer, SerializerConfig
    from llmrec.templates import Template
    from llmrec.types import Candidate, Catalogue, History, Item, Tokenizer

BYTES_PER_TOKEN = 4
"""Without a model a history's budget is counted in bytes: about four to a token of English."""
QUERY_TOKENS = 256
"""What MiniLM reads."""
N_EVIDENCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asked for."""

    config: RecommenderConfig | None = None
    """Which dataset, and how histories are written; None shows an authored example."""
    user: str | None = None
    as_of: str | None = None
    item: str | None = None
    candidates: int | None = None
    """How many are listed; None lists some where the template ranks a list."""
    language: str = "English"


def values_for(
    template: Template, wish: Wish, tokenizer: Tokenizer | None
) -> tuple[dict[str, Any], datetime]:
    """Return a chat template's variables, and the moment that it speaks at.

    Raises:
        ConfigError: A dataset without a user.
        DataError: The dataset, user, item or moment is wrong.
    """
    if wish.config is None:
        values, as_of = _example(template, wish)
    else:
        person = _person(wish, wish.config, tokenizer)
        values, as_of = person.chat_values(template), person.history.as_of
    if "language" in template.variables:
        values["language"] = wish.language
    return values, as_of


def text_for(template: Template, wish: Wish) -> str:
    """Return a text template as an encoder reads it.

    Raises:
        ConfigError: A dataset without a user.
        DataError: The dataset, user, item or moment is wrong.
        TemplateError: The template takes other variables than an encoder's.
    """
    if wish.config is None:
        return template.text(**_example(template, wish)[0])
    return _person(wish, wish.config, None).encoder_text(template)


def _example(template: Template, wish: Wish) -> tuple[dict[str, Any], datetime]:
    from llmrec.templates.example import EXAMPLE_AS_OF, example_variables

    values = example_variables(template.variables)
    for name in {"candidates", "listed"} & values.keys() if wish.candidates is not None else ():
        values[name] = values[name][: wish.candidates]
    return values, _moment(wish) or EXAMPLE_AS_OF


def _moment(wish: Wish) -> datetime | None:
    if wish.as_of is None:
        return None
    from llmrec.data import parse_moment

    return parse_moment(wish.as_of, what="--as-of")


def _person(wish: Wish, config: RecommenderConfig, tokenizer: Tokenizer | None) -> _Person:
    from llmrec.data import load
    from llmrec.llm import ScriptedEngine

    if wish.user is None:
        raise ConfigError("a dataset needs a --user", remedy="Name one whose history to show.")
    data = load(config.dataset)
    history = data.history(wish.user, as_of=_moment(wish))
    return _Person(
        wish=wish,
        config=config,
        catalogue=data.catalogue,
        history=history,
        # It carries the tokenizer to the parts that rank; nothing is asked of it.
        engine=ScriptedEngine(tokenizer=tokenizer, vocabulary_size=1 << 20),
        unit=BYTES_PER_TOKEN if tokenizer is None else 1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A user whose data fill a template, through the same parts that rank and explain.

    Nothing is retrieved or scored: candidates are a fixed sample of the other items, evidence
    the newest events.
    """

    wish: Wish
    config: RecommenderConfig
    catalogue: Catalogue
    history: History
    engine: Engine
    unit: int
    """How many of the tokenizer's tokens make a model's token."""

    def chat_values(self, template: Template) -> dict[str, Any]:
        """Return those of a chat template's variables that can be made."""
        from llmrec.rerank.context import LETTERS
        from llmrec.templates.example import example_variables

        serializer = self._serializer(self.config.serializer)
        in_tail = "listed" in template.variables
        listed = 0
        if in_tail or template.template_id.startswith("rank/labels"):
            listed = min(self.config.candidates, len(LETTERS))
        if self.wish.candidates is not None:
            listed = self.wish.candidates
        made = {
            **example_variables(frozenset({"draft", "faults", "first", "second"})),
            **self._context(serializer, listed, labelled=not in_tail),
            "item": serializer.item_line(self._item()),
            "evidence": self._evidence(serializer),
        }
        return {name: value for name, value in made.items() if name in template.variables}

    def encoder_text(self, template: Template) -> str:
        """Return the item's or the history's text."""
        from llmrec.retrieval.texts import ItemText
        from llmrec.serialize import QUERY_CONFIG

        if "title" in template.variables:
            return ItemText(template=template)(self._item())
        serializer = self._serializer(QUERY_CONFIG)
        texts = serializer.serialize([self.history], budget_tokens=QUERY_TOKENS * self.unit)
        return template.text(history=texts[0].text)

    def _serializer(self, config: SerializerConfig) -> HistorySerializer:
        from llmrec.serialize import HistorySerializer

        tokenizer = self.engine.tokenizer
        return HistorySerializer(
            config,
            self.catalogue,
            lambda texts: [len(ids) for ids in tokenizer.encode_batch(texts)],
            tokenizer.control_strings,
        )

    def _context(
        self, serializer: HistorySerializer, n_listed: int, *, labelled: bool
    ) -> dict[str, Any]:
        """Return history and candidates as rankings show them."""
        from llmrec.rerank.context import PromptContext

        context = PromptContext(
            self.engine,
            serializer,
            max_listed=n_listed,
            labelled=labelled,
            history_tokens=self.config.history_tokens * self.unit,
        )
        (shared,) = context.shared([self.history], [self._sample(n_listed)])[0]
        return {**shared.variables, "listed": shared.lines}

    def _sample(self, n: int) -> list[Candidate]:
        """Return a fixed sample of the items that are not in the history."""
        from llmrec.types import Candidate

        seen = {event.item_id for event in self.history.interactions}
        others = sorted(
            (item_id for item_id in self.catalogue if item_id not in seen),
            key=lambda item_id: hashlib.sha256(item_id.encode()).digest(),
        )
        return [
            Candidate(item=self.catalogue[item_id], score=0.0, rank=rank, source="sample")
            for rank, item_id in enumerate(others[:n], start=1)
        ]

    def _item(self) -> Item:
        """Return the item asked for, else the first of the sample, else the newest one seen."""
        if self.wish.item is not None:
            return self.catalogue[self.wish.item]
        if sample := self._sample(1):
            return sample[0].item
        return self.catalogue[self.history.interactions[-1].item_id]

    def _evidence(self, serializer: HistorySerializer) -> list[dict[str, Any]]:
        known = [e for e in self.history.interactions if e.item_id in self.catalogue]
        newest = known[-N_EVIDENCE:]
        as_of = self.history.as_of
        return [
            {
                "number": number,
                "line": serializer.evidence_line(event, self.catalogue[event.item_id], as_of=as_of),
            }
            for number, event in enumerate(newest, start=1)
        ]
