"""The two tables of a dataset: their columns, their order, and items as rows."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.artifacts import sha256_file
from llmrec.errors import DataError
from llmrec.types import History, Interaction, Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llmrec.data.cleaning import Journal
    from llmrec.data.options import ImportOptions
    from llmrec.data.raw import RawTable
    from llmrec.types import AttributeValue

INTERACTIONS = pl.Schema(
    {
        "user_id": pl.String(),
        "item_id": pl.String(),
        "timestamp_s": pl.Int64(),
        "sequence": pl.Int64(),
        "rating": pl.Float64(),
        "event": pl.String(),
        "quantity": pl.Float64(),
    }
)
"""The columns of ``interactions.parquet``, in order."""

EXTRAS = pl.Schema({"price": pl.Float64(), "text": pl.String()})
"""Further columns that ``interactions.parquet`` has where the log has them: the price that was
paid, and what the user wrote."""

PART_EVENTS = 2_000_000
"""How many events are worked on at a time where there are many."""

_USER = "__user_order__"
REQUIRED = ("user_id", "item_id", "timestamp_s")
ITEM_COLUMNS = ("item_id", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What a reader makes of a source."""

    interactions: pl.DataFrame
    """Columns and order of ``columns_of``; every item id is one of ``items``."""
    items: tuple[Item, ...]
    sources: Mapping[str, str]
    """Name of everything that was read -> SHA-256 of its content."""
    journal: Journal
    """What cleaning left out."""
    users: pl.DataFrame | None = None
    """``user_id`` and attributes, where facts about users are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLog:
    """What a reader found: the tables as they are, and which of their columns is what."""

    events: RawTable
    items: RawTable | tuple[Item, ...] | None
    """The items file, or items that the reader made; None where the log names none."""
    options: ImportOptions
    items_path: Path | None = None
    """Where items are listed, for messages."""
    sources: Mapping[str, str]
    """Name of everything that was read -> SHA-256 of its content."""
    users: pl.DataFrame | None = None
    """``user_id`` and attributes, checked, where facts about users are known."""


def hashed(*paths: Path) -> dict[str, str]:
    """Return each file's name (with its folder where names repeat) and the SHA-256 of its bytes.

    Raises:
        DataError: One cannot be read.
    """
    repeated = len({path.name for path in paths}) < len(paths)
    found = {}
    for path in paths:
        try:
            found["/".join(path.parts[-2:]) if repeated else path.name] = sha256_file(path)
        except OSError as error:
            raise DataError(f"cannot be read: {error}", path=path) from error
    return found


def columns_of(table: pl.DataFrame) -> list[str]:
    """Return the columns that a dataset keeps of a table, in order."""
    return [*INTERACTIONS, *(name for name in EXTRAS if name in table.columns)]


def number_ties(events: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Sort each user's events and number those of one second from 0.

    Args:
        events: Has ``user_id``, ``timestamp_s`` and the columns of ``by``.
        by: What orders events of one user and second.

    Returns:
        The events in order of (user, timestamp_s, by), with ``sequence`` (int64).
    """
    ordered = pl.Enum(events["user_id"].unique().sort())  # numbers sort much faster than texts
    events = events.with_columns(events["user_id"].cast(ordered).to_physical().alias(_USER))
    events = events.sort(_USER, "timestamp_s", *by, maintain_order=True)
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    first = ~(same_as_before(_USER) & same_as_before("timestamp_s"))
    began = pl.when(first).then(row).otherwise(0).cum_max()
    return events.with_columns(sequence=row - began).drop(_USER)


def same_as_before(column: str) -> pl.Expr:
    """Return ``(n_rows,)`` bool: whether the row before has the same value; false on the first."""
    return (pl.col(column) == pl.col(column).shift()).fill_null(value=False)


