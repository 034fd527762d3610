"""Neighbours by co-occurrence: which items are met together, or one soon after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import DataError, require
from llmrec.retrieval.matrix import ItemMatrixRetriever, positions_of, user_item_matrix

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.types import Catalogue

_DAY_S = 86_400.0


class NeighbourConfig(Settings):
    """What counts as met together, and how neighbours speak."""

    reach: int | None = Field(default=None, ge=1)
    """How many events later an item still counts as met after another; None: anywhere in the same
    history, in both directions."""
    half_life_days: float | None = Field(default=None, gt=0)
    """With ``reach``: after how many days between the two events a pair counts half."""
    popularity_power: float = Field(default=0.5, ge=0, le=1)
    """Counts are divided by both items' counts to this power: 0 raw counts, .5 the cosine."""
    neighbours: int | None = Field(default=None, ge=1)
    """Only so many, the strongest, speak for each item; None: all."""
    decay: float = Field(default=1.0, ge=0, le=1)
    """How much an event counts beside the one after it; 0: only the last item speaks."""
    query_half_life_days: float | None = Field(default=None, gt=0)
    """After how many days before the newest event one speaks half as loudly; None: no decay by
    time."""


def fit_neighbours(
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: NeighbourConfig | None = None,
    *,
    name: str = "item-knn",
    before: datetime | None = None,
) -> ItemMatrixRetriever:
    """Count which items are met together (Linden et al., "Amazon.com Recommendations", 2003).

    Args:
        catalogue: The items; those without events score 0.
        interactions: Training events in the columns of a dataset's.
        config: What counts.
        name: The source that candidates carry.
        before: See ``DenseRetriever``; it does not filter the events.

    Raises:
        DataError: There are no events.
        UnknownItemError: An event's item is not in the catalogue.
        MissingExtraError: SciPy is not installed.
    """
    config = config or NeighbourConfig()
    columns = ("user_id", "item_id", "timestamp_s", "sequence")
    events = interactions.select(columns).sort("user_id", "timestamp_s", "sequence").collect()
    if events.is_empty():
        raise DataError(f"{name} needs training events, and there are none")
    met = user_item_matrix(catalogue, events)
    pairs = met.T @ met if config.reach is None else _followed(catalogue, events, config)
    weights = _normalised(pairs, np.asarray(met.sum(axis=0)), config)
    return ItemMatrixRetriever(
        catalogue,
        weights,
        name=name,
        decay=config.decay,
        half_life_days=config.query_half_life_days,
        settings=config.model_dump(exclude={"decay", "query_half_life_days"}),
        before=before,
    )


def _followed(catalogue: Catalogue, events: pl.DataFrame, config: NeighbourConfig) -> Any:  # noqa: ANN401
    """Return how often an item (column) came at most ``reach`` events after another (row)."""
    sparse = require("scipy.sparse", "cpu")
    n_items, items = len(catalogue), positions_of(catalogue, events["item_id"])
    users, times = events["user_id"].rle_id().to_numpy(), events["timestamp_s"].to_numpy()
    table = sparse.csr_array((n_items, n_items))
    for step in range(1, min(config.reach or 1, len(items) - 1) + 1):
        same = users[:-step] == users[step:]
        weights = np.ones(int(same.sum()))
        if config.half_life_days is not None:
            gap_s = (times[step:] - times[:-step])[same]
            weights = 0.5 ** (gap_s / (config.half_life_days * _DAY_S))
        places = (items[:-step][same], items[step:][same])
        table = table + sparse.coo_array((weights, places), shape=(n_items, n_items)).tocsr()
    return table


def _normalised(pairs: Any, counts: NDArray[np.float64], config: NeighbourConfig) -> Any:  # noqa: ANN401
    """Return float32 CSR weights: no item speaks for itself, popular ones are held back."""
    sparse = require("scipy.sparse", "cpu")
    table = sparse.coo_array(pairs)
    other = table.row != table.col
    row, column, values = table.row[other], table.col[other], table.data[other]
    scale = np.maximum(counts, 1.0) ** -config.popularity_power
    values = (values * scale[row] * scale[column]).astype(np.float32)
    if config.neighbours is not None:
        strongest = np.lexsort((row, -values, column))  # the column's item is who is spoken for
        begins = np.searchsorted(column[strongest], np.arange(len(counts)))
        nth = np.arange(len(column)) - begins[column[strongest]]
        kept = strongest[nth < config.neighbours]
        row, column, values = row[kept], column[kept], values[kept]
    return sparse.coo_array((values, (row, column)), shape=table.shape).tocsr()
