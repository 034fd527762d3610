"""A scenario, looked at: events, films and the counts that claims rest on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from corpus_parts import film_shelf
from corpus_parts.scenarios import directors, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.types import Item

# Series whose name reads well and whose films follow one another in the order of release.
SEQUEL_SERIES = frozenset(
    [
        "Back to the Future",
        "Alien",
        "Terminator",
        "The Matrix",
        "The Godfather",
        "Toy Story",
        "Shrek",
        "Die Hard",
        "Lethal Weapon",
        "Jason Bourne",
        "Spider-Man",
        "X-Men",
        "Iron Man",
        "Jurassic Park",
        "Scream",
        "Rocky",
        "Ocean's",
        "The Hunger Games",
        "Home Alone",
        "Paddington",
        "Kung Fu Panda",
        "Despicable Me",
        "Ghostbusters",
        "Rush Hour",
        "Finding Nemo",
        "Men in Black",
        "Harry Potter",
        "Pirates of the Caribbean",
        "The Lord of the Rings",
        "Bridget Jones",
        "Kill Bill",
        "Blade Runner",
        "The Karate Kid",
        "Sherlock Holmes",
        "John Wick",
    ]
)
NAMED_SERIES = SEQUEL_SERIES | {"Star Wars", "Star Trek", "Indiana Jones", "Mission: Impossible"}


@dataclass(frozen=True)
class Event:
    """One viewing."""

    position: int
    item: Item
    time: datetime
    rating: float | None


def year(item: Item) -> int:
    return int(str(item.attributes["year"]))


def director_text(item: Item) -> str:
    return str(item.attributes.get("director", ""))


def series(item: Item) -> str | None:
    got = item.attributes.get("franchise")
    return None if got is None else str(got)


def series_order(item: Item) -> int:
    film = next(film for film in film_shelf.films() if film.id == item.item_id)
    return film.franchise_order or 0


def series_name(name: str) -> str:
    """The name as it stands before "series"."""
    return name.removeprefix("The ")


class View:
    """Everything that a sentence about one scenario can be built from."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        catalogue = film_shelf.catalogue()
        self.id: str = scenario["id"]
        self.split: str = scenario["split"]
        self.as_of = datetime.fromisoformat(scenario["as_of"])
        self.rec = catalogue[scenario["item_id"]]
        self.events = [
            Event(n, catalogue[e["item_id"]], datetime.fromisoformat(e["timestamp"]), e["rating"])
            for n, e in enumerate(scenario["events"])
        ]
        self.cited = [self.events[n] for n in scenario["evidence"]]
        self.films = list({event.item.item_id: event.item for event in self.events}.values())
        self.seen = Counter(event.item.item_id for event in self.events)

    @property
    def single(self) -> list[int]:
        """Citations (from 0) of films that were watched once: no other viewing to confuse."""
        return [n for n, e in enumerate(self.cited) if self.seen[e.item.item_id] == 1]

    def count(self, test: Callable[[Item], bool]) -> int | None:
        """How many films pass; None where counting viewings would give another number."""
        films = sum(test(item) for item in self.films)
        return films if films == sum(test(event.item) for event in self.events) else None

    def tally(self, name: str) -> Counter[str]:
        """Viewings by value of an attribute; ``director``, ``decade`` or a tuple attribute."""
        counts: Counter[str] = Counter()
        for event in self.events:
            counts.update(attribute(event.item, name))
        return counts

    def top(self, name: str) -> str | None:
        """The strictly commonest value, where at least three viewings have it."""
        best = self.tally(name).most_common(2)
        if not best or best[0][1] < 3 or (len(best) > 1 and best[1][1] == best[0][1]):
            return None
        return best[0][0]

    def mean_rating(self, name: str, value: str) -> float:
        """Mean rating of the viewings that have the value (0 where none is rated)."""
        rated = [
            e.rating
            for e in self.events
            if e.rating is not None and value in attribute(e.item, name)
        ]
        return sum(rated) / len(rated) if rated else 0.0

    def days_ago(self, event: Event) -> int | None:
        return days_between(event.time, self.as_of)


def attribute(item: Item, name: str) -> tuple[str, ...]:
    if name == "director":
        return tuple(sorted(directors(item)))
    if name == "decade":
        return (f"{year(item) // 10 * 10}s",)
    return values(item, name)


def days_between(one: datetime, other: datetime) -> int | None:
    """Days from one moment to the other, where calendar and clock agree; else None."""
    by_calendar = (other.date() - one.date()).days
    by_clock = (other - one).total_seconds() / 86400
    return by_calendar if abs(by_clock - by_calendar) <= 0.35 else None
