"""A shipped world as the tables that a dataset is made of; the film world is the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.artifacts import sha256_of
from llmrec.world.items import catalogue_of, entries_of
from llmrec.world.people import user_id
from llmrec.world.random import Stream
from llmrec.world.settings import shipped
from llmrec.world.shelf import stock
from llmrec.world.tables import SCHEMA, chunks, frame

if TYPE_CHECKING:
    from llmrec.types import Item

DEFAULT_WORLD = "film.v2"
DEFAULT_SEED = 7
_DEMO_USERS = 3

__all__ = [
    "DEFAULT_SEED",
    "DEFAULT_WORLD",
    "SCHEMA",
    "demo_users",
    "held_out_users",
    "interactions",
    "items",
    "made_from",
    "sha256",
]


def items(world: str = DEFAULT_WORLD) -> list[Item]:
    """Return every film or dish of a shipped world as an item, in the order of its catalogue."""
    return list(catalogue_of(shipped(world).name).values())


def interactions(seed: int = DEFAULT_SEED, *, world: str = DEFAULT_WORLD) -> pl.DataFrame:
    """Return every event of a shipped world.

    Args:
        seed: Any integer; the same seed gives the same rows everywhere.
        world: World, version and parameter set, e.g. ``"kitchen.v1"``.

    Returns:
        Columns ``user_id`` str, ``item_id`` str, ``timestamp_s`` i64 (Unix seconds, UTC),
        ``sequence`` i64 (all 0: nobody starts two things in one second), ``rating`` f64 (1 to 5),
        ``event`` str (``cooked`` or ``ordered``) and ``quantity`` f64 (portions), both null in
        the film world; sorted by user, time and sequence.

    Raises:
        ConfigError: There is no such world.
    """
    settings = shipped(world)
    shelf = stock(entries_of(settings.name), settings, seed)
    tables = [frame(lives, shelf, settings) for lives in chunks(settings, seed, shelf)]
    return pl.concat(tables).sort("user_id", "timestamp_s", "sequence")


def held_out_users(seed: int = DEFAULT_SEED, *, world: str = DEFAULT_WORLD) -> list[str]:
    """Return the people that no training set may hold, in order of their ids."""
    settings = shipped(world)
    numbers = range(1, settings.people + 1)
    drawn = Stream(seed, "held out").some(numbers, settings.held_out_people)
    return [user_id(number) for number in sorted(drawn)]


def demo_users(seed: int = DEFAULT_SEED) -> list[str]:
    """Return the three held-out people that the demo shows."""
    return held_out_users(seed)[:_DEMO_USERS]


def made_from(seed: int = DEFAULT_SEED, *, world: str = DEFAULT_WORLD) -> dict[str, Any]:
    """Return what decides every row of the sample, as JSON values for a manifest."""
    settings = shipped(world)
    return {
        "world": settings.name,
        "world_version": settings.version,
        **({"parameter_set": settings.variant} if settings.variant else {}),
        "parameters_sha256": settings.sha256,
        "catalogue_sha256": catalogue_of(settings.name).sha256,
        "seed": seed,
    }


def sha256(seed: int = DEFAULT_SEED) -> str:
    """Return the hash of everything in ``made_from``: a name for the sample's contents."""
    return sha256_of(made_from(seed))
