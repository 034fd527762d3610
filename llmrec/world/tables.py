"""Simulated lives as tables, and as one Parquet file of any length in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.artifacts import replace_file
from llmrec.world.people import user_id
from llmrec.world.shelf import stock
from llmrec.world.simulate import live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

SCHEMA = pl.Schema(
    {
        "user_id": pl.String(),
        "item_id": pl.String(),
        "timestamp_s": pl.Int64(),
        "sequence": pl.Int64(),
        "rating": pl.Float64(),
        "event": pl.String(),
        "quantity": pl.Float64(),
    }
)
CHUNK = 128
"""Accounts that are simulated at once: their tables stay in the processor's cache."""


def frame(lives: Lives, shelf: Shelf, settings: WorldSettings) -> pl.DataFrame:
    """Return the events of some accounts as a table, sorted by account and time.

    Returns:
        Columns as in ``SCHEMA``. ``sequence`` is 0: nobody starts two things in one second.
        ``event`` is ``cooked`` or ``ordered`` and ``quantity`` the portions in worlds where things
        are ordered and guests come, else null.
    """
    users = pl.Series([user_id(number) for number in lives.people.numbers], dtype=pl.String)
    items = pl.Series([entry.item_id for entry in shelf.entries], dtype=pl.String)
    count, evenings = len(lives.item), lives.evenings
    event, quantity = pl.Series([None] * count, dtype=pl.String), None
    if settings.ordered > 0.0:
        event = pl.Series(["ordered", "cooked"])[lives.cooked.astype(np.int64)]
    if settings.guests is not None:
        quantity = lives.people.members[evenings.account] + evenings.guests
    columns = {
        "user_id": users[evenings.account],
        "item_id": items[lives.item],
        "timestamp_s": evenings.starts_s,
        "sequence": np.zeros(count, dtype=np.int64),
        "rating": lives.rating,
        "event": event,
        "quantity": pl.Series([None] * count) if quantity is None else quantity.astype(np.float64),
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def chunks(settings: WorldSettings, seed: int, shelf: Shelf | None = None) -> Iterator[Lives]:
    """Simulate every account of a world, a chunk at a time.

    Raises:
        ConfigError: A parameter names what no item has, or there are too few items.
    """
    from llmrec.world.items import entries_of

    shelf = shelf or stock(entries_of(settings.name), settings, seed)
    for first in range(1, settings.people + 1, CHUNK):
        numbers = range(first, min(first + CHUNK, settings.people + 1))
        yield live(numbers, shelf, settings, seed)


def write_parquet(path: Path, shelf: Shelf, settings: WorldSettings, seed: int) -> None:
    """Write the events of every account to a Parquet file; memory does not grow with them.

    Args:
        path: The file; it takes its place when it is whole.
        shelf: The world's items.
        settings: The world's parameters; ``people`` says how many accounts there are.
        seed: Any integer.

    Raises:
        ArtifactError: Nothing can be written there, or the disk is full; an older file stays.
    """
    from polars.io.plugins import register_io_source

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        del with_columns, predicate, n_rows, batch_size  # everything is written
        for lives in chunks(settings, seed, shelf):
            yield frame(lives, shelf, settings)

    source = register_io_source(batches, schema=SCHEMA)
    with replace_file(path) as draft:
        try:
            source.sink_parquet(draft, row_group_size=128_000, compression="zstd")
        except pl.exceptions.ComputeError as error:
            if "IO error" not in str(error):
                raise
            raise OSError(str(error)) from error
