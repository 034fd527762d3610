"""What a dataset holds, in figures and examples, as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.times import iso
from llmrec.data.writing import counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmrec.data.dataset import Dataset
    from llmrec.types import Interaction, Item

_EXAMPLES = 3
_NEWEST = 5


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return counts, time span, ties, ratings, events per user and examples; shares are of 1."""
    table = dataset.interactions.collect()
    user = dataset.users[0]
    return {
        "path": str(dataset.path),
        "sha256": dataset.sha256,
        **counts(table, len(dataset.catalogue)),
        "held_out_users": len(dataset.held_out_users),
        "attributes": sorted({name for i in dataset.catalogue.values() for name in i.attributes}),
        "user_attributes": _known_of_users(dataset),
        "ties": _ties(table),
        "repeated_share": table.select(_nth("user_id", "item_id").gt(0).mean()).item(),
        "ratings": _ratings(table),
        "event_kinds": dict(table["event"].drop_nulls().value_counts(sort=True).iter_rows()),
        "events_per_user": _per_user(table),
        "examples": {
            "items": [_item_row(item) for item in list(dataset.catalogue.values())[:_EXAMPLES]],
            "user": user,
            "events": event_rows(dataset.events(user)[-_NEWEST:], dataset.catalogue),
        },
        "cleaning": dict(dataset.cleaning),
        "made_from": dict(dataset.made_from),
    }


def event_rows(events: Iterable[Interaction], items: Mapping[str, Item]) -> list[dict[str, Any]]:
    """Return one flat row an event, with ISO times, such as ``read_history`` reads from files."""
    return [
        {
            "time": iso(event.timestamp),
            "item_id": event.item_id,
            "title": items[event.item_id].title,
            "rating": event.rating,
            "event": event.event,
            "quantity": event.quantity,
        }
        for event in events
    ]


def _known_of_users(dataset: Dataset) -> dict[str, int]:
    """Return of how many users each attribute is known."""
    table = dataset.users_table
    if table is None:
        return {}
    return {name: table[name].count() for name in table.columns if name != "user_id"}


def _nth(*keys: str) -> pl.Expr:
    return pl.int_range(pl.len()).over(*keys)


def _ties(table: pl.DataFrame) -> dict[str, float]:
    """Share of events that share their second, and of users whose last event does."""
    together = table.select(
        "user_id", tied=pl.len().over("user_id", "timestamp_s") > 1, last=_nth("user_id")
    )
    last = together.group_by("user_id").agg(pl.col("tied").last())
    events, users = together["tied"].mean(), last["tied"].mean()
    return {"events_share": _figure(events), "users_last_event_share": _figure(users)}


def _ratings(table: pl.DataFrame) -> dict[str, float] | None:
    ratings = table["rating"].drop_nulls()
    if ratings.is_empty():
        return None
    figures = {"min": ratings.min(), "mean": ratings.mean(), "max": ratings.max()}
    return {
        "rated_share": len(ratings) / table.height,
        **{name: _figure(value) for name, value in figures.items()},
    }


def _per_user(table: pl.DataFrame) -> dict[str, float]:
    sizes = table.group_by("user_id").len()["len"]
    quantiles = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}
    found = {name: int(sizes.quantile(q, "nearest") or 0) for name, q in quantiles.items()}
    return {**found, "mean": _figure(sizes.mean())}


def _item_row(item: Item) -> dict[str, Any]:
    known = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in item.attributes.items()
    }
    return {"item_id": item.item_id, "title": item.title, "attributes": known}


def _figure(value: object) -> float:
    return round(float(str(value)), 6)
