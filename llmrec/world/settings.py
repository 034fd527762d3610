"""The parameters of a simulated world: validated, versioned, known by a hash."""

from __future__ import annotations

import math
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from llmrec.artifacts import sha256_of
from llmrec.config import Settings
from llmrec.errors import ConfigError, did_you_mean
from llmrec.world.settings_parts import (
    Activity,
    Factor,
    Follow,
    Guests,
    Household,
    Rating,
    Rewatch,
    Satiation,
    Season,
    SessionMood,
    Share,
    Taste,
    Waves,
    Weekday,
    check_once,
)

SHIPPED = ("film.v2", "film.v2b", "kitchen.v1", "kitchen.v1b")


class WorldSettings(Settings):
    """Everything that, with a seed and a catalogue, decides every event of a world."""

    name: Literal["film", "kitchen"]
    version: int = Field(ge=1)
    variant: str = ""
    """Tells parameter sets of one version apart."""
    start: date
    days: int = Field(ge=1, le=20_000)
    people: int = Field(ge=1, le=10_000_000)
    """Accounts."""
    held_out_people: int = Field(ge=0)
    """Accounts kept out of every training set, for the demo."""
    noise: float = Share
    """Share of choices that nothing explains."""
    outside: float = Factor
    """Weight of doing something else, against the probabilities of a slate's items."""
    activity: Activity
    household: Household | None = None
    taste: Taste
    waves: Waves | None = None
    seasons: tuple[Season, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    follow: tuple[Follow, ...] = ()
    satiation: tuple[Satiation, ...] = ()
    out_of_order: float = Field(default=1.0, gt=0.0, le=1.0)
    """Factor for a part of a series while the part before it has not been chosen."""
    rewatch: Rewatch | None = None
    """None: what was chosen stays open, and ``satiation`` by ``itself`` says when it returns."""
    session: SessionMood = SessionMood()
    guests: Guests | None = None
    ordered: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of events for which nothing is cooked (and nothing is left over)."""
    liked_from: float = Field(ge=1.0, le=5.0)
    """The rating from which something counts as liked."""
    rating: Rating

    @field_validator("days")
    @classmethod
    def _ends(cls, days: int, info: ValidationInfo) -> int:
        room = date.max - info.data.get("start", date.min)
        if days > room.days:
            raise ValueError(f"must end before the year 10000: start leaves {room.days}")
        return days

    @field_validator("held_out_people")
    @classmethod
    def _somebody_trains(cls, held_out: int, info: ValidationInfo) -> int:
        people = info.data.get("people", held_out + 1)
        if held_out >= people:
            raise ValueError(f"must be fewer than people ({people})")
        return held_out

    @field_validator("activity")
    @classmethod
    def _fits_the_days(cls, activity: Activity, info: ValidationInfo) -> Activity:
        room = info.data.get("days", math.inf) - activity.joins_within_days
        if activity.most_events * 2 > room:
            raise ValueError(
                f"most_events ({activity.most_events}) is more than one every second day of the "
                f"{room} that days less joins_within_days leave"
            )
        return activity

    @field_validator("follow", "satiation")
    @classmethod
    def _named_once(cls, rules: tuple[Follow | Satiation, ...]) -> tuple[Follow | Satiation, ...]:
        check_once([rule.by for rule in rules])
        return rules

    @field_validator("seasons", "weekdays")
    @classmethod
    def _one_factor_at_a_time(
        cls, rules: tuple[Season | Weekday, ...]
    ) -> tuple[Season | Weekday, ...]:
        seen: set[tuple[str, int]] = set()
        for rule in rules:
            for when in rule.months if isinstance(rule, Season) else rule.days:
                if (rule.tag, when) in seen:
                    raise ValueError(f"{rule.tag!r} has more than one factor at {when}")
                seen.add((rule.tag, when))
        return rules

    @property
    def sha256(self) -> str:
        """Hash of every parameter."""
        return sha256_of(self.model_dump(mode="json"))

    @property
    def label(self) -> str:
        """World, version and parameter set, e.g. ``"film.v2b"``."""
        return f"{self.name}.v{self.version}{self.variant}"


def shipped(label: str) -> WorldSettings:
    """Return parameters that come with the package.

    Args:
        label: One of ``SHIPPED``.

    Raises:
        ConfigError: There are none by this name, or the shipped file is damaged.
    """
    if label not in SHIPPED:
        raise ConfigError(f"there is no world {label!r}", remedy=did_you_mean(label, SHIPPED))
    with resources.as_file(resources.files("llmrec.world") / f"{label}.yaml") as path:
        return WorldSettings.load(Path(path))


def film_world() -> WorldSettings:
    """Return the parameters of the embedded film world."""
    return shipped("film.v2")
