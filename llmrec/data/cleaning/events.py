"""The rules that look at events: each says which rows of the table are bad.

The table has ``user_id``, ``item_id``, ``us`` (int64, microseconds since 1970, UTC),
``timestamp_s``, ``sequence``, ``rating``, ``event``, ``quantity``, where mapped ``price``, ``text``
and ``order``, and the row number; it is sorted by user, time and sequence. Every rule returns
``(n_rows,)`` bool, or None where it is off or nothing in the table speaks to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.data.raw import ROW
from llmrec.data.times import END_OF_TIMES_US, US_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from llmrec.data.cleaning.rules import CleaningRules

_HOUR_US = 3600 * US_PER_S


def core(table: pl.DataFrame, user_events: int, item_events: int) -> pl.DataFrame:
    """Drop users and items with too few events until no more are to be dropped."""
    users, items = (_numbered(table[name]) for name in ("user_id", "item_id"))
    return table.filter(pl.Series(core_rows(users, items, user_events, item_events)))


def core_rows(
    users: np.ndarray, items: np.ndarray, user_events: int, item_events: int
) -> np.ndarray:
    """Return which events stay when users and items with too few are dropped again and again.

    Args:
        users: ``(n_rows,)`` whole numbers from 0, one a user.
        items: ``(n_rows,)`` whole numbers from 0, one an item.
        user_events: The fewest events that a user keeps.
        item_events: The fewest events that an item keeps.

    Returns:
        ``(n_rows,)`` bool.
    """
    kept = np.ones(len(users), dtype=bool)
    n_kept = len(kept) + 1
    while n_kept > (n_kept := int(kept.sum())):
        for numbers, least in ((users, user_events), (items, item_events)):
            counts = np.bincount(numbers[kept], minlength=1 + int(numbers.max(initial=0)))
            kept &= counts[numbers] >= least
    return kept


def _numbered(ids: pl.Series) -> np.ndarray:
    return ids.rank("dense").to_numpy() - 1


def _times(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    if rules.earliest is None and rules.latest is None:
        return None
    bad = pl.lit(value=False)
    if rules.earliest is not None:
        bad |= (pl.col("us") < _us(rules.earliest)) | (pl.col("us") >= END_OF_TIMES_US)
    if rules.latest is not None:
        bad |= pl.col("us") >= _us(rules.latest)
    return _mask(events, bad)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * US_PER_S)


def _cancelled(events: pl.DataFrame, rules: CleaningRules) -> pl.Expr:
    named = pl.col("event").str.to_lowercase().is_in(rules.cancelled_events)
    if "order" not in events.columns:
        return named.fill_null(value=False)
    marked = pl.col("order").str.starts_with(rules.cancelled_prefix)
    return named.fill_null(value=False) | marked.fill_null(value=False)


def _undone(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    """Match every cancellation with the newest earlier purchase that no other one undoes."""
    if not rules.undone_purchases:
        return None
    key = ["user_id", "item_id", "size"]
    negative = (pl.col("quantity") < 0).fill_null(value=False)
    cancels = _mask(events, _cancelled(events, rules) | negative)
    sized = events.select(
        ROW, "us", "user_id", "item_id", size=pl.col("quantity").abs().fill_null(0)
    ).sort("us", maintain_order=True)
    is_cancel = sized[ROW].is_in(events.filter(cancels)[ROW].implode())
    open_, bought = sized.filter(is_cancel), sized.filter(~is_cancel)
    bought = bought.rename({ROW: "bought"})
    undone: list[pl.Series] = []
    while open_.height and bought.height:
        met = open_.join_asof(
            bought, on="us", by=key, strategy="backward", check_sortedness=False
        ).drop_nulls("bought")
        met = met.unique("bought", keep="first", maintain_order=True)
        if not met.height:
            break
        undone.append(met["bought"])
        bought = bought.filter(~pl.col("bought").is_in(met["bought"].implode()))
        open_ = open_.filter(~pl.col(ROW).is_in(met[ROW].implode()))
    return events[ROW].is_in(pl.concat(undone).implode()) if undone else None


def _cancellations(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    return _mask(events, _cancelled(events, rules)) if rules.cancellations else None


def _quantities(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    return _mask(events, pl.col("quantity") <= 0) if rules.non_positive_quantities else None


def _duplicates(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    """Only events that share user and moment with a neighbour are compared in full."""
    if not rules.exact_duplicates:
        return None
    same = (pl.col("user_id") == pl.col("user_id").shift()) & (pl.col("us") == pl.col("us").shift())
    tied = _mask(events, same | same.shift(-1))
    compared = [name for name in events.columns if name not in (ROW, "sequence")]
    twins = events.filter(tied)
    again = twins.filter(twins.select(~pl.struct(compared).is_first_distinct()).to_series())
    return events[ROW].is_in(again[ROW].implode())


def _repeats(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    if rules.repeat_window_s is None:
        return None
    gap = pl.col("us").diff().over("user_id", "item_id", "event")
    return _mask(events, gap <= rules.repeat_window_s * US_PER_S)


def _ratings(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    bad = pl.lit(value=False)
    if rules.min_rating is not None:
        bad |= pl.col("rating") < rules.min_rating
    if rules.max_rating is not None:
        bad |= pl.col("rating") > rules.max_rating
    return _mask(events, bad)


def _rate(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    """A user is too quick whose event lies within an hour of the one so many places before it."""
    if rules.max_events_per_hour is None:
        return None
    span = pl.col("us") - pl.col("us").shift(rules.max_events_per_hour).over("user_id")
    return _mask(events, (span < _HOUR_US).any().over("user_id"))


def _regular(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    if rules.regular_gaps is None:
        return None
    gap = pl.col("us").diff().over("user_id")
    even = gap.std().over("user_id") < rules.regular_gaps * gap.mean().over("user_id")
    spaced = events.with_columns(gap=gap)
    return _mask(spaced, even & (pl.len().over("user_id") >= rules.regular_min_events))


def _outside_core(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    if rules.core is None:
        return None
    users, items = (_numbered(events[name]) for name in ("user_id", "item_id"))
    return pl.Series(~core_rows(users, items, rules.core, rules.core))


def _short(events: pl.DataFrame, rules: CleaningRules) -> pl.Series | None:
    if rules.min_history is None:
        return None
    return _mask(events, pl.len().over("user_id") < rules.min_history)


def _mask(events: pl.DataFrame, bad: pl.Expr) -> pl.Series:
    """Return the expression's value on every row; where it is unknown the row is not bad."""
    return events.with_columns(bad.fill_null(value=False).alias("bad"))["bad"]


Rules = dict[str, "Callable[[pl.DataFrame, CleaningRules], pl.Series | None]"]

EVENT_RULES: Rules = {
    "times": _times,
    "undone_purchases": _undone,
    "cancellations": _cancellations,
    "non_positive_quantities": _quantities,
    "exact_duplicates": _duplicates,
    "repeat_window_s": _repeats,
    "rating": _ratings,
    "max_events_per_hour": _rate,
    "regular_gaps": _regular,
}
"""Name -> the function that finds the rule's rows, in the order in which they work."""

CORE: Rules = {"core": _outside_core}
"""The rule that needs all users' events at once; it follows ``EVENT_RULES``."""

LAST_RULES: Rules = {"min_history": _short}
"""What follows it."""
