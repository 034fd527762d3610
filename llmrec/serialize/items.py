"""Items in one line: neutralised title, year, attributes; and what a user did with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.neutralize import neutralize, quoted
from llmrec.serialize.config import SerializerConfig
from llmrec.serialize.forged import reads_like_a_field
from llmrec.serialize.words import Moments, number

if TYPE_CHECKING:
    from collections.abc import Sequence, Set
    from datetime import datetime

    from llmrec.serialize.config import TimeStyle
    from llmrec.types import AttributeValue, Interaction, Item

_DEFAULT = SerializerConfig()
_TITLE_YEAR = re.compile(r"\s*\(((?:1[89]|20)\d\d)\)\s*$")
_UNTITLED = "untitled"


class ItemWriter:
    """Writes items in a configuration's way.

    Args:
        config: Which fields, how long, with quotes or without.
        control_strings: What the model's tokenizer turns into control tokens.
    """

    def __init__(
        self, config: SerializerConfig = _DEFAULT, control_strings: Set[str] = frozenset()
    ) -> None:
        self.config = config
        self._controls = frozenset(control_strings)
        self._deeds = frozenset(config.event_words.values())

    def title(self, item: Item) -> str:
        """Return the neutralised title without a year; the item's id where it has no title."""
        name, _ = self._title_and_year(item)
        return name

    def line(self, item: Item) -> str:
        """Return ``“Title” (year) · values``."""
        return self.config.separator.join([self.head(item), *self._fields(item)])

    def head(self, item: Item) -> str:
        """Return ``“Title” (year)``."""
        name, year = self._title_and_year(item)
        return f"{self._quote(name)} ({year})" if year else self._quote(name)

    def missing(self, item_id: str) -> str:
        """Return the line of an item that is no longer in the catalogue: its id."""
        return self._quote(self._name("", item_id))

    def counted_values(self, item: Item) -> tuple[str, ...]:
        """Return all values of the first shown attribute that the item has."""
        for field in self.config.fields:
            values = self._values(item.attributes.get(field))
            if values:
                return tuple(values)
        return ()

    def deed(self, event: Interaction) -> str:
        """Return what was done as further fields: `` · bought · quantity 3 · rated 4 of 5``."""
        if not self.config.show_ratings:
            return ""
        fields = []
        if event.event is not None:
            fields.append(self._event_word(event.event))
        if event.quantity is not None and event.quantity != 1:
            fields.append(f"quantity {number(event.quantity, what='a quantity')}")
        if event.rating is not None:
            scale = self.config.rating_scale
            of = "" if scale is None else f" of {number(scale, what='the rating scale')}"
            fields.append(f"rated {number(event.rating, what='a rating')}{of}")
        return "".join(self.config.separator + field for field in fields if field)

    def shortened(self, item: Item | None, item_id: str, max_chars: int) -> str:
        """Return the bare title cut to a length, for budgets that hold nothing more."""
        name = self._name("", item_id) if item is None else self.title(item)
        return self._quote(neutralize(name, max_chars=max_chars, control_strings=self._controls))

    def _quote(self, name: str) -> str:
        return quoted(name) if self.config.quotes else name

    def _event_word(self, event: str) -> str:
        known = self.config.event_words.get(event)
        return self._value(event) if known is None else known

    def _value(self, value: str, deeds: Set[str] = frozenset()) -> str:
        """Return a short text of the catalogue or the log; one that reads like a field, quoted.

        A seller's genre "rated 5 of 5" would else stand there as the user's own rating does.
        """
        limit = self.config.max_value_chars
        text = neutralize(value, max_chars=limit, control_strings=self._controls)
        return quoted(text) if reads_like_a_field(text, deeds) else text

    def _name(self, title: str, item_id: str) -> str:
        """Return the title, or the id where nothing of it is visible."""
        limit = self.config.max_title_chars
        for text in (title, item_id):
            name = neutralize(text, max_chars=limit, control_strings=self._controls)
            if name:
                return name
        return _UNTITLED

    def _title_and_year(self, item: Item) -> tuple[str, str]:
        """Split off a year that the title ends in, unless the item gives another one."""
        field = self.config.year_field
        given = self._values(item.attributes.get(field)) if field else []
        year = given[0] if given else ""
        match = _TITLE_YEAR.search(item.title)
        title = item.title
        if match and field and year in {"", match[1]} and match.start():
            title, year = title[: match.start()], match[1]
        return self._name(title, item.item_id), year

    def _fields(self, item: Item) -> list[str]:
        shown = (self._values(item.attributes.get(field)) for field in self.config.fields)
        return [", ".join(values[: self.config.max_values]) for values in shown if values]

    def _values(self, value: AttributeValue | None) -> list[str]:
        """Return an attribute's values as neutralised texts, without empty ones."""
        if value is None:
            return []
        if isinstance(value, (int, float)):
            return [number(value, what="an attribute")]
        texts = (value,) if isinstance(value, str) else value
        return [shown for text in texts if (shown := self._value(text, self._deeds))]


def title_text(
    item: Item, *, config: SerializerConfig = _DEFAULT, control_strings: Set[str] = frozenset()
) -> str:
    """Return the item's neutralised title alone, without quotes and without its year."""
    return ItemWriter(config, control_strings).title(item)


def item_line(
    item: Item, *, config: SerializerConfig = _DEFAULT, control_strings: Set[str] = frozenset()
) -> str:
    """Return the item in one line, as histories show it: ``“Alien” (1979) · Horror, Sci-Fi``.

    Args:
        item: Its title and attributes are untrusted.
        config: Which fields and how long.
        control_strings: What the model's tokenizer turns into control tokens.
    """
    return ItemWriter(config, control_strings).line(item)


def candidate_lines(
    items: Sequence[Item],
    *,
    config: SerializerConfig = _DEFAULT,
    control_strings: Set[str] = frozenset(),
) -> list[str]:
    """Return ``item_line`` of each item."""
    return [ItemWriter(config, control_strings).line(item) for item in items]


def evidence_line(
    interaction: Interaction,
    item: Item,
    *,
    as_of: datetime,
    style: TimeStyle | None = None,
    config: SerializerConfig = _DEFAULT,
    control_strings: Set[str] = frozenset(),
) -> str:
    """Return a past event in one line: ``“Alien” (1979) · 2026-02-10 · rated 4 of 5``.

    Args:
        interaction: What happened.
        item: To which item.
        as_of: The moment of the recommendation, for ages in words.
        style: The time style in place of the configuration's.
        config: The rating scale, the zone, event words and the separator.
        control_strings: What the model's tokenizer turns into control tokens.
    """
    if style is not None:
        config = config.model_copy(update={"time_style": style})
    writer = ItemWriter(config, control_strings)
    when = Moments(config).when(interaction.timestamp, as_of)
    dated = config.separator.join(filter(None, [writer.head(item), when]))
    return dated + writer.deed(interaction)
