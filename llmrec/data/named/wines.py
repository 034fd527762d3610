"""X-Wines (Test, Slim or Full): ratings of wines, and a table of the wines.

The publisher names no zone for its times: they are UTC unless ``time_zone`` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.csv_files import read_csv
from llmrec.data.literals import literal_lists
from llmrec.data.named.records import first, found
from llmrec.data.options import ImportOptions
from llmrec.data.tables import RawLog, hashed

if TYPE_CHECKING:
    from pathlib import Path

_RATINGS, _WINES = "XWines_*_ratings.csv*", "XWines_*_wines.csv*"
_NAMES = {
    "Type": "type",
    "Elaborate": "elaborate",
    "Grapes": "grapes",
    "Harmonize": "food_pairings",
    "ABV": "abv",
    "Body": "body",
    "Acidity": "acidity",
    "Country": "country",
    "RegionName": "region",
    "WineryName": "winery",
}
_LISTS = ("Grapes", "Harmonize")


def is_here(folder: Path) -> bool:
    """Return whether the folder holds both files."""
    return bool(first(folder, _RATINGS) and first(folder, _WINES))


def read(folder: Path, options: ImportOptions) -> RawLog:
    """Read the folder; of the options ``ties``, ``time_zone`` and ``ambiguous_times`` count.

    Raises:
        DataError: A file is missing, or a fault in one.
    """
    ratings, wines = found(folder, _RATINGS), found(folder, _WINES)
    mapping = ImportOptions(
        user="UserID",
        item="WineID",
        time="Date",
        rating="Rating",
        time_zone=options.time_zone or "UTC",
        ambiguous_times=options.ambiguous_times,
        ties=options.ties,
        item_id="WineID",
        title="WineName",
        attributes=tuple(_NAMES.values()),
    )
    table = read_csv(wines, mapping)
    kept = [table.require(name, option="attributes").alias(new) for name, new in _NAMES.items()]
    lists = [literal_lists(table, name).alias(_NAMES[name]) for name in _LISTS]
    items = table.with_columns(*kept).with_columns(*lists)
    return RawLog(
        events=read_csv(ratings, mapping),
        items=items.with_columns(pl.col("WineName").str.strip_chars()),
        options=mapping,
        items_path=wines,
        sources=hashed(ratings, wines),
    )
