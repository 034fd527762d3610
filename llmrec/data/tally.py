"""Figures of a dataset's events, counted part by part, so that no more than a part is in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from llmrec.data.tables import moment_of, same_as_before, users_of
from llmrec.data.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUANTILES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over parts of a table that is sorted by user, time and sequence; users lie in one."""

    events: int = 0
    items: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """The different items, in no order."""
    first_s: int = 0
    last_s: int = 0
    event_kinds: Counter[str] = field(default_factory=Counter)
    _sizes: list[pl.Series] = field(default_factory=list)
    _tied: int = 0
    _tied_at_end: int = 0
    _again: int = 0
    _rated: int = 0
    _rating_sum: float = 0.0
    _rating_ends: tuple[float, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[pl.DataFrame]) -> Self:
        """Count every part."""
        tally = cls()
        for part in parts:
            tally.add(part)
            tally.look_into(part)
        return tally

    def add(self, part: pl.DataFrame) -> None:
        """Count what the manifest tells."""
        if part.is_empty():
            return
        ends = part.select(first=pl.col("timestamp_s").min(), last=pl.col("timestamp_s").max())
        first_s, last_s = ends.row(0)
        self.first_s = min(first_s, self.first_s) if self.events else first_s
        self.last_s = max(last_s, self.last_s) if self.events else last_s
        self.items = pl.concat([self.items, part["item_id"].unique()]).unique()
        self._sizes.append(users_of(part)["len"])
        self.events += part.height

    def look_into(self, part: pl.DataFrame) -> None:
        """Count ties, repeats, ratings and kinds of event."""
        same = same_as_before("user_id") & same_as_before("timestamp_s")
        last = pl.col("user_id") != pl.col("user_id").shift(-1)
        marked = part.select(
            tied=same | same.shift(-1, fill_value=False), last=last.fill_null(value=True)
        )
        self._tied += int(marked["tied"].sum())
        self._tied_at_end += int((marked["tied"] & marked["last"]).sum())
        pairs = part.select((~same_as_before("user_id")).cum_sum(), "item_id")
        self._again += part.height - pairs.unique().height
        ratings = part["rating"].drop_nulls().to_numpy()
        if len(ratings):
            self._rated += len(ratings)
            self._rating_sum += float(ratings.sum())
            self._rating_ends = (*self._rating_ends, float(ratings.min()), float(ratings.max()))
        self.event_kinds.update(dict(part["event"].drop_nulls().value_counts().iter_rows()))

    def counts(self, n_items: int) -> dict[str, Any]:
        """Return what the manifest tells of the interactions."""
        return {
            "interactions": self.events,
            "users": sum(map(len, self._sizes)),
            "items": n_items,
            "items_with_interactions": len(self.items),
            "first": iso(moment_of(self.first_s)),
            "last": iso(moment_of(self.last_s)),
        }

    @property
    def ties(self) -> dict[str, float]:
        """Share of events that share their second, and of users whose last event does."""
        users = sum(map(len, self._sizes))
        return {
            "events_share": round(self._tied / self.events, 6),
            "users_last_event_share": round(self._tied_at_end / users, 6),
        }

    @property
    def repeated_share(self) -> float:
        """Share of events on an item that the user had before."""
        return self._again / self.events

    @property
    def ratings(self) -> dict[str, float] | None:
        """Share of events with a rating, and their least, mean and greatest; None without any."""
        if not self._rated:
            return None
        return {
            "rated_share": self._rated / self.events,
            "min": min(self._rating_ends),
            "mean": round(self._rating_sum / self._rated, 6),
            "max": max(self._rating_ends),
        }

    @property
    def events_per_user(self) -> dict[str, float]:
        """Quantiles and mean of the number of events of a user."""
        sizes = pl.concat(self._sizes)
        found = {name: int(sizes.quantile(q, "nearest") or 0) for name, q in _QUANTILES.items()}
        return {**found, "mean": round(self.events / len(sizes), 6)}
