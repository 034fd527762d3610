"""The dish catalogue: real home cooking from all over the world, described in our own words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from llmrec.world.entry import Entry, as_catalogue, read_entries

if TYPE_CHECKING:
    from llmrec.types import Catalogue

Course = Literal["breakfast", "soup", "salad", "main", "side", "snack", "dessert"]
Season = Literal["spring", "summer", "autumn", "winter"]
Effort = Literal["quick", "medium", "long"]
Diet = Literal["vegetarian", "vegan", "gluten-free", "contains-nuts", "spicy"]
Method = Literal[
    "baked",
    "boiled",
    "braised",
    "fried",
    "grilled",
    "poached",
    "raw",
    "roasted",
    "simmered",
    "steamed",
    "stewed",
    "stir-fried",
]


class Dish(Entry):
    """One line of ``dishes.jsonl``; a fact that its authors were not sure of is left out."""

    id: str = Field(pattern=r"^d\d{3,}$")
    title: str = Field(min_length=1)
    cuisine: str = Field(min_length=1)
    course: Course
    ingredients: tuple[str, ...] = Field(min_length=4, max_length=8)
    """The main ones, always with those that decide the diet."""
    season: tuple[Season, ...] = ()
    """When it is mostly cooked; empty for a dish of all the year."""
    effort: Effort
    diet: tuple[Diet, ...] = ()
    """What the ingredients allow and hold: cheese is vegetarian, and peanuts count as nuts."""
    method: Method | None = None
    description: str = Field(min_length=1)

    @property
    def tags(self) -> frozenset[str]:
        """Everything short that is known of the dish: what an evening can ask for."""
        found = {self.cuisine, self.course, self.effort}
        found.update(self.ingredients, self.season, self.diet)
        return frozenset(found | {self.method} if self.method else found)


@cache
def dishes() -> tuple[Dish, ...]:
    """Return all dishes in the order of the catalogue.

    Raises:
        ConfigError: A line of ``dishes.jsonl`` is wrong; it names line and field.
    """
    return read_entries(Dish, "dishes.jsonl")


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of all dishes.

    Every item has ``cuisine``, ``course``, ``effort`` and ``description`` (str) and
    ``ingredients`` (tuple); where known also ``season`` and ``diet`` (tuples), ``method`` (str).
    """
    return as_catalogue(dishes())
