"""When people choose: days, sessions, several events at a weekend, and who of a household.

Everything is drawn for many accounts at once. Each account has a stream for its sessions in which
every candidate for a session takes ``_DRAWS`` numbers, so that none depends on the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.random import starts, uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.people import People
    from llmrec.world.settings import WorldSettings
    from llmrec.world.settings_parts import Hours

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_DRAWS = 16
_DAY, _EARLY, _START, _MEMBER, _GUESTS, _HOW_MANY, _FURTHER = range(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evenings:
    """Events without their items, of a chunk of accounts: sorted by account and time.

    All arrays are ``(events,) int64``.
    """

    account: Ints
    """Position in the chunk."""
    row: Ints
    """Whose event it is: the member's position among the chunk's people."""
    place: Ints
    """The event's place among its account's, from 0."""
    day: Ints
    """Days since the world's first."""
    starts_s: Ints
    """Unix seconds."""
    within: Ints
    """The event's place in its session, from 0."""
    guests: Ints
    """How many guests the session has."""


def weekend_days(settings: WorldSettings) -> NDArray[np.bool_]:
    """Return of each day whether it is a Saturday or Sunday: ``(days,)``."""
    return np.array([(settings.start.weekday() + n) % 7 > 4 for n in range(settings.days)])


def first_midnight_s(settings: WorldSettings) -> int:
    """Return when the world's first day begins, in Unix seconds."""
    return (settings.start.toordinal() - _EPOCH) * DAY_S


