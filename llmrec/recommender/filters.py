"""Which items a request allows, looked up in what the catalogue says of its items."""

from __future__ import annotations

import logging
import textwrap
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from llmrec.types import AttributeValue, Catalogue

    Flags = NDArray[np.bool_]

logger = logging.getLogger(__name__)

Words = tuple[tuple[str, tuple[str, ...]], ...]
"""Attributes, each with values, as texts."""
Limits = tuple[tuple[str, float], ...]
"""Attributes, each with a number."""
_REMEDY_CHARS = 300
_REMEMBERED = 32  # filters whose items are kept, for the batches and users that share them


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The conditions of a request; an item must meet all of them.

    An item without the attribute meets ``none_of`` and no other condition on it.
    """

    any_of: Words = ()
    """The item has at least one of the values."""
    none_of: Words = ()
    """The item has none of the values."""
    at_least: Limits = ()
    """The item's number is not below the limit."""
    at_most: Limits = ()
    """The item's number is not above the limit."""
    leave_out: tuple[str, ...] = ()
    """Ids of items that are not wanted."""

    def __str__(self) -> str:
        """Return the conditions in words."""
        words = {"is": self.any_of, "is not": self.none_of}
        limits = {"is at least": self.at_least, "is at most": self.at_most}
        told = [f"{n} {what} {' or '.join(v)}" for what, said in words.items() for n, v in said]
        told += [f"{n} {what} {limit:g}" for what, said in limits.items() for n, limit in said]
        return ", ".join([*told, *(f"not {item_id}" for item_id in self.leave_out)])


class AttributeTable:
    """What the items of a catalogue say of themselves, by attribute.

    Each attribute is read once, when it is first asked about. A number counts as its shortest
    text (1994, not 1994.0), so that values can be named as texts everywhere.

    Args:
        catalogue: The items.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._ids = list(catalogue)
        self._rows: dict[str, dict[str, list[int]]] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._names: list[str] | None = None
        self.allowed = lru_cache(_REMEMBERED)(self._allowed)
        """``_allowed``, with the last answers kept."""

    def check(self, name: str) -> None:
        """Refuse an attribute that no item has.

        Raises:
            ConfigError: There is none; the nearest known one is named.
        """
        if self._names is None:
            items = self._catalogue.values()
            self._names = sorted({known for item in items for known in item.attributes})
        if name not in self._names:
            raise ConfigError(
                f"no item has an attribute {name!r}", remedy=did_you_mean(name, self._names)
            )

    @cached_property
    def has_lists(self) -> bool:
        """Return whether some item has an attribute that is a list, such as genres."""
        items = self._catalogue.values()
        return any(isinstance(v, tuple) for item in items for v in item.attributes.values())

    def _allowed(self, filters: Filters) -> frozenset[str] | None:
        """Return the ids of the items that meet all conditions; None where there is no condition.

        That no item meets them is said once, as a warning.

        Raises:
            ConfigError: No item has the attribute, or the value; or a limit is set to texts.
            UnknownItemError: An item to leave out is not in the catalogue.
        """
        if filters == Filters():
            return None
        kept = np.ones(len(self._ids), dtype=np.bool_)
        for name, values in filters.any_of:
            kept &= self._with(name, values)
        for name, values in filters.none_of:
            kept &= ~self._with(name, values)
        for name, limit in filters.at_least:
            kept &= self._number(name) >= limit  # NaN is not
        for name, limit in filters.at_most:
            kept &= self._number(name) <= limit
        kept[[self._catalogue.position(item_id) for item_id in filters.leave_out]] = False
        if not kept.any():
            logger.warning("No item of the catalogue meets all of: %s.", filters)
        return frozenset(self._ids[row] for row in np.flatnonzero(kept))

    def _with(self, name: str, values: Collection[str]) -> Flags:
        """Return which items have one of the values, ``(n_items,) bool``."""
        self.check(name)
        if name not in self._rows:
            rows: dict[str, list[int]] = {}
            for row, item in enumerate(self._catalogue.values()):
                for value in values_of(item.attributes.get(name, ())):
                    rows.setdefault(value, []).append(row)
            self._rows[name] = rows
        found = np.zeros(len(self._ids), dtype=np.bool_)
        for value in values:
            if value not in self._rows[name]:
                remedy = _nearest(value, self._rows[name])
                raise ConfigError(f"no item has {name} {value!r}", remedy=remedy)
            found[self._rows[name][value]] = True
        return found

    def _number(self, name: str) -> NDArray[np.float64]:
        """Return every item's number, ``(n_items,) float64``, NaN where it has none."""
        self.check(name)
        if name not in self._numbers:
            given = [item.attributes.get(name) for item in self._catalogue.values()]
            numbers = [value if isinstance(value, int | float) else np.nan for value in given]
            if np.isnan(numbers).all():
                example = next(value for value in given if value is not None)
                raise ConfigError(
                    f"attribute {name!r} holds no numbers to compare, but for example {example!r}",
                    remedy="Name the values that are wanted instead (filters).",
                )
            self._numbers[name] = np.array(numbers, dtype=np.float64)
        return self._numbers[name]


def _nearest(value: str, known: Collection[str]) -> str:
    """Return which known values were probably meant: those that hold the text, else like ones."""
    holding = [repr(one) for one in known if value.casefold() in one.casefold()][:5]
    remedy = f"Did you mean {' or '.join(holding)}?" if holding else did_you_mean(value, known)
    return textwrap.shorten(remedy, _REMEDY_CHARS, placeholder=" ...")


def values_of(value: AttributeValue) -> Iterator[str]:
    """Yield the texts by which an attribute's value or values are named."""
    for one in value if isinstance(value, tuple) else (value,):
        yield as_text(one)


def as_text(value: str | float) -> str:
    """Return a value's shortest text: 1994 for 1994.0."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else repr(value)
