"""Evidence to words: what a writer is asked, and the writer that is the ranking's own LLM."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from llmrec.errors import LlmrecError
from llmrec.explain.languages import language_name
from llmrec.neutralize import neutralize
from llmrec.templates import load_template, render_batch

if TYPE_CHECKING:
    from llmrec.llm.base import Engine
    from llmrec.serialize import HistorySerializer
    from llmrec.templates import Template
    from llmrec.types import Candidate, Evidence, History, Item, Message, TokenIds

Context = Callable[["History", "Sequence[Candidate]"], Mapping[str, Any]]
"""From a query to the template variables that ranking shows: ``history`` and ``candidates``."""

_LOG = logging.getLogger(__name__)
MAX_DRAFT_CHARS = 600
MAX_FAULT_CHARS = 160
MAX_FAULTS = 4
_CITATION = re.compile(r"(\[\d+\])")
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002][\"\u201d\u2019')\]]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One reason to write; with a draft, to write again without its faults."""

    history: History
    candidates: tuple[Candidate, ...]
    """What the LLM was asked to rank; the item need not be among them."""
    item: Item
    evidence: tuple[Evidence, ...]
    """In the order of the citations ``[1]``, ``[2]``, ..."""
    language: str = "en"
    """A code, or a name where there is no code."""
    draft: str = ""
    faults: tuple[str, ...] = ()


class Writer(Protocol):
    """Whoever puts evidence into words. What it writes is checked, so it may be any model."""

    def write(self, requests: Sequence[WriteRequest]) -> Sequence[str | Exception]:
        """Return one text per request; no requests give an empty list.

        An exception in a text's place says why there is none; one that is raised is taken for
        all of them. Either way a template speaks instead.
        """
        ...


def drafts_of(writer: Writer, requests: Sequence[WriteRequest]) -> list[str | Exception]:
    """Ask a writer; whatever goes wrong stands in the texts' places, and the log has it."""
    drafts: list[Any]
    try:
        drafts = list(writer.write(requests))
    except Exception as error:  # noqa: BLE001 - a ranking must not be lost for want of words
        drafts = [error] * len(requests)
    if len(drafts) != len(requests):
        drafts = [ValueError(f"{len(drafts)} texts for {len(requests)} requests")] * len(requests)
    for place, draft in enumerate(drafts):
        if not isinstance(draft, str | Exception):
            drafts[place] = TypeError(f"{type(draft).__name__} in the place of a text")
    failed = [draft for draft in drafts if isinstance(draft, Exception)]
    if failed:
        said = "The writer failed on %d of %d texts, so templates speak there."
        _LOG.warning(said, len(failed), len(drafts), exc_info=failed[0])
    return drafts


class ReasonPrompts:
    """Makes a writer's prompts from the templates, from the same context as ranking prompts.

    Args:
        context: Gives ``history`` and ``candidates`` for a query, exactly as ranking shows them:
            then both prompts begin with the same bytes and share one cached prefix.
        serializer: Writes the item and the past events.
        reason: The template of a first draft.
        rewrite: The template of a second one.
    """

    def __init__(
        self,
        context: Context,
        serializer: HistorySerializer,
        *,
        reason: str = "explain/reason.v1",
        rewrite: str = "explain/rewrite.v1",
    ) -> None:
        self._context = context
        self._serializer = serializer
        self._reason = load_template(reason)
        self._rewrite = load_template(rewrite)

    def template(self, request: WriteRequest) -> Template:
        """Return the template that a request is rendered with."""
        return self._rewrite if request.draft else self._reason

    def variables(
        self, request: WriteRequest, *, control_strings: Set[str] = frozenset()
    ) -> dict[str, Any]:
        """Return everything that a request's template takes.

        Args:
            request: What to write.
            control_strings: What the model's tokenizer turns into control tokens; a draft and
                its faults cannot spell them.
        """
        as_of = request.history.as_of
        variables = {
            **self._context(request.history, request.candidates),
            "item": self._serializer.item_line(request.item),
            "evidence": [
                {
                    "number": number,
                    "line": self._serializer.evidence_line(e.interaction, e.item, as_of=as_of),
                }
                for number, e in enumerate(request.evidence, start=1)
            ],
            "language": language_name(request.language),
        }
        if request.draft:
            variables["draft"] = harmless(request.draft, MAX_DRAFT_CHARS, control_strings)
            faults = request.faults[:MAX_FAULTS]
            variables["faults"] = [
                harmless(fault, MAX_FAULT_CHARS, control_strings) for fault in faults
            ]
        return variables

    def messages(self, request: WriteRequest) -> tuple[Message, ...]:
        """Return a request as a chat, for models that take messages."""
        return self.template(request).messages(**self.variables(request))


