"""What a dataset holds, in figures and examples, as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.data.tally import Tally
from llmrec.data.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmrec.data.dataset import Dataset
    from llmrec.types import Interaction, Item

_EXAMPLES = 3
_NEWEST = 5


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return counts, time span, ties, ratings, events per user and examples; shares are of 1."""
    tally = Tally.of(dataset.parts())
    user = dataset.users[0]
    return {
        "path": str(dataset.path),
        "sha256": dataset.sha256,
        **tally.counts(len(dataset.catalogue)),
        "held_out_users": len(dataset.held_out_users),
        "attributes": sorted({name for i in dataset.catalogue.values() for name in i.attributes}),
        "user_attributes": _known_of_users(dataset),
        "ties": tally.ties,
        "repeated_share": tally.repeated_share,
        "ratings": tally.ratings,
        "event_kinds": dict(tally.event_kinds.most_common()),
        "events_per_user": tally.events_per_user,
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


def _item_row(item: Item) -> dict[str, Any]:
    known = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in item.attributes.items()
    }
    return {"item_id": item.item_id, "title": item.title, "attributes": known}
