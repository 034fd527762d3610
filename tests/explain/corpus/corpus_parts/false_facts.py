"""Wrong values: (kind, slots, note), false of the scenario by construction."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from corpus_parts import film_shelf, words
from corpus_parts.false_base import Lie, single, subjects, unseen
from corpus_parts.invented import CONCRETE, PEOPLE, TITLES, safe_genres, unrelated
from corpus_parts.scenarios import directors, values
from corpus_parts.true_facts import about
from corpus_parts.view import (
    View,
    attribute,
    director_text,
    series,
    year,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from llmrec.types import Item


def wrong_citation(v: View, rng: Random) -> Iterator[Lie]:  # noqa: C901 - a flat list of rules
    """A title under another film's number, a number that is not there, a fact of another film."""
    real = [f"[{n + 1}]" for n in range(len(v.cited))]
    for n, event in enumerate(v.cited):
        title = event.item.title
        for kind, slots in about(event.item, rng):
            if kind not in ("year", "genre", "director", "cast"):
                continue
            for m, other in enumerate(v.cited):
                if other.item.item_id != event.item.item_id:
                    text = f"{title} {real[m]}"
                    yield f"c_{kind}", {**slots, "c_text": text}, f"{title} is {real[n]}"
            wrong = f"[{len(v.cited) + rng.choice([1, 1, 2, 3, 5])}]"
            yield f"c_{kind}", {**slots, "c_text": f"{title} {wrong}"}, f"no event is {wrong}"
            yield f"c_{kind}", {**slots, "c_text": wrong}, f"no event is {wrong}"
    for one, two in itertools.permutations(range(len(v.cited)), 2):
        a, b = v.cited[one].item, v.cited[two].item
        if directors(a) and directors(b) and not directors(a) & directors(b):
            note = f"{director_text(a)} made [{one + 1}]"
            yield "c_director", {"c_text": real[two], "d": director_text(a)}, note
        for actor in values(a, "cast"):
            if values(b, "cast") and actor not in values(b, "cast"):
                yield "c_cast", {"c_text": real[two], "a": actor}, f"{actor} is in {real[one]}"
    if not v.cited:
        for event in rng.sample(v.events, 4):
            text = rng.choice([f"{event.item.title} [1]", "[1]"])
            slots = {"c_text": text, "date": words.say_date(event.time, rng)}
            yield "c_date", slots, "nothing is cited"
            slots = {"c_text": text, "month": words.say_month(event.time, rng)}
            yield "c_month", slots, "nothing is cited"
    if v.cited:
        text, said = f"{v.rec.title} [{len(v.cited)}]", f"[{len(v.cited)}] is another film"
        yield "c_year", {"c_text": text, "year": year(v.rec)}, said


def unseen_title(v: View, rng: Random) -> Iterator[Lie]:
    """A film presented as seen that is not in the history: a real one, or an invented one."""
    titles = [item.title for item in unseen(v, rng, 4)] + rng.sample(TITLES, 3)
    for title in titles:
        for kind in ("unseen_title", "unseen_title", "hist_title", "hist_title_month"):
            month = rng.choice(words.MONTHS)
            yield kind, {"u": title, "t_text": title, "month": month}, f"{title} was not seen"
        if v.cited:
            k = rng.randint(1, len(v.cited))
            yield "unseen_cited", {"u": title, "k": k}, f"{title} was not seen"


