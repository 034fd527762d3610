"""What a world needs of a catalogue's items: their values by field, and their place in a series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmrec.types import Catalogue
    from llmrec.world.dishes import Dish
    from llmrec.world.films import Film


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as a world sees it."""

    item_id: str
    title: str
    values: Mapping[str, tuple[str, ...]]
    """Field -> values; a field that is not known is left out."""
    year: int | None = None
    series: str | None = None
    place: int = 0
    """The place in the series, from 1."""
    tags: frozenset[str] = field(default=frozenset())
    """What seasons, weekdays, sessions and guests can favour."""


def _entry_values(**fields: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the fields that hold anything."""
    return {name: values for name, values in fields.items() if values}


def film_entries(films: Iterable[Film]) -> tuple[Entry, ...]:
    """Return films as entries with ``genres``, ``keywords``, ``director`` and ``cast``."""
    return tuple(
        Entry(
            item_id=film.id,
            title=film.title,
            values=_entry_values(
                genres=film.genres,
                keywords=film.keywords,
                director=film.directors,
                cast=film.cast,
            ),
            year=film.year,
            series=film.franchise,
            place=film.franchise_order or 0,
            tags=film.tags,
        )
        for film in films
    )


def dish_entries(dishes: Iterable[Dish]) -> tuple[Entry, ...]:
    """Return dishes as entries; seasons, effort and diet are fields too."""
    return tuple(
        Entry(
            item_id=dish.id,
            title=dish.title,
            values=_entry_values(
                cuisine=(dish.cuisine,),
                course=(dish.course,),
                ingredients=dish.ingredients,
                season=dish.season,
                effort=(dish.effort,),
                diet=dish.diet,
                method=(dish.method,) if dish.method else (),
            ),
            tags=dish.tags,
        )
        for dish in dishes
    )


def entries_of(world: str) -> tuple[Entry, ...]:
    """Return the embedded catalogue of a world, ``"film"`` or ``"kitchen"``."""
    if world == "film":
        from llmrec.world.films import films

        return film_entries(films())
    from llmrec.world.dishes import dishes

    return dish_entries(dishes())


def catalogue_of(world: str) -> Catalogue:
    """Return the embedded catalogue of a world, ``"film"`` or ``"kitchen"``, as items."""
    from llmrec.world import dishes, films

    return films.catalogue() if world == "film" else dishes.catalogue()
