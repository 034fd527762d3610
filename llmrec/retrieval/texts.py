"""Items as the texts that an encoder reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.neutralize import neutralize
from llmrec.progress import track
from llmrec.templates import Template, load_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.types import AttributeValue, Item

ITEM_TEMPLATE = "item/text.v1"
MAX_ATTRIBUTE_CHARS = 1000  # a description's first paragraph; encoders read about as much
_ITEMS_A_CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemText:
    """Turns items into texts: neutralised fields in a template."""

    template: Template
    control_strings: frozenset[str] = frozenset()
    """What the reading encoder's tokenizer would take for a control token."""

    @classmethod
    def of(cls, template_id: str, encoder: Encoder) -> ItemText:
        """Load the template and read from the encoder which strings it must not see.

        Raises:
            TemplateError: The template is unknown, or not a text template.
        """
        template = load_template(template_id)
        return cls(template=template, control_strings=encoder.control_strings)

    def __call__(self, item: Item) -> str:
        """Return the item's text."""
        attributes = {name: self._clean(value) for name, value in item.attributes.items()}
        title = neutralize(item.title, control_strings=self.control_strings)
        return self.template.text(title=title, attributes=attributes)

    def _clean(self, value: AttributeValue) -> AttributeValue:
        if isinstance(value, str):
            return neutralize(
                value, max_chars=MAX_ATTRIBUTE_CHARS, control_strings=self.control_strings
            )
        if isinstance(value, tuple):
            return tuple(neutralize(part, control_strings=self.control_strings) for part in value)
        return value


def encode_items(
    items: Sequence[Item], encoder: Encoder, *, template_id: str = ITEM_TEMPLATE
) -> Vectors:
    """Encode items, under a progress bar.

    Args:
        items: Any number.
        encoder: Who reads their texts.
        template_id: The text template; it takes ``title`` and ``attributes``.

    Returns:
        ``(n_items, dimension) float32, L2-normalised``.

    Raises:
        TemplateError: The template is unknown, or fails on an item.
    """
    as_text = ItemText.of(template_id, encoder)
    chunks = [items[n : n + _ITEMS_A_CHUNK] for n in range(0, len(items), _ITEMS_A_CHUNK)]
    parts = [np.empty((0, encoder.card.dimension), dtype=np.float32)]
    for chunk in track(chunks, "Encoding items"):
        parts.append(encoder.encode([as_text(item) for item in chunk]))  # noqa: PERF401 - the bar
    return np.concatenate(parts)
