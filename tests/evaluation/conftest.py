"""A small log whose users walk along the items, so that what follows an item can be learnt."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from llmrec.data import SplitProtocol, load, write_dataset
from llmrec.types import Item

GENRES = ("Drama", "Comedy", "Horror")
N_ITEMS, N_USERS, N_EVENTS = 40, 50, 12


def walkers(folder, titles="Film {}"):
    rng = np.random.default_rng(11)
    items = [
        Item(item_id=f"{n}", title=titles.format(n), attributes={"genres": (GENRES[n % 3],)})
        for n in range(N_ITEMS)
    ]
    rows = []
    for user in range(N_USERS):
        start, step = int(rng.integers(N_ITEMS)), int(rng.choice([1, 1, 3]))
        rows += [
            (f"u{user:02}", f"{(start + step * n) % N_ITEMS}", 86_400 * n + user)
            for n in range(N_EVENTS)
        ]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp_s"], orient="row")
    write_dataset(folder, items=items, interactions=frame, made_from={})
    return load(folder)


@pytest.fixture(scope="session")
def log(tmp_path_factory):
    """Fifty users, forty items, twelve events each."""
    return walkers(tmp_path_factory.mktemp("log") / "walkers")


@pytest.fixture
def loo():
    """The shipped leave-one-out card."""
    return SplitProtocol.named("leave-one-out.v1")
