"""What enters the model of an event beside its item: one coding for the log and for histories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from llmrec.artifacts import sha256_bytes, sha256_of
from llmrec.errors import DataError
from llmrec.retrieval.matrix import positions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from llmrec.retrieval.sequence.config import SequenceConfig
    from llmrec.types import Catalogue, History

    Integers = NDArray[np.int64]

_GAPS = 32
"""Codes of a time gap: 0 for none, else 1 + floor(log2(1 + seconds)), at most 31 (34 years)."""
_RATINGS = 16
"""Ratings of more distinct values are read in so many ranges of equal counts."""
_LEAST_WEIGHT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCoding:
    """Turns gaps, ratings and kinds of events into small whole numbers; 0 is "not known"."""

    gaps: str = "none"
    """As ``SequenceConfig.gaps``."""
    ratings: tuple[float, ...] = ()
    """Lower ends of the ranges of ratings, rising; empty: ratings are not read."""
    event_types: tuple[str, ...] = ()
    """Kinds of events in string order; empty: they are not read."""

    @classmethod
    def of(cls, events: pl.DataFrame, config: SequenceConfig) -> Self:
        """Return the coding that a training log needs; what it does not vary is not read."""
        ratings: list[float] = []
        if config.ratings and "rating" in events.columns:
            values = events["rating"].drop_nulls().cast(pl.Float64).sort()
            shares = np.linspace(0, 1, _RATINGS, endpoint=False)
            cuts = (
                values.unique()
                if values.n_unique() <= _RATINGS
                else values.gather((shares * len(values)).astype(np.int64))
            )
            ratings = sorted(set(cuts.to_list()))
        types: list[str] = []
        if config.event_types and "event" in events.columns:
            types = sorted(events["event"].drop_nulls().unique().to_list())
        return cls(
            gaps=config.gaps,
            ratings=tuple(ratings) if len(ratings) > 1 else (),
            event_types=tuple(types) if len(types) > 1 else (),
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each field that is read has."""
        gaps = () if self.gaps == "none" else (_GAPS,)
        ratings = (len(self.ratings) + 1,) if self.ratings else ()
        return (*gaps, *ratings, *((len(self.event_types) + 1,) if self.event_types else ()))

    def as_json(self) -> dict[str, Any]:
        """Return the manifest's part of it."""
        return {
            "gaps": self.gaps,
            "ratings": list(self.ratings),
            "event_types": list(self.event_types),
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(
            gaps=values["gaps"],
            ratings=tuple(values["ratings"]),
            event_types=tuple(values["event_types"]),
        )

    def codes(
        self,
        gaps_s: NDArray[np.float64],
        ratings: NDArray[np.float64],
        event_types: Sequence[str | None],
    ) -> Integers:
        """Return the codes of events.

        Args:
            gaps_s: ``(n_events,)``, the gap of each event in seconds; NaN where it has none.
            ratings: ``(n_events,)``; NaN where there is none.
            event_types: Of each event.

        Returns:
            ``(n_events, n_fields) int64``, in the order of ``sizes``.
        """
        columns = []
        if self.gaps != "none":
            whole = np.floor(np.log2(1.0 + np.maximum(np.nan_to_num(gaps_s), 0.0)))
            columns.append(np.where(np.isnan(gaps_s), 0, np.minimum(1 + whole, _GAPS - 1)))
        if self.ratings:
            ranges = np.searchsorted(np.array(self.ratings), ratings, side="right")
            columns.append(np.where(np.isnan(ratings), 0, np.maximum(ranges, 1)))
        if self.event_types:
            number = {name: n for n, name in enumerate(self.event_types, start=1)}
            columns.append(np.array([number.get(name or "", 0) for name in event_types]))
        shape = (len(gaps_s), len(columns))
        return np.stack(columns, axis=1).astype(np.int64) if columns else np.zeros(shape, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """Training events as flat arrays, users one after the other, each user's oldest first."""

    items: Integers
    """``(n_events,)``: catalogue positions."""
    codes: Integers
    """``(n_events, n_fields)``: see ``EventCoding``."""
    starts: Integers
    """``(n_users + 1,)``: user n's events are ``starts[n]:starts[n + 1]``."""

    @classmethod
    def of(cls, catalogue: Catalogue, events: pl.DataFrame, coding: EventCoding) -> Self:
        """Read a table from ``read_events``.

        Raises:
            UnknownItemError: An event's item is not in the catalogue.
        """
        users = events["user_id"].rle_id().cast(pl.Int64).to_numpy()
        starts = np.concatenate([[0], np.flatnonzero(np.diff(users)) + 1, [len(users)]])
        return cls(
            items=positions_of(catalogue, events["item_id"]),
            codes=coding.codes(
                _gaps_s(events["timestamp_s"].to_numpy().astype(np.float64), users, coding.gaps),
                events["rating"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
                events["event"].to_list(),
            ),
            starts=starts.astype(np.int64),
        )

    def sha256(self) -> str:
        """Return the hash of all of it."""
        arrays = (self.items, self.codes, self.starts)
        return sha256_of([sha256_bytes(np.ascontiguousarray(a).tobytes()) for a in arrays])


def read_events(interactions: pl.LazyFrame) -> pl.DataFrame:
    """Return a log's columns that are read, in order of user, time and sequence.

    Raises:
        DataError: There are no events.
    """
    optional = {"rating": pl.Float64, "event": pl.String}
    names = interactions.collect_schema().names()
    columns = [
        pl.col(name) if name in names else pl.lit(None, dtype).alias(name)
        for name, dtype in optional.items()
    ]
    ordered = interactions.select("user_id", "item_id", "timestamp_s", "sequence", *columns)
    events = ordered.sort("user_id", "timestamp_s", "sequence", "item_id").collect()
    if events.is_empty():
        raise DataError("the sequence retriever needs training events, and there are none")
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvents:
    """What is read of one history, oldest first."""

    items: Integers
    """``(n_read,)``: rows of the items' vectors."""
    places: Integers
    """``(n_read,)``: places in the window, from 1; omitted events keep theirs."""
    codes: Integers
    """``(n_read, n_fields)``."""
    weights: NDArray[np.float32]
    """``(n_read,)``."""


def read_history(
    history: History, rows: Mapping[str, int], coding: EventCoding, max_events: int
) -> ReadEvents:
    """Return what is read of a history.

    Events of items without a row are passed over as if they were not there. Of the others the
    newest ``max_events`` make the window; those that are omitted, or weigh nothing, are not read,
    and change neither the places nor the gaps of those that are.

    Args:
        history: Whose events.
        rows: Item id -> row of the items' vectors.
        coding: What is read beside the item.
        max_events: How many, at most.
    """
    known = [n for n, e in enumerate(history.interactions) if e.item_id in rows]
    window = known[-max_events:]
    events = [history.interactions[n] for n in window]
    read = np.array(
        [
            n not in history.omitted and abs(event.weight) > _LEAST_WEIGHT
            for n, event in zip(window, events, strict=True)
        ],
        dtype=bool,
    )
    before = [history.interactions[n] for n in known[:-max_events][-1:]]
    times = [event.timestamp.timestamp() for event in (*before, *events)]
    moments = np.array([*times, history.as_of.timestamp()])
    gaps_s = np.diff(moments)[len(before) :]
    if coding.gaps == "before":
        gaps_s = np.diff(moments[:-1]) if before else np.diff(moments[:-1], prepend=np.nan)
    ratings = np.array([np.nan if e.rating is None else e.rating for e in events], dtype=np.float64)
    codes = coding.codes(np.floor(gaps_s), ratings, [event.event for event in events])
    return ReadEvents(
        items=np.array([rows[event.item_id] for event in events], dtype=np.int64)[read],
        places=(np.flatnonzero(read) + 1).astype(np.int64),
        codes=codes[read],
        weights=np.array([event.weight for event in events], dtype=np.float32)[read],
    )


def _gaps_s(times_s: NDArray[np.float64], users: Integers, gaps: str) -> NDArray[np.float64]:
    """Return each event's gap to the user's event before or after it; NaN where there is none."""
    steps = np.diff(times_s)
    steps[np.diff(users) != 0] = math.nan
    return np.append(steps, np.nan) if gaps == "after" else np.insert(steps, 0, np.nan)
