"""The films that the corpus was written with: the catalogue's first, however much it has grown."""

from __future__ import annotations

from functools import cache

from llmrec.types import Catalogue
from llmrec.world import films as film_world

N_FILMS = 513


@cache
def films() -> tuple[film_world.Film, ...]:
    """Return the films in the order of the catalogue."""
    return film_world.films()[:N_FILMS]


@cache
def catalogue() -> Catalogue:
    """Return the same films as items."""
    return Catalogue([film.item() for film in films()])
