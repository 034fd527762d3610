"""How events are spread: over time, users, items, gaps, ties, hours and weekdays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from llmrec.data.tables import same_as_before
from llmrec.data.times import US_PER_S, iso

_TOP = 10
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_GAPS = {
    "same second": 1,
    "under a minute": _MINUTE,
    "under an hour": _HOUR,
    "under a day": _DAY,
    "under a week": 7 * _DAY,
    "under a month": 30 * _DAY,
    "under a year": 365 * _DAY,
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_S = 3 * 365 * _DAY  # a longer span is counted by years, a shorter one by months or days
_SHORT_S = 92 * _DAY

Bars = dict[str, int]
"""Label -> count, in order."""


@dataclass(slots=True, kw_only=True)
class Spread:
    """Counts of events, added table by table; all events of a user lie in one."""

    events: int = 0
    first_s: int = 0
    last_s: int = 0
    items: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema={"item_id": pl.String, "count": pl.Int64})
    )
    """``item_id`` (str) and ``count`` (int64), in no order."""
    users: Counter[int] = field(default_factory=Counter)
    """Number of events -> how many users have as many."""
    tied: Counter[int] = field(default_factory=Counter)
    """Number of a user's events in one second -> how many events lie in such a second."""
    gaps: Counter[str] = field(default_factory=Counter)
    """Name of a length -> how many gaps between a user's successive events are so long."""
    hours: Counter[tuple[date, int]] = field(default_factory=Counter)
    """Day and hour in UTC -> events."""

    def add(self, events: pl.DataFrame) -> None:
        """Count events.

        Args:
            events: ``user_id``, ``item_id`` and ``timestamp_s`` of whole users, sorted by user and
                time.
        """
        if events.is_empty():
            return
        ends = events.select(first=pl.min("timestamp_s"), last=pl.max("timestamp_s"))
        first_s, last_s = ends.row(0)
        self.first_s = min(first_s, self.first_s) if self.events else first_s
        self.last_s = max(last_s, self.last_s) if self.events else last_s
        self.events += events.height
        counted = events.group_by("item_id").agg(count=pl.len().cast(pl.Int64))
        self.items = pl.concat([self.items, counted]).group_by("item_id").agg(pl.sum("count"))
        user, second = same_as_before("user_id"), same_as_before("timestamp_s")
        self.users += _sizes(_runs(events, user))
        ties = _sizes(_runs(events, user & second))
        self.tied += Counter({size: size * runs for size, runs in ties.items()})
        self.gaps += _gaps(events.select(pl.col("timestamp_s").diff().filter(user)).to_series())
        moments = pl.from_epoch(events["timestamp_s"] * US_PER_S, time_unit="us")
        found = pl.DataFrame({"day": moments.dt.date(), "hour": moments.dt.hour()})
        self.hours += Counter({row[:2]: row[2] for row in found.group_by(pl.all()).len().rows()})

    def as_json(self) -> dict[str, Any]:
        """Return counts and histograms as JSON values; hours and weekdays are those of UTC."""
        first, last = (iso(datetime.fromtimestamp(end, UTC)) for end in (self.first_s, self.last_s))
        top = self.items.sort(-pl.col("count"), "item_id").head(_TOP)
        weekdays, hours = Counter[int](), Counter[int]()
        for (day, hour), count in self.hours.items():
            weekdays[day.weekday()] += count
            hours[hour] += count
        return {
            "events": self.events,
            "users": self.users.total(),
            "items": self.items.height,
            "first": first,
            "last": last,
            "tied_share": round(1 - self.tied[1] / self.events, 6),
            "over_time": self._over_time(),
            "per_user": _doubling(self.users),
            "per_item": _doubling(_sizes(self.items["count"])),
            "gaps": {name: self.gaps[name] for name in (*_GAPS, "longer")},
            "ties": _doubling(self.tied),
            "hour": {f"{hour:02d}": hours[hour] for hour in range(24)},
            "weekday": {name: weekdays[place] for place, name in enumerate(_WEEKDAYS)},
            "top_items": dict(top.rows()),
        }

    def _over_time(self) -> Bars:
        """Count events by years, months or days, as suits their span."""
        span_s = self.last_s - self.first_s
        form = "%Y" if span_s > _LONG_S else "%Y-%m" if span_s > _SHORT_S else "%Y-%m-%d"
        bars = Counter[str]()
        for (day, _), count in sorted(self.hours.items()):
            bars[day.strftime(form)] += count
        return dict(bars)


def _runs(events: pl.DataFrame, same: pl.Expr) -> pl.Series:
    """Return how long each run of rows is that are the same as the row before."""
    begins = events.select(pl.arg_where(~same)).to_series().cast(pl.Int64)
    return begins.extend_constant(events.height, 1).diff().slice(1)


def _sizes(counts: pl.Series) -> Counter[int]:
    return Counter(dict(counts.alias("size").value_counts().rows()))


def _gaps(gaps: pl.Series) -> Counter[str]:
    below, bars = 0, Counter[str]()
    for name, end_s in _GAPS.items():
        within = int((gaps < end_s).sum())
        bars[name], below = within - below, within
    bars["longer"] = len(gaps) - below
    return bars


def _doubling(sizes: Counter[int]) -> Bars:
    """Return size -> count in bins that double: 1, 2-3, 4-7, ..."""
    powers = Counter[int]()
    for size, count in sizes.items():
        powers[size.bit_length() - 1] += count
    return {_bin(2**n): powers[n] for n in range(max(powers) + 1)}


def _bin(low: int) -> str:
    return "1" if low == 1 else f"{low:,}-{2 * low - 1:,}"
