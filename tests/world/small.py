"""Worlds small enough for tests."""

from __future__ import annotations

from typing import Any

from llmrec.world.items import Entry, entries_of
from llmrec.world.settings import WorldSettings, shipped
from llmrec.world.world import World

SMALL = {
    "people": 12,
    "held_out_people": 2,
    "activity.least_events": 20,
    "activity.most_events": 30,
    "household.share": 0.6,
}


def changed(label: str = "film.v2", values: dict[str, Any] | None = None) -> WorldSettings:
    """Shipped parameters, some of them otherwise; ``a.b`` reaches into ``a``."""
    raw = shipped(label).model_dump()
    for name, value in (values or {}).items():
        group, _, key = name.rpartition(".")
        (raw[group] if group else raw)[key] = value
    return WorldSettings.of(raw, source="changed")


def few_entries(world: str) -> tuple[Entry, ...]:
    """Enough of a catalogue for every tag: the beginning, and some of the rest."""
    entries = entries_of(world)
    return (*entries[:60], *entries[60::9])


def small(label: str = "film.v2", seed: int = 7, **values: Any) -> World:
    """A world of a dozen accounts; ``a__b`` reaches into ``a``."""
    wanted = {name.replace("__", "."): value for name, value in values.items()}
    settings = changed(label, SMALL | wanted)
    entries = few_entries(settings.name)
    there = {value for entry in entries for several in entry.values.values() for value in several}
    follow = [
        rule.model_copy(update={"values": tuple(v for v in rule.values if v in there)})
        for rule in settings.follow
    ]
    few = settings.model_copy(update={"follow": tuple(follow)})
    return World(few, seed=seed, entries=entries)