def wrong_year(v: View, rng: Random) -> Iterator[Lie]:
    for prefix, slots, item in subjects(v):
        right = year(item)
        for off in rng.sample([-21, -12, -7, -4, -2, 2, 3, 6, 9, 14], 4):
            yield f"{prefix}_year", {**slots, "year": right + off}, f"{item.title}: {right}"
    decade = (year(v.rec) // 10 + rng.choice([-3, -2, 2])) * 10
    if decade <= 2010:
        yield "rec_decade", {"decade": f"{decade}s"}, f"{v.rec.title}: {year(v.rec)}"
    for n, event in enumerate(v.cited):
        gap = year(v.rec) - year(event.item)
        said = max(2, abs(gap) + rng.choice([-9, -6, -4, 3, 5, 8]))
        if abs(gap) >= 2 and said != abs(gap):
            kind = "year_after" if gap > 0 else "year_before"
            yield kind, {"c": n, "n": words.number(said)}, f"{abs(gap)} years"


def wrong_genre(v: View, rng: Random) -> Iterator[Lie]:
    for prefix, slots, item in subjects(v):
        for genre in safe_genres(item):
            note = f"{item.title}: {', '.join(values(item, 'genres'))}"
            yield f"{prefix}_genre", {**slots, **words.genre_slots(genre)}, note
            right = [g for g in values(item, "genres") if g not in ("Family", "Animation")]
            if prefix == "rec" and right and genre != "Animation":
                pair = [words.GENRES[genre][2], words.GENRES[right[0]][2]]
                rng.shuffle(pair)
                yield "rec_genres2", {"g1": pair[0], "g2": pair[1]}, note
        for keyword in CONCRETE:
            if unrelated(item, keyword):
                note = f"{item.title}: {', '.join(values(item, 'keywords'))}"
                for kind in ("kw", "kwq"):
                    yield f"{prefix}_{kind}", {**slots, "k": keyword, "kq": keyword}, note


def strangers(item: Item, rng: Random, *, name: str) -> list[str]:
    """Real people (and one invented) with no part in the film or in its relatives."""
    kin = set(directors(item)) | set(values(item, "cast"))
    for other in film_shelf.catalogue().values():
        same_series = series(item) is not None and series(other) == series(item)
        if same_series or directors(other) & directors(item):
            kin |= set(directors(other)) | set(values(other, "cast"))
    pool = sorted({p for o in film_shelf.catalogue().values() for p in attribute(o, name)} - kin)
    return [*rng.sample(pool, 3), rng.choice(PEOPLE)]


def wrong_person(v: View, rng: Random) -> Iterator[Lie]:
    for prefix, slots, item in subjects(v):
        if director_text(item):
            note = f"{item.title}: directed by {director_text(item)}"
            for name in strangers(item, rng, name="director"):
                yield f"{prefix}_director", {**slots, "d": name}, note
        cast = values(item, "cast")
        if cast:
            note = f"{item.title}: with {', '.join(cast)}"
            for name in strangers(item, rng, name="cast"):
                yield f"{prefix}_cast", {**slots, "a": name}, note
                if prefix == "rec":
                    yield "rec_cast2", {"a": rng.choice(cast), "a2": name}, note


def wrong_time(v: View, rng: Random) -> Iterator[Lie]:
    for n, event in single(v):
        time, note = event.time, event.time.strftime("%a %d %b %Y %H:%M UTC")
        moved = time + timedelta(days=rng.choice([-40, -9, -5, -3, 2, 4, 11, 33]))
        yield "c_date", {"c": n, "date": words.say_date(moved, rng)}, note
        other = (time.replace(day=1) + timedelta(days=32 * rng.choice([2, 3, 4, 6, 8]))).month
        month = words.MONTHS[other - 1]
        text = rng.choice([month, f"{month} {time.year}"])
        if other != time.month:
            yield "c_month", {"c": n, "month": text}, note
        day = words.WEEKDAYS[(time.weekday() + rng.randint(1, 6)) % 7]
        yield "c_weekday", {"c": n, "wd": day}, note
        far = {"morning": "evening", "afternoon": "night", "evening": "morning"}
        part = far.get(words.day_part(time), "afternoon")
        yield "c_daypart", {"c": n, "in_dp": words.in_the(part)}, note
        yield "c_wd_dp", {"c": n, "wd_dp": f"{day} {words.day_part(time)}"}, note
        season = words.SEASONS[(words.SEASONS.index(words.season(time)) + 2) % 4]
        yield "c_season", {"c": n, "season": season}, note
        days = (v.as_of - time).days
        said = rng.choice([d for d in (3, 5, 7, 14, 21, 42) if abs(d - days) > max(3, 0.4 * days)])
        yield "c_ago", {"c": n, "ago": f"{words.say_gap(said)} ago"}, f"{days} days"
        if days > 100:
            yield "c_recent", {"c": n}, f"{days} days before"


def wrong_rating(v: View, rng: Random) -> Iterator[Lie]:
    for n, event in single(v):
        rating = event.rating
        if rating is None:
            said = rng.choice([2.0, 3.0, 4.0, 5.0])
            yield "c_rating", {"c": n, "stars": words.say_stars(said, rng)}, "not rated"
            for kind in ("c_loved", "c_top", "c_low"):
                yield kind, {"c": n}, "not rated"
            continue
        note = f"rated {rating:g}"
        said = rng.choice([r for r in (1.0, 2.0, 3.0, 4.0, 5.0) if abs(r - rating) >= 1])
        yield "c_rating", {"c": n, "stars": words.say_stars(said, rng)}, note
        yield "c_unrated", {"c": n}, note
        for kind, fails in (
            ("c_loved", rating <= 2.5),
            ("c_liked", rating <= 2),
            ("c_top", rating <= 4),
            ("c_low", rating >= 4),
            ("c_mid", rating >= 4.5 or rating <= 1.5),
        ):
            if fails:
                yield kind, {"c": n}, note
    for (one, a), (two, b) in itertools.permutations(single(v), 2):
        if a.rating is not None and b.rating is not None and a.rating < b.rating:
            yield "rating_cmp", {"c": one, "c2": two}, f"{a.rating:g} and {b.rating:g}"


def wrong_count(v: View, rng: Random) -> Iterator[Lie]:
    def other(films: int, viewings: int) -> str:
        said = [n for n in range(2, viewings + 5) if n not in (films, viewings)]
        return words.number(rng.choice(said))

    for kind, name, slot in (
        ("cnt_genre", "genres", "gp"),
        ("cnt_director", "director", "d"),
        ("cnt_actor", "cast", "a"),
    ):
        for value, viewings in v.tally(name).items():
            films = sum(value in attribute(item, name) for item in v.films)
            if films >= 2 or kind == "cnt_director":
                text = words.GENRES[value][1] if name == "genres" else value
                yield kind, {"n": other(films, viewings), slot: text}, f"{films} films"
    films, viewings = len(v.films), len(v.events)
    total = rng.choice([films - 5, films - 3, viewings + 2, viewings + 4, viewings + 9])
    yield "cnt_total", {"n": words.number(total)}, f"{films} films"
    for n, event in enumerate(v.cited):
        times = v.seen[event.item.item_id]
        said = {1: "twice", 2: rng.choice(["three times", "four times"])}.get(times, "six times")
        yield "rewatch", {"c": n, "times": said}, f"watched {times} time(s)"
    fives = sum(event.rating == 5 for event in v.events)
    yield "cnt_five", {"n": other(fives, fives)}, f"{fives} with five stars"
    recent = sum((v.as_of - event.time).days <= 31 for event in v.events)
    yield "cnt_recent", {"n": words.number(recent + rng.randint(2, 6))}, f"at most {recent}"
    month = v.events[-1].time
    held = sum((e.time.year, e.time.month) == (month.year, month.month) for e in v.events)
    text = f"{words.MONTHS[month.month - 1]} {month.year}"
    yield "cnt_month", {"n": words.number(held + rng.randint(2, 5)), "month": text}, f"{held} films"
