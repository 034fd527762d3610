"""People choosing films over time: taste, memory, season, mood and chance."""

from __future__ import annotations

from itertools import accumulate
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from llmrec.world.evenings import draw_sessions
from llmrec.world.films import films as all_films
from llmrec.world.memory import Seen
from llmrec.world.people import draw_person
from llmrec.world.random import Stream
from llmrec.world.settings import film_v1
from llmrec.world.shelf import stock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmrec.world.films import Film
    from llmrec.world.people import Person
    from llmrec.world.settings import Rating, WorldSettings
    from llmrec.world.shelf import Shelf


class Event(NamedTuple):
    """One film watched by one person."""

    user_id: str
    item_id: str
    timestamp_s: int
    """Unix seconds, UTC: when the film was started."""
    rating: float
    """1 to 5 in halves."""


def simulate(
    seed: int, *, settings: WorldSettings | None = None, films: Sequence[Film] | None = None
) -> Iterator[Event]:
    """Generate every event of the film world, person by person, each in order of time.

    The same seed, settings and films give the same events on every platform.

    Args:
        seed: Any integer.
        settings: The world's parameters; the embedded ones if None.
        films: The films there are; the embedded ones if None.

    Raises:
        ConfigError: A season favours what no film has, or there are too few films.
    """
    settings = settings or film_v1()
    shelf = stock(all_films() if films is None else films, settings, seed)
    for number in range(1, settings.people + 1):
        yield from _live(number, shelf, settings, seed)


def _live(number: int, shelf: Shelf, settings: WorldSettings, seed: int) -> Iterator[Event]:
    """Generate one person's events."""
    person = draw_person(number, shelf, settings, seed)
    stream = Stream(seed, "life", number)
    seen = Seen(person, shelf, settings.memory)
    mood = ""
    for session in draw_sessions(stream, settings):
        seen.wake(session.day)
        if not mood or not stream.chance(settings.memory.mood_stays):
            mood = (stream.some(person.favourite_genres, 1) or [""])[0]
        factors = shelf.moment[session.month, mood]
        for start_s in session.starts_s:
            film = _choose(stream, seen, factors, session.day, settings.noise)
            rating = _rate(stream, person, shelf, film, settings.rating)
            seen.watch(film, session.day, rating)
            yield Event(person.user_id, shelf.films[film].id, start_s, rating)


def _choose(stream: Stream, seen: Seen, factors: Sequence[float], day: int, noise: float) -> int:
    """Draw one film: by chance, by what pulls, or by taste and the moment."""
    if stream.chance(noise):
        return stream.weighted(seen.openness)
    pulls = seen.pulls(day)
    drawn = stream.uniform() * (1.0 + list(accumulate(pulls.values(), initial=0.0))[-1])
    for film, weight in pulls.items():
        if drawn < weight:
            return film
        drawn -= weight
    totals = list(accumulate(map(mul, seen.weights, factors)))
    return stream.pick(totals) if totals[-1] > 0.0 else stream.weighted(seen.openness)


def _rate(stream: Stream, person: Person, shelf: Shelf, film: int, rating: Rating) -> float:
    """Draw a rating: taste, quality, generosity and chance, rounded to halves."""
    liking = person.liking[film] / (1.0 + person.liking[film])
    value = (
        rating.base
        + rating.liking * liking
        + rating.quality * shelf.quality[film]
        + person.generosity
        + rating.noise_spread * stream.bell()
    )
    return min(5.0, max(1.0, int(value * 2.0 + 0.5) / 2.0))
