"""What is false of a scenario: per category, (kind, slots, note); each is false by construction."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from corpus_parts import words
from corpus_parts.invented import CONCRETE, PEOPLE, TITLES, safe_genres, unrelated
from corpus_parts.scenarios import directors, values
from corpus_parts.true_facts import Slots, about, series_slots
from corpus_parts.view import (
    NAMED_SERIES,
    SEQUEL_SERIES,
    Event,
    View,
    attribute,
    director_text,
    series,
    series_order,
    year,
)
from llmrec.world import films as film_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from llmrec.types import Item

Lie = tuple[str, Slots, str]


def _single(v: View) -> list[tuple[int, Event]]:
    return [(n, v.cited[n]) for n in v.single]


def _subjects(v: View) -> Iterator[tuple[str, Slots, Item]]:
    """The recommended film and the cited ones, with the prefix of their kinds."""
    yield "rec", {}, v.rec
    for n, event in enumerate(v.cited):
        yield "c", {"c": n}, event.item


def _unseen(v: View, rng: Random, count: int) -> list[Item]:
    pool = [i for i in film_world.catalogue().values() if i.item_id not in v.seen and i != v.rec]
    return rng.sample(pool, count)


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
    titles = [item.title for item in _unseen(v, rng, 4)] + rng.sample(TITLES, 3)
    for title in titles:
        for kind in ("unseen_title", "unseen_title", "hist_title", "hist_title_month"):
            month = rng.choice(words.MONTHS)
            yield kind, {"u": title, "t_text": title, "month": month}, f"{title} was not seen"
        if v.cited:
            k = rng.randint(1, len(v.cited))
            yield "unseen_cited", {"u": title, "k": k}, f"{title} was not seen"


def wrong_year(v: View, rng: Random) -> Iterator[Lie]:
    for prefix, slots, item in _subjects(v):
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
    for prefix, slots, item in _subjects(v):
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
    for other in film_world.catalogue().values():
        same_series = series(item) is not None and series(other) == series(item)
        if same_series or directors(other) & directors(item):
            kin |= set(directors(other)) | set(values(other, "cast"))
    pool = sorted({p for o in film_world.catalogue().values() for p in attribute(o, name)} - kin)
    return [*rng.sample(pool, 3), rng.choice(PEOPLE)]


def wrong_person(v: View, rng: Random) -> Iterator[Lie]:
    for prefix, slots, item in _subjects(v):
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
    for n, event in _single(v):
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
    for n, event in _single(v):
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
    for (one, a), (two, b) in itertools.permutations(_single(v), 2):
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


def wrong_order(v: View, rng: Random) -> Iterator[Lie]:
    last, first = v.events[-1], v.events[0]
    for n, event in _single(v):
        if event is not last:
            yield "last_event", {"c": n}, f"the last was {last.item.title}"
        if event is not first:
            yield "first_event", {"c": n}, f"the first was {first.item.title}"
    for (one, a), (two, b) in itertools.permutations(_single(v), 2):
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
    for (one, a), (two, b) in itertools.permutations(_single(v), 2):
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
        if not _strange(one, two):
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
        everyone = sorted({p for o in film_world.catalogue().values() for p in attribute(o, name)})
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


def wrong_negation(v: View, _: Random) -> Iterator[Lie]:  # noqa: C901 - a flat list of rules
    for genre in values(v.rec, "genres"):
        yield "neg_rec_genre", words.genre_slots(genre), f"it is {genre}"
        for n, event in enumerate(v.cited):
            if genre in values(event.item, "genres"):
                yield "neg_genre", {"c": n, **words.genre_slots(genre)}, f"it is {genre}"
    for n, event in _single(v):
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
    for n, event in _single(v):
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


def _strange(one: Item, two: Item) -> bool:
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


def franchise(v: View, rng: Random) -> Iterator[Lie]:
    note = f"series of {v.rec.title}: {series(v.rec) or 'none'}"
    names = sorted(NAMED_SERIES - {series(v.rec)})
    for name in rng.sample(names, 4):
        example = next(i for i in film_world.catalogue().values() if series(i) == name)
        if _strange(v.rec, example):
            yield "fr_name", series_slots(name), note
    if series(v.rec) is None:
        yield "fr_plain", {}, note
    for n, event in enumerate(v.cited):
        slots = {"c": n}
        if _strange(v.rec, event.item):
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
