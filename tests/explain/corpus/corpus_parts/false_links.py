"""Wrong order, links and tastes: false of the scenario by construction."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from corpus_parts import film_shelf, words
from corpus_parts.false_base import Lie, single, strange
from corpus_parts.invented import CONCRETE, safe_genres, unrelated
from corpus_parts.scenarios import directors, values
from corpus_parts.view import (
    View,
    attribute,
    year,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


def wrong_order(v: View, rng: Random) -> Iterator[Lie]:
    last, first = v.events[-1], v.events[0]
    for n, event in single(v):
        if event is not last:
            yield "last_event", {"c": n}, f"the last was {last.item.title}"
        if event is not first:
            yield "first_event", {"c": n}, f"the first was {first.item.title}"
    for (one, a), (two, b) in itertools.permutations(single(v), 2):
        days = abs((b.time - a.time).days)
        pair = {"c": one, "c2": two}
        if a.time > b.time and days >= 1:
            yield "order2", pair, f"{b.item.title} came first"
            yield "consec", pair, f"{b.item.title} came first"
            continue
        if b.position > a.position + 1:
            yield "consec", pair, f"{b.position - a.position - 1} films came between"
        if days >= 3:
            yield "sameday", pair, f"{days} days apart"
        said = rng.choice([d for d in (1, 2, 4, 7, 14, 21, 35) if abs(d - days) > max(2, days / 2)])
        yield "gap", {**pair, "gap": words.say_gap(said)}, f"{days} days"


def wrong_shared(v: View, rng: Random) -> Iterator[Lie]:  # noqa: C901 - a flat list of rules
    pairs = [(v.rec, event.item, {"c": n}, "sh") for n, event in enumerate(v.cited)]
    for (one, a), (two, b) in itertools.permutations(single(v), 2):
        pairs.append((a.item, b.item, {"c": one, "c2": two}, "cc"))
    for one, two, slots, prefix in pairs:
        note = f"{one.title} and {two.title}: not in common"
        if directors(one) and directors(two) and not directors(one) & directors(two):
            for name in (sorted(directors(one))[0], sorted(directors(two))[0]):
                yield f"{prefix}_director", {**slots, "d": name}, note
            if prefix == "sh":
                yield "sh_dirx", slots, note
        far = [g for g in values(one, "genres") if g in safe_genres(two)]
        far += [g for g in values(two, "genres") if g in safe_genres(one)]
        for genre in far:
            yield f"{prefix}_genre", {**slots, **words.genre_slots(genre)}, note
        cast = [
            a for a in values(one, "cast") if values(two, "cast") and a not in values(two, "cast")
        ]
        if not strange(one, two):
            cast = []
        for name in rng.sample(cast, min(1, len(cast))):
            yield f"{prefix}_actor", {**slots, "a": name}, note
        if prefix == "sh":
            for keyword in values(one, "keywords"):
                if words.is_natural(keyword) and unrelated(two, keyword):
                    yield "sh_kw", {**slots, "k": keyword}, note
            if year(one) // 10 != year(two) // 10:
                yield "sh_decade", {**slots, "decade": f"{year(two) // 10 * 10}s"}, note


def wrong_taste(v: View, rng: Random) -> Iterator[Lie]:  # noqa: C901 - a flat list of rules
    tally, size = v.tally("genres"), len(v.events)
    for genre in words.GENRES:
        n = tally[genre]
        slots, note = words.genre_slots(genre), f"{n} of {size}"
        if n <= 1 and n <= 0.1 * size:
            yield "t_genre_watch", slots, note
            if n == 0:
                yield "t_genre_like", slots, note
        if n < 0.35 * size and genre not in ("Family", "Documentary"):
            yield "t_half", slots, note
    for name, slot, kinds in (
        ("director", "d", ("t_director", "t_director_like")),
        ("cast", "a", ("t_actor",)),
    ):
        everyone = sorted({p for o in film_shelf.catalogue().values() for p in attribute(o, name)})
        absent = [person for person in everyone if person not in v.tally(name)]
        for person in rng.sample(absent, 2):
            for kind in kinds:
                yield kind, {slot: person}, "not one film"
    for keyword in rng.sample(CONCRETE, len(CONCRETE)):
        if all(unrelated(item, keyword) for item in v.films):
            yield "t_kw", {"k": keyword}, "not one film"
    decades = v.tally("decade")
    for decade in ("1940s", "1950s", "1960s", "1970s", "1980s", "2010s"):
        if decades[decade] == 0:
            yield "t_decade", {"decade": decade}, "not one film"
