"""EASE: the closed-form linear item model, asked with a recency-weighted history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError, DataError, require
from llmrec.progress import track
from llmrec.retrieval.matrix import ItemMatrixRetriever, user_item_matrix

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.types import Catalogue


class EaseConfig(Settings):
    """How EASE is fitted and asked."""

    regularisation: float = Field(default=200.0, gt=0)
    """Added to the diagonal of the item-item counts; larger trusts single users less."""
    decay: float = Field(default=0.8, ge=0, le=1)
    """How much an event counts beside the one after it; 1 is EASE as published."""
    neighbours: int | None = Field(default=None, ge=1)
    """Regress each item only on so many others, those it goes with most; None: on all of them.
    Weights are sparse then, and large catalogues can be fitted."""
    max_gib: float = Field(default=16.0, gt=0)
    """What fitting on all may take; it needs about 28 bytes for every pair of items."""


def fit_ease(
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: EaseConfig | None = None,
    *,
    before: datetime | None = None,
) -> ItemMatrixRetriever:
    """Fit EASE on a log (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019).

    Each event counts once per user and item, whatever its rating. On small data the query by
    recency is worth more than the choice of model.

    Args:
        catalogue: The items; those without events score 0.
        interactions: Training events with ``user_id`` and ``item_id``.
        config: Regularisation and decay.
        before: See ``DenseRetriever``; it does not filter the events.

    Raises:
        ConfigError: The catalogue is too large for ``max_gib``.
        DataError: There are no events.
        UnknownItemError: An event's item is not in the catalogue.
        MissingExtraError: SciPy is not installed.
    """
    config = config or EaseConfig()
    settings: dict[str, Any] = {"regularisation": config.regularisation}
    if config.neighbours is None:
        check_pairs(catalogue, config.max_gib, what="EASE")
        weights: Any = ease_weights(item_counts(catalogue, interactions), config.regularisation)
    else:
        settings["neighbours"] = config.neighbours
        weights = sparse_ease_weights(
            _pair_counts(catalogue, interactions), config.regularisation, config.neighbours
        )
    return ItemMatrixRetriever(
        catalogue,
        weights,
        name="ease",
        decay=config.decay,
        settings=settings,
        before=before,
    )


def check_pairs(catalogue: Catalogue, max_gib: float, *, what: str) -> None:
    """Refuse a catalogue whose dense item-item tables would not fit.

    Raises:
        ConfigError: With the size and the limit.
    """
    needed = 28 * len(catalogue) ** 2 / 2**30
    if needed > max_gib:
        raise ConfigError(
            f"{what} on {len(catalogue):,} items needs {needed:.1f} GiB; max_gib is {max_gib}",
            remedy="Raise max_gib where there is memory; item-knn, and EASE with neighbours, are "
            "sparse.",
        )


def item_counts(catalogue: Catalogue, interactions: pl.LazyFrame) -> NDArray[np.float64]:
    """Return how many users met both items: ``(n_items, n_items) float64``.

    Raises:
        DataError: There are no events.
    """
    counts: NDArray[np.float64] = _pair_counts(catalogue, interactions).toarray()
    return counts


def _pair_counts(catalogue: Catalogue, interactions: pl.LazyFrame) -> Any:  # noqa: ANN401 - SciPy
    met = user_item_matrix(catalogue, interactions.select("user_id", "item_id").collect())
    if not met.nnz:
        raise DataError("EASE needs training events, and there are none")
    return (met.T @ met).tocsr()


def ease_weights(counts: NDArray[np.float64], regularisation: float) -> NDArray[np.float32]:
    """Return EASE's weights: -P / diag(P) by column, 0 on the diagonal, P the inverse.

    Args:
        counts: ``(n_items, n_items) float64``, as ``item_counts``; left as they are.
        regularisation: Added to their diagonal; above 0.

    Returns:
        ``(n_items, n_items) float32``; row = the item of the past.
    """
    lapack: Any = require("scipy.linalg.lapack", "cpu")
    table = np.asfortranarray(counts)
    table = table.copy(order="F") if table is counts else table
    table[np.diag_indices(len(table))] += regularisation
    factor, fault = lapack.dpotrf(table, lower=1, overwrite_a=1)
    inverse, fault = lapack.dpotri(factor, lower=1) if fault == 0 else (factor, fault)
    if fault:
        raise DataError(f"EASE's table cannot be inverted at a regularisation of {regularisation}")
    lower: NDArray[np.float64] = np.tril(inverse)  # only that triangle is filled
    full = lower + np.tril(lower, -1).T
    weights = (full / -np.diag(full)[None, :]).astype(np.float32)
    weights[np.diag_indices(len(weights))] = 0.0
    return weights


def sparse_ease_weights(counts: Any, regularisation: float, neighbours: int) -> Any:  # noqa: ANN401
    """Return EASE's weights where each item is regressed on its nearest neighbours only.

    EASE solves one ridge regression an item, on all others; here the others are those that most of
    its users met too, popular ones held back by the root of their counts (as fsSLIM: Ning and
    Karypis, "SLIM", ICDM 2011). With as many neighbours as items it is EASE.

    Args:
        counts: ``(n_items, n_items)`` SciPy CSR, how many users met both items.
        regularisation: Added to the diagonal; above 0.
        neighbours: How many others.

    Returns:
        ``(n_items, n_items) float32`` SciPy CSR; row = the item of the past.
    """
    sparse = require("scipy.sparse", "cpu")
    n_items = counts.shape[0]
    own = np.maximum(counts.diagonal(), 1.0)
    rows, columns, values = [], [], []
    for item in track(range(n_items), "Fitting EASE"):
        begin, end = counts.indptr[item : item + 2]
        others, met = counts.indices[begin:end], counts.data[begin:end]
        others, met = others[others != item], met[others != item]
        near = np.lexsort((others, -met / np.sqrt(own[others])))[:neighbours]
        if not near.size:
            continue
        table = counts[others[near]][:, others[near]].toarray()
        table[np.diag_indices(len(near))] += regularisation
        rows.append(others[near])
        columns.append(np.full(len(near), item))
        values.append(np.linalg.solve(table, met[near]))
    none = np.empty(0, dtype=np.int64)
    places = (np.concatenate([none, *rows]), np.concatenate([none, *columns]))
    weights = np.concatenate([np.empty(0), *values]).astype(np.float32)
    return sparse.coo_array((weights, places), shape=(n_items, n_items)).tocsr()
