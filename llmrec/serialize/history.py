"""Histories in, text within a token budget out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError
from llmrec.serialize.fit import Draft, Fitter, TokenCounts
from llmrec.serialize.items import ItemWriter, evidence_line
from llmrec.serialize.layout import Layout, LayoutWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Set
    from datetime import datetime

    from llmrec.serialize.config import SerializerConfig, TimeStyle
    from llmrec.types import Catalogue, History, Interaction, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryText:
    """A history as text, and which of its events the text shows."""

    text: str
    """Lines joined by line breaks, none at the end; empty when there is nothing to say."""
    shown: tuple[int, ...]
    """Positions in ``History.interactions``, ascending, omitted ones excluded."""
    n_summarised: int
    """The number of older events that were cut, omitted ones included."""


class HistorySerializer:
    """Writes histories as timestamped text: the moment, a summary of the cut part, the events.

    The text is a function of the interactions, ``as_of``, the omitted positions, the budget and
    the configuration: never of the user's id. Every event of a ``History`` is before its
    ``as_of``, and nothing else is shown. Time grows linearly with the number of events.

    Omitted events keep their place: what is shown, the summary and the marks are those of the
    whole history, and then only the omitted events' lines are left out. A line of repeats counts
    the ones that remain. A mark (the line that opens a session or a day) goes with the last event
    below it, since it would tell of the very session that was left out; other marks stay as they
    are, gaps included.

    A summary that would take over a quarter of the budget is left out. When a budget is too small
    for the newest event in full, the line about the moment goes too, then everything but the
    newest event's (shortened) title.

    Args:
        config: How to write.
        catalogue: The items. An event whose item has left the catalogue is shown by its id,
            neutralised: an old log must not break on a product that is no longer sold.
        count_tokens: The tokenizer's counts of a batch of texts, without special tokens. Pieces
            of lines are counted once each and remembered.
        control_strings: What the tokenizer turns into control tokens; titles cannot spell them.
    """

    def __init__(
        self,
        config: SerializerConfig,
        catalogue: Catalogue,
        count_tokens: Callable[[Sequence[str]], Sequence[int]],
        control_strings: Set[str] = frozenset(),
    ) -> None:
        self.config = config
        self._controls = frozenset(control_strings)
        self._items = ItemWriter(config, self._controls)
        self._lines: dict[str, tuple[Item, str]] = {}
        self._writer = LayoutWriter(config, catalogue, self._items)
        self._fitter = Fitter(self._writer, TokenCounts(count_tokens), self._write)

    def serialize(self, histories: Sequence[History], *, budget_tokens: int) -> list[HistoryText]:
        """Write each history within the budget, keeping the newest events.

        Args:
            histories: Any number. Variants of one history that differ in what is omitted share
                their layout and their counting.
            budget_tokens: The most tokens of each text.

        Raises:
            ConfigError: The budget is not positive, or holds not even the first letter of a title.
            DataError: A rating or quantity is not finite.
        """
        if budget_tokens < 1:
            raise ConfigError(f"budget_tokens is {budget_tokens}; a history needs at least one")
        # Histories made by `without` share the tuple of interactions, so its id tells variants.
        keys = [(id(history.interactions), history.as_of) for history in histories]
        bases = dict(zip(keys, histories, strict=True))
        layouts = [self._writer.lay_out(history) for history in bases.values()]
        drafts = dict(zip(bases, self._fitter.fit(layouts, budget_tokens), strict=True))
        return [
            self._text(drafts[key], history.omitted)
            for key, history in zip(keys, histories, strict=True)
        ]

    def item_line(self, item: Item) -> str:
        """Return the item as histories show it: ``“Alien” (1979) · Horror, Sci-Fi``."""
        cached = self._lines.get(item.item_id)
        if cached is None or cached[0] is not item:
            cached = self._lines[item.item_id] = (item, self._items.line(item))
        return cached[1]

    def candidate_lines(self, items: Sequence[Item]) -> list[str]:
        """Return ``item_line`` of each item."""
        return [self.item_line(item) for item in items]

    def title(self, item: Item) -> str:
        """Return the neutralised title alone, without quotes and without its year."""
        return self._items.title(item)

    def evidence_line(
        self,
        interaction: Interaction,
        item: Item,
        *,
        as_of: datetime,
        style: TimeStyle | None = None,
    ) -> str:
        """Return a past event in one line: ``“Alien” (1979) · 2026-02-10 · rated 4 of 5``."""
        return evidence_line(
            interaction,
            item,
            as_of=as_of,
            style=style,
            config=self.config,
            control_strings=self._controls,
        )

    def _text(self, draft: Draft, omitted: frozenset[int]) -> HistoryText:
        n_events = len(draft.layout.events)
        shown: tuple[int, ...] = tuple(range(draft.n_cut, n_events))
        if omitted:
            shown = tuple(position for position in shown if position not in omitted)
        return HistoryText(text=self._write(draft, omitted), shown=shown, n_summarised=draft.n_cut)

    def _write(self, draft: Draft, omitted: frozenset[int] = frozenset()) -> str:
        """Return the text of a draft, less the lines of omitted events."""
        if draft.short_title is not None:
            newest = draft.layout.positions(draft.first) if draft.layout.firsts else ()
            gone = bool(newest) and omitted.issuperset(newest)
            return "" if gone else draft.short_title
        lines = self._event_lines(draft, omitted)
        if self.config.newest_first:
            lines.reverse()
        return "".join([draft.header, draft.summary, *lines])[:-1]

    def _event_lines(self, draft: Draft, omitted: frozenset[int]) -> list[str]:
        """Return marks and events; a mark only with an event below it."""
        layout, first = draft.layout, draft.first
        bodies = self._bodies_left(layout, first, omitted) if omitted else layout.bodies
        pending = layout.openings[first] if layout.firsts else ""
        groups = zip(layout.marks, layout.prefixes, bodies, strict=True)
        lines = []
        for mark, prefix, body in itertools.islice(groups, first, None):
            pending = mark or pending
            if not body:
                continue
            if pending:
                lines.append(pending)
                pending = ""
            lines.append(prefix + body)
        return lines

    def _bodies_left(self, layout: Layout, first: int, omitted: frozenset[int]) -> list[str]:
        """Return the bodies without omitted events: fewer repeats, or nothing."""
        bodies = list(layout.bodies)
        for group in range(first, len(bodies)):
            positions = layout.positions(group)
            left = sum(position not in omitted for position in positions)
            if left < len(positions):
                bodies[group] = self._writer.body(layout, group, left) if left else ""
        return bodies
