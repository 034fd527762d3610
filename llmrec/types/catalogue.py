"""Items and the catalogue that holds them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from llmrec.errors import DataError, UnknownItemError, did_you_mean

AttributeValue = str | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that can be recommended."""

    item_id: str
    title: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    """Further facts by name, e.g. ``{"year": 1979, "genres": ("Horror", "Sci-Fi")}``."""


class Catalogue(Mapping[str, Item]):
    """All items by id, in a fixed order, known by a content hash.

    Args:
        items: The items; an id that occurs twice is refused.

    Raises:
        DataError: Two items share an id.
    """

    __slots__ = ("_by_id", "_position", "_sha256")

    def __init__(self, items: Sequence[Item]) -> None:
        self._by_id = {item.item_id: item for item in items}
        if len(self._by_id) != len(items):
            counts = Counter(item.item_id for item in items)
            twice = counts.most_common(1)[0][0]
            raise DataError(f"item id {twice!r} occurs twice", remedy="Keep one row per item.")
        self._position = {item_id: n for n, item_id in enumerate(self._by_id)}
        self._sha256: str | None = None

    def __getitem__(self, item_id: str) -> Item:
        try:
            return self._by_id[item_id]
        except KeyError:
            raise UnknownItemError(
                f"item {item_id!r} is not in the catalogue of {len(self)} items",
                remedy=did_you_mean(item_id, self._by_id),
            ) from None

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._by_id

    def get(self, item_id: str, default: Item | None = None) -> Item | None:  # type: ignore[override]
        """Return the item, or the default where it is not in the catalogue."""
        return self._by_id.get(item_id, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def position(self, item_id: str) -> int:
        """Return the item's row number in the catalogue's order."""
        return self._position[self[item_id].item_id]

    @property
    def sha256(self) -> str:
        """Hash of every id, title and attribute, in order."""
        if self._sha256 is None:
            digest = hashlib.sha256()
            for item in self._by_id.values():
                row = [item.item_id, item.title, sorted(item.attributes.items())]
                digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            self._sha256 = digest.hexdigest()
        return self._sha256
