"""A simulated world as one object: its events, their causes, and the best possible ranking."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from llmrec.errors import DataError, UnknownItemError, UnknownUserError
from llmrec.world.causes import Causes, find_causes, without_each
from llmrec.world.items import entries_of
from llmrec.world.oracle import Without, oracle
from llmrec.world.people import user_id
from llmrec.world.respond import Response, respond
from llmrec.world.settings import WorldSettings, film_world
from llmrec.world.shelf import stock
from llmrec.world.simulate import Lives, live
from llmrec.world.tables import chunks, frame, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from llmrec.world.items import Entry

_KEPT = 64


class World:
    """People who choose from a catalogue over time, known by parameters and a seed.

    Everything is drawn again when it is asked for; nothing is stored but a few accounts.

    Args:
        settings: The parameters; the embedded film world's if None.
        seed: Any integer.
        entries: The catalogue; the embedded one of the settings' world if None.

    Raises:
        ConfigError: A parameter names what no item has, or there are too few items.
    """

    def __init__(
        self,
        settings: WorldSettings | None = None,
        *,
        seed: int = 7,
        entries: Sequence[Entry] | None = None,
    ) -> None:
        self.settings = settings or film_world()
        self.seed = seed
        chosen = entries_of(self.settings.name) if entries is None else entries
        self.shelf = stock(chosen, self.settings, seed)
        self._places = {entry.item_id: n for n, entry in enumerate(self.shelf.entries)}
        self.life = lru_cache(_KEPT)(self._draw_life)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """Generate the events of all accounts, some accounts at a time, in order of accounts."""
        for lives in chunks(self.settings, self.seed, self.shelf):
            yield frame(lives, self.shelf, self.settings)

    def events(self) -> pl.DataFrame:
        """Return the events of all accounts, sorted by account and time; see ``tables.frame``."""
        return pl.concat(self.chunks())

    def write(self, path: Path) -> None:
        """Write the events of all accounts to a Parquet file, in constant memory."""
        write_parquet(path, self.shelf, self.settings, self.seed)

    def causes(self, user: str, as_of: datetime, item: str) -> Causes:
        """Return why an item, chosen or not, is as likely as it is at a moment.

        Raises:
            UnknownUserError: The world has no such account.
            UnknownItemError: The catalogue has no such item.
            DataError: ``as_of`` has no time zone.
        """
        place, moment_s = self._place(item), _seconds(as_of)
        return find_causes(self.life(user), 0, moment_s, place, self.shelf, self.settings)

    def probability(
        self, user: str, as_of: datetime, without: Without | None = None
    ) -> dict[str, float]:
        """Return the probability of every item as an account's next choice.

        Args:
            user: The account.
            as_of: When it chooses, after everything that it chose before.
            without: What is not known; see ``oracle``.

        Raises:
            UnknownUserError: The world has no such account.
            ConfigError: There is no such part to do without.
            DataError: ``as_of`` has no time zone.
        """
        lives, moment_s = self.life(user), np.array([_seconds(as_of)])
        found = oracle(lives, moment_s, self.shelf, self.settings, without)[0]
        return dict(zip(self._places, found.tolist(), strict=True))

    def log_probability(self, user: str, as_of: datetime, item: str) -> float:
        """Return the natural logarithm of an item's probability; ``-inf`` if it is closed."""
        self._place(item)
        found = self.probability(user, as_of)[item]
        return math.log(found) if found > 0.0 else -math.inf

    def oracle(self, user: str, as_of: datetime, without: Without | None = None) -> list[str]:
        """Return all items, the likeliest next choice first: no ranking does better on average.

        Args:
            user: The account.
            as_of: When it chooses.
            without: ``time``, ``text`` or ``order``: the ranking when that is not known; see
                ``llmrec.world.oracle``.
        """
        found = self.probability(user, as_of, without)
        return sorted(found, key=lambda item: -found[item])

    def probability_without(self, user: str, as_of: datetime, place: int) -> dict[str, float]:
        """Return the probability of every item if one past event is not remembered.

        Args:
            user: The account.
            as_of: When it chooses.
            place: The event's place among the account's, from 0.

        Raises:
            DataError: There is no such event before ``as_of``.
        """
        lives = self.life(user)
        _, found = without_each(lives, 0, _seconds(as_of), self.shelf, self.settings)
        if not 0 <= place < len(found):
            raise DataError(
                f"{user} has no event {place} before {as_of.isoformat()}: there are {len(found)}"
            )
        return dict(zip(self._places, found[place].tolist(), strict=True))

    def respond(self, user: str, as_of: datetime, slate: Sequence[str], *, seed: int) -> Response:
        """Draw what an account does with a list that it is shown.

        Args:
            user: The account.
            as_of: When the list is shown.
            slate: Items, each at most once; their order has no influence.
            seed: Of this answer.

        Raises:
            UnknownUserError: The world has no such account.
            UnknownItemError: The catalogue has no such item.
            DataError: An item stands twice in the slate, or ``as_of`` has no time zone.
        """
        if len(set(slate)) < len(slate):
            raise DataError(f"the slate shows an item twice: {', '.join(slate)}")
        shown = np.array([self._place(item) for item in slate], dtype=np.int64)
        lives, moment_s = self.life(user), _seconds(as_of)
        return respond(lives, moment_s, shown, self.shelf, self.settings, seed)

    def _place(self, item: str) -> int:
        if item not in self._places:
            raise UnknownItemError(f"the {self.settings.name} world has no item {item!r}")
        return self._places[item]

    def _draw_life(self, user: str) -> Lives:
        digits = user.removeprefix("p")
        number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
        if not 1 <= number <= self.settings.people or user != user_id(number):
            last = user_id(self.settings.people)
            raise UnknownUserError(f"there is no user {user!r} in a world of p0001 to {last}")
        return live([number], self.shelf, self.settings, self.seed)


def _seconds(moment: datetime) -> int:
    """Return Unix seconds, rounded up: what happened within the second before is past."""
    if moment.tzinfo is None:
        raise DataError(f"as_of has no time zone: {moment.isoformat()}")
    return math.ceil(moment.timestamp())
