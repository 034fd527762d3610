"""Training without validation queries of one's own: the log's last events say when to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.data.tables import INTERACTIONS, events_of
from llmrec.retrieval.sequence.config import SequenceConfig
from llmrec.retrieval.sequence.fit import fit_sequence
from llmrec.types import History, Query

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from llmrec.retrieval.index import ItemIndex
    from llmrec.retrieval.sequence.retriever import SequenceRetriever
    from llmrec.types import Catalogue

HELD_OUT_USERS = 2000


def fit_sequence_on_all(
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: SequenceConfig | None = None,
    *,
    texts: ItemIndex | None = None,
    before: datetime | None = None,
    folder: Path | None = None,
) -> SequenceRetriever:
    """Train twice: without the last event of some users, to learn for how long; then on all events.

    Args:
        catalogue: As for ``fit_sequence``, which see for the errors too.
        interactions: Events in the columns of a dataset's.
        config: Settings; ``epochs`` is the most that are trained.
        texts: As for ``fit_sequence``.
        before: As for ``fit_sequence``.
        folder: Where the checkpoints and curves of both trainings go.
    """
    config = config or SequenceConfig()
    rest, queries = last_events_out(catalogue, interactions, seed=config.seed)
    if queries:
        first = fit_sequence(
            catalogue,
            rest,
            config,
            validation=queries,
            texts=texts,
            before=before,
            folder=None if folder is None else folder / "stopping",
        )
        config = config.model_copy(update={"epochs": first.metrics["epochs"]})
    return fit_sequence(
        catalogue,
        interactions,
        config,
        texts=texts,
        before=before,
        folder=None if folder is None else folder / "all",
    )


def last_events_out(
    catalogue: Catalogue, interactions: pl.LazyFrame, *, seed: int, n_users: int = HELD_OUT_USERS
) -> tuple[pl.LazyFrame, list[Query]]:
    """Return a log without the last events of some users, and queries that ask for them.

    Users of one event are left alone.

    Args:
        catalogue: Targets are its items.
        interactions: Events in the columns of a dataset's.
        seed: Which users are drawn.
        n_users: How many, at most.
    """
    order = ("user_id", "timestamp_s", "sequence")
    events = interactions.select(INTERACTIONS.names()).sort(order).collect()
    place = pl.int_range(pl.len()).over("user_id")
    events = events.with_columns(place=place, is_last=place == pl.len().over("user_id") - 1)
    targets = events.filter(pl.col("is_last") & (pl.col("place") > 0))
    users = targets.filter(pl.col("item_id").is_in(list(catalogue)))["user_id"]
    drawn = np.random.default_rng(seed).permutation(len(users))[:n_users]
    chosen = users[np.sort(drawn)]
    held = pl.col("user_id").is_in(chosen.implode())
    rest = events.filter(~held | ~pl.col("is_last")).select(INTERACTIONS.names())
    asked = events.filter(held).partition_by("user_id", maintain_order=True)
    return rest.lazy(), [_query(frame) for frame in asked]


def _query(frame: pl.DataFrame) -> Query:
    """Return one user's events as a query for the last of them."""
    *past, target = events_of(frame)
    history = History(
        user_id=frame["user_id"][0],
        as_of=target.timestamp,
        as_of_sequence=target.sequence,
        interactions=tuple(past),
    )
    return Query(history=history, target=target)
