"""The parameters of the film world: validated, versioned, known by a hash."""

from __future__ import annotations

import math
from datetime import date  # noqa: TC003  (Pydantic reads the annotation)
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from llmrec.artifacts import sha256_of
from llmrec.config import Settings

Share = Field(ge=0.0, le=1.0)
Factor = Field(ge=0.0)
Days = Field(gt=0)


class Activity(Settings):
    """How much people watch, and when."""

    least_events: int = Field(ge=1)
    most_events: int = Field(ge=1)
    """Films that the busiest people watch."""
    joins_within_days: int = Field(ge=0)
    """A person's first day is at most this long after the world's."""
    weekend_factor: float = Field(gt=0.0)
    """How much likelier a Saturday or Sunday is than a working day."""
    second_film: float = Share
    """Chance that a session goes on after a film, on a working day."""
    second_film_weekend: float = Share
    longest_session: int = Field(ge=1, le=5)
    weekend_afternoon: float = Share
    """Chance that a weekend's session starts in the afternoon, not in the evening."""

    @field_validator("most_events")
    @classmethod
    def _not_below_least(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("least_events", 1)
        if most < least:
            raise ValueError(f"must not be below least_events ({least})")
        return most


class Taste(Settings):
    """What people like, whatever happened before. Factors multiply a film's weight."""

    favourite_genres: int = Field(ge=0)
    favourite_factor: float = Factor
    disliked_genres: int = Field(ge=0)
    disliked_factor: float = Factor
    favourite_directors: int = Field(ge=0)
    director_factor: float = Factor
    era_years: float = Field(gt=0.0)
    """Years from a person's favourite year at which a film's weight is halved."""
    popularity: float = Share
    """0: all films are equally known; 1: the best known is about ten times as likely."""


class Memory(Settings):
    """What follows from the films seen.

    A pull is a weight against all films together: at 0.5, the film is chosen every third time.
    It scales with how much the earlier film was liked and fades to nothing, linearly in time.
    """

    franchise_pull: float = Factor
    franchise_days: float = Days
    director_pull: float = Factor
    """Shared among the director's other films."""
    director_days: float = Days
    actor_pull: float = Factor
    """Shared among the actor's other films."""
    actor_days: float = Days
    liked_from: float = Field(ge=1.0, le=5.0)
    """The rating from which a person follows directors and actors, and may watch again."""
    out_of_order: float = Share
    """Factor for a franchise film while the one before it is unseen."""
    rewatch_factor: float = Share
    rewatch_after_days: int = Field(ge=1)
    mood_factor: float = Factor
    """Factor for films of the genre that a person is in the mood for."""
    mood_stays: float = Share
    """Chance that the mood of the last session lasts until the next."""


class Season(Settings):
    """In some months, films with a genre or keyword are likelier (or less likely) than else."""

    tag: str
    months: tuple[int, ...] = Field(min_length=1)
    factor: float = Factor

    @field_validator("months")
    @classmethod
    def _months_exist(cls, months: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 1 <= month <= 12 for month in months):
            raise ValueError("months are numbers from 1 to 12")
        return months


class Rating(Settings):
    """Ratings from 1 to 5 in halves: a sum of parts, rounded."""

    base: float
    liking: float = Factor
    """Added in full for a film exactly to a person's taste, not at all for its opposite."""
    quality: float = Factor
    """Added in full for the best film, not at all for the worst."""
    person_spread: float = Factor
    """Standard deviation of how generous people are."""
    noise_spread: float = Factor
    """Standard deviation of what nothing explains."""


class WorldSettings(Settings):
    """Everything that, with a seed and a catalogue, decides every event of the film world."""

    name: Literal["film"]
    version: int = Field(ge=1)
    start: date
    days: int = Field(ge=1)
    people: int = Field(ge=1)
    held_out_people: int = Field(ge=0)
    """People kept out of every training set, for the demo."""
    noise: float = Share
    """Share of choices that nothing explains."""
    activity: Activity
    taste: Taste
    memory: Memory
    seasons: tuple[Season, ...]
    rating: Rating

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

    @property
    def sha256(self) -> str:
        """Hash of every parameter."""
        return sha256_of(self.model_dump(mode="json"))


def film_v1() -> WorldSettings:
    """Return the parameters of the embedded film world, version 1.

    Raises:
        ConfigError: The shipped file is damaged.
    """
    with resources.as_file(resources.files("llmrec.world") / "film.v1.yaml") as path:
        return WorldSettings.load(Path(path))
