"""Where every event of a history stands, before any budget: groups, marks, summary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from llmrec.serialize.words import Moments, span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llmrec.serialize.config import SerializerConfig
    from llmrec.serialize.items import ItemWriter
    from llmrec.types import Catalogue, History, Interaction, Item

_SUMMARISED_VALUES = 3
_MAX_CACHED = 1 << 19

_Key = tuple[str, str | None, float | None, float | None]


@dataclass(slots=True, kw_only=True)
class Layout:
    """A history in groups, oldest first; a group is one event or the repeats of one.

    Every text is either empty or ends in a line break, prefixes apart.
    """

    events: tuple[Interaction, ...]
    as_of: datetime
    header: str
    firsts: list[int] = field(default_factory=list)
    """The position of each group's first event."""
    prefixes: list[str] = field(default_factory=list)
    """What stands before the item: its time."""
    bodies: list[str] = field(default_factory=list)
    """The item and what was done."""
    marks: list[str] = field(default_factory=list)
    """The line before the group where a session or day begins, else nothing."""
    openings: list[str] = field(default_factory=list)
    """The line before the group if it is the first that is shown and has no mark."""

    def fill(self, groups: Sequence[tuple[int, str, str, str, str]]) -> None:
        """Take the groups: first position, prefix, body, mark and opening of each."""
        firsts, prefixes, bodies, marks, openings = zip(*groups, strict=True)
        self.firsts, self.prefixes, self.bodies = list(firsts), list(prefixes), list(bodies)
        self.marks, self.openings = list(marks), list(openings)

    def positions(self, group: int) -> range:
        """Return the positions of a group's events."""
        last = group + 1 == len(self.firsts)
        return range(self.firsts[group], len(self.events) if last else self.firsts[group + 1])


class LayoutWriter:
    """Lays histories out in one pass each, with the texts of items and days cached.

    Args:
        config: How.
        catalogue: The items; an event whose item is not in it is shown by its neutralised id.
        items: Writes the items.
    """

    def __init__(self, config: SerializerConfig, catalogue: Catalogue, items: ItemWriter) -> None:
        self._config = config
        self._catalogue = catalogue
        self._items = items
        self._moments = Moments(config)
        self._gap = timedelta(seconds=config.session_gap_s)
        self._timeless = config.time_style == "none"
        self._local = None if config.time_zone == "UTC" else self._moments.local
        self._marked_days = config.session_marks and self._moments.dated
        self._lines: dict[str, str] = {}
        self._bodies: dict[_Key, str] = {}
        self._values: dict[str, tuple[str, ...]] = {}

    def lay_out(self, history: History) -> Layout:
        """Return the groups of a history's newest ``max_events`` events, omitted ones included."""
        events, as_of = history.interactions, history.as_of
        header = self._moments.header(as_of) if self._config.header else ""
        layout = Layout(events=events, as_of=as_of, header=header and header + "\n")
        if events:
            self._lay_out_events(layout)
            if len(layout.firsts) < len(events) - layout.firsts[0]:
                self._count_repeats(layout)
        elif self._config.empty_text:
            layout.fill([(0, "", self._config.empty_text + "\n", "", "")])
        return layout

    def _lay_out_events(self, layout: Layout) -> None:
        """Add the groups; this loop decides how many histories a second there are."""
        events, as_of, groups = layout.events, layout.as_of, []
        bodies, prefix, gap, local = self._bodies, self._moments.prefix, self._gap, self._local
        start = max(0, len(events) - self._config.max_events)
        before = events[max(0, start - 1)].timestamp
        key_before, day_before, opening = None, -1, ""
        for position in range(start, len(events)):
            event = events[position]
            moment = event.timestamp
            key = (event.item_id, event.event, event.rating, event.quantity)
            opens = moment - before > gap
            if key == key_before and not opens:
                before = moment
                continue
            here = moment if local is None else local(moment)
            day, mark = here.toordinal(), ""
            if opens or day != day_before:
                opening = self._opening(moment, here, as_of)
                mark = self._mark(moment - before, opening) if opens else opening
                if position == 0:
                    mark = ""
            body = bodies.get(key) or self._body(key, event)
            groups.append((position, prefix(moment, here, as_of), body, mark, opening))
            before, key_before, day_before = moment, key, day
        layout.fill(groups)

    def summary(self, layout: Layout, n_cut: int) -> str:
        """Return the line about the oldest events that are not shown; nothing without any."""
        if not n_cut or not self._config.summary:
            return ""
        cut = layout.events[:n_cut]
        counts: Counter[str] = Counter()
        for event in cut:
            counts.update(self._counted_values(event.item_id))
        top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_SUMMARISED_VALUES]
        usual = ", ".join(f"{value} ({count})" for value, count in top)
        noun = "event" if n_cut == 1 else "events"
        oldest, newest = (self._moments.when(cut[n].timestamp, layout.as_of) for n in (0, -1))
        when = f", {oldest}" if oldest == newest else f", from {oldest} to {newest}"
        return f"Earlier: {n_cut} {noun}{oldest and when}{usual and f', most often {usual}'}.\n"

    def shortened(self, layout: Layout, max_chars: int) -> str:
        """Return the newest event as a title cut to a length."""
        item_id = layout.events[-1].item_id
        return self._items.shortened(self._item(item_id), item_id, max_chars)

    def times(self, body: str, count: int) -> str:
        """Return a group's body with its number of repeats."""
        if count == 1 or not self._config.show_ratings:
            return body
        return f"{body[:-1]}{self._config.separator}{count} times\n"

    def body(self, layout: Layout, group: int, count: int) -> str:
        """Return a group's body as if it held a given number of events."""
        event = layout.events[layout.firsts[group]]
        key = (event.item_id, event.event, event.rating, event.quantity)
        return self.times(self._bodies.get(key) or self._body(key, event), count)

    def _count_repeats(self, layout: Layout) -> None:
        for group, body in enumerate(layout.bodies):
            layout.bodies[group] = self.times(body, len(layout.positions(group)))

    def _opening(self, moment: datetime, local: datetime, as_of: datetime) -> str:
        """Return the line that tells the day, where days stand in lines of their own."""
        if not self._marked_days:
            return ""
        return f"-- {self._moments.day_mark(moment, local, as_of)}\n"

    def _mark(self, gap: timedelta, opening: str) -> str:
        """Return the line that opens a session: the gap before it, and the day."""
        if not self._config.session_marks:
            return ""
        later = "" if self._timeless else f"{span(gap.total_seconds())} later, "
        day = f", {opening[3:]}" if opening else "\n"
        return f"-- {later}new session{day}"

    def _body(self, key: _Key, event: Interaction) -> str:
        if len(self._bodies) >= _MAX_CACHED:
            self._bodies.clear()
        lead = " " if self._moments.has_prefix else ""
        body = f"{lead}{self._line(event.item_id)}{self._items.deed(event)}\n"
        self._bodies[key] = body
        return body

    def _line(self, item_id: str) -> str:
        line = self._lines.get(item_id)
        if line is None:
            item = self._item(item_id)
            line = self._items.missing(item_id) if item is None else self._items.line(item)
            self._lines[item_id] = line
        return line

    def _counted_values(self, item_id: str) -> tuple[str, ...]:
        values = self._values.get(item_id)
        if values is None:
            item = self._item(item_id)
            values = () if item is None else self._items.counted_values(item)
            self._values[item_id] = values
        return values

    def _item(self, item_id: str) -> Item | None:
        # Catalogue[...] raises for an unknown id and searches for near ones; ask first.
        if item_id not in self._catalogue:
            return None
        return self._catalogue[item_id]
