"""Batches of windows: padded on the right, of like lengths, in an order that a seed decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from llmrec.retrieval.sequence.events import EventLog, ReadEvents

    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of events behind a start mark, padded on the right.

    Padding needs no mask: attention looks back only, so what is real never sees it.
    """

    items: Integers
    """``(n_rows, length)``: catalogue positions; the number of items stands for the start mark,
    which is every row's first, and for padding."""
    places: Integers
    """``(n_rows, length)``, or ``(1, length)`` where all rows' are the same: 0 for the start mark,
    then from 1."""
    codes: Integers
    """``(n_rows, length, n_fields)``: see ``EventCoding``; 0 for the start mark."""
    weights: NDArray[np.float32]
    """``(n_rows, length)``: what each event's item counts; 1 in training."""
    lengths: Integers
    """``(n_rows,)``: how many of a row are real, the start mark included."""
    targets: Integers | None = None
    """``(n_rows, length)``: in training the item that comes next, -1 in the padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Runs of a log's events that are trained on: ``begins[n]:begins[n] + lengths[n]``."""

    begins: Integers
    lengths: Integers


def windows_of(log: EventLog, length: int, rng: np.random.Generator) -> Windows:
    """Cut each user's events into windows of at most ``length``, anew every time.

    Where the first cut falls is drawn, so that over the epochs every event is read with much and
    with little before it.
    """
    sizes = np.diff(log.starts)
    first = np.where(sizes > length, rng.integers(1, length + 1, len(sizes)), sizes)
    counts = 1 + -(-(sizes - first) // length)
    owner = np.repeat(np.arange(len(sizes)), counts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = np.where(nth == 0, 0, first[owner] + (nth - 1) * length)
    ends = np.minimum(first[owner] + nth * length, sizes[owner])
    return Windows(begins=log.starts[owner] + begins, lengths=ends - begins)


def training_batches(
    log: EventLog, *, max_events: int, batch_events: int, rng: np.random.Generator
) -> list[Windows]:
    """Return an epoch's batches: windows of like lengths together, the batches in a drawn order."""
    windows = windows_of(log, max_events + 1, rng)
    order = np.lexsort((rng.random(len(windows.lengths)), windows.lengths))
    lengths = windows.lengths[order]
    groups, begin = [], len(order)
    while begin > 0:  # from the longest: the batch's size follows from its longest row
        size = max(1, batch_events // int(lengths[begin - 1]))
        groups.append(order[max(0, begin - size) : begin])
        begin -= size
    return [
        Windows(begins=windows.begins[groups[n]], lengths=windows.lengths[groups[n]])
        for n in rng.permutation(len(groups))
    ]


def training_batch(log: EventLog, windows: Windows, *, n_items: int) -> Batch:
    """Return windows as rows, each event being what comes next after those before it."""
    length = int(windows.lengths.max())
    columns = np.arange(length)
    real = columns < windows.lengths[:, None]
    rows = np.where(real, windows.begins[:, None] + columns, 0)
    shifted, inside = rows[:, :-1], real[:, 1:]
    start = np.full((len(rows), 1), n_items)
    codes = np.zeros((*rows.shape, log.codes.shape[1]), dtype=np.int64)
    codes[:, 1:] = np.where(inside[..., None], log.codes[shifted], 0)
    return Batch(
        items=np.concatenate([start, np.where(inside, log.items[shifted], n_items)], axis=1),
        places=columns[None, :],
        codes=codes,
        weights=np.ones(rows.shape, dtype=np.float32),
        lengths=windows.lengths,
        targets=np.where(real, log.items[rows], -1),
    )


def reading_batches(
    read: Sequence[ReadEvents], *, n_items: int, n_fields: int, batch_events: int
) -> Iterator[tuple[Integers, Batch]]:
    """Yield what is read of histories as batches of like lengths, each with its rows' numbers."""
    lengths = np.array([1 + len(row.items) for row in read], dtype=np.int64)
    order = np.argsort(lengths, kind="stable")
    end = len(order)
    while end > 0:
        size = max(1, batch_events // int(lengths[order[end - 1]]))
        chosen = order[max(0, end - size) : end]
        yield chosen, _padded([read[n] for n in chosen], n_items, n_fields)
        end -= size


def _padded(rows: Sequence[ReadEvents], n_items: int, n_fields: int) -> Batch:
    lengths = np.array([1 + len(row.items) for row in rows], dtype=np.int64)
    shape = (len(rows), int(lengths.max()))
    items, places = np.full(shape, n_items), np.zeros(shape, dtype=np.int64)
    codes = np.zeros((*shape, n_fields), dtype=np.int64)
    weights = np.ones(shape, dtype=np.float32)
    for n, row in enumerate(rows):
        part = slice(1, int(lengths[n]))
        items[n, part], places[n, part] = row.items, row.places
        codes[n, part], weights[n, part] = row.codes, row.weights
    return Batch(items=items, places=places, codes=codes, weights=weights, lengths=lengths)
