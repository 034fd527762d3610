"""Positions that may be learnt from: events of the training part, each with what stood before."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.artifacts import sha256_of
from llmrec.types import Query

if TYPE_CHECKING:
    from llmrec.data import Split
    from llmrec.types import History


def training_sizes(split: Split) -> dict[str, int]:
    """Return how many of each user's events may be learnt from: always their first ones."""
    counts = split.train.group_by("user_id").agg(pl.len()).sort("user_id").collect()
    return dict(zip(counts["user_id"].to_list(), counts["len"].to_list(), strict=True))


def queries_of(split: Split, user: str, n_events: int) -> list[Query]:
    """Return a user's training events as queries, by the rules of the card that serves.

    Args:
        split: Its card says which events are targets, and what a history holds.
        user: Of the training part.
        n_events: How many events of the user may be learnt from.
    """
    card = split.protocol
    seen: set[str] = set()
    queries = []
    for target in split.dataset.events(user)[:n_events]:
        again = target.item_id in seen
        asked = {"mask": not again, "only": again, "rank": True}[card.seen_items]
        liked = card.min_rating is None or (
            target.rating is not None and target.rating >= card.min_rating
        )
        seen.add(target.item_id)
        if not (asked and liked):
            continue
        sequence = target.sequence if card.ties == "keep-earlier" else 0
        history = split.dataset.history(user, as_of=target.timestamp, as_of_sequence=sequence)
        if len(history.interactions) >= max(1, card.min_history):
            queries.append(Query(history=history, target=target))
    return queries


def newest(history: History, n_events: int) -> History:
    """Return the history as if it had begun with its newest ``n_events`` events."""
    return dataclasses.replace(history, interactions=history.interactions[-n_events:])


def draw_of(*parts: object) -> np.random.Generator:
    """Return a random stream that depends on the parts alone, on every machine."""
    return np.random.default_rng(int(sha256_of(list(parts))[:16], 16))
