"""Amazon Reviews of 2014, 2018 and 2023: one or more categories, reviews and metadata.

Titles, brand or store, price, categories and description of the metadata are kept. Average ratings
and numbers of ratings are not: they were counted after the reviews, so they would tell the future.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.named.records import prices, read_records
from llmrec.data.options import ImportOptions
from llmrec.data.raw import RawTable
from llmrec.data.tables import RawLog, hashed
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TEXTS = pl.List(pl.String)
_REVIEWS = {
    "reviewerID": pl.String,
    "asin": pl.String,
    "overall": pl.Float64,
    "unixReviewTime": pl.Int64,
    "reviewText": pl.String,
}
_REVIEWS_2023 = {
    "user_id": pl.String,
    "parent_asin": pl.String,
    "rating": pl.Float64,
    "timestamp": pl.Int64,
    "text": pl.String,
}
_META_2014 = {"asin": pl.String, "title": pl.String, "brand": pl.String, "price": pl.String}
_META = {
    "2014": {**_META_2014, "categories": _TEXTS, "description": pl.String},
    "2018": {**_META_2014, "category": _TEXTS, "description": _TEXTS},
    "2023": {
        "parent_asin": pl.String,
        "title": pl.String,
        "store": pl.String,
        "price": pl.String,
        "categories": _TEXTS,
        "description": _TEXTS,
    },
}


def is_2014(folder: Path) -> bool:
    """Return whether the folder holds reviews as of 2014."""
    return bool(_files(folder, "2014"))


def is_2018(folder: Path) -> bool:
    """Return whether the folder holds metadata and reviews as of 2018."""
    return bool(_files(folder, "2018")) and not is_2014(folder) and bool(_metadata(folder))


def is_2023(folder: Path) -> bool:
    """Return whether the folder holds metadata and reviews as of 2023."""
    return bool(_files(folder, "2023")) and bool(_metadata(folder))


def _files(folder: Path, year: str) -> list[Path]:
    """Return the review files: reviews_X.json.gz in 2014, X.json.gz in 2018, X.jsonl.gz in 2023."""
    pattern = {"2014": "reviews_*.json*", "2018": "*.json*", "2023": "*.jsonl*"}[year]
    endings = (".jsonl", ".jsonl.gz") if year == "2023" else (".json", ".json.gz")
    return sorted(
        path
        for path in folder.glob(pattern)
        if path.name.endswith(endings) and not path.name.startswith(("meta_", "."))
    )


def _metadata(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("meta_*.json*") if path.is_file())


def _read(folder: Path, options: ImportOptions, *, year: str) -> RawLog:
    """Read all reviews and metadata of a folder; of the options only ``ties`` counts.

    Raises:
        DataError: Reviews or metadata are missing, or a fault in one.
    """
    reviews, metadata = _files(folder, year), _metadata(folder)
    if not reviews or not metadata:
        raise DataError(
            f"holds {len(reviews)} files of reviews and {len(metadata)} of metadata (meta_*)",
            path=folder,
            remedy="Put the reviews and the metadata of a category into one folder.",
        )
    fields = _REVIEWS_2023 if year == "2023" else _REVIEWS
    user, item, rating, time, text = fields
    mapping = ImportOptions(
        user=user,
        item=item,
        time=time,
        rating=rating,
        text=text,
        time_unit="ms" if year == "2023" else "s",
        ties=options.ties,
        item_id=item,
        title="title",
    )
    return RawLog(
        events=_joined(folder, [read_records(path, fields) for path in reviews]),
        items=_items(_joined(folder, [read_records(path, _META[year]) for path in metadata]), item),
        options=mapping,
        items_path=metadata[0],
        sources=hashed(*reviews, *metadata),
    )


def _joined(folder: Path, tables: Sequence[RawTable]) -> RawTable:
    return RawTable.joined(tables, path=folder)


def _items(table: RawTable, item: str) -> RawTable:
    """Return one row an item: the metadata repeat some. Descriptions become one text each."""
    columns = [prices(table.frame["price"])]
    if table.frame["description"].dtype == _TEXTS:
        columns.append(table.frame["description"].list.join(" "))
    return table.with_columns(*columns).keep(table.frame[item].is_first_distinct())


read_2014 = partial(_read, year="2014")
read_2018 = partial(_read, year="2018")
read_2023 = partial(_read, year="2023")
