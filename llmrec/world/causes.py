"""Why an item is as likely as it is: what each past event, and each lasting trait, does to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.belief import beliefs
from llmrec.world.evenings import date_of, day_of
from llmrec.world.replay import taken
from llmrec.world.state import Moment, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCause:
    """What one past event does to an item."""

    place: int
    """Among the account's events, from 0."""
    item_id: str
    timestamp_s: int
    effect: float
    """How much the item's log-probability falls when the event is removed from what the person
    remembers: above 0 the event speaks for the item. Natural logarithm; ``-inf`` if the event is
    all that closes the item, ``inf`` if it is all that makes it possible (which takes a world
    without noise), 0 if it is closed in any case."""
    kinds: tuple[str, ...]
    """The mechanisms that link the event with the item, e.g. ``"follow director"``; none if it
    only takes room from the item or gives it some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """Everything that makes an item likelier or less likely at a moment."""

    item_id: str
    log_probability: float
    events: tuple[EventCause, ...]
    """Of every past event of the account, in order of time."""
    parts: dict[str, float]
    """Of each lasting trait (``taste``, ``drift``, ``known``, ``season``, ``weekday``, ``wave``):
    the logarithm of its factor for the item against its mean over all open items, for the member
    who most likely chooses."""


def without_each(
    lives: Lives, account: int, moment_s: int, shelf: Shelf, settings: WorldSettings
) -> tuple[Floats, Floats]:
    """Return the probability of every item, with everything and without each past event.

    Args:
        lives: The accounts.
        account: Position of the one that is asked about.
        moment_s: Unix seconds.
        shelf: The world's items.
        settings: The world's parameters.

    Returns:
        ``(n,)`` and ``(events, n)``, events in order of time.
    """
    evenings, people = lives.evenings, lives.people
    as_of_s = np.full(len(people.members), moment_s)
    weights, fresh = beliefs(lives, as_of_s, settings)
    begin, end = np.searchsorted(evenings.account, [account, account + 1])
    past = np.arange(begin, begin + np.searchsorted(evenings.starts_s[begin:end], moment_s))
    first = people.first_row[account]
    members = np.arange(first, first + people.members[account])
    found = []
    for row in members:
        state = _leave_one_out(lives, past[evenings.row[past] == row], shelf, settings)
        found.append(_at(state, lives, row, moment_s, weights[row], fresh=bool(fresh[row])))
    whole = np.stack([each[0] for each in found])
    without = np.zeros((len(past), len(shelf.entries)))
    for n, (row, each) in enumerate(zip(members, found, strict=True)):
        # Not a difference to the whole: what is left may be far below its last bits.
        without[evenings.row[past] == row] = np.delete(whole, n, axis=0).sum(axis=0) + each[1:]
    return whole.sum(axis=0), without


def _leave_one_out(lives: Lives, own: Ints, shelf: Shelf, settings: WorldSettings) -> State:
    """Replay one person's events: row 0 takes them all, row ``j + 1`` all but the ``j``-th.

    Until an event comes, nobody differs who will leave out it or a later one: row 0 stands for all
    of them.
    """
    state = State.empty(len(own) + 1, shelf, settings)
    for j, event in enumerate(own):
        state.copy_row(0, j + 1)
        at = np.full(j + 1, event)
        state.advance(lives.evenings.day[at])
        state.take(taken(lives, at))
    return state


def _at(
    state: State, lives: Lives, row: int, moment_s: int, weights: Floats, *, fresh: bool
) -> Floats:
    """Return one person's probabilities for each row of a state, times who comes: ``(k, n)``."""
    settings, shelf = state.settings, state.shelf
    k, day = len(state.today), day_of(state.settings, moment_s)
    days = np.full(k, day, dtype=np.int64)
    state.advance(days)
    found = np.zeros((k, len(shelf.entries)))
    for guests in np.flatnonzero(weights):
        moment = Moment(
            taste=lives.people.taste(np.full(k, row), days / settings.days),
            day=shelf.day[days],
            fresh=np.full(k, fresh),
            guests=np.full(k, bool(guests)),
        )
        found += weights[guests] * state.probabilities(moment)
    return found


