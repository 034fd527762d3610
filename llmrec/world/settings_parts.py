"""The parameters of each mechanism of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, ValidationInfo, field_validator

from llmrec.config import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

Share = Field(ge=0.0, le=1.0)
Factor = Field(ge=0.0, le=1e6)
Above = Field(gt=0.0, le=1e6)
HalfLife = Field(ge=1, le=5_000)
"""Whole days."""
Days = Field(ge=1, le=20_000)
LONGEST_PAUSE = 240
"""Minutes; whoever chose so recently goes on with the same session."""


def check_once(names: Sequence[str]) -> None:
    """Refuse several rules by one name.

    Raises:
        ValueError: It names the name.
    """
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"more than one rule goes by {name!r}: put them into one")


class Hours(Settings):
    """A stretch of the day in which sessions begin."""

    first: float = Field(ge=0.0, lt=24.0)
    last: float = Field(gt=0.0, le=24.0)

    @field_validator("last")
    @classmethod
    def _after_first(cls, last: float, info: ValidationInfo) -> float:
        if last <= info.data.get("first", 0.0):
            raise ValueError(f"must be later than first ({info.data['first']})")
        return last


class Activity(Settings):
    """How much people choose, and when."""

    least_events: int = Field(ge=1)
    most_events: int = Field(ge=1)
    """Events of the busiest accounts."""
    joins_within_days: int = Field(ge=0)
    """A person's first day is at most this long after the world's."""
    weekend_factor: float = Field(gt=0.0, le=100.0)
    """How much likelier a Saturday or Sunday is than a working day."""
    another: float = Share
    """Chance that a session goes on after an event, on a working day."""
    another_weekend: float = Share
    longest_session: int = Field(ge=1, le=5)
    minutes_between: tuple[int, int]
    """Between two events of a session: least and most."""
    evening: Hours
    early: Hours
    early_share: float = Share
    """Chance that a session is early, on a working day."""
    early_share_weekend: float = Share

    @field_validator("most_events")
    @classmethod
    def _not_below_least(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("least_events", 1)
        if most < least:
            raise ValueError(f"must not be below least_events ({least})")
        return most

    @field_validator("minutes_between")
    @classmethod
    def _rising(cls, minutes: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= minutes[0] <= minutes[1] <= LONGEST_PAUSE:
            raise ValueError(f"must be two rising numbers from 1 to {LONGEST_PAUSE} minutes")
        return minutes


class Household(Settings):
    """Accounts that several people share; the log does not say who chose."""

    share: float = Share
    """Of accounts with two or three members."""
    third: float = Share
    """Chance of a third member."""
    child: float = Share
    """Chance that the last member of a household is a child."""
    child_tags: tuple[str, ...] = Field(min_length=1)
    """What children may choose."""
    child_other_factor: float = Factor
    """Factor for everything without such a tag."""
    child_weight: float = Above
    """How often a child chooses on a working day, against 1 for every other member."""
    child_weight_weekend: float = Above


class TasteField(Settings):
    """Likes and dislikes by one field of the catalogue."""

    field: str
    favourites: int = Field(ge=0)
    favourite_factor: float = Factor
    dislikes: int = Field(default=0, ge=0)
    disliked_factor: float = Field(default=1.0, ge=0.0, le=1.0)
    power: int = Field(default=1, ge=1, le=4)
    """The factor (mean over an item's values) is multiplied by itself this many times."""
    at_least: int = Field(default=1, ge=1)
    """Only values that this many items have can be liked or disliked."""


class Era(Settings):
    """Most people lean to items of their own time."""

    newest: int = Field(ge=1, le=9_999)
    spread: int = Field(ge=1, le=9_999)
    """Favourite years lie at most this many years before ``newest``."""
    half_years: float = Field(ge=0.01, le=1e6)
    """Years from the favourite year at which an item's weight is halved."""


class Taste(Settings):
    """What people like, whatever happened before. Factors multiply an item's weight."""

    fields: tuple[TasteField, ...]
    era: Era | None = None
    popularity: float = Share
    """0: all items are equally known; 1: the best known is about ten times as likely."""
    drift: float = Share
    """Chance that a like or dislike is another one at the end of the world's days."""

    @field_validator("fields")
    @classmethod
    def _named_once(cls, fields: tuple[TasteField, ...]) -> tuple[TasteField, ...]:
        check_once([rule.field for rule in fields])
        return fields


class Waves(Settings):
    """An item is talked about for a while: its weight rises and falls in a triangle."""

    per_year: float = Field(ge=0.0, le=12.0)
    height: float = Factor
    """Added to the factor 1 at the highest point of the highest wave."""
    least_days: int = Field(ge=2, le=20_000)
    most_days: int = Field(ge=2, le=20_000)

    @field_validator("most_days")
    @classmethod
    def _not_below_least(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("least_days", 2)
        if most < least:
            raise ValueError(f"must not be below least_days ({least})")
        return most


class Season(Settings):
    """In some months, items with a tag are likelier (or less likely) than else."""

    tag: str
    months: tuple[int, ...] = Field(min_length=1)
    factor: float = Above

    @field_validator("months")
    @classmethod
    def _months_exist(cls, months: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= month <= 12 for month in months):
            raise ValueError("months are numbers from 1 to 12")
        return months


class Weekday(Settings):
    """On some days of the week, items with a tag are likelier than else."""

    tag: str
    days: tuple[int, ...] = Field(min_length=1)
    """0 is Monday."""
    factor: float = Above

    @field_validator("days")
    @classmethod
    def _days_exist(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 0 <= day <= 6 for day in days):
            raise ValueError("days are numbers from 0 (Monday) to 6")
        return days


class Follow(Settings):
    """An event pulls towards items that are linked with its item.

    A pull is a weight against all items together: at 1, half of the choices are due to it.
    """

    by: str
    """``next``: the next part of a series; ``talk``: drawn links, that no text tells of;
    ``itself``: the same item; else: items that share a value of this field."""
    values: tuple[str, ...] = ()
    """Only these values of the field link items; all if empty."""
    pull: float = Factor
    half_life_days: int = HalfLife
    liked_only: bool = False
    """Only events rated from ``liked_from`` on; the pull scales with the rating in any case."""
    share: bool = True
    """The linked items share the pull; else each has it in full."""
    cooked_only: bool = False
    links: int = Field(default=3, ge=1)
    """Of ``talk``: how many items each item leads to."""

    @property
    def of_field(self) -> bool:
        """Whether items are linked that share a value of a field."""
        return self.by not in {"next", "talk", "itself"}

    @field_validator("values")
    @classmethod
    def _have_a_field(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if values and info.data.get("by") in {"next", "talk", "itself"}:
            raise ValueError(f"have no meaning for {info.data['by']!r}")
        return values


class Satiation(Settings):
    """Events make alike items less likely for a while: by ``1 / (1 + strength * counter)``."""

    by: str
    """A field (the counter is the mean over an item's values), or ``itself``."""
    strength: float = Factor
    half_life_days: int = HalfLife


class Rewatch(Settings):
    """What was chosen is closed; if it was liked, it opens again."""

    after_days: int = Days
    factor: float = Share
    """Once for every time that it was chosen."""


class SessionMood(Settings):
    """How one event leads to the next of the same session (or, for relief, of the next day)."""

    heavy: tuple[str, ...] = ()
    light: tuple[str, ...] = ()
    relief: float = Field(default=1.0, gt=0.0, le=1e6)
    """Factor for items with a light tag after an item with a heavy one."""
    stay_field: str | None = None
    stay: float = Field(default=1.0, gt=0.0, le=1e6)
    """Factor for items that share a value of the field with the session's event before."""


class Guests(Settings):
    """Some sessions have guests."""

    chance: float = Share
    chance_weekend: float = Share
    most: int = Field(ge=1, le=1_000)
    tags: tuple[str, ...] = Field(min_length=1)
    """What guests are served."""
    factor: float = Above


class Rating(Settings):
    """Ratings from 1 to 5 in halves: a sum of parts, rounded."""

    base: float = Field(ge=-100.0, le=100.0)
    liking: float = Factor
    """Added in full for an item exactly to a person's taste, not at all for its opposite."""
    quality: float = Factor
    """Added in full for the best item, not at all for the worst."""
    person_spread: float = Factor
    """Standard deviation of how generous people are."""
    noise_spread: float = Factor
    """Standard deviation of what nothing explains."""
