"""Linear item transitions: the closed form of EASE, learnt for what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import DataError, require
from llmrec.retrieval.ease import check_pairs
from llmrec.retrieval.matrix import ItemMatrixRetriever, positions_of

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.types import Catalogue

NAME = "transitions"
_LEAST = 0.02  # a past event that counts less is left out of the fit


class TransitionConfig(Settings):
    """How transitions are fitted and asked."""

    regularisation: float = Field(default=200.0, gt=0)
    """Added to the diagonal of the item-item table; larger trusts single events less."""
    decay: float = Field(default=0.9, ge=0, le=1)
    """How much a past event counts beside the one after it, in the fit and in the query."""
    reach: int = Field(default=100, ge=1)
    """How many past events the fit looks back at, at most."""
    max_gib: float = Field(default=16.0, gt=0)
    """What fitting may take; it needs about 28 bytes for every pair of items."""


def fit_transitions(
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: TransitionConfig | None = None,
    *,
    before: datetime | None = None,
) -> ItemMatrixRetriever:
    """Fit which item comes next as a ridge regression on what came before.

    Every event is predicted from the recency-weighted events before it (Choi et al., "Session-aware
    Linear Item-Item Models for Session-based Recommendation", WWW 2021, the transition model, with
    the very next event as the only target): B = (X'X + lambda I)^-1 X'Y, where a row of X holds
    decay ** age of a user's past events and the row of Y the event that followed them.

    Args:
        catalogue: The items; those without events score 0.
        interactions: Training events in the columns of a dataset's.
        config: Regularisation and decay.
        before: See ``DenseRetriever``; it does not filter the events.

    Raises:
        ConfigError: The catalogue is too large for ``max_gib``.
        DataError: There are no events.
        UnknownItemError: An event's item is not in the catalogue.
        MissingExtraError: SciPy is not installed.
    """
    config = config or TransitionConfig()
    check_pairs(catalogue, config.max_gib, what=NAME)
    met, followed = transition_tables(catalogue, interactions, config)
    return ItemMatrixRetriever(
        catalogue,
        transition_weights(met, followed, config.regularisation),
        name=NAME,
        decay=config.decay,
        settings=config.model_dump(exclude={"decay", "max_gib"}),
        before=before,
    )


def transition_tables(
    catalogue: Catalogue, interactions: pl.LazyFrame, config: TransitionConfig
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return X'X and X'Y, both ``(n_items, n_items) float64``; see ``fit_transitions``.

    Raises:
        DataError: There are no events.
        UnknownItemError: An event's item is not in the catalogue.
    """
    sparse = require("scipy.sparse", "cpu")
    columns = ("user_id", "item_id", "timestamp_s", "sequence")
    events = interactions.select(columns).sort("user_id", "timestamp_s", "sequence").collect()
    if events.is_empty():
        raise DataError(f"{NAME} need training events, and there are none")
    items = positions_of(catalogue, events["item_id"])
    users = events["user_id"].rle_id().to_numpy()
    shape = (len(items), len(catalogue))
    past = _past(sparse, users, items, config, shape)
    next_ = sparse.csr_array((np.ones(len(items)), (np.arange(len(items)), items)), shape=shape)
    return (past.T @ past).toarray(), (past.T @ next_).toarray()


def transition_weights(
    met: NDArray[np.float64], followed: NDArray[np.float64], regularisation: float
) -> NDArray[np.float32]:
    """Solve for the weights, ``(n_items, n_items) float32``; row = the item of the past.

    Args:
        met: X'X; left as it is.
        followed: X'Y.
        regularisation: Added to the diagonal of X'X; above 0.
    """
    lapack: Any = require("scipy.linalg.lapack", "cpu")
    table = np.array(met, order="F")
    table[np.diag_indices(len(table))] += regularisation
    _, weights, fault = lapack.dposv(table, followed, lower=1, overwrite_a=1)
    if fault:
        raise DataError(f"the table of {NAME} cannot be solved at {regularisation}")
    return np.ascontiguousarray(weights, dtype=np.float32)


def _past(
    sparse: Any,  # noqa: ANN401 - SciPy
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    config: TransitionConfig,
    shape: tuple[int, int],
) -> Any:  # noqa: ANN401
    """Return what stood before each event, ``(n_events, n_items) float64`` CSR."""
    rows, columns, values = [], [], []
    for age in range(min(config.reach, len(items) - 1)):
        weight = config.decay**age
        if weight < _LEAST:
            break
        row = np.flatnonzero(users[age + 1 :] == users[: -age - 1]) + age + 1
        rows.append(row)
        columns.append(items[row - age - 1])
        values.append(np.full(len(row), weight))
    none = np.empty(0, dtype=np.int64)
    places = (np.concatenate([none, *rows]), np.concatenate([none, *columns]))
    return sparse.coo_array((np.concatenate([np.empty(0), *values]), places), shape=shape).tocsr()
