"""The Yelp Open Dataset: reviews, and businesses as items.

The publisher names no zone for its times: they are UTC unless ``time_zone`` says otherwise.
Stars and numbers of reviews of a business are not kept: they were counted after the reviews.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.named.records import first, found, read_records
from llmrec.data.options import ImportOptions
from llmrec.data.tables import RawLog, hashed

if TYPE_CHECKING:
    from pathlib import Path

_REVIEWS, _BUSINESSES = "*review.json*", "*business.json*"
_REVIEW_FIELDS = {
    "user_id": pl.String,
    "business_id": pl.String,
    "stars": pl.Float64,
    "date": pl.String,
    "text": pl.String,
}
_BUSINESS_FIELDS = {
    "business_id": pl.String,
    "name": pl.String,
    "city": pl.String,
    "state": pl.String,
    "categories": pl.String,
}


def is_here(folder: Path) -> bool:
    """Return whether the folder holds both files."""
    return bool(first(folder, _REVIEWS) and first(folder, _BUSINESSES))


def read(folder: Path, options: ImportOptions) -> RawLog:
    """Read the folder; of the options ``ties``, ``time_zone`` and ``ambiguous_times`` count.

    Raises:
        DataError: A file is missing, or a fault in one.
    """
    reviews, businesses = found(folder, _REVIEWS), found(folder, _BUSINESSES)
    mapping = ImportOptions(
        user="user_id",
        item="business_id",
        time="date",
        rating="stars",
        text="text",
        time_zone=options.time_zone or "UTC",
        ambiguous_times=options.ambiguous_times,
        ties=options.ties,
        item_id="business_id",
        title="name",
    )
    items = read_records(businesses, _BUSINESS_FIELDS)
    return RawLog(
        events=read_records(reviews, _REVIEW_FIELDS),
        items=items.with_columns(pl.col("categories").str.split(", ")),
        options=mapping,
        items_path=businesses,
        sources=hashed(reviews, businesses),
    )