def effects(full: Floats, without: Floats) -> Floats:
    """Return how much log-probabilities fall without events.

    Args:
        full: Probabilities with everything, any shape.
        without: The same without an event each; it broadcasts with ``full``.

    Returns:
        ``log(full) - log(without)``; 0 where both are 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(full) - np.log(without)
    return np.where((full == 0.0) & (without == 0.0), 0.0, change)


def find_causes(
    lives: Lives,
    account: int,
    moment_s: int,
    item: int,
    shelf: Shelf,
    settings: WorldSettings,
) -> Causes:
    """Return the causes of any item, chosen or not; arguments as in ``without_each``."""
    full, without = without_each(lives, account, moment_s, shelf, settings)
    fall = effects(full[item], without[:, item])
    begin = int(np.searchsorted(lives.evenings.account, account))
    events = tuple(
        EventCause(
            place=j,
            item_id=shelf.entries[lives.item[begin + j]].item_id,
            timestamp_s=int(lives.evenings.starts_s[begin + j]),
            effect=float(fall[j]),
            kinds=kinds(lives, begin + j, item, moment_s, shelf, settings),
        )
        for j in range(len(without))
    )
    with np.errstate(divide="ignore"):
        log_probability = float(np.log(full[item]))
    return Causes(
        item_id=shelf.entries[item].item_id,
        log_probability=log_probability,
        events=events,
        parts=parts(lives, account, moment_s, item, shelf, settings),
    )


def speaks_against(kind: str) -> bool:
    """Return whether a mechanism makes items less likely: having had enough, or just seen it."""
    return kind == "seen" or kind.startswith("satiation ")


def kinds(
    lives: Lives, event: int, item: int, moment_s: int, shelf: Shelf, settings: WorldSettings
) -> tuple[str, ...]:
    """Return the mechanisms by which an event is linked with an item."""
    chosen, rating = lives.item[event], lives.rating[event]
    found = []
    for trace in shelf.follow:
        liked = rating >= settings.liked_from or not trace.liked_only
        cooked = lives.cooked[event] or not trace.cooked_only
        if trace.table[chosen, item] > 0.0 and trace.gain > 0.0 and liked and cooked and rating > 1:
            found.append(f"follow {trace.name}")
    if item in shelf.opens[chosen]:
        found.append("opens")
    found.extend(
        f"satiation {trace.name}"
        for trace in shelf.satiation
        if trace.table[chosen, item] > 0.0 and trace.strength > 0.0
    )
    if chosen == item and settings.rewatch is not None:
        found.append("seen")
    gone = day_of(settings, moment_s) - lives.evenings.day[event]
    if gone == 0 and shelf.mood[chosen, item] != 1.0:
        found.append("session")
    elif gone == 1 and shelf.relief[chosen, item] != 1.0:
        found.append("relief")
    return tuple(found)


def parts(
    lives: Lives,
    account: int,
    moment_s: int,
    item: int,
    shelf: Shelf,
    settings: WorldSettings,
) -> dict[str, float]:
    """Return the logarithm of each lasting factor against its mean over the open items.

    Arguments as in ``without_each``, and the item's position.
    """
    as_of_s = np.full(len(lives.people.members), moment_s)
    weights, fresh = beliefs(lives, as_of_s, settings)
    likely, openness, row = -1.0, np.ones(len(shelf.entries)), int(lives.people.first_row[account])
    past = lives.evenings.starts_s < moment_s
    for member in range(row, row + int(lives.people.members[account])):
        own = np.flatnonzero(past & (lives.evenings.row == member))
        state = _remember_one(lives, own, shelf, settings)
        each = _at(state, lives, member, moment_s, weights[member], fresh=bool(fresh[member]))
        if each[0, item] > likely:
            likely, openness, row = each[0, item], state.openness(1)[0], member
    day = day_of(settings, moment_s)
    date = date_of(settings, day)
    middle, now = lives.people.taste(np.array([row, row]), np.array([0.5, day / settings.days]))
    drift = np.divide(now, middle, out=np.ones_like(now), where=middle > 0.0)
    factors = {
        "taste": middle,
        "drift": drift,
        "known": shelf.known,
        "season": shelf.season[date.month - 1],
        "weekday": shelf.weekday[date.weekday()],
        "wave": shelf.wave[day],
    }
    opened = openness / max(float(openness.sum()), 1e-300)
    with np.errstate(divide="ignore"):
        return {
            name: float(np.log(factor[item]) - np.log((factor * opened).sum()))
            for name, factor in factors.items()
        }


def _remember_one(lives: Lives, own: Ints, shelf: Shelf, settings: WorldSettings) -> State:
    """Replay one person's events."""
    state = State.empty(1, shelf, settings)
    for event in own:
        at = np.array([event])
        state.advance(lives.evenings.day[at])
        state.take(taken(lives, at))
    return state
