"""What a person has seen, and what that makes likelier or less likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmrec.world.people import Person
    from llmrec.world.settings import Memory
    from llmrec.world.shelf import Shelf


@dataclass(frozen=True, slots=True)
class _Pull:
    """Films that an earlier film speaks for, since a day, with a weight that fades to zero."""

    films: tuple[int, ...]
    weight: float
    day: int
    days: float


class Seen:
    """A person's state: which films are open to them, and what pulls.

    Args:
        person: Whose state it is.
        shelf: The world's films.
        memory: The parameters.
    """

    def __init__(self, person: Person, shelf: Shelf, memory: Memory) -> None:
        self._person, self._shelf, self._memory = person, shelf, memory
        self.openness = [
            memory.out_of_order if n in shelf.before else 1.0 for n in range(len(shelf.films))
        ]
        """By film: 0 once seen, small while the film before it is unseen, else 1."""
        self.weights = [a * b for a, b in zip(person.weights, self.openness, strict=True)]
        """By film: taste and popularity, for what is open."""
        self._times = [0] * len(shelf.films)
        self._waiting: list[tuple[int, int]] = []
        self._pulls: list[_Pull] = []

    def wake(self, day: int) -> None:
        """Begin a day: forget pulls that have faded, and open again what was liked long ago."""
        self._pulls = [pull for pull in self._pulls if day - pull.day < pull.days]
        while self._waiting and self._waiting[0][0] <= day:
            _, film = self._waiting.pop(0)
            again = 1.0
            for _ in range(self._times[film]):
                again *= self._memory.rewatch_factor
            self._open(film, again)

    def pulls(self, day: int) -> dict[int, float]:
        """Return the films that something seen speaks for, with weights against all others' 1."""
        found: dict[int, float] = {}
        for pull in self._pulls:
            faded = pull.weight * (1.0 - (day - pull.day) / pull.days) / len(pull.films)
            for film in pull.films:
                weight = faded * self.openness[film]
                if weight > 0.0:
                    found[film] = found.get(film, 0.0) + weight
        return found

    def watch(self, film: int, day: int, rating: float) -> None:
        """Take note of a film that was watched."""
        self._times[film] += 1
        self._open(film, 0.0)
        liked = rating >= self._memory.liked_from
        if liked:
            self._waiting.append((day + self._memory.rewatch_after_days, film))
        following = self._shelf.after.get(film)
        if following is not None:
            if self._times[following] == 0:
                self._open(following, 1.0)
            eagerness = self._memory.franchise_pull * (rating - 1.0) / 4.0
            self._pull((following,), eagerness, day, self._memory.franchise_days)
        if liked:
            self._follow(film, day)

    def _follow(self, film: int, day: int) -> None:
        """Look for other films of the directors and actors of a film that was liked."""
        memory, shelf = self._memory, self._shelf
        for name in shelf.films[film].directors:
            others = tuple(n for n in shelf.by_director.get(name, ()) if n != film)
            self._pull(others, memory.director_pull, day, memory.director_days)
        for name in shelf.films[film].cast:
            others = tuple(n for n in shelf.by_actor.get(name, ()) if n != film)
            self._pull(others, memory.actor_pull, day, memory.actor_days)

    def _pull(self, films: tuple[int, ...], weight: float, day: int, days: float) -> None:
        if films and weight > 0.0:
            self._pulls.append(_Pull(films, weight, day, days))

    def _open(self, film: int, openness: float) -> None:
        self.openness[film] = openness
        self.weights[film] = self._person.weights[film] * openness
