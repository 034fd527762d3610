"""People choosing over time: step ``n`` draws everybody's ``n``-th event at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.evenings import Evenings, draw_evenings
from llmrec.world.people import People, draw_people
from llmrec.world.random import bells, starts, uniforms
from llmrec.world.state import Moment, State, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_DRAWS = 8
_CHOICE, _ORDERED, _BELL = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """Everything that a chunk of accounts did: events sorted by account and time."""

    people: People
    evenings: Evenings
    item: Ints
    """``(events,)``: positions in the catalogue."""
    rating: Floats
    """``(events,)``: 1 to 5 in halves."""
    cooked: NDArray[np.bool_]
    """``(events,)``: False if it was ordered."""


def live(numbers: Sequence[int], shelf: Shelf, settings: WorldSettings, seed: int) -> Lives:
    """Simulate a chunk of accounts; the others have no influence on them.

    Args:
        numbers: Of the accounts, from 1.
        shelf: The world's items, stocked with the same settings and seed.
        settings: The world's parameters.
        seed: Any integer.
    """
    people = draw_people(numbers, shelf, settings, seed)
    evenings = draw_evenings(people, settings, seed)
    states = starts(seed, numbers, "choice")[evenings.account]
    counters = evenings.place * _DRAWS
    order, steps = lockstep(evenings.row)
    rows = evenings.row[order[: steps[0]]] if steps else np.zeros(0, dtype=np.int64)
    state = State.empty(len(rows), shelf, settings)
    chosen = np.zeros(len(order), dtype=np.int64)
    rating = np.zeros(len(order))
    cooked = uniforms(states, counters + _ORDERED) >= settings.ordered
    drawn, bell = uniforms(states, counters + _CHOICE), bells(states, counters + _BELL)
    begin = 0
    for k in steps:
        at = order[begin : begin + k]
        state.advance(evenings.day[at])
        moment = moment_of(people, evenings, at, shelf, settings)
        taste = moment.taste.copy()
        total = np.cumsum(state.probabilities(moment), axis=1)
        item = (total > (drawn[at] * total[:, -1])[:, None]).argmax(axis=1)
        liking = taste[np.arange(k), item]
        rating[at] = rate(liking, item, people.generosity[rows[:k]], bell[at], shelf, settings)
        chosen[at] = item
        state.take(Taken(item, rating[at], cooked[at]))
        begin += k
    return Lives(people=people, evenings=evenings, item=chosen, rating=rating, cooked=cooked)


def lockstep(row: Ints) -> tuple[Ints, list[int]]:
    """Order events so that every row's first come first, then every row's second, and so on.

    Rows with more events stand before those with fewer, so that each step goes on with the first
    of the rows of the step before.

    Args:
        row: ``(events,)``; each row's events are in order of time.

    Returns:
        The order of the events, and how many there are in each step.
    """
    if len(row) == 0:
        return np.zeros(0, dtype=np.int64), []
    by_row = np.argsort(row, kind="stable")
    counts = np.bincount(row)
    first = np.cumsum(counts) - counts
    step = np.empty(len(row), dtype=np.int64)
    step[by_row] = np.arange(len(row)) - first[row[by_row]]
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.lexsort((rank[row], step)), np.bincount(step).tolist()


def moment_of(
    people: People, evenings: Evenings, at: Ints, shelf: Shelf, settings: WorldSettings
) -> Moment:
    """Return when and how some events' people choose."""
    day = evenings.day[at]
    return Moment(
        taste=people.taste(evenings.row[at], day / settings.days),
        day=shelf.day[day],
        fresh=evenings.within[at] == 0,
        guests=evenings.guests[at] > 0,
    )


def rate(
    liking: Floats,
    item: Ints,
    generosity: Floats,
    bell: Floats,
    shelf: Shelf,
    settings: WorldSettings,
) -> Floats:
    """Return ratings: taste, quality, generosity and chance, rounded to halves."""
    rating = settings.rating
    value = (
        rating.base
        + rating.liking * (liking / (1.0 + liking))
        + rating.quality * shelf.quality[item]
        + generosity
        + rating.noise_spread * bell
    )
    return np.clip(np.floor(value * 2.0 + 0.5) / 2.0, 1.0, 5.0)