def users_of(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return ``user_id`` and ``len``, the number of events, of a table sorted by user."""
    begins = table.lazy().select("user_id").with_row_index("row").filter(~same_as_before("user_id"))
    n_events = table.lazy().select(pl.len()).collect().item()
    found = begins.collect()
    return found.select("user_id", len=pl.col("row").shift(-1, fill_value=n_events) - pl.col("row"))


def items_to_frame(items: Iterable[Item]) -> pl.DataFrame:
    """Return one row an item: ``item_id``, ``title``, and a typed column per attribute.

    Raises:
        DataError: An attribute has values of types that do not go together, or a reserved name.
    """
    rows = list(items)
    names = dict.fromkeys(name for item in rows for name in item.attributes)
    columns = [
        pl.Series("item_id", [item.item_id for item in rows], dtype=pl.String),
        pl.Series("title", [item.title for item in rows], dtype=pl.String),
    ]
    for name in names:
        if name in ITEM_COLUMNS:
            raise DataError(f"an item has an attribute called {name!r}, which is a field's name")
        columns.append(_column(name, rows))
    return pl.DataFrame(columns)


def _column(name: str, rows: Sequence[Item]) -> pl.Series:
    values: list[Any] = [item.attributes.get(name) for item in rows]
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {tuple, list}:
        lists = [None if value is None else list(value) for value in values]
        return pl.Series(name, lists, dtype=pl.List(pl.String), strict=True)
    if kinds == {str}:
        return pl.Series(name, values, dtype=pl.String)
    if kinds == {int}:
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    types = sorted(kind.__name__ for kind in kinds)
    item = next(item for item in rows if type(item.attributes.get(name)) is not type(None))
    raise DataError(
        f"attribute {name!r} has values of type {' and '.join(types)} "
        f"(first on item {item.item_id!r})",
        remedy="An attribute is text, numbers or tuples of text, and the same on every item.",
    )


def items_from_frame(frame: pl.DataFrame) -> tuple[Item, ...]:
    """Return the rows as items; null attributes are absent, lists become tuples."""
    names = [name for name in frame.columns if name not in ITEM_COLUMNS]
    columns = [frame[name].to_list() for name in names]
    attributes: list[dict[str, AttributeValue]] = [{} for _ in range(frame.height)]
    for name, column in zip(names, columns, strict=True):
        for known, value in zip(attributes, column, strict=True):
            if value is not None:
                known[name] = tuple(value) if isinstance(value, list) else value
    titled = zip(frame["item_id"].to_list(), frame["title"].to_list(), attributes, strict=True)
    return tuple(
        Item(item_id=item_id, title=title, attributes=known) for item_id, title, known in titled
    )


def events_of(frame: pl.DataFrame) -> tuple[Interaction, ...]:
    """Return rows of ``INTERACTIONS`` as interactions, in their order."""
    columns = (frame[name].to_list() for name in INTERACTIONS.names()[1:])
    return tuple(
        Interaction(
            item_id=item_id,
            timestamp=moment_of(timestamp_s),
            sequence=sequence,
            rating=rating,
            event=event,
            quantity=quantity,
        )
        for item_id, timestamp_s, sequence, rating, event, quantity in zip(*columns, strict=True)
    )


def cut_before(
    user_id: str, events: tuple[Interaction, ...], as_of: datetime, as_of_sequence: int = 0
) -> History:
    """Return those events, sorted as they are, that stand before (as_of, as_of_sequence).

    Tables hold whole seconds, so an event of the very second of ``as_of`` may have come after it:
    a fraction of a second is cut off, and the history says so by its own ``as_of``.
    """
    as_of = as_of.replace(microsecond=0)
    end = bisect.bisect_left(events, (as_of, as_of_sequence), key=lambda event: event.moment)
    return History(
        user_id=user_id, as_of=as_of, interactions=events[:end], as_of_sequence=as_of_sequence
    )


def moment_of(timestamp_s: int) -> datetime:
    """Return seconds since 1970 as an aware moment."""
    return datetime.fromtimestamp(timestamp_s, UTC)
