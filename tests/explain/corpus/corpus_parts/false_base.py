"""What the makers of false claims share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_parts import film_shelf
from corpus_parts.scenarios import directors, values
from corpus_parts.true_facts import Slots
from corpus_parts.view import (
    Event,
    View,
    series,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from llmrec.types import Item

Lie = tuple[str, Slots, str]


def single(v: View) -> list[tuple[int, Event]]:
    return [(n, v.cited[n]) for n in v.single]


def subjects(v: View) -> Iterator[tuple[str, Slots, Item]]:
    """The recommended film and the cited ones, with the prefix of their kinds."""
    yield "rec", {}, v.rec
    for n, event in enumerate(v.cited):
        yield "c", {"c": n}, event.item


def unseen(v: View, rng: Random, count: int) -> list[Item]:
    pool = [i for i in film_shelf.catalogue().values() if i.item_id not in v.seen and i != v.rec]
    return rng.sample(pool, count)


def strange(one: Item, two: Item) -> bool:
    """No series, director, hero or word of the title in common."""
    if series(one) is not None and series(one) == series(two):
        return False
    if directors(one) & directors(two) or set(values(one, "cast")) & set(values(two, "cast")):
        return False
    heroes = [set(values(item, "keywords")) & {"superhero", "mutants"} for item in (one, two)]
    if all(heroes):
        return False
    long = [{w for w in item.title.lower().split() if len(w) > 4} for item in (one, two)]
    return not long[0] & long[1]
