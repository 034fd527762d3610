"""People: what they like whatever they have seen, and how generous their ratings are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from llmrec.world.random import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.world.films import Film
    from llmrec.world.settings import Taste, WorldSettings
    from llmrec.world.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person's lasting traits."""

    user_id: str
    favourite_genres: tuple[str, ...]
    liking: tuple[float, ...]
    """By film; 1 on average, above for films to the person's taste."""
    weights: tuple[float, ...]
    """By film: liking times how known it is."""
    generosity: float
    """Added to every rating."""


def user_id(number: int) -> str:
    """Return the id of a person by number, from 1."""
    return f"p{number:04d}"


def draw_person(number: int, shelf: Shelf, settings: WorldSettings, seed: int) -> Person:
    """Draw the traits of one person, from a stream that no other person shares."""
    stream = Stream(seed, "person", number)
    taste = settings.taste
    wanted = taste.favourite_genres + taste.disliked_genres
    genres = stream.some(shelf.genres, wanted)
    favourites = tuple(genres[: taste.favourite_genres])
    by_genre = dict.fromkeys(genres, taste.disliked_factor)
    by_genre.update(dict.fromkeys(favourites, taste.favourite_factor))
    several = [name for name, places in shelf.by_director.items() if len(places) > 2]
    directors = frozenset(stream.some(several, taste.favourite_directors))
    # Most people lean to films of their own time; the square of a uniform number leans to 0.
    favourite_year = 2015 - int(60 * stream.uniform() * stream.uniform())
    liking = _scaled(
        [_liking(film, by_genre, directors, favourite_year, taste) for film in shelf.films]
    )
    return Person(
        user_id=user_id(number),
        favourite_genres=favourites,
        liking=liking,
        weights=tuple(a * b for a, b in zip(liking, shelf.popularity, strict=True)),
        generosity=settings.rating.person_spread * stream.bell(),
    )


def _liking(
    film: Film,
    by_genre: dict[str, float],
    directors: frozenset[str],
    favourite_year: int,
    taste: Taste,
) -> float:
    """Return the product of genre (mean factor, squared), director and era."""
    total = list(accumulate(by_genre.get(genre, 1.0) for genre in film.genres))[-1]
    genre = total / len(film.genres)
    director = taste.director_factor if directors.intersection(film.directors) else 1.0
    distance = (film.year - favourite_year) / taste.era_years
    return genre * genre * director / (1.0 + distance * distance)


def _scaled(values: Sequence[float]) -> tuple[float, ...]:
    """Divide by the mean (values that are all zero stay as they are)."""
    mean = list(accumulate(values))[-1] / len(values)
    return tuple(value / mean for value in values) if mean > 0 else tuple(values)
