"""The film catalogue: real films, described in our own words.

The nouns of ``llmrec.types`` are imported late: simulating people needs the films, not NumPy.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import Field

from llmrec.config import Settings

if TYPE_CHECKING:
    from llmrec.types import AttributeValue, Catalogue, Item


class Film(Settings):
    """One line of ``films.jsonl``; a fact that its authors were not sure of is left out."""

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

    def item(self) -> Item:
        """Return the film as an item; facts that are left out are left out there too."""
        from llmrec.types import Item

        attributes: dict[str, AttributeValue | None] = {
            "year": self.year,
            "genres": self.genres,
            "director": self.director,
            "cast": self.cast,
            "keywords": self.keywords,
            "description": self.description,
            "franchise": self.franchise,
        }
        known = {name: value for name, value in attributes.items() if value not in (None, ())}
        return Item(item_id=self.id, title=self.title, attributes=known)


@cache
def films() -> tuple[Film, ...]:
    """Return all films in the order of the catalogue.

    Raises:
        ConfigError: A line of ``films.jsonl`` is wrong; it names line and field.
    """
    text = resources.files("llmrec.world").joinpath("films.jsonl").read_text(encoding="utf-8")
    return tuple(
        Film.of(json.loads(line), source=f"films.jsonl, line {number}")
        for number, line in enumerate(text.splitlines(), 1)
    )


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of all films.

    Every item has ``year`` (int) and ``genres`` (tuple); where known also ``director`` (str),
    ``cast`` and ``keywords`` (tuples), ``description`` (str) and ``franchise`` (str).
    """
    from llmrec.types import Catalogue

    return Catalogue([film.item() for film in films()])
