"""Events in time: interactions, histories and the queries of evaluation."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError, DataError, LeakageError

if TYPE_CHECKING:
    from collections.abc import Sequence

SESSION_GAP_S = 6 * 3600
"""Seconds without an event after which the next one opens a new session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One event of one user."""

    item_id: str
    timestamp: datetime
    """Aware; kept as UTC."""
    sequence: int = 0
    """Order among events of the same second."""
    rating: float | None = None
    event: str | None = None
    """What was done, e.g. ``"purchase"``; None where the log has one kind only."""
    quantity: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "timestamp", as_utc(self.timestamp, what="timestamp"))

    @property
    def moment(self) -> tuple[datetime, int]:
        """The total order of a user's events: time, then sequence."""
        return (self.timestamp, self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A user's interactions before a moment, oldest first.

    Raises:
        LeakageError: An interaction is not before ``(as_of, as_of_sequence)``.
        DataError: The interactions are not in order of (timestamp, sequence).
    """

    user_id: str
    as_of: datetime
    interactions: tuple[Interaction, ...] = ()
    as_of_sequence: int = 0
    """Events at exactly ``as_of`` count as before it when their sequence is below this."""
    omitted: frozenset[int] = frozenset()
    """Positions left out counterfactually: they keep their place in every budget, unseen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "as_of", as_utc(self.as_of, what="as_of"))
        moments = [event.moment for event in self.interactions]
        if any(later < earlier for earlier, later in itertools.pairwise(moments)):
            raise DataError(
                f"the history of user {self.user_id!r} is not in order of (timestamp, sequence)",
                remedy="Sort the interactions before making a History.",
            )
        if moments and moments[-1] >= (self.as_of, self.as_of_sequence):
            raise LeakageError(
                f"the history of user {self.user_id!r} holds an event at "
                f"{moments[-1][0].isoformat()} (sequence {moments[-1][1]}), which is not before "
                f"as_of {self.as_of.isoformat()} (sequence {self.as_of_sequence})",
                remedy="Cut the history at as_of first.",
            )
        if any(not 0 <= position < len(moments) for position in self.omitted):
            raise ConfigError(f"omitted positions {sorted(self.omitted)} exceed {len(moments)}")

    @property
    def visible(self) -> tuple[Interaction, ...]:
        """The interactions that are not omitted, oldest first."""
        if not self.omitted:
            return self.interactions
        return tuple(e for n, e in enumerate(self.interactions) if n not in self.omitted)

    def without(self, positions: Sequence[int]) -> History:
        """Return this history with the events at these positions omitted (in addition)."""
        return dataclasses.replace(self, omitted=self.omitted | frozenset(positions))

    def sessions(self, gap_s: int = SESSION_GAP_S) -> tuple[tuple[int, ...], ...]:
        """Return positions grouped by session, oldest first; a gap over ``gap_s`` splits."""
        groups: list[list[int]] = []
        for position, event in enumerate(self.interactions):
            if groups:
                before = self.interactions[position - 1].timestamp
                if (event.timestamp - before).total_seconds() <= gap_s:
                    groups[-1].append(position)
                    continue
            groups.append([position])
        return tuple(tuple(group) for group in groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A moment of a user and what came next: the unit of evaluation."""

    history: History
    target: Interaction


def as_utc(moment: datetime, *, what: str) -> datetime:
    """Return the moment in UTC.

    Raises:
        DataError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise DataError(
            f"{what} {moment.isoformat()} has no time zone",
            remedy="Attach one, e.g. moment.replace(tzinfo=timezone.utc).",
        )
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
