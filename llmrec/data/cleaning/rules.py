"""What is to be left out of a log; every rule has a name and can be switched off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal, Self

import yaml
from pydantic import AwareDatetime, Field, field_validator

from llmrec.config import Settings
from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Missing = Literal["drop", "refuse"]


class CleaningRules(Settings):
    """Which rows are left out. The defaults leave out only what no recommender can use.

    ``refuse`` raises on the first such row instead of dropping all of them. A rule that is None or
    False is off.

    Raises:
        ConfigError: From ``CleaningRules.of``: an unknown rule or a wrong value, by name.
    """

    missing: Missing = "drop"
    """Rows without user, item or time."""
    missing_words: tuple[str, ...] = ()
    """What also counts as no user or item, e.g. ``NULL``; in this writing alone."""
    untitled_items: Missing = "drop"
    """Items without a title, and their events."""
    unknown_items: Missing = "drop"
    """Events on items that the items file does not have."""
    earliest: AwareDatetime | None = datetime(1971, 1, 1, tzinfo=UTC)
    """Events before this moment have an absurd time, such as 0 for "unknown"."""
    latest: AwareDatetime | None = None
    """Events from this moment on lie in the future; the command line takes a day from now."""
    undone_purchases: bool = False
    """The newest earlier purchase of the same user, item and quantity that a cancellation undoes;
    one of another quantity stays."""
    cancellations: bool = True
    """Rows whose order begins with ``cancelled_prefix`` or whose event is one of
    ``cancelled_events``."""
    cancelled_prefix: str = "C"
    """What the ``order`` column of a cancellation begins with."""
    cancelled_events: tuple[str, ...] = ("cancel", "cancelled", "cancellation", "refund", "return")
    """Kinds of event that are cancellations, in lower case."""
    non_positive_quantities: bool = True
    """Rows whose quantity is 0 or less."""
    exact_duplicates: bool = True
    """Rows that repeat an earlier row in everything that is imported, its time included; rows of
    the items file that repeat an earlier one in every column."""
    repeat_window_s: int | None = Field(default=None, gt=0)
    """Events that follow the same user's same kind of event on the same item within so many
    seconds."""
    min_rating: float | None = None
    """Events rated below this; those without a rating stay."""
    max_rating: float | None = None
    """Events rated above this."""
    max_events_per_hour: int | None = Field(default=None, ge=1)
    """All events of users who have more than this within any hour."""
    regular_gaps: float | None = Field(default=None, gt=0)
    """All events of users whose gaps vary less than this (standard deviation over mean), as a
    timer's do."""
    regular_min_events: int = Field(default=50, ge=3)
    """How many events a user must have before ``regular_gaps`` judges."""
    core: int | None = Field(default=None, ge=2)
    """Users and items with fewer events, again and again until none is left (k-core)."""
    min_history: int | None = Field(default=None, ge=2)
    """Users with fewer events, judged once, after all other rules."""

    @field_validator("earliest", "latest", mode="before")
    @classmethod
    def _needs_a_zone(cls, value: object) -> object:
        if isinstance(value, date) and not getattr(value, "tzinfo", None):
            raise ValueError("a moment needs its zone, e.g. 2020-01-31T00:00:00Z")
        return value

    @classmethod
    def chosen(cls, file: Path | None, given: Iterable[str] = ()) -> Self:
        """Return the rules of a YAML file, with ``NAME=VALUE`` texts over them.

        Raises:
            ConfigError: A file that cannot be read, a text of another form, an unknown rule or a
                wrong value.
        """
        values = {} if file is None else cls.load(file).model_dump(exclude_unset=True)
        for text in given:
            name, mark, value = text.partition("=")
            if not mark:
                raise ConfigError(
                    f"--rule {text!r} is not of the form NAME=VALUE",
                    remedy="For example --rule core=5; None or false switches a rule off.",
                )
            values[name.strip()] = None if value == "None" else yaml.safe_load(value)
        return cls.of(values, source="the cleaning rules")


STRICT = CleaningRules(
    missing="refuse",
    untitled_items="refuse",
    unknown_items="refuse",
    earliest=None,
    cancellations=False,
    non_positive_quantities=False,
    exact_duplicates=False,
)
"""Nothing is left out: whatever cannot be used is refused with its row."""
