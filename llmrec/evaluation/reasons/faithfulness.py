"""Whether the cited events decided this recommendation, beside equally many others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.evaluation.reasons.intervals import differences, figure
from llmrec.evaluation.reasons.removal import WAYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import Scores


def faithfulness_figures(table: pl.DataFrame, *, seed: int, resamples: int) -> dict[str, Any]:
    """Return the mean falls of log-odds (natural logarithm) by the events removed, or kept alone.

    ``removed``: a deeper fall says that the events were needed. ``kept``: a shallower fall says
    that they suffice. ``curve``: the fall, and the places lost, as the first, the first two, ...
    events of each way are taken away, among the items that cite so many. Figures are means over
    the candidate orders of each item; items that cite nothing, or all of their history, have
    nothing to compare and are left out.

    Args:
        table: ``REASONS`` lines.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    rows = table.filter(pl.col("trials").list.len() > 0).to_dicts()
    users = [row["user_id"] for row in rows]
    options = {"seed": seed, "resamples": resamples}
    counts = [len(set(row["cited"])) for row in rows]
    return {
        "items": len(rows),
        "events_cited": figure([float(count) for count in counts], users, **options),
        "removed": _compared(_means(rows, counts, "removed"), users, **options),
        "kept": _compared(_means(rows, counts, "kept"), users, **options),
        "curve": [_point(rows, counts, n, **options) for n in range(1, max(counts, default=0) + 1)],
    }


def _point(
    rows: Sequence[Mapping[str, Any]],
    counts: Sequence[int],
    events: int,
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Return what taking away so many events does to the items that cite at least so many."""
    kept = [row for row, count in zip(rows, counts, strict=True) if count >= events]
    users = [row["user_id"] for row in kept]
    options = {"seed": seed, "resamples": resamples}
    found = {
        what: _compared(_means(kept, [events] * len(kept), what), users, **options)
        for what in ("removed", "places")
    }
    return {"events": events, "items": len(kept), **found}


def _means(
    rows: Sequence[Mapping[str, Any]], counts: Sequence[int], what: str
) -> dict[str, Scores]:
    """Return each way's figure for every item, ``(n_items,)``: the mean over its orders.

    Args:
        rows: The items.
        counts: How many events are taken away from each.
        what: The trials' figure.
    """
    return {
        way: np.array(
            [
                np.mean([t[what] for t in row["trials"] if (t["way"], t["events"]) == (way, count)])
                for row, count in zip(rows, counts, strict=True)
            ],
            dtype=np.float64,
        )
        for way in WAYS
    }


def _compared(
    falls: dict[str, Scores], users: Sequence[str], *, seed: int, resamples: int
) -> dict[str, Any]:
    options = {"seed": seed, "resamples": resamples}
    ways = [{"way": w, **figure(f.tolist(), users, **options)} for w, f in falls.items()]
    others = {way: fall for way, fall in falls.items() if way != "cited"}
    return {"ways": ways, "differences": differences(falls["cited"], others, users, **options)}
