"""What a row of a table is: something that ranks, what it may learn from, and what is tuned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from llmrec.data import SplitProtocol
    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History, Query

T = TypeVar("T")


class Ranker(Protocol):
    """Gives every item of a catalogue a score; ``DenseRetriever`` is one."""

    @property
    def identity(self) -> str:
        """What it is and what it was made from."""
        ...

    def scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items)`` in the catalogue's order, freshly made.

        Higher is better, minus infinity leaves an item out, NaN is refused by whoever ranks.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """All that a row gets to see before it ranks."""

    catalogue: Catalogue
    """The items that are ranked."""
    events: pl.LazyFrame
    """The events that it may learn from, in the columns of a dataset's."""
    seed: int = 0
    before: datetime | None = None
    """The moment that all events lie before; a row refuses histories from earlier ones then. None
    where a split keeps past and future apart."""
    index: Path | None = None
    """Folder of an item index, for rows that look items up by vector."""
    _kept: dict[str, tuple[object, Any]] = field(default_factory=dict)

    def remember(self, name: str, key: object, make: Callable[[], T]) -> T:
        """Return what was made last under a name where its key is the same, else make it.

        Only one thing a name is kept: a grid in the order of its costly settings makes each once.
        """
        if name not in self._kept or self._kept[name][0] != key:
            self._kept.pop(name, None)
            self._kept[name] = (key, make())
        made: T = self._kept[name][1]
        return made


class Choose(Protocol):
    """Chooses a row's settings on validation queries and returns them with every trial."""

    def __call__(
        self, fitting: Fitting, queries: Sequence[Query], protocol: SplitProtocol
    ) -> tuple[Mapping[str, Any], list[Trial]]:
        """Arguments as for ``tune``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One tried setting."""

    settings: Mapping[str, Any]
    value: float | None
    """Mean of the card's headline metric over the validation queries; None: nothing to choose."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpec:
    """One row: how it is made, and the settings that validation chooses from."""

    name: str
    what: str
    """For the reader of a report, in a line."""
    fit: Callable[[Fitting, Mapping[str, Any]], Ranker]
    grid: tuple[Mapping[str, Any], ...] = ({},)
    """Settings that are tried; the first is used where there is nothing to choose by."""
    choose: Choose | None = None
    """Chooses settings in its own way, where trying a grid is not enough."""
    learns: bool = True
    """Whether it needs events of this dataset."""
    needs_index: bool = False
