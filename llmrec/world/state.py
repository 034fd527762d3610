"""What people have chosen and what that makes of every item: one row a person, all at once.

This is the one place where the probability of a choice is made. A choice takes the item ``i`` with

    p_i = noise * open_i / sum(open) + (1 - noise) * (b_i / sum(b) + pull_i) / (1 + sum(pull))

where ``b_i`` is taste, how known the item is, the day, openness, satiation and session multiplied,
and ``pull_i`` what earlier events add, times openness. Only ``+ - * /``, comparisons and running
totals are used: the same seed gives the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.links import Trace
    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_NEVER = np.iinfo(np.int32).max


class Moment(NamedTuple):
    """When and how ``k`` people choose."""

    taste: Floats
    """``(k, n)``: 1 on average; it is overwritten."""
    day: Floats
    """``(k, n)``: factors of the day."""
    fresh: NDArray[np.bool_]
    """``(k,)``: whether a session begins."""
    guests: NDArray[np.bool_]
    """``(k,)``."""


class Taken(NamedTuple):
    """What ``k`` people have chosen."""

    item: Ints
    rating: Floats
    cooked: NDArray[np.bool_]


@dataclass(slots=True)
class State:
    """The memory of ``rows`` people; ``k`` in its methods means the first ``k`` of them."""

    shelf: Shelf
    settings: WorldSettings
    today: Ints
    """``(rows,)``: the day up to which all has faded."""
    last_item: Ints
    """``(rows,)``: ``n`` for none."""
    last_day: Ints
    pulls: list[Floats]
    """For each ``follow`` rule ``(rows, n)``."""
    counters: list[Floats]
    """For each ``satiation`` rule ``(rows, n)``."""
    access: Floats
    """``(rows, n)``: how open each item is; what is closed for now counts once it is open again."""
    closed_until: NDArray[np.int32]
    """``(rows, n)``: the day on which the item opens."""
    times: NDArray[np.int16]
    """``(rows, n)``: how often each item was chosen."""

    @classmethod
    def empty(cls, rows: int, shelf: Shelf, settings: WorldSettings) -> State:
        """Return the state of people who have chosen nothing."""
        n = len(shelf.entries)
        return cls(
            shelf=shelf,
            settings=settings,
            today=np.zeros(rows, dtype=np.int64),
            last_item=np.full(rows, n, dtype=np.int64),
            last_day=np.full(rows, -10, dtype=np.int64),
            pulls=[np.zeros((rows, n)) for _ in shelf.follow],
            counters=[np.zeros((rows, n)) for _ in shelf.satiation],
            access=np.repeat(shelf.access[None, :], rows, axis=0),
            closed_until=np.zeros((rows, n), dtype=np.int32),
            times=np.zeros((rows, n), dtype=np.int16),
        )

    def copy_row(self, source: int, target: int) -> None:
        """Make one person's memory that of another."""
        for whole in (self.today, self.last_item, self.last_day):
            whole[target] = whole[source]
        for table in (self.access, *self.pulls, *self.counters):
            table[target] = table[source]
        self.closed_until[target] = self.closed_until[source]
        self.times[target] = self.times[source]

    def advance(self, day: Ints) -> None:
        """Let what the first ``k`` people remember fade until a day, ``(k,)``."""
        k = len(day)
        gone = day - self.today[:k]
        for trace, left in self._traces():
            left[:k] *= trace.decay[gone][:, None]
        self.today[:k] = day

    def _traces(self) -> list[tuple[Trace, Floats]]:
        follow = zip(self.shelf.follow, self.pulls, strict=True)
        return [*follow, *zip(self.shelf.satiation, self.counters, strict=True)]

    def openness(self, k: int) -> Floats:
        """Return how open each item is today to the first ``k`` people: ``(k, n)``."""
        if self.settings.rewatch is None:
            return self.access[:k].copy()
        return self.access[:k] * (self.closed_until[:k] <= self.today[:k, None])

    def pull(self, openness: Floats) -> Floats:
        """Return what the past adds to each item, against all items' 1: ``(k, n)``."""
        total = np.zeros_like(openness)
        for pull in self.pulls:
            total += pull[: len(total)]
        total *= openness
        return total

    def satiation(self, k: int) -> Floats:
        """Return the factors of having had enough of something: ``(k, n)``."""
        factor = np.ones((k, len(self.shelf.entries)))
        for trace, counter in zip(self.shelf.satiation, self.counters, strict=True):
            factor *= 1.0 + trace.strength * counter[:k]
        return np.asarray(1.0 / factor)

    def mood(self, fresh: NDArray[np.bool_]) -> Floats:
        """Return the factors of the session, or of the day before: ``(k, n)``."""
        k, none = len(fresh), len(self.shelf.entries)
        last, gone = self.last_item[:k], self.today[:k] - self.last_day[:k]
        found = self.shelf.relief[np.where(gone <= 1, last, none)]
        # There is one session a day: what was chosen today was chosen in this one.
        going_on = np.flatnonzero(~fresh & (gone == 0))
        found[going_on] = self.shelf.mood[last[going_on]]
        return np.asarray(found)

    def probabilities(self, moment: Moment) -> Floats:
        """Return the probability of every item for the first ``k`` people: ``(k, n)``."""
        k = len(moment.fresh)
        openness = self.openness(k)
        weight = moment.taste
        weight *= self.shelf.known
        weight *= moment.day
        weight *= openness
        weight *= self.satiation(k)
        weight *= self.mood(moment.fresh)
        if self.settings.guests is not None:
            weight *= self.shelf.guests[moment.guests.astype(np.int64)]
        open_total = np.cumsum(openness, axis=1)[:, -1]
        total = np.cumsum(weight, axis=1)[:, -1]
        bare = np.flatnonzero(total <= 0.0)
        weight[bare], total[bare] = openness[bare], open_total[bare]
        pull = self.pull(openness)
        pulled = np.cumsum(pull, axis=1)[:, -1]
        noise = self.settings.noise
        weight /= total[:, None]
        weight += pull
        weight *= ((1.0 - noise) / (1.0 + pulled))[:, None]
        openness *= (noise / open_total)[:, None]
        weight += openness
        return weight

    def take(self, taken: Taken, kept: Floats | None = None) -> None:
        """Let the first ``k`` people remember what they have chosen today.

        Args:
            taken: What they have chosen.
            kept: ``(traces, k)``: how much of it each trace keeps, first those of ``follow``,
                then those of ``satiation``; None: all.
        """
        k, rows = len(taken.item), np.arange(len(taken.item))
        liked = taken.rating >= self.settings.liked_from
        for n, (trace, left) in enumerate(self._traces()):
            gain = np.full(k, trace.gain)
            if kept is not None:
                gain *= kept[n]
            if trace.rated:
                gain *= (taken.rating - 1.0) / 4.0
            if trace.liked_only:
                gain = np.where(liked, gain, 0.0)
            if trace.cooked_only:
                gain = np.where(taken.cooked, gain, 0.0)
            left[:k] += trace.table[taken.item] * gain[:, None]
        self._close(rows, taken.item, liked)
        self.last_item[:k] = taken.item
        self.last_day[:k] = self.today[:k]

    def _close(self, rows: Ints, item: Ints, liked: NDArray[np.bool_]) -> None:
        """Open the next part of a series, and close what was chosen where things close."""
        self.times[rows, item] += 1
        for following in self.shelf.opens[item].T:
            opened = (following >= 0) & (self.times[rows, following] == 0)
            self.access[rows[opened], following[opened]] = 1.0
        rewatch = self.settings.rewatch
        if rewatch is None:
            self.access[rows, item] = 1.0
            return
        before = self.access[rows, item]
        self.access[rows, item] = rewatch.factor * np.where(self.times[rows, item] > 1, before, 1.0)
        reopens = self.today[rows] + rewatch.after_days
        self.closed_until[rows, item] = np.where(liked, reopens, _NEVER)
