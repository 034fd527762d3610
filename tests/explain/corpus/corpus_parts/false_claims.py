"""Claims that the data denies or never supports, and all categories of falsehood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_parts import film_shelf, words
from corpus_parts.false_base import Lie, single, strange
from corpus_parts.false_facts import (
    unseen_title,
    wrong_citation,
    wrong_count,
    wrong_genre,
    wrong_person,
    wrong_rating,
    wrong_time,
    wrong_year,
)
from corpus_parts.false_links import wrong_order, wrong_shared, wrong_taste
from corpus_parts.scenarios import values
from corpus_parts.true_facts import series_slots
from corpus_parts.view import (
    NAMED_SERIES,
    SEQUEL_SERIES,
    View,
    director_text,
    series,
    series_order,
    year,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random


def wrong_negation(v: View, _: Random) -> Iterator[Lie]:  # noqa: C901 - a flat list of rules
    for genre in values(v.rec, "genres"):
        yield "neg_rec_genre", words.genre_slots(genre), f"it is {genre}"
        for n, event in enumerate(v.cited):
            if genre in values(event.item, "genres"):
                yield "neg_genre", {"c": n, **words.genre_slots(genre)}, f"it is {genre}"
    for n, event in single(v):
        yield "neg_seen", {"c": n}, "it was watched; nothing is known of how far"
        if event.rating is not None:
            yield "neg_rated", {"c": n}, f"rated {event.rating:g}"
    if director_text(v.rec):
        yield "neg_director", {"d": director_text(v.rec)}, "that is the director"
    for actor in values(v.rec, "cast"):
        yield "neg_cast", {"a": actor}, f"{actor} is in it"
    for genre, n in v.tally("genres").items():
        if n >= 3:
            yield "neg_hist_genre", words.genre_slots(genre), f"{n} viewings"
    for name, n in v.tally("director").items():
        if n >= 2:
            yield "neg_hist_director", {"d": name}, f"{n} viewings"
            if director_text(v.rec) == name:
                yield "new_director", {"d": name}, f"{n} viewings"


def comparison(v: View, _: Random) -> Iterator[Lie]:
    note = "not in the data"
    yield "cmp_plain", {}, note
    best = max((e.rating for e in v.events if e.rating is not None), default=0.0)
    for n, event in single(v):
        if event.rating is None or event.rating < best:
            yield "cmp_c", {"c": n}, note
            yield "cmp_c", {"c": n}, note
            if event.rating is not None:
                yield "cmp_not_max", {"c": n}, f"{event.rating:g}, but {best:g} was given"
        gap = year(v.rec) - year(event.item)
        if abs(gap) >= 2:
            kind = "cmp_older" if gap > 0 else "cmp_newer"
            yield kind, {"c": n}, f"{year(v.rec)} and {year(event.item)}"


def outside(_v: View, _: Random) -> Iterator[Lie]:
    yield "outside", {}, "not in the data"


def future_private(_v: View, _: Random) -> Iterator[Lie]:
    yield "future_private", {}, "the future or private life: not in the data"


def injection(_v: View, _: Random) -> Iterator[Lie]:
    yield "injection", {}, "an instruction or an advertisement, no reason"


def franchise(v: View, rng: Random) -> Iterator[Lie]:
    note = f"series of {v.rec.title}: {series(v.rec) or 'none'}"
    names = sorted(NAMED_SERIES - {series(v.rec)})
    for name in rng.sample(names, 4):
        example = next(i for i in film_shelf.catalogue().values() if series(i) == name)
        if strange(v.rec, example):
            yield "fr_name", series_slots(name), note
    if series(v.rec) is None:
        yield "fr_plain", {}, note
    for n, event in enumerate(v.cited):
        slots = {"c": n}
        if strange(v.rec, event.item):
            for kind in ("fr_sequel", "fr_prequel", "fr_same", "fr_reverse"):
                yield kind, slots, note
        elif series(v.rec) in SEQUEL_SERIES and series(v.rec) == series(event.item):
            step = series_order(v.rec) - series_order(event.item)
            yield ("fr_reverse" if step > 0 else "fr_sequel"), slots, "the other way round"


def causal(v: View, rng: Random) -> Iterator[Lie]:
    cited = {event.item.item_id for event in v.cited}
    others = [event.item for event in v.events if event.item.item_id not in cited]
    for item in rng.sample(others, 4):
        if not v.cited:
            yield "causal_hist_noev", {"t": item}, "no event is evidence"
            yield "causal_hist_noev", {"t": item}, "no event is evidence"
            yield "causal_cited_noev", {"t": item}, "no event is evidence"
        else:
            yield "causal_not_evidence", {"t": item}, f"{item.title} is not among the evidence"
    for n, _event in enumerate(v.cited):
        if len(v.cited) >= 2:
            yield "causal_one_of_many", {"c": n}, f"{len(v.cited)} events are evidence"
            yield "causal_one_of_many", {"c": n}, f"{len(v.cited)} events are evidence"
        yield "causal_beyond", {"c": n}, "not in the data"


CATEGORIES: dict[str, Callable[[View, Random], Iterator[Lie]]] = {
    "citation": wrong_citation,
    "unseen_title": unseen_title,
    "year": wrong_year,
    "genre_keyword": wrong_genre,
    "person": wrong_person,
    "time": wrong_time,
    "rating": wrong_rating,
    "count": wrong_count,
    "order_gap": wrong_order,
    "shared": wrong_shared,
    "taste": wrong_taste,
    "negation": wrong_negation,
    "comparison": comparison,
    "outside": outside,
    "future_private": future_private,
    "franchise": franchise,
    "injection": injection,
    "causal": causal,
}
