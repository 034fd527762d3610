"""Which part of a history a token budget holds: the newest, never more than the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.serialize.layout import Layout, LayoutWriter

_MAX_CACHED = 1 << 20
_SHORT_TITLES = (120, 60, 30, 15, 7, 3, 1)
_SURELY_ROOM = 2
_LEAST_SHARE = 4  # a summary may take this part of the budget, else events are worth more
_WHOLE, _NO_SUMMARY, _EVENTS_ONLY, _TITLE_ONLY = range(4)


class TokenCounts:
    """Token counts of the pieces that histories are made of, each asked for once.

    Args:
        count_tokens: The tokenizer's counts of a batch of texts, without special tokens.
    """

    def __init__(self, count_tokens: Callable[[Sequence[str]], Sequence[int]]) -> None:
        self._count_tokens = count_tokens
        self.known: dict[str, int] = {"": 0}

    def learn(self, texts: set[str]) -> None:
        """Count what is not known yet, in one batch."""
        if len(self.known) > _MAX_CACHED:
            self.known = {"": 0}
        new = sorted(text for text in texts if text not in self.known)
        self.known.update(zip(new, self.count(new), strict=True))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the counts of texts that will hardly come again."""
        if not texts:
            return []
        counts = [int(count) for count in self._count_tokens(texts)]
        if len(counts) != len(texts):
            raise ConfigError(f"count_tokens gave {len(counts)} counts for {len(texts)} texts")
        return counts


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is shown of a layout."""

    layout: Layout
    first: int = 0
    """The oldest group that is shown."""
    summary: str = ""
    reserve: int = 0
    """Tokens kept free for the summary."""
    estimate: int = 0
    """The tokens of the pieces added up."""
    step: int = _WHOLE
    """What had to go to make room for events."""
    short_title: str | None = None
    """All that is shown where the budget holds no whole line."""

    @property
    def header(self) -> str:
        """The line about the moment, where there is room for it."""
        return self.layout.header if self.step <= _NO_SUMMARY else ""

    @property
    def n_cut(self) -> int:
        """The number of events that are older than what is shown."""
        firsts = self.layout.firsts
        return firsts[self.first] if self.first < len(firsts) else len(self.layout.events)


class Fitter:
    """Fits layouts into a budget.

    The counts of pieces only propose where to cut; every text that is not surely within the
    budget is then counted as a whole, and cut further until it is.

    Args:
        writer: Writes summaries and shortened titles.
        counts: The pieces' tokens.
        write: Writes a draft's whole text.
    """

    def __init__(
        self, writer: LayoutWriter, counts: TokenCounts, write: Callable[[Draft], str]
    ) -> None:
        self._writer = writer
        self._counts = counts
        self._write = write

    def fit(self, layouts: Sequence[Layout], budget: int) -> list[Draft]:
        """Return a draft of each layout whose text has at most ``budget`` tokens.

        Raises:
            ConfigError: A budget holds not even the first letter of the newest title.
        """
        self._learn(layouts)
        drafts = [Draft(layout=layout) for layout in layouts]
        cut = [draft for draft in drafts if not self._holds_all(draft, budget)]
        reserves = self._counts.count([self._longest_summary(draft) for draft in cut])
        for draft, reserve in zip(cut, reserves, strict=True):
            draft.reserve = reserve
            if reserve * _LEAST_SHARE > budget:
                draft.step = _NO_SUMMARY
            self._cut(draft, budget)
        unsure = [draft for draft in drafts if draft.estimate * _SURELY_ROOM > budget]
        while unsure:
            counts = self._counts.count([self._write(draft) for draft in unsure])
            over = [(d, n - budget) for d, n in zip(unsure, counts, strict=True) if n > budget]
            for draft, excess in over:
                self._cut_further(draft, excess, budget)
            unsure = [draft for draft, _ in over]
        return drafts

    def _learn(self, layouts: Sequence[Layout]) -> None:
        pieces: set[str] = set()
        for layout in layouts:
            pieces.add(layout.header)
            pieces.update(layout.prefixes, layout.bodies, layout.marks, layout.openings)
        self._counts.learn(pieces)

    def _holds_all(self, draft: Draft, budget: int) -> bool:
        """Try to show every event, so that there is nothing to summarise."""
        layout = draft.layout
        header = self._counts.known[layout.header]
        if layout.firsts and layout.firsts[0]:
            return False
        self._choose(draft, budget - header)
        draft.estimate += header
        return draft.first == 0 and draft.estimate <= budget

    def _longest_summary(self, draft: Draft) -> str:
        """Return the summary of all but the newest group."""
        firsts = draft.layout.firsts
        return self._writer.summary(draft.layout, firsts[-1]) if firsts else ""

    def _cut(self, draft: Draft, budget: int) -> None:
        """Choose the groups that fit; when none does, let the summary go, then the header."""
        while draft.step < _TITLE_ONLY:
            frame = self._counts.known[draft.header]
            frame += draft.reserve if draft.step == _WHOLE else 0
            self._choose(draft, budget - frame)
            if draft.first < len(draft.layout.firsts):
                draft.estimate += frame
                self._summarise(draft)
                return
            draft.step += 1
        self._squeeze(draft, budget)

    def _choose(self, draft: Draft, room: int) -> None:
        """Find the oldest group from which on everything fits (their number if none does)."""
        known, layout = self._counts.known, draft.layout
        marks, openings = layout.marks, layout.openings
        prefixes, bodies = layout.prefixes, layout.bodies
        used, best, estimate = 0, len(bodies), 0
        for group in range(best - 1, -1, -1):
            used += known[prefixes[group]] + known[bodies[group]]
            mark = known[marks[group]]
            alone = used + (mark or known[openings[group]])
            if alone > room:
                break
            best, estimate = group, alone
            used += mark
        draft.first, draft.estimate = best, estimate

    def _cut_further(self, draft: Draft, excess: int, budget: int) -> None:
        """Drop the oldest groups whose pieces make up an excess, always at least one."""
        known, layout = self._counts.known, draft.layout
        first, last = draft.first, len(layout.firsts) - 1
        while excess > 0 and first < last:
            excess -= known[layout.prefixes[first]] + known[layout.bodies[first]]
            first += 1
        if first == draft.first:
            draft.step += 1
            self._cut(draft, budget)
            return
        draft.first = first
        self._summarise(draft)

    def _summarise(self, draft: Draft) -> None:
        whole = draft.step == _WHOLE
        draft.summary = self._writer.summary(draft.layout, draft.n_cut) if whole else ""

    def _squeeze(self, draft: Draft, budget: int) -> None:
        """Show as much of the newest title as fits, and nothing else."""
        draft.first, draft.estimate = max(0, len(draft.layout.firsts) - 1), 0
        draft.short_title, draft.summary = "", ""
        if not draft.layout.events:
            return
        titles = [self._writer.shortened(draft.layout, size) for size in _SHORT_TITLES]
        counts = self._counts.count(titles)
        fitting = [title for title, n in zip(titles, counts, strict=True) if n <= budget]
        if not fitting:
            raise ConfigError(
                f"budget_tokens={budget} cannot hold even one letter of a title ({counts[-1]})",
                remedy="Give the history a larger part of the context.",
            )
        draft.short_title = fitting[0]
