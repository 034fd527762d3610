"""What a card leaves of a dataset before it is split: filters, and the order of ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.artifacts import sha256_of
from llmrec.data.cleaning import core
from llmrec.data.dataset import Dataset
from llmrec.data.tables import columns_of, number_ties
from llmrec.errors import DataError
from llmrec.types import Catalogue

if TYPE_CHECKING:
    from llmrec.data.protocol import SplitProtocol

_FIELDS = ("min_user_events", "min_item_events", "untitled_items", "tie_order")


def prepare(dataset: Dataset, protocol: SplitProtocol) -> Dataset:
    """Return the dataset as a card wants it: filtered, and tied events in the card's order.

    Where events are filtered, the catalogue is what still has events, in its old order. The
    result has a hash of its own; a card without such wishes gives the dataset itself.

    Raises:
        DataError: Nothing is left, or ids are no numbers where their order is asked for.
    """
    wishes = {name: getattr(protocol, name) for name in _FIELDS}
    defaults = {name: type(protocol).model_fields[name].default for name in _FIELDS}
    if wishes == defaults:
        return dataset
    table = dataset.interactions.collect()
    if protocol.untitled_items == "drop":
        table = _titled(table, dataset.catalogue)
    table = core(table, protocol.min_user_events or 1, protocol.min_item_events or 1)
    if table.is_empty():
        raise DataError(
            f"the filter of {protocol.id} leaves nothing of {dataset.path} "
            f"({len(dataset):,} events of {len(dataset.users):,} users)",
            remedy=f"Use a card with a milder filter than {wishes}, or a larger log.",
        )
    if protocol.tie_order == "item-id":
        table = _by_item_id(table, dataset, protocol)
    catalogue = dataset.catalogue
    if table.height < len(dataset):
        left = set(table["item_id"].unique().to_list())
        catalogue = Catalogue([item for item in catalogue.values() if item.item_id in left])
    return Dataset(
        path=dataset.path,
        sha256=sha256_of([dataset.sha256, wishes]),
        catalogue=catalogue,
        table=table.select(columns_of(table)),
        made_from={**dataset.made_from, "filter": wishes},
        users_table=dataset.users_table,
    )


def _titled(table: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Drop events of items whose title is blank or only their id."""
    named = [
        item.item_id
        for item in catalogue.values()
        if item.title.strip() not in {"", item.item_id.strip()}
    ]
    return table.filter(pl.col("item_id").is_in(pl.Series(named, dtype=pl.String).implode()))


def _by_item_id(table: pl.DataFrame, dataset: Dataset, protocol: SplitProtocol) -> pl.DataFrame:
    """Number tied events anew, in the numeric order of their items."""
    number = table["item_id"].cast(pl.Int64, strict=False)
    if number.null_count():
        wrong = table["item_id"].filter(number.is_null())[0]
        raise DataError(
            f"{protocol.id} orders tied events by item id as a number, and item {wrong!r} of "
            f"{dataset.path} is none",
            remedy="Use a card with tie_order: as-imported.",
        )
    return number_ties(table.with_columns(number.alias("number")), by=("number", "sequence"))
