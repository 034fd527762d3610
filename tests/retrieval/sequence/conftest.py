"""A log whose users walk along a ring of items, so that what comes next can be learnt."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from llmrec.retrieval import ItemIndex
from llmrec.retrieval.sequence import SequenceConfig
from llmrec.types import Catalogue, Item

N_ITEMS = 24
START_S = 1_700_000_000


def walks(n_users=40, n_events=10, *, without=()):
    """Users walk ahead or back, an item a day; items in ``without`` are jumped over."""
    rows = []
    for user in range(n_users):
        step, place = 1 if user % 2 else -1, user * 5 % N_ITEMS
        for n in range(n_events):
            place = (place + step) % N_ITEMS
            if place not in without:
                moment = START_S + 86_400 * n + user
                rows.append(
                    (f"u{user:02}", f"i{place}", moment, 0, float(1 + place % 5), None, None)
                )
    schema = {
        "user_id": pl.String,
        "item_id": pl.String,
        "timestamp_s": pl.Int64,
        "sequence": pl.Int64,
        "rating": pl.Float64,
        "event": pl.String,
        "quantity": pl.Float64,
    }
    return pl.LazyFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="session")
def ring():
    """Items 0 to 23."""
    return Catalogue([Item(item_id=f"i{n}", title=f"Place {n}") for n in range(N_ITEMS)])


@pytest.fixture(scope="session")
def ring_texts(ring):
    """Vectors that tell where on the ring an item is: near items have like vectors."""
    angles = 2 * np.pi * np.arange(N_ITEMS)[:, None] / N_ITEMS * np.array([1, 2, 3])
    vectors = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return ItemIndex(ring, list(ring), vectors.astype(np.float32))


@pytest.fixture(scope="session")
def small():
    """A model that learns the ring in a second or two."""
    return SequenceConfig(
        dimension=16, epochs=25, learning_rate=0.01, warmup_steps=10, batch_events=100, dropout=0.1
    )
