"""The causes that a simulated world knows, handed in by whoever may look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.errors import DataError
from llmrec.evaluation.reasons.intervals import differences, figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.types import History, Scores

PICKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of causes."""

    name: str
    """Of the world and its seed; part of what a run is made from."""
    strong: float
    """From which fall of the item's log-probability on an event is its cause."""
    effects: Callable[[History, str], Sequence[float]]
    """From a history and an item to the fall of the item's log-probability without each event:
    ``(n_events,)``, natural logarithm, above 0 where the event speaks for the item. It refuses
    histories that are not the world's."""

    def of(self, history: History, item_id: str) -> list[float]:
        """Return each event's effect on an item.

        Raises:
            DataError: The world does not know as many events as the history has.
        """
        effects = [float(effect) for effect in self.effects(history, item_id)]
        if len(effects) != len(history.interactions):
            raise DataError(
                f"{self.name} knows {len(effects)} events of user {history.user_id!r} before "
                f"{history.as_of.isoformat()}, the history has {len(history.interactions)}",
                remedy="Give the truth of the world that the dataset was written from.",
            )
        return effects


def truth_figures(
    table: pl.DataFrame, strong: float, *, seed: int, resamples: int
) -> dict[str, Any]:
    """Return how true cited events are to the world, and how rightly nothing is cited.

    Precision at 2 counts the first two events that each way names, the cited ones as many as there
    are up to two and the other ways equally many; chance is the share of causes in the history.

    Args:
        table: ``REASONS`` lines with truth.
        strong: As ``Truth.strong``.
        seed: Of all draws.
        resamples: Of the intervals.
    """
    rows = table.filter(pl.col("truth").is_not_null()).to_dicts()
    causes = [np.asarray(row["truth"]) >= strong for row in rows]
    users = [row["user_id"] for row in rows]
    caused = [bool(each.any()) for each in causes]
    silent = [not row["cited"] for row in rows]
    options = {"seed": seed, "resamples": resamples}
    groups = {
        "items_with_a_cause": [n for n, any_ in enumerate(caused) if any_ and not silent[n]],
        "all_items_with_citations": [n for n, none in enumerate(silent) if not none],
    }
    return {
        "strong": strong,
        "items": len(rows),
        "with_a_cause": figure([float(c) for c in caused], users, **options),
        f"precision@{PICKS}": {
            name: _precision([rows[n] for n in kept], [causes[n] for n in kept], **options)
            for name, kept in groups.items()
        },
        "abstention": _abstention(silent, caused, users, **options),
    }


def _precision(
    rows: Sequence[dict[str, Any]], causes: Sequence[Any], *, seed: int, resamples: int
) -> dict[str, Any]:
    """Return each way's precision on the same items, and the cited events' lead over the rest."""
    users = [row["user_id"] for row in rows]
    named = [_named(row, cause) for row, cause in zip(rows, causes, strict=True)]
    ways: dict[str, Scores] = {
        way: np.array([row[way] for row in named])
        for way in ("cited", "similar", "recent", "chance")
    }
    options = {"seed": seed, "resamples": resamples}
    return {
        "ways": [{"way": w, **figure(v.tolist(), users, **options)} for w, v in ways.items()],
        "differences": differences(ways.pop("cited"), ways, users, **options),
    }


def _named(row: dict[str, Any], cause: Any) -> dict[str, float]:  # noqa: ANN401 - (n_events,) bool
    """Return the share of causes among the events that each way names first."""
    cited = row["cited"][:PICKS]
    alike = np.argsort(-np.asarray(row["similarity"]), kind="stable")[: len(cited)]
    return {
        "cited": float(cause[cited].mean()),
        "similar": float(cause[alike].mean()),
        "recent": float(cause[-len(cited) :].mean()),
        "chance": float(cause.mean()),
    }


def _abstention(
    silent: Sequence[bool],
    caused: Sequence[bool],
    users: Sequence[str],
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Return how often it is right to cite nothing, and how often nothing is cited rightly."""
    options = {"seed": seed, "resamples": resamples}
    quiet = [
        (user, not cause) for user, none, cause in zip(users, silent, caused, strict=True) if none
    ]
    due = [
        (user, none) for user, none, cause in zip(users, silent, caused, strict=True) if not cause
    ]
    return {
        "share": figure([float(none) for none in silent], users, **options),
        "precision": figure([float(r) for _, r in quiet], [u for u, _ in quiet], **options),
        "recall": figure([float(r) for _, r in due], [u for u, _ in due], **options),
    }
