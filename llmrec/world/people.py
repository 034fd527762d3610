"""People: what they like whatever they have chosen, how that drifts, and who shares an account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.random import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.settings_parts import Household, TasteField
    from llmrec.world.shelf import Shelf

    Floats = NDArray[np.float64]

MOST_MEMBERS = 3


def user_id(number: int) -> str:
    """Return the id of an account by number, from 1."""
    return f"p{number:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The members of a chunk of accounts: ``accounts`` accounts, ``rows`` members, ``n`` items."""

    numbers: Sequence[int]
    """Of the accounts."""
    members: NDArray[np.int64]
    """``(accounts,)``: how many members each account has."""
    first_row: NDArray[np.int64]
    """``(accounts,)``: where the members of each account begin among the rows."""
    member_totals: Floats
    """``(accounts, 2, 3)``: running totals of how often each member chooses, on a working day and
    at a weekend."""
    child: NDArray[np.bool_]
    """``(rows,)``."""
    early: Floats
    """``(rows, n)``: taste at the world's beginning; 1 on average over the items."""
    change: Floats
    """``(rows, n)``: added to ``early``, in proportion to time, until the world's end."""
    generosity: Floats
    """``(rows,)``: added to every rating."""

    def taste(self, rows: NDArray[np.int64] | slice, share: Floats) -> Floats:
        """Return the taste of some people after a share of the world's time.

        Args:
            rows: Which people, ``k`` of them.
            share: ``(k,)``, from 0 to 1.

        Returns:
            ``(k, n)``.
        """
        taste = self.change[rows] * share[:, None]
        taste += self.early[rows]
        return taste


def draw_people(numbers: Sequence[int], shelf: Shelf, settings: WorldSettings, seed: int) -> People:
    """Draw the members of accounts, each from a stream that no other account shares."""
    streams = {number: Stream(seed, "account", number) for number in numbers}
    children = [_household(streams[number], settings.household) for number in numbers]
    members = np.array([len(each) for each in children], dtype=np.int64)
    names = [
        (number, m) for number, c in zip(numbers, children, strict=True) for m in range(len(c))
    ]
    drawn = [Stream(seed, "member", number, m) for number, m in names]
    child = np.array([is_child for each in children for is_child in each])
    early, late = _tastes(drawn, shelf, settings)
    early, late = (np.where(child[:, None], t * shelf.child, t) for t in (early, late))
    early, late = _scaled(early), _scaled(late)
    return People(
        numbers=numbers,
        members=members,
        first_row=np.cumsum(members) - members,
        member_totals=_member_totals(children, settings.household),
        child=child,
        early=early,
        change=late - early,
        generosity=np.array([settings.rating.person_spread * stream.bell() for stream in drawn]),
    )


def _household(stream: Stream, household: Household | None) -> tuple[bool, ...]:
    """Draw the members of an account: of each, whether it is a child."""
    if household is None or not stream.chance(household.share):
        return (False,)
    several = MOST_MEMBERS if stream.chance(household.third) else MOST_MEMBERS - 1
    return (*(False,) * (several - 1), stream.chance(household.child))


def _member_totals(children: Sequence[tuple[bool, ...]], household: Household | None) -> Floats:
    """Return running totals of the members' weights; places that nobody has add nothing."""
    weights = np.zeros((len(children), 2, MOST_MEMBERS))
    for row, each in enumerate(children):
        for member, child in enumerate(each):
            weights[row, :, member] = 1.0
            if child and household is not None:
                weights[row, :, member] = household.child_weight, household.child_weight_weekend
    return np.cumsum(weights, axis=2)


def _tastes(
    streams: Sequence[Stream], shelf: Shelf, settings: WorldSettings
) -> tuple[Floats, Floats]:
    """Draw the tastes at the beginning and at the end: two times ``(rows, n)``."""
    taste, n_items = settings.taste, len(shelf.entries)
    early = np.ones((len(streams), n_items))
    late = np.ones((len(streams), n_items))
    for field in taste.fields:
        values, places = _values(shelf, field)
        drawn = [_likes(stream, len(values), field, taste.drift) for stream in streams]
        factors = np.array(drawn).reshape(len(streams), 2, len(values) + 2)
        for table, when in ((early, 0), (late, 1)):
            factor = _mean_factor(factors[:, when], places)
            for _ in range(field.power):
                np.multiply(table, factor, out=table)
    if taste.era is not None:
        years = np.array([entry.year or taste.era.newest for entry in shelf.entries])
        # The square of a uniform number leans to 0: to the newest.
        back = [int(taste.era.spread * s.uniform() * s.uniform()) for s in streams]
        distance = (years - (taste.era.newest - np.array(back))[:, None]) / taste.era.half_years
        era = 1.0 / (1.0 + distance * distance)
        early, late = early * era, late * era
    return early, late


def _values(shelf: Shelf, field: TasteField) -> tuple[list[str], NDArray[np.int64]]:
    """Return the values that can be liked, and each item's as positions among them.

    Returns:
        ``m`` values, and ``(n, most) int64``: ``m`` is a value that nobody minds, ``m + 1`` none.
    """
    counts = Counter(v for entry in shelf.entries for v in entry.values.get(field.field, ()))
    values = sorted(value for value, count in counts.items() if count >= field.at_least)
    place = {value: n for n, value in enumerate(values)}
    found = [
        [place.get(v, len(values)) for v in entry.values.get(field.field, ())] or [len(values)]
        for entry in shelf.entries
    ]
    most = max(map(len, found))
    padded = [each + [len(values) + 1] * (most - len(each)) for each in found]
    return values, np.array(padded)


def _likes(stream: Stream, count: int, field: TasteField, drift: float) -> list[list[float]]:
    """Draw the factors of ``count`` values, at the beginning and at the end of the time.

    Returns:
        Two lists of ``count + 2``: the last two are 1 for other values and 0 for none.
    """
    wanted = field.favourites + field.dislikes
    drawn = stream.some(range(count), 2 * wanted)
    first, spare = drawn[:wanted], drawn[wanted:]
    early, late = [1.0] * count + [1.0, 0.0], [1.0] * count + [1.0, 0.0]
    for n, value in enumerate(first):
        factor = field.favourite_factor if n < field.favourites else field.disliked_factor
        changes = stream.chance(drift) and n < len(spare)
        early[value] = factor
        late[spare[n] if changes else value] = factor
    return [early, late]


def _mean_factor(factors: Floats, places: NDArray[np.int64]) -> Floats:
    """Return the mean factor of each item's values: ``(rows, n)``.

    Args:
        factors: ``(rows, m + 2)``; the last column is 0.
        places: ``(n, most)``.
    """
    none = factors.shape[1] - 1
    total = factors[:, places[:, 0]]
    for column in range(1, places.shape[1]):
        total = total + factors[:, places[:, column]]
    return np.asarray(total / (places != none).sum(axis=1))


def _scaled(taste: Floats) -> Floats:
    """Divide each row by its mean (one that is all zero stays as it is)."""
    mean = np.cumsum(taste, axis=1)[:, -1:] / taste.shape[1]
    return np.asarray(taste / np.where(mean > 0.0, mean, 1.0))
