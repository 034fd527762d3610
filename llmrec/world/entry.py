"""What both catalogues have in common: lines of a JSONL file, checked, that become items.

The nouns of ``llmrec.types`` are imported late: simulating people needs the lines, not the items.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, ClassVar, TypeVar

from llmrec.config import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import Catalogue, Item


class Entry(Settings):
    """One line; a fact that its authors were not sure of is left out."""

    no_attributes: ClassVar[frozenset[str]] = frozenset()
    """Fields that items do not carry."""

    id: str
    title: str

    def item(self) -> Item:
        """Return the line as an item; facts that are left out are left out there too."""
        from llmrec.types import Item

        hidden = {"id", "title", *self.no_attributes}
        facts = {
            name: getattr(self, name) for name in type(self).model_fields if name not in hidden
        }
        known = {name: value for name, value in facts.items() if value not in (None, ())}
        return Item(item_id=self.id, title=self.title, attributes=known)


E = TypeVar("E", bound=Entry)


def read_entries(kind: type[E], name: str) -> tuple[E, ...]:
    """Return all lines of a packaged file in its order.

    Raises:
        ConfigError: A line is wrong; it names line and field.
    """
    text = resources.files("llmrec.world").joinpath(name).read_text(encoding="utf-8")
    return tuple(
        kind.of(json.loads(line), source=f"{name}, line {number}")
        for number, line in enumerate(text.splitlines(), 1)
    )


def as_catalogue(entries: Sequence[Entry]) -> Catalogue:
    """Return the items of the lines."""
    from llmrec.types import Catalogue

    return Catalogue([entry.item() for entry in entries])