def harmless(text: str, max_chars: int, control_strings: Set[str]) -> str:
    """Return a model's text neutralised, its citations kept, cut to ``max_chars`` first."""
    parts = [
        part
        if _CITATION.fullmatch(part)
        else neutralize(part, max_chars=max_chars, control_strings=control_strings)
        for part in _CITATION.split(text[:max_chars])
    ]
    return " ".join(part for part in parts if part)


class EngineWriter:
    """Writes with an engine, greedily, all requests in one batch.

    Args:
        engine: The ranking's own, so that its prefix cache holds the history already.
        prompts: Makes the prompts.
        max_tokens: Of an answer, at most.
    """

    def __init__(self, engine: Engine, prompts: ReasonPrompts, *, max_tokens: int = 96) -> None:
        self._engine = engine
        self._prompts = prompts
        self._max_tokens = max_tokens

    def write(self, requests: Sequence[WriteRequest]) -> list[str | Exception]:
        """Return one tidied text per request; an error for a prompt that does not fit."""
        rendered = self._rendered(requests)
        ids = [row for row in rendered if not isinstance(row, Exception)]
        texts = iter(
            self._engine.generate(ids, max_tokens=self._max_tokens, temperature=0.0) if ids else []
        )
        return [row if isinstance(row, Exception) else tidy(next(texts)) for row in rendered]

    def _rendered(self, requests: Sequence[WriteRequest]) -> list[TokenIds | LlmrecError]:
        """Return each request's token ids, or why it has none: one rendering per template."""
        rendered: list[TokenIds | LlmrecError] = [()] * len(requests)
        for drafted in (False, True):
            members = [n for n, r in enumerate(requests) if bool(r.draft) == drafted]
            rows = self._together([requests[n] for n in members])
            for n, row in zip(members, rows, strict=True):
                rendered[n] = row
        return rendered

    def _together(self, requests: Sequence[WriteRequest]) -> list[TokenIds | LlmrecError]:
        """Render requests of one template at once; one by one where that fails."""
        if not requests:
            return []
        controls = self._engine.tokenizer.control_strings
        try:
            prompts = render_batch(
                self._prompts.template(requests[0]),
                [self._prompts.variables(r, control_strings=controls) for r in requests],
                tokenizer=self._engine.tokenizer,
                as_of=[request.history.as_of for request in requests],
                max_tokens=self._engine.card.context_length - self._max_tokens,
            )
        except LlmrecError as error:
            if len(requests) == 1:
                return [error]
            return [row for request in requests for row in self._together([request])]
        return [prompt.token_ids for prompt in prompts]


def tidy(text: str) -> str:
    """Return a model's answer as one paragraph of whole sentences.

    Only its first paragraph counts, and a last sentence that the token limit broke off is left
    out where a whole one stands before it.
    """
    paragraph = text.strip().partition("\n\n")[0]
    line = " ".join(paragraph.split()).strip()
    if len(line) > 1 and line[0] in '"\u201c' and line[-1] in '"\u201d':
        line = line[1:-1].strip()
    ends = [match.end() for match in _SENTENCE_END.finditer(line)]
    whole = [end for end in ends if end == len(line) or line[end] == " "]
    if whole and whole[-1] < len(line):
        rest = line[whole[-1] :].strip()
        return line if _CITATION.fullmatch(rest) else line[: whole[-1]]
    return line
