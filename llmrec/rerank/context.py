"""What ranking and explaining show of a query: its history and, where listed, its candidates.

Both tasks fill the same template partial from ``PromptContext``, so that their prompts agree to
the byte up to the task's own last lines, and a prefix cache computes the history once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError
from llmrec.rerank.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmrec.llm.base import Engine
    from llmrec.serialize import HistorySerializer
    from llmrec.types import Candidate, History, Item

HISTORY_TOKENS = 512
"""Tokens of history text at most: about 30 events, and half a second of a small CPU's time."""
ROOM_TOKENS = 768
"""What is kept free for instructions, chat format, the task's last lines and the answer."""
LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_EVENTS_HASHED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedContext:
    """One listing of a query: its template variables, and where each candidate stands."""

    variables: Mapping[str, Any]
    """``history`` (text) and ``candidates`` (dicts of ``label`` and ``line``, or none)."""
    order: tuple[int, ...]
    """Listed place -> position among the candidates given; as given where none are listed."""
    lines: tuple[str, ...] = ()
    """The listed candidates' lines, in order; none where none are listed."""


class PromptContext:
    """Makes the shared variables; the same arguments give the same text, in any batch.

    Args:
        engine: Whose context the prompt must fit, counted in its tokens.
        serializer: Turns histories and items into text.
        max_listed: Candidates that one prompt lists, at most; more are listed in overlapping
            windows. 0 lists none (likelihood, pointwise).
        labelled: Whether they are listed among the shared variables, a letter each (labels), or
            in the task's own last lines (markers).
        history_tokens: Longest history text.
        room_tokens: See ``ROOM_TOKENS``.
        listing: The order in which candidates are listed.
    """

    def __init__(  # noqa: PLR0913 - one keyword per choice
        self,
        engine: Engine,
        serializer: HistorySerializer,
        *,
        max_listed: int,
        labelled: bool = True,
        history_tokens: int = HISTORY_TOKENS,
        room_tokens: int = ROOM_TOKENS,
        listing: Listing | None = None,
    ) -> None:
        if labelled and not 0 <= max_listed <= len(LETTERS):
            raise ConfigError(f"{max_listed} labels asked for; there are {len(LETTERS)} letters")
        self.max_listed = max_listed
        self.labelled = labelled
        self.history_tokens = history_tokens
        self.room_tokens = room_tokens
        self.serializer = serializer
        self.listing = listing or SHUFFLED
        self._tokenizer = engine.tokenizer
        self._context_length = engine.card.context_length
        self._lines: dict[str, tuple[Item, str, int]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """Everything but the engine that decides what the text looks like, as JSON values."""
        settings = {
            "history_tokens": self.history_tokens,
            "room_tokens": self.room_tokens,
            "serializer": self.serializer.config.sha256[:12],
        }
        usual = self.listing is SHUFFLED
        return settings if usual else {**settings, "listing": self.listing.name}

    def variables(
        self, history: History, candidates: Sequence[Candidate], *, order_seed: int = 0
    ) -> Mapping[str, Any]:
        """Return one query's shared template variables, of its first listing; see ``shared``."""
        return self.shared([history], [candidates], order_seed=order_seed)[0][0].variables

    def shared(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
        repeat: int = 0,
    ) -> list[list[SharedContext]]:
        """Return each query's listings: one, or where its candidates do not fit one, several.

        Args:
            histories: One per query.
            candidates: For each history its candidates, in any order; unused where none are
                listed.
            order_seed: Chooses the listed order, together with the query's content.
            repeat: Chooses a further order of the same seed.

        Raises:
            ConfigError: No room is left for a history.
        """
        texts = self._history_texts(histories, candidates)
        if not self.max_listed:
            return [
                [SharedContext(variables=_shown(text), order=tuple(range(len(some))))]
                for text, some in zip(texts, candidates, strict=True)
            ]
        return [
            [
                self._listing(text, some, order)
                for order in self._orders(history, some, order_seed, repeat)
            ]
            for history, text, some in zip(histories, texts, candidates, strict=True)
        ]

    def _listing(
        self, text: str, candidates: Sequence[Candidate], order: tuple[int, ...]
    ) -> SharedContext:
        lines = tuple(self._line(candidates[position].item)[0] for position in order)
        variables = _shown(text, lines if self.labelled else ())
        return SharedContext(variables=variables, order=order, lines=lines)

    def _orders(
        self, history: History, candidates: Sequence[Candidate], order_seed: int, repeat: int
    ) -> list[tuple[int, ...]]:
        """Return each listing's order: of all candidates, or of windows that share anchors."""

        def order(some: Sequence[int]) -> tuple[int, ...]:
            listed = [candidates[position] for position in some]
            places = self.listing.order(history, listed, order_seed, repeat)
            return tuple(some[place] for place in places)

        windows = windows_of(order(range(len(candidates))), self.max_listed)
        # Within its window too an anchor stands anywhere, so several are ordered once more.
        return windows if len(windows) == 1 else [order(window) for window in windows]

    def _history_texts(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[str]:
        """Return each history's text within its budget; equal budgets go in one batch."""
        groups: dict[int, list[int]] = {}
        for n, some in enumerate(candidates):
            groups.setdefault(self._budget(some), []).append(n)
        texts = [""] * len(histories)
        for budget, members in groups.items():
            found = self.serializer.serialize([histories[n] for n in members], budget_tokens=budget)
            for n, text in zip(members, found, strict=True):
                texts[n] = text.text
        return texts

    def _budget(self, candidates: Sequence[Candidate]) -> int:
        """Return how many tokens a history may take beside these candidates.

        All windows show the same history: it leaves room for the longest lines together.
        """
        sizes = (self._line(c.item)[1] for c in candidates) if self.max_listed else ()
        listed = sum(sorted(sizes, reverse=True)[: self.max_listed])
        free = self._context_length - self.room_tokens - listed
        if free < 1:
            raise ConfigError(
                f"no room for a history: of a context of {self._context_length} tokens "
                f"{self.room_tokens} are kept free and {listed} go to the candidates",
                remedy="Use a model with a longer context, or list fewer candidates.",
            )
        return min(self.history_tokens, free)

    def _line(self, item: Item) -> tuple[str, int]:
        """Return an item's line and its tokens with a label before it; remembered."""
        known = self._lines.get(item.item_id)
        if known is None or known[0] is not item:
            line = self.serializer.item_line(item)
            known = (item, line, len(self._tokenizer.encode(f"A. {line}\n")))
            self._lines[item.item_id] = known
        return known[1], known[2]


def _shown(text: str, lines: Sequence[str] = ()) -> dict[str, Any]:
    """Return the variables of the shared part, listed lines with a letter each."""
    labelled = zip(LETTERS, lines, strict=False)
    candidates = [{"label": label, "line": line} for label, line in labelled]
    return {"history": text, "candidates": candidates}


def listing_order(
    history: History, candidates: Sequence[Candidate], order_seed: int = 0, repeat: int = 0
) -> tuple[int, ...]:
    """Return the random order in which candidates are listed: listed place -> position given.

    It is drawn from the query's content (the moment, the newest events, which candidates there
    are) and the seed: not from the user id, nor from the order, ranks or scores that the
    retriever gave. Omitted events count as if they were shown, so leaving one out does not
    reshuffle the list, and a score that moves was moved by the event.
    """
    events = history.interactions[-_EVENTS_HASHED:]
    content = [
        history.as_of.isoformat(),
        [[event.item_id, event.timestamp.isoformat(), event.sequence] for event in events],
        sorted(candidate.item.item_id for candidate in candidates),
        [order_seed, repeat],
    ]
    seed = hashlib.sha256(json.dumps(content).encode()).digest()
    # Sorting by a hash is a shuffle that no library version changes.
    keys = [
        hashlib.sha256(seed + candidate.item.item_id.encode()).digest() for candidate in candidates
    ]
    return tuple(sorted(range(len(candidates)), key=keys.__getitem__))


def retriever_order(
    history: History, candidates: Sequence[Candidate], order_seed: int = 0, repeat: int = 0
) -> tuple[int, ...]:
    """Return the retriever's own order; the prompt then tells the LLM what the retriever thought.

    It is there to measure how much that flatters "the LLM alone".
    """
    del history, order_seed, repeat
    return tuple(sorted(range(len(candidates)), key=lambda n: candidates[n].rank))


@dataclass(frozen=True, slots=True)
class Listing:
    """A rule for the order in which candidates are listed: listed place -> position given."""

    name: str
    """Part of the identity of a scorer that uses it."""
    order: Callable[[History, Sequence[Candidate], int, int], tuple[int, ...]]
    """From history, candidates, order seed and repeat."""


SHUFFLED = Listing("shuffled", listing_order)
"""The order that every scorer uses unless a measurement asks for another."""
BY_RETRIEVER = Listing("retriever", retriever_order)
