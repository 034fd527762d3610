"""What everybody remembers at a moment, and the probability of every item then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.belief import beliefs
from llmrec.world.evenings import day_of
from llmrec.world.simulate import lockstep
from llmrec.world.state import Moment, State, Taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.belief import Belief
    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def taken(lives: Lives, at: Ints) -> Taken:
    """Return what was chosen in some events."""
    return Taken(lives.item[at], lives.rating[at], lives.cooked[at])


def remember(
    lives: Lives,
    as_of_s: Ints,
    shelf: Shelf,
    settings: WorldSettings,
    *,
    left: Floats | None = None,
) -> tuple[State, Ints]:
    """Replay the events of each account before a moment of its own.

    Args:
        lives: What the accounts did.
        as_of_s: ``(accounts,)``, Unix seconds.
        shelf: The world's items.
        settings: The world's parameters.
        left: ``(traces, places)``: what each trace of a shelf that never fades keeps of a person's
            last event, the one before, and so on; None: all of it.

    Returns:
        The state, and ``(rows,)``: where each member stands in it.
    """
    evenings, rows = lives.evenings, len(lives.people.child)
    past = np.flatnonzero(evenings.starts_s < as_of_s[evenings.account])
    row = evenings.row[past]
    counts = np.bincount(row, minlength=rows)
    rank = np.empty(rows, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(rows)
    state = State.empty(rows, shelf, settings)
    order, steps = lockstep(row)
    back = None if left is None else np.minimum(places_back(row), left.shape[1] - 1)
    begin = 0
    for k in steps:
        step = order[begin : begin + k]
        at = past[step]
        state.advance(evenings.day[at])
        kept = None if left is None or back is None else left[:, back[step]]
        state.take(taken(lives, at), kept)
        begin += k
    return state, rank


def places_back(row: Ints) -> Ints:
    """Return how many events of the same person follow each one: 0 for a person's last.

    Args:
        row: ``(events,)``: whose each is; those of one person are in order of time.
    """
    by_row = np.argsort(row, kind="stable")
    ends = np.cumsum(np.bincount(row))
    back = np.empty(len(row), dtype=np.int64)
    back[by_row] = ends[row[by_row]] - 1 - np.arange(len(row))
    return back


def by_member(
    state: State,
    rank: Ints,
    lives: Lives,
    days: Ints,
    belief: Belief,
    *,
    share: Floats | None = None,
) -> Floats:
    """Return each member's part of their account's probability of every item: ``(rows, n)``.

    Args:
        state: What everybody remembers; it is brought to the day.
        rank: ``(rows,)``: where each member stands in the state.
        lives: The accounts.
        days: ``(accounts,)``: the day of each.
        belief: Who may choose, and how.
        share: ``(accounts,)``: at which share of the world's time tastes are taken; the day's if
            None.
    """
    people, shelf, settings = lives.people, state.shelf, state.settings
    account = np.repeat(np.arange(len(days)), people.members)
    row = np.argsort(rank)
    day = days[account[row]]
    state.advance(day)
    time = day / settings.days if share is None else share[account[row]]
    found = np.zeros((len(rank), len(shelf.entries)))
    for guests in (0, 1) if settings.guests is not None else (0,):
        moment = Moment(
            taste=people.taste(row, time),
            day=shelf.day[day],
            fresh=belief.fresh[row],
            guests=np.full(len(row), bool(guests)),
        )
        found[row] += state.probabilities(moment) * belief.weights[row, guests][:, None]
    return found


def mixture(
    state: State,
    rank: Ints,
    lives: Lives,
    days: Ints,
    belief: Belief,
    *,
    share: Floats | None = None,
) -> Floats:
    """Return each account's probability of every item, ``(accounts, n)``: its members' parts."""
    parts = by_member(state, rank, lives, days, belief, share=share)
    return np.asarray(np.add.reduceat(parts, lives.people.first_row, axis=0))


def member_parts(lives: Lives, as_of_s: Ints, shelf: Shelf, settings: WorldSettings) -> Floats:
    """Return each member's part of the probabilities at their account's moment: ``(rows, n)``."""
    state, rank = remember(lives, as_of_s, shelf, settings)
    belief = beliefs(lives, as_of_s, settings)
    days = np.array([day_of(settings, int(moment)) for moment in as_of_s], dtype=np.int64)
    return by_member(state, rank, lives, days, belief)


def probabilities(lives: Lives, as_of_s: Ints, shelf: Shelf, settings: WorldSettings) -> Floats:
    """Return the probability of every item at a moment of each account: ``(accounts, n)``."""
    parts = member_parts(lives, as_of_s, shelf, settings)
    return np.asarray(np.add.reduceat(parts, lives.people.first_row, axis=0))
