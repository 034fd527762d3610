"""Who chooses at a moment, and in what company, as far as the log tells.

Soon after an event its member and session are known to go on. Else nobody knows who of the
household comes next, nor whether there are guests: the probability is a mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llmrec.world.evenings import DAY_S, day_of, first_midnight_s, weekend_days
from llmrec.world.settings_parts import LONGEST_PAUSE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.settings_parts import Hours
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KNOWN_FOR_S = LONGEST_PAUSE * 60


class Belief(NamedTuple):
    """Who may choose, and how."""

    weights: Floats
    """``(rows, 2)``: of each member without and with guests, 1 in total for each account."""
    fresh: NDArray[np.bool_]
    """``(rows,)``: whether a session would begin."""


def beliefs(
    lives: Lives, as_of_s: Ints, settings: WorldSettings, *, sessions: bool = True
) -> Belief:
    """Return the weights of members and company at a moment of each account.

    Args:
        lives: The accounts.
        as_of_s: ``(accounts,)``, Unix seconds.
        settings: The world's parameters.
        sessions: Whether a session that goes on is known.
    """
    people, evenings = lives.people, lives.evenings
    weights, fresh = np.zeros((len(people.child), 2)), np.ones(len(people.child), dtype=bool)
    for account, first in enumerate(people.first_row):
        moment_s, rows = int(as_of_s[account]), slice(first, first + people.members[account])
        begin, end = np.searchsorted(evenings.account, [account, account + 1])
        past = begin + int(np.searchsorted(evenings.starts_s[begin:end], moment_s))
        if sessions and past > begin and moment_s - evenings.starts_s[past - 1] <= KNOWN_FOR_S:
            row = evenings.row[past - 1]
            weights[row, int(evenings.guests[past - 1] > 0)] = 1.0
            fresh[row] = False
        else:
            weekend = bool(weekend_days(settings)[day_of(settings, moment_s)])
            member = _members(lives, account, moment_s, settings, weekend=weekend)
            company = _company(settings, weekend=weekend)
            weights[rows] = member[:, None] * company
    return Belief(weights, fresh)


def timeless(lives: Lives, settings: WorldSettings) -> Belief:
    """Return the weights of members and company over a whole week."""
    people, weights = lives.people, np.zeros((len(lives.people.child), 2))
    for account, first in enumerate(people.first_row):
        for weekend, share in ((False, 5.0 / 7.0), (True, 2.0 / 7.0)):
            member = _often(lives, account, weekend=weekend)
            company = _company(settings, weekend=weekend)
            weights[first : first + len(member)] += share * member[:, None] * company
    return Belief(weights, np.ones(len(weights), dtype=bool))


def _often(lives: Lives, account: int, *, weekend: bool) -> Floats:
    """Return how often each member of an account chooses, 1 in total: ``(members,)``."""
    totals = lives.people.member_totals[account, int(weekend)]
    shares = np.diff(totals, prepend=0.0) / totals[-1]
    return np.asarray(shares[: lives.people.members[account]])


def _members(
    lives: Lives, account: int, moment_s: int, settings: WorldSettings, *, weekend: bool
) -> Floats:
    """Return how likely each member of an account is to begin a session at a moment."""
    often, activity = _often(lives, account, weekend=weekend), settings.activity
    if len(often) == 1:
        return often
    first = int(lives.people.first_row[account])
    child = lives.people.child[first : first + len(often)]
    share = activity.early_share_weekend if weekend else activity.early_share
    second = (moment_s - first_midnight_s(settings)) % DAY_S
    early, evening = _density(activity.early, second), _density(activity.evening, second)
    likely = often * np.where(child, early, share * early + (1.0 - share) * evening)
    total = float(likely.sum())
    return np.asarray(likely / total) if total > 0.0 else often


def _density(hours: Hours, second: int) -> float:
    """Return how likely a session of these hours is to begin in a second of the day."""
    first, last = int(hours.first * 3600), int(hours.last * 3600)
    return 1.0 / (last - first) if first <= second < last else 0.0


def _company(settings: WorldSettings, *, weekend: bool) -> Floats:
    """Return how likely it is that no guests come, and that some do: ``(2,)``."""
    guests = settings.guests
    chance = 0.0 if guests is None else guests.chance_weekend if weekend else guests.chance
    return np.array([1.0 - chance, chance])
