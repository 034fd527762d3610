"""What is true of the films for everybody: how known and how good they are, and what belongs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.errors import ConfigError, did_you_mean
from llmrec.world.random import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.world.films import Film
    from llmrec.world.settings import Season, WorldSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The films by position, and every list that people's choices look things up in."""

    films: tuple[Film, ...]
    quality: tuple[float, ...]
    """From 0, the worst, to 1."""
    popularity: tuple[float, ...]
    """Weights; the best known film's is at most eleven times the least known one's."""
    moment: dict[tuple[int, str], tuple[float, ...]]
    """``moment[month, mood][film]``: the factor of a month and of being in the mood for a genre
    (``""``: for none)."""
    by_director: dict[str, tuple[int, ...]]
    by_actor: dict[str, tuple[int, ...]]
    before: dict[int, int]
    """Film -> the film before it in its franchise."""
    after: dict[int, int]
    genres: tuple[str, ...]


def stock(films: Sequence[Film], settings: WorldSettings, seed: int) -> Shelf:
    """Return the shelf of a world.

    Raises:
        ConfigError: There are fewer films than a person may watch, or a season's tag is neither a
            genre nor a keyword of any film.
    """
    if len(films) < settings.activity.most_events:
        raise ConfigError(
            f"activity.most_events ({settings.activity.most_events}) is more than the "
            f"{len(films)} films there are",
            remedy="Lower it, or bring more films.",
        )
    quality, popularity = _standing(films, settings.taste.popularity, seed)
    genres = tuple(sorted({genre for film in films for genre in film.genres}))
    franchises = _by_franchise(films)
    return Shelf(
        films=tuple(films),
        quality=quality,
        popularity=popularity,
        moment=_moments(films, genres, settings),
        by_director=_positions(films, "directors"),
        by_actor=_positions(films, "cast"),
        before={b: a for line in franchises for a, b in itertools.pairwise(line)},
        after={a: b for line in franchises for a, b in itertools.pairwise(line)},
        genres=genres,
    )


def _standing(
    films: Sequence[Film], share: float, seed: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Draw how good and how known each film is; good films are better known on average."""
    quality, popularity = [], []
    for film in films:
        stream = Stream(seed, "film", film.id)
        unknown = stream.uniform()
        quality.append(((1.0 - unknown) + stream.uniform()) / 2.0)
        popularity.append((1.0 - share) + share / (0.1 + unknown))
    return tuple(quality), tuple(popularity)


def _moments(
    films: Sequence[Film], genres: Sequence[str], settings: WorldSettings
) -> dict[tuple[int, str], tuple[float, ...]]:
    """Return the factors of every month and mood."""
    months = [(month, _month(films, settings.seasons, month)) for month in range(1, 13)]
    factor = settings.memory.mood_factor
    return {
        (month, mood): tuple(
            season * factor if mood in film.genres else season
            for season, film in zip(seasons, films, strict=True)
        )
        for month, seasons in months
        for mood in ("", *genres)
    }


def _month(films: Sequence[Film], seasons: Sequence[Season], month: int) -> tuple[float, ...]:
    """Multiply the factors of every season that the month lies in, film by film."""
    known = {tag for film in films for tag in film.tags}
    factors = [1.0] * len(films)
    for season in seasons:
        if season.tag not in known:
            raise ConfigError(
                f"seasons: {season.tag!r} is neither a genre nor a keyword of any film",
                remedy=did_you_mean(season.tag, sorted(known)),
            )
        if month in season.months:
            for n, film in enumerate(films):
                factors[n] *= season.factor if season.tag in film.tags else 1.0
    return tuple(factors)


def _positions(films: Sequence[Film], field: str) -> dict[str, tuple[int, ...]]:
    """Return the films of each person in a field, for those who have at least two."""
    found: dict[str, list[int]] = defaultdict(list)
    for n, film in enumerate(films):
        for name in getattr(film, field):
            found[name].append(n)
    return {name: tuple(places) for name, places in found.items() if len(places) > 1}


def _by_franchise(films: Sequence[Film]) -> list[list[int]]:
    """Return the films of each franchise in their order."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, film in enumerate(films):
        if film.franchise is not None:
            found[film.franchise].append((film.franchise_order or 0, n))
    return [[n for _, n in sorted(line)] for line in found.values()]