def day_of(settings: WorldSettings, moment_s: int) -> int:
    """Return the world's day that a moment lies in, the first or last if it lies outside."""
    return min(max((moment_s - first_midnight_s(settings)) // DAY_S, 0), settings.days - 1)


def date_of(settings: WorldSettings, day: int) -> date:
    """Return the date of a day of the world."""
    return settings.start + timedelta(days=day)


def draw_evenings(people: People, settings: WorldSettings, seed: int) -> Evenings:
    """Draw every session of a chunk of accounts."""
    activity, accounts = settings.activity, len(people.numbers)
    states = starts(seed, people.numbers, "evenings")
    first, wanted = _reach(states, settings)
    tries = activity.most_events + 32
    while True:
        counters = _counters(tries)
        days = _days(uniforms(states[:, None], counters + _DAY), first, settings)
        offsets = _offsets(states, counters, days, people, settings)
        lengths = np.where(_repeats(days), 0, (offsets >= 0).sum(axis=2))
        before = np.cumsum(lengths, axis=1) - lengths
        if bool((before[:, -1] + lengths[:, -1] >= wanted).all()):
            break
        tries *= 2
    left = np.clip(wanted[:, None] - before, 0, lengths)
    account, session, within = np.nonzero(np.arange(activity.longest_session) < left[:, :, None])
    day = days[account, session]
    starts_s = first_midnight_s(settings) + day * DAY_S + offsets[account, session, within]
    order = np.lexsort((starts_s, account))
    member = _members(states, counters, days, people, settings)
    guests = _guests(states, counters, days, settings)
    place = np.arange(len(order)) - np.searchsorted(account, np.arange(accounts))[account[order]]
    return Evenings(
        account=account[order],
        row=(people.first_row[account] + member[account, session])[order],
        place=place,
        day=day[order],
        starts_s=starts_s[order],
        within=within[order],
        guests=guests[account, session][order],
    )


def _counters(tries: int) -> Ints:
    """Return where the numbers of each candidate begin; the first ``_DRAWS`` are the account's."""
    return (np.arange(tries, dtype=np.int64)[None, :] + 1) * _DRAWS


def _reach(states: NDArray[np.uint64], settings: WorldSettings) -> tuple[Ints, Ints]:
    """Draw each account's first day and number of events."""
    activity = settings.activity
    drawn = [uniforms(states, np.full(len(states), n)) for n in range(3)]
    spread = activity.most_events - activity.least_events + 1
    # The product leans to the least: most people choose seldom, a few very often.
    wanted = activity.least_events + (spread * drawn[0] * drawn[1]).astype(np.int64)
    return ((activity.joins_within_days + 1) * drawn[2]).astype(np.int64), wanted


def _days(drawn: Floats, first: Ints, settings: WorldSettings) -> Ints:
    """Draw the day of each candidate, from the account's first: ``(accounts, tries)``."""
    rhythm = np.where(weekend_days(settings), settings.activity.weekend_factor, 1.0)
    total = np.cumsum(rhythm)
    gone = (total - rhythm)[first][:, None]
    days = np.searchsorted(total, gone + drawn * (total[-1] - gone), side="right")
    return np.asarray(np.minimum(days, settings.days - 1))


def _repeats(days: Ints) -> NDArray[np.bool_]:
    """Return which candidates fall on a day that an earlier one has taken."""
    order = np.argsort(days, axis=1, kind="stable")
    rising = np.take_along_axis(days, order, axis=1)
    again = np.zeros(days.shape, dtype=bool)
    again[:, 1:] = rising[:, 1:] == rising[:, :-1]
    found = np.zeros(days.shape, dtype=bool)
    np.put_along_axis(found, order, again, axis=1)
    return found


def _offsets(
    states: NDArray[np.uint64],
    counters: Ints,
    days: Ints,
    people: People,
    settings: WorldSettings,
) -> Ints:
    """Draw when the events of each candidate start: ``(accounts, tries, longest)``.

    Seconds after midnight, rising; -1 once the session is over. None starts after its day.
    """
    activity, weekend = settings.activity, weekend_days(settings)[days]
    at = states[:, None]
    member = _members(states, counters, days, people, settings)
    child = people.child[people.first_row[:, None] + member]
    share = np.where(weekend, activity.early_share_weekend, activity.early_share)
    early = (uniforms(at, counters + _EARLY) < share) | child
    drawn = uniforms(at, counters + _START)
    start = np.where(early, _moment(activity.early, drawn), _moment(activity.evening, drawn))
    goes_on = np.where(weekend, activity.another_weekend, activity.another)
    least, most = (60 * minutes for minutes in activity.minutes_between)
    columns = [start]
    for further in range(activity.longest_session - 1):
        place = counters + _FURTHER + 2 * further
        gap = least + ((most - least + 1) * uniforms(at, place + 1)).astype(np.int64)
        following = columns[-1] + gap
        on = (uniforms(at, place) < goes_on) & (columns[-1] >= 0) & (following < DAY_S)
        columns.append(np.where(on, following, -1))
    return np.stack(columns, axis=2)


def _moment(hours: Hours, drawn: Floats) -> Ints:
    """Return a second of the day between two hours."""
    first, last = int(hours.first * 3600), int(hours.last * 3600)
    return first + ((last - first) * drawn).astype(np.int64)


def _members(
    states: NDArray[np.uint64],
    counters: Ints,
    days: Ints,
    people: People,
    settings: WorldSettings,
) -> Ints:
    """Draw whose each candidate is, among the account's members: ``(accounts, tries)``."""
    weekend = weekend_days(settings)[days].astype(np.int64)
    total = people.member_totals[np.arange(len(states))[:, None], weekend]
    drawn = uniforms(states[:, None], counters + _MEMBER) * total[:, :, -1]
    found = (total <= drawn[:, :, None]).sum(axis=2)
    return np.asarray(np.minimum(found, people.members[:, None] - 1))


def _guests(
    states: NDArray[np.uint64], counters: Ints, days: Ints, settings: WorldSettings
) -> Ints:
    """Draw how many guests each candidate has: ``(accounts, tries)``."""
    guests = settings.guests
    if guests is None:
        return np.zeros(days.shape, dtype=np.int64)
    chance = np.where(weekend_days(settings)[days], guests.chance_weekend, guests.chance)
    come = uniforms(states[:, None], counters + _GUESTS) < chance
    many = 1 + (guests.most * uniforms(states[:, None], counters + _HOW_MANY)).astype(np.int64)
    return np.where(come, many, 0)
