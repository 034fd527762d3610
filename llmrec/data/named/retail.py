"""UCI Online Retail: the invoices of a gift shop, as a CSV file with its eight columns.

An item's title is its most frequent description. Invoices that begin with C are cancellations;
lines without customer, and quantities of nothing, are in the file too, so that it needs the default
cleaning. Times are those of a shop in the United Kingdom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.csv_files import read_csv
from llmrec.data.named.records import first, found
from llmrec.data.options import ImportOptions
from llmrec.data.raw import ROW, RawTable
from llmrec.data.tables import RawLog, hashed
from llmrec.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_FILES = ("online_retail*.csv*", "[Oo]nline[ +]?[Rr]etail*.csv*")


def is_here(folder: Path) -> bool:
    """Return whether the folder holds the file."""
    return any(first(folder, pattern) for pattern in _FILES)


def read(folder: Path, options: ImportOptions) -> RawLog:
    """Read the folder; of the options only ``ties`` counts.

    Raises:
        DataError: The file is missing, or a fault in it.
    """
    if not is_here(folder) and (sheet := first(folder, "*.xlsx")) is not None:
        raise DataError(
            "is a spreadsheet, which is not read",
            path=sheet,
            remedy="Save its sheet as online_retail.csv in UTF-8, and name the folder of that.",
        )
    path = found(folder, *_FILES)
    mapping = ImportOptions(
        user="CustomerID",
        item="StockCode",
        time="InvoiceDate",
        quantity="Quantity",
        price="UnitPrice",
        order="InvoiceNo",
        time_zone="Europe/London",
        ties=options.ties,
        item_id="StockCode",
        title="Description",
        attributes=(),
    )
    raw = read_csv(path, mapping)
    for name in ("CustomerID", "StockCode", "Description"):
        raw.require(name, option="user")
    raw = raw.with_columns(
        pl.col("CustomerID").str.strip_suffix(".0"), pl.col("StockCode").str.strip_chars()
    )
    return RawLog(
        events=raw,
        items=_items(raw),
        options=mapping,
        items_path=path,
        sources=hashed(path),
    )


def _items(raw: RawTable) -> RawTable:
    """Return one row an item, in order of its code, with its most frequent description.

    Its row number is that of the first line with this description.
    """
    named = (
        raw.frame.select(ROW, "StockCode", pl.col("Description").str.strip_chars())
        .drop_nulls("StockCode")
        .with_columns(pl.col("Description").fill_null(""))
        .group_by("StockCode", "Description")
        .agg(pl.len(), pl.col(ROW).min())
        .with_columns(blank=pl.col("Description") == "")
        .sort("StockCode", "blank", "len", "Description", descending=[False, False, True, False])
        .unique("StockCode", keep="first", maintain_order=True)
    )
    return RawTable(path=raw.path, frame=named.select(ROW, "StockCode", "Description"))
