"""A low-rank linear item model whose item vectors live in the item index like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import DataError, require
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.matrix import user_item_matrix
from llmrec.retrieval.mean import MeanConfig, MeanRetriever

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.types import Catalogue

NAME = "ease-low-rank"
_NOTHING = 1e-6  # of the largest singular value: a direction as short as that says nothing


class LowRankConfig(Settings):
    """How the vectors are fitted and asked."""

    dimension: int = Field(default=64, ge=1)
    """Length of an item's vector, at most."""
    regularisation: float = Field(default=10.0, gt=0)
    """In mean squared lengths of an item's column; larger trusts weak directions less."""
    popularity_power: float = Field(default=0.25, ge=0, le=0.5)
    """An item's column is divided by its count to this power, which holds popular ones back."""
    half_life_events: float | None = Field(default=3.0, gt=0)
    """After how many later events an event of the query counts half; None: all alike."""


def fit_low_rank(
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: LowRankConfig | None = None,
    *,
    before: datetime | None = None,
) -> MeanRetriever:
    """Fit the regression of the user-item table on itself within its strongest directions.

    With X = U S V' the truncated singular value decomposition of that table, the weights are
    B = V diag(s^2 / (s^2 + lambda)) V' (Jin et al., "Towards a Better Understanding of Linear
    Models for Recommendation", KDD 2021, low-rank regression). They fall into one vector an item,
    v = V sqrt(s^2 / (s^2 + lambda)), and a history is asked by the recency-weighted mean of its
    items' vectors: memory and time grow with the items, not with their pairs.

    Args:
        catalogue: The items; those without events have no vector and are not proposed.
        interactions: Training events with ``user_id`` and ``item_id``.
        config: Dimension, regularisation and half-life.
        before: See ``MeanRetriever``; it does not filter the events.

    Raises:
        DataError: There are no events.
        UnknownItemError: An event's item is not in the catalogue.
        MissingExtraError: SciPy or FAISS is not installed.
    """
    config = config or LowRankConfig()
    met = user_item_matrix(catalogue, interactions.select("user_id", "item_id").collect())
    if not met.nnz:
        raise DataError(f"{NAME} needs training events, and there are none")
    counts = np.asarray(met.sum(axis=0))
    known = np.flatnonzero(counts)
    scale = counts[known] ** -config.popularity_power
    vectors = _vectors(met[:, known] * scale[None, :], config)
    ids = list(catalogue)
    there = np.flatnonzero(np.linalg.norm(vectors, axis=1) > _NOTHING)
    index = ItemIndex(catalogue, [ids[known[n]] for n in there], vectors[there])
    asked = MeanConfig(half_life_events=config.half_life_events)
    return MeanRetriever(index, asked, name=NAME, before=before)


def _vectors(table: Any, config: LowRankConfig) -> NDArray[np.float32]:  # noqa: ANN401 - SciPy
    """Return the items' vectors, ``(n_items, at most dimension) float32``."""
    smaller = min(table.shape)
    if smaller <= config.dimension + 1:
        _, values, directions = np.linalg.svd(table.toarray(), full_matrices=False)
    else:
        linalg = require("scipy.sparse.linalg", "cpu")
        begin = np.ones(smaller) / np.sqrt(smaller)  # the same vectors on every run
        _, values, directions = linalg.svds(table, k=config.dimension, v0=begin)
    order = np.argsort(-values)[: config.dimension]
    order = order[values[order] > _NOTHING * values.max()]
    squares = values[order] ** 2
    penalty = config.regularisation * float(table.power(2).sum()) / table.shape[1]
    shares = np.sqrt(squares / (squares + penalty))
    vectors: NDArray[np.float32] = (directions[order].T * shares).astype(np.float32)
    return np.ascontiguousarray(vectors)
