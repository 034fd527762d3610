"""How events are spread: over time, users, items, gaps, hours and weekdays; JSON values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.times import US_PER_S, iso

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def profile(events: pl.DataFrame) -> dict[str, Any]:
    """Return counts and histograms of events; hours and weekdays are those of UTC.

    Args:
        events: ``user_id``, ``item_id``, ``timestamp_s``, sorted by user and time; not empty.
    """
    seconds = events["timestamp_s"]
    ends: tuple[Any, Any] = (seconds.min(), seconds.max())
    first, last = (iso(datetime.fromtimestamp(end, UTC)) for end in ends)
    moments = pl.from_epoch(seconds * US_PER_S, time_unit="us")
    same = events["user_id"] == events["user_id"].shift()
    gaps = seconds.diff().filter(same.fill_null(value=False))
    users, items = (events[name].value_counts(sort=True) for name in ("user_id", "item_id"))
    return {
        "events": events.height,
        "users": users.height,
        "items": items.height,
        "first": first,
        "last": last,
        "tied_share": round(float((gaps == 0).sum()) / events.height, 6),
        "over_time": _by_format(moments, _format(ends[1] - ends[0])),
        "per_user": _sizes(users["count"]),
        "per_item": _sizes(items["count"]),
        "gaps": _gaps(gaps),
        "hour": _numbered(moments.dt.hour(), [f"{hour:02d}" for hour in range(24)], first=0),
        "weekday": _numbered(moments.dt.weekday(), _WEEKDAYS, first=1),
        "top_items": dict(items.sort(-pl.col("count").cast(pl.Int64), "item_id").head(_TOP).rows()),
    }


def _format(span_s: int) -> str:
    if span_s > _LONG_S:
        return "%Y"
    return "%Y-%m" if span_s > _SHORT_S else "%Y-%m-%d"


def _by_format(moments: pl.Series, form: str) -> Bars:
    counts = moments.dt.strftime(form).value_counts().sort(moments.name)
    return dict(counts.rows())


def _sizes(counts: pl.Series) -> Bars:
    """Count users or items by their number of events, in bins that double: 1, 2-3, 4-7, ..."""
    power = (31 - counts.cast(pl.UInt32).bitwise_leading_zeros().cast(pl.Int64)).alias("power")
    found = dict(power.value_counts().sort(power.name).rows())
    last = max(found)
    return {_bin(2**n): found.get(n, 0) for n in range(last + 1)}


def _bin(low: int) -> str:
    return "1" if low == 1 else f"{low:,}-{2 * low - 1:,}"


def _gaps(gaps: pl.Series) -> Bars:
    below, bars = 0, {}
    for name, end_s in _GAPS.items():
        within = int((gaps < end_s).sum())
        bars[name], below = within - below, within
    return {**bars, "longer": len(gaps) - below}


def _numbered(numbers: pl.Series, names: Sequence[str], *, first: int) -> Bars:
    found = dict(numbers.value_counts().rows())
    return {name: found.get(place, 0) for place, name in enumerate(names, start=first)}
