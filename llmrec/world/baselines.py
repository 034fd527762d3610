"""Simple rankers that know the log and nothing of the world: the bar for every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_FADES = 0.85
_WITHIN = 5


class Log(NamedTuple):
    """What a log tells of each account: items in order of time, the last one apart."""

    past: list[Ints]
    target: Ints
    """``(accounts,)``."""


def log_of(lives: Sequence[Lives]) -> Log:
    """Return the log of simulated accounts, each one's last event as its target."""
    every = [
        items
        for each in lives
        for items in np.split(each.item, np.cumsum(np.bincount(each.evenings.account))[:-1])
    ]
    return Log([items[:-1] for items in every], np.array([items[-1] for items in every]))


def popularity(log: Log, n_items: int) -> Floats:
    """Score by how often an item was chosen: ``(accounts, n)``."""
    counts = np.bincount(np.concatenate(log.past), minlength=n_items).astype(np.float64)
    return np.repeat(counts[None, :], len(log.past), axis=0)


def co_occurrence(log: Log, n_items: int) -> Floats:
    """Score by what others chose soon after the same items, recent ones first: ``(accounts, n)``.

    ``count(a, then b within 5 events) / sqrt(count(a) * count(b))``, summed over the account's
    events with a weight that falls by 15 % an event.
    """
    table = np.zeros((n_items, n_items))
    for items in log.past:
        for lag in range(1, _WITHIN + 1):
            np.add.at(table, (items[:-lag], items[lag:]), 1.0 / lag)
    counts = np.maximum(np.bincount(np.concatenate(log.past), minlength=n_items), 1)
    table /= np.sqrt(counts[:, None] * counts[None, :])
    return np.stack([_recent(len(items)) @ table[items] for items in log.past])


def text_similarity(log: Log, vectors: Floats, *, recent: bool = False) -> Floats:
    """Score by closeness to the mean vector of the account's items: ``(accounts, n)``.

    Args:
        log: The accounts.
        vectors: ``(n, dim)``, L2-normalised.
        recent: Whether recent items count more.
    """
    weights = [_recent(len(items)) if recent else np.ones(len(items)) for items in log.past]
    means = [each @ vectors[items] for each, items in zip(weights, log.past, strict=True)]
    return np.stack(means) @ vectors.T


def _recent(count: int) -> Floats:
    """Return weights of events in order of time: 1 for the last one."""
    return np.asarray(_FADES ** np.arange(count - 1, -1, -1, dtype=np.float64))
