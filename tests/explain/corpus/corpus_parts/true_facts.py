"""What is true of a scenario: for each kind of claim, every way to fill its slots."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from corpus_parts import words
from corpus_parts.scenarios import directors, values
from corpus_parts.view import (
    NAMED_SERIES,
    SEQUEL_SERIES,
    View,
    days_between,
    director_text,
    series,
    series_name,
    series_order,
    year,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from llmrec.types import Item

Slots = dict[str, Any]
"""Texts by slot; ``c`` and ``c2`` are citations (from 0), ``t`` is an Item, ``allc`` a flag."""
DECADES = {"1980s": "eighties", "1990s": "nineties", "1970s": "seventies", "1960s": "sixties"}


def say_decade(item: Item, rng: Random) -> str:
    plain = f"{year(item) // 10 * 10}s"
    return rng.choice([plain, DECADES.get(plain, plain)])


def series_slots(name: str) -> Slots:
    return {"f": series_name(name), "a_f": words.article(series_name(name))}


def about(item: Item, rng: Random) -> Iterator[tuple[str, Slots]]:  # noqa: C901 - a flat list of rules
    """Facts of one film, kinds without their prefix."""
    yield "year", {"year": year(item)}
    for genre in values(item, "genres"):
        yield "genre", words.genre_slots(genre)
    if director_text(item):
        yield "director", {"d": director_text(item)}
    for actor in values(item, "cast"):
        yield "cast", {"a": actor}
    keywords = values(item, "keywords")
    for keyword in filter(words.is_natural, keywords):
        yield "kw", {"k": keyword}
    for keyword in keywords:
        yield "kwq", {"kq": keyword}
    for one, two in itertools.permutations(values(item, "cast"), 2):
        yield "cast2", {"a": one, "a2": two}
    for one, two in itertools.permutations(filter(words.is_natural, keywords), 2):
        yield "kw2", {"k": one, "k2": two}
    plain = [g for g in values(item, "genres") if g not in ("Family", "Animation")]
    for one, two in itertools.permutations(plain, 2):
        yield "genres2", {"g1": words.GENRES[one][2], "g2": words.GENRES[two][2]}
    yield "decade", {"decade": say_decade(item, rng)}
    described = str(item.attributes.get("description", ""))
    if described:
        head = described.split()[0]
        small = described[0].lower() + described[1:] if head in LOWERED else described
        yield "desc", {"Desc": described, "desc": small.rstrip(".")}
    if series(item) in NAMED_SERIES:
        yield "franchise", series_slots(series(item) or "")


LOWERED = {"A", "An", "The", "In", "On", "After", "When", "Two", "Three", "As", "While", "With"}
CITED_KINDS = frozenset(["year", "genre", "director", "cast", "kw", "kwq"])


def attributes(v: View, rng: Random) -> Iterator[tuple[str, Slots]]:
    for kind, slots in about(v.rec, rng):
        yield f"rec_{kind}", slots
    for n, event in enumerate(v.cited):
        for kind, slots in about(event.item, rng):
            if kind in CITED_KINDS:
                yield f"c_{kind}", {**slots, "c": n}


def moments(v: View, rng: Random) -> Iterator[tuple[str, Slots]]:
    for n, event in enumerate(v.cited):
        time, day = event.time, words.WEEKDAYS[event.time.weekday()]
        part = words.day_part(time)
        yield "c_date", {"c": n, "date": words.say_date(time, rng)}
        yield "c_month", {"c": n, "month": words.say_month(time, rng)}
        yield "c_weekday", {"c": n, "wd": day}
        yield "c_daypart", {"c": n, "in_dp": words.in_the(part)}
        yield "c_season", {"c": n, "season": words.say_season(time, rng)}
        if part != "night" or time.hour >= 22:
            yield "c_wd_dp", {"c": n, "wd_dp": f"{day} {part}"}
        days = v.days_ago(event)
        if days is not None and 2 <= days <= 45:
            yield "c_ago", {"c": n, "ago": f"{words.say_gap(days)} ago"}
        elif days is not None and any(abs(days - 30.44 * m) <= 6 for m in range(2, 9)):
            yield "c_ago", {"c": n, "ago": f"about {words.number(round(days / 30.44))} months ago"}
        if days is not None and days <= 28:
            yield "c_recent", {"c": n}


def ratings(v: View, rng: Random) -> Iterator[tuple[str, Slots]]:
    for n in v.single:
        rating = v.cited[n].rating
        if rating is None:
            yield "c_unrated", {"c": n}
            continue
        yield "c_rating", {"c": n, "stars": words.say_stars(rating, rng)}
        for kind, holds in (
            ("c_loved", rating >= 4),
            ("c_liked", rating >= 3.5),
            ("c_top", rating == 5),
            ("c_low", rating <= 2),
            ("c_mid", 2.5 <= rating <= 3),
        ):
            if holds:
                yield kind, {"c": n}
    for one, two in itertools.permutations(v.single, 2):
        first, second = v.cited[one].rating, v.cited[two].rating
        if first is not None and second is not None and first > second:
            yield "rating_cmp", {"c": one, "c2": two}
    fives = [event for event in v.events if event.rating == 5]
    if len(fives) >= 2 and all(v.seen[event.item.item_id] == 1 for event in fives):
        yield "cnt_five", {"n": words.number(len(fives))}


def order(v: View, _: Random) -> Iterator[tuple[str, Slots]]:  # noqa: C901 - a flat list of rules
    last, first = v.events[-1], v.events[0]
    for n in v.single:
        if v.cited[n] is last:
            yield "last_event", {"c": n}
        if v.cited[n] is first:
            yield "first_event", {"c": n}
    for one, two in itertools.permutations(v.single, 2):
        a, b = v.cited[one], v.cited[two]
        if a.time >= b.time:
            continue
        yield "order2", {"c": one, "c2": two}
        if b.position == a.position + 1:
            yield "consec", {"c": one, "c2": two}
        if a.time.date() == b.time.date():
            yield "sameday", {"c": one, "c2": two}
        days = days_between(a.time, b.time)
        if days is not None and 1 <= days <= 60:
            yield "gap", {"c": one, "c2": two, "gap": words.say_gap(days)}
    for n, event in enumerate(v.cited):
        times = v.seen[event.item.item_id]
        if times > 1:
            yield "rewatch", {"c": n, "times": {2: "twice", 3: "three times"}[times]}


def counts(v: View, _: Random) -> Iterator[tuple[str, Slots]]:  # noqa: C901 - a flat list of rules
    for genre in v.tally("genres"):
        n = v.count(lambda item, genre=genre: genre in values(item, "genres"))
        if n is not None and n >= 2:
            yield "cnt_genre", {"n": words.number(n), "gp": words.GENRES[genre][1]}
    for name in v.tally("director"):
        n = v.count(lambda item, name=name: name in directors(item))
        if n is not None and n >= 2:
            yield "cnt_director", {"n": words.number(n), "d": name}
    for name in v.tally("cast"):
        n = v.count(lambda item, name=name: name in values(item, "cast"))
        if n is not None and n >= 2:
            yield "cnt_actor", {"n": words.number(n), "a": name}
    if len(v.films) == len(v.events):
        yield "cnt_total", {"n": words.number(len(v.films))}
        months = Counter((event.time.year, event.time.month) for event in v.events)
        for (y, m), n in months.items():
            if n >= 2:
                yield "cnt_month", {"n": words.number(n), "month": f"{words.MONTHS[m - 1]} {y}"}
        ages = [(v.as_of - event.time).total_seconds() / 86400 for event in v.events]
        recent = sum(age <= 30 for age in ages)
        if recent >= 2 and not any(29 < age < 31 for age in ages):
            yield "cnt_recent", {"n": words.number(recent)}


def shared(v: View, rng: Random) -> Iterator[tuple[str, Slots]]:
    for n, event in enumerate(v.cited):
        item = event.item
        for kind, slots in in_common(v.rec, item, rng):
            yield f"sh_{kind}", {**slots, "c": n}
        yield from _series(v.rec, item, n)
        gap = year(v.rec) - year(item)
        if abs(gap) >= 2:
            kind = "year_after" if gap > 0 else "year_before"
            yield kind, {"c": n, "n": words.number(abs(gap))}
        for genre in sorted(set(values(item, "genres")) - set(values(v.rec, "genres"))):
            yield "neg_genre", {"c": n, **words.genre_slots(genre)}
    for one, two in itertools.permutations(v.single, 2):
        for kind, slots in in_common(v.cited[one].item, v.cited[two].item, rng):
            if kind in ("director", "genre", "actor"):
                yield f"cc_{kind}", {**slots, "c": one, "c2": two}


def in_common(one: Item, two: Item, rng: Random) -> Iterator[tuple[str, Slots]]:
    """What two films share."""
    for name in sorted(directors(one) & directors(two)):
        yield "director", {"d": name}
    if directors(one) and directors(one) == directors(two):
        yield "dirx", {}
    for name in values(one, "cast"):
        if name in values(two, "cast"):
            yield "actor", {"a": name}
    for genre in values(one, "genres"):
        if genre in values(two, "genres"):
            yield "genre", words.genre_slots(genre)
    for keyword in values(one, "keywords"):
        if keyword in values(two, "keywords") and words.is_natural(keyword):
            yield "kw", {"k": keyword}
    if year(one) // 10 == year(two) // 10:
        yield "decade", {"decade": say_decade(one, rng)}


def _series(rec: Item, item: Item, n: int) -> Iterator[tuple[str, Slots]]:
    name = series(rec)
    if name is None or name != series(item) or name not in NAMED_SERIES:
        return
    yield "sh_franchise", {"c": n, "f": series_name(name)}
    follows = series_order(rec) == series_order(item) + 1 and year(rec) >= year(item)
    if follows and name in SEQUEL_SERIES:
        yield "sequel", {"c": n, "f": series_name(name)}


def tastes(v: View, _: Random) -> Iterator[tuple[str, Slots]]:
    genre = v.top("genres")
    if genre:
        yield "t_genre_watch", words.genre_slots(genre)
        if v.mean_rating("genres", genre) >= 3.5:
            yield "t_genre_like", words.genre_slots(genre)
        if v.tally("genres")[genre] > 0.55 * len(v.events):
            yield "t_half", words.genre_slots(genre)
    director = v.top("director")
    if director:
        yield "t_director", {"d": director}
        if v.mean_rating("director", director) >= 3.5:
            yield "t_director_like", {"d": director}
    actor, keyword, decade = v.top("cast"), v.top("keywords"), v.top("decade")
    if actor:
        yield "t_actor", {"a": actor}
    if keyword and words.is_natural(keyword):
        yield "t_kw", {"k": keyword}
    if decade and v.tally("decade")[decade] >= 0.4 * len(v.events):
        yield "t_decade", {"decade": decade}


def relations(v: View, rng: Random) -> Iterator[tuple[str, Slots]]:
    seen_directors = v.tally("director")
    name = director_text(v.rec)
    if name and not any(director in seen_directors for director in directors(v.rec)):
        yield "new_director", {"d": name}
    for event in v.events:
        if event not in v.cited and v.seen[event.item.item_id] == 1:
            yield "hist_title", {"t": event.item}
            yield "hist_title_month", {"t": event.item, "month": words.say_month(event.time, rng)}
    if v.cited:
        yield "ev_cause", {"allc": True}
    else:
        yield "noev", {}


FAMILIES: dict[str, Callable[[View, Random], Iterator[tuple[str, Slots]]]] = {
    "attributes": attributes,
    "moments": moments,
    "ratings": ratings,
    "order": order,
    "counts": counts,
    "shared": shared,
    "tastes": tastes,
    "relations": relations,
}


def true_facts(v: View, rng: Random) -> dict[str, list[tuple[str, Slots]]]:
    """All true (kind, slots) by family."""
    return {name: list(facts(v, rng)) for name, facts in FAMILIES.items()}
