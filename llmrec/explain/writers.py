"""Who writes the words: a language model, from evidence that was found before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from llmrec.neutralize import neutralize
from llmrec.templates import load_template, render_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmrec.llm import Engine
    from llmrec.serialize import HistorySerializer
    from llmrec.templates import Template
    from llmrec.types import Candidate, Evidence, History, Item

REASON = "explain/reason.v1"
REWRITE = "explain/rewrite.v1"
MAX_DRAFT_CHARS = 600
_CITATION = re.compile(r"(\[\d+\])")

LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "zh": "Chinese",
}
"""What prompts call a language; another code goes into the prompt as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What is to be put into words: one item, the events that decided it, and where it stood."""

    history: History
    candidates: tuple[Candidate, ...]
    """Of the item's ranking; listed in the prompt where the ranking prompt listed them."""
    item: Item
    evidence: tuple[Evidence, ...]
    """In the order of their citations; empty where no single event decided it."""


class Writer(Protocol):
    """Puts reasons into words. A batch keeps its order; texts cite like ``[1]``."""

    def write(self, reasons: Sequence[Reason], *, language: str) -> list[str]:
        """Return a first draft for each reason, in the language of this code."""
        ...

    def rewrite(
        self,
        reasons: Sequence[Reason],
        drafts: Sequence[str],
        faults: Sequence[Sequence[str]],
        *,
        language: str,
    ) -> list[str]:
        """Return a second draft for each reason, given the first and what was wrong with it."""
        ...


class ReasonPrompts:
    """Fills the two templates; what comes before their own last lines equals ranking's prompt.

    Args:
        context: From a history and its candidates to the shared template variables: the
            reranker's own, so that both prompts begin with the same tokens.
        serializer: Writes the lines of items and events.
    """

    def __init__(
        self,
        context: Callable[[History, Sequence[Candidate]], Mapping[str, Any]],
        serializer: HistorySerializer,
    ) -> None:
        self._context, self._serializer = context, serializer
        self.reason, self.rewrite = load_template(REASON), load_template(REWRITE)

    def variables(self, reason: Reason, *, language: str) -> dict[str, Any]:
        """Return the variables of ``explain/reason.v1``."""
        return {
            **self._context(reason.history, reason.candidates),
            "item": self._serializer.item_line(reason.item),
            "evidence": [
                {"number": number, "line": self._event_line(reason, evidence)}
                for number, evidence in enumerate(reason.evidence, start=1)
            ],
            "language": LANGUAGES.get(language, language),
        }

    def again(
        self, reason: Reason, draft: str, faults: Sequence[str], *, language: str
    ) -> dict[str, Any]:
        """Return the variables of ``explain/rewrite.v1``; the draft is text like any other."""
        return {
            **self.variables(reason, language=language),
            "draft": clean(draft),
            "faults": [clean(fault) for fault in faults],
        }

    def _event_line(self, reason: Reason, evidence: Evidence) -> str:
        as_of = reason.history.as_of
        return self._serializer.evidence_line(evidence.interaction, evidence.item, as_of=as_of)


def clean(text: str) -> str:
    """Neutralise a model's own words, citations apart."""
    parts = _CITATION.split(text[:MAX_DRAFT_CHARS])
    return " ".join(
        part if _CITATION.fullmatch(part) else neutralize(part, max_chars=MAX_DRAFT_CHARS)
        for part in parts
        if part.strip()
    )


class EngineWriter:
    """An engine writes, greedily, all reasons of a batch in one call.

    Args:
        engine: Who writes; the one that ranked, so that its prefix cache holds the history.
        prompts: What it is asked.
        max_tokens: The longest answer.
    """

    def __init__(self, engine: Engine, prompts: ReasonPrompts, *, max_tokens: int = 80) -> None:
        self._engine, self._prompts, self._max_tokens = engine, prompts, max_tokens

    def write(self, reasons: Sequence[Reason], *, language: str) -> list[str]:
        """Return the engine's first draft for each reason."""
        variables = [self._prompts.variables(reason, language=language) for reason in reasons]
        return self._ask(self._prompts.reason, variables, reasons)

    def rewrite(
        self,
        reasons: Sequence[Reason],
        drafts: Sequence[str],
        faults: Sequence[Sequence[str]],
        *,
        language: str,
    ) -> list[str]:
        """Return the engine's second draft for each reason."""
        variables = [
            self._prompts.again(reason, draft, wrong, language=language)
            for reason, draft, wrong in zip(reasons, drafts, faults, strict=True)
        ]
        return self._ask(self._prompts.rewrite, variables, reasons)

    def _ask(
        self, template: Template, variables: Sequence[dict[str, Any]], reasons: Sequence[Reason]
    ) -> list[str]:
        prompts = render_batch(
            template,
            variables,
            tokenizer=self._engine.tokenizer,
            as_of=[reason.history.as_of for reason in reasons],
            max_tokens=self._engine.card.context_length - self._max_tokens,
        )
        texts = self._engine.generate(
            [prompt.token_ids for prompt in prompts], max_tokens=self._max_tokens, stop=("\n\n",)
        )
        return [text.strip() for text in texts]
