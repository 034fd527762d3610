"""The film catalogue: real films, described in our own words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from llmrec.world.entry import Entry, as_catalogue, read_entries

if TYPE_CHECKING:
    from llmrec.types import Catalogue


class Film(Entry):
    """One line of ``films.jsonl``; a fact that its authors were not sure of is left out."""

    no_attributes: ClassVar[frozenset[str]] = frozenset(["franchise_order"])

    id: str = Field(pattern=r"^f\d{3,}$")
    title: str = Field(min_length=1)
    year: int = Field(ge=1888, le=2100)
    genres: tuple[str, ...] = Field(min_length=1)
    director: str | None = None
    """Several are joined: ``"A and B"`` or ``"A, B and C"``."""
    cast: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    description: str | None = None
    franchise: str | None = None
    franchise_order: int | None = Field(default=None, ge=1)
    """The place among this catalogue's films of the franchise, from 1."""

    @property
    def directors(self) -> tuple[str, ...]:
        """The directors one by one."""
        names = (self.director or "").replace(" and ", ", ").split(", ")
        return tuple(name for name in names if name)

    @property
    def tags(self) -> frozenset[str]:
        """Genres and keywords: what a season can favour."""
        return frozenset((*self.genres, *self.keywords))


@cache
def films() -> tuple[Film, ...]:
    """Return all films in the order of the catalogue.

    Raises:
        ConfigError: A line of ``films.jsonl`` is wrong; it names line and field.
    """
    return read_entries(Film, "films.jsonl")


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of all films.

    Every item has ``year`` (int) and ``genres`` (tuple); where known also ``director`` (str),
    ``cast`` and ``keywords`` (tuples), ``description`` (str) and ``franchise`` (str).
    """
    return as_catalogue(films())
