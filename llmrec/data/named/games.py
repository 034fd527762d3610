"""Steam, as the University of California San Diego published it: reviews and games.

The lines are Python literals. Reviews have a day and no hour; they are taken as UTC, and those of a
day keep the order of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.named.records import first, found, prices, read_records
from llmrec.data.options import ImportOptions
from llmrec.data.tables import RawLog, hashed

if TYPE_CHECKING:
    from pathlib import Path

_REVIEWS, _GAMES = "steam_reviews.json*", "steam_games.json*"
_REVIEW_FIELDS = {
    "username": pl.String,
    "product_id": pl.String,
    "date": pl.String,
    "text": pl.String,
}
_GAME_FIELDS = {
    "id": pl.String,
    "app_name": pl.String,
    "developer": pl.String,
    "publisher": pl.String,
    "genres": pl.List(pl.String),
    "tags": pl.List(pl.String),
    "release_date": pl.String,
    "price": pl.String,
}


def is_here(folder: Path) -> bool:
    """Return whether the folder holds both files."""
    return bool(first(folder, _REVIEWS) and first(folder, _GAMES))


def read(folder: Path, options: ImportOptions) -> RawLog:
    """Read the folder; of the options only ``ties`` counts.

    Raises:
        DataError: A file is missing, or a fault in one.
    """
    reviews, games = found(folder, _REVIEWS), found(folder, _GAMES)
    mapping = ImportOptions(
        user="username",
        item="product_id",
        time="date",
        text="text",
        time_zone="UTC",
        ties=options.ties,
        item_id="id",
        title="app_name",
    )
    items = read_records(games, _GAME_FIELDS)
    items = items.with_columns(prices(items.frame["price"]))
    return RawLog(
        events=read_records(reviews, _REVIEW_FIELDS).with_columns(
            pl.col("username").str.strip_chars()
        ),
        items=items.keep(items.frame["id"].is_not_null() & items.frame["id"].is_first_distinct()),
        options=mapping,
        items_path=games,
        sources=hashed(reviews, games),
    )
