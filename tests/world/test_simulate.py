"""The people: enough of them, with taste, memory, seasons and evenings, the same for a seed."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from llmrec.errors import ConfigError
from llmrec.world.films import Film, films
from llmrec.world.settings import WorldSettings, film_v1
from llmrec.world.simulate import Event, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FILMS = {film.id: film for film in films()}
SAMPLE_SHA256 = "81619e940ac72898c0207ff22c75eba53ec766df318c1fff02e363527c973d42"


def changed(**values: object) -> WorldSettings:
    """The embedded parameters, some of them otherwise; ``memory__x`` reaches into ``memory``."""
    raw = film_v1().model_dump()
    for name, value in values.items():
        group, _, key = name.rpartition("__")
        (raw[group] if group else raw)[key] = value
    return WorldSettings.of(raw, source="changed")


def as_bytes(events: Iterable[Event]) -> bytes:
    return "".join(f"{e.user_id},{e.item_id},{e.timestamp_s},{e.rating}\n" for e in events).encode()


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(simulate(7))


@pytest.fixture(scope="module")
def lives(events: list[Event]) -> dict[str, list[Event]]:
    found = defaultdict(list)
    for event in events:
        found[event.user_id].append(event)
    return found


def moment(event: Event) -> datetime:
    return datetime.fromtimestamp(event.timestamp_s, UTC)


def share(events: Iterable[Event], wanted: Callable[[Film, datetime], bool], *months: int) -> float:
    """The share of films of a kind among what is watched in some months."""
    kinds = [wanted(FILMS[e.item_id], moment(e)) for e in events if moment(e).month in months]
    return sum(kinds) / len(kinds)


def test_four_hundred_people_have_forty_events_each_over_three_years(lives):
    assert len(lives) >= 400
    assert min(len(life) for life in lives.values()) >= 40
    days = [moment(event) for life in lives.values() for event in life]
    assert min(days).year == 2021
    assert max(days) >= datetime(2023, 12, 30, tzinfo=UTC)
    assert max(days) < datetime(2024, 1, 1, tzinfo=UTC)
    spans = sorted(life[-1].timestamp_s - life[0].timestamp_s for life in lives.values())
    assert spans[len(spans) // 2] > 2 * 365 * 86_400


def test_times_rise_strictly_within_a_life(lives):
    for life in lives.values():
        assert all(a.timestamp_s < b.timestamp_s for a, b in itertools.pairwise(life))


def test_ratings_are_halves_from_one_to_five_and_use_the_scale(events):
    ratings = Counter(event.rating for event in events)
    assert set(ratings) <= {half / 2 for half in range(2, 11)}
    assert len(ratings) == 9
    assert max(ratings.values()) < 0.4 * len(events)


def test_franchises_are_seen_in_order_almost_always(lives):
    place = {(film.franchise, film.franchise_order): film.id for film in films()}
    in_order, sequels = 0, 0
    for life in lives.values():
        seen: set[str] = set()
        for event in life:
            film = FILMS[event.item_id]
            if film.franchise and film.franchise_order > 1 and film.id not in seen:
                sequels += 1
                in_order += place[film.franchise, film.franchise_order - 1] in seen
            seen.add(film.id)
    assert sequels > 0.1 * sum(map(len, lives.values())), "franchises are gone on with"
    assert in_order / sequels > 0.95


def test_october_is_for_horror(events):
    def horror(film, _):
        return "Horror" in film.genres

    assert share(events, horror, 10) > 1.8 * share(events, horror, 6)


def test_december_is_for_families_and_christmas(events):
    def christmas(film, _):
        return "Christmas" in film.keywords

    def family(film, _):
        return "Family" in film.genres

    assert share(events, christmas, 12) > 5 * share(events, christmas, 6)
    assert share(events, family, 12) > 1.4 * share(events, family, 6)


def test_people_watch_in_the_evening_and_more_at_weekends(events):
    weekend = sum(moment(event).weekday() > 4 for event in events) / len(events)
    assert 0.45 < weekend < 0.7, "two days of seven"
    assert sum(moment(event).hour >= 18 for event in events) / len(events) > 0.75
    assert all(moment(event).hour >= 13 for event in events)


def test_some_evenings_have_several_films(lives):
    days = Counter((e.user_id, moment(e).date()) for life in lives.values() for e in life)
    sizes = Counter(days.values())
    assert sizes[1] > sizes[2] > sizes[3] > 0
    assert max(sizes) <= film_v1().activity.longest_session


def test_a_film_is_rarely_watched_again_and_never_soon(lives):
    again, liked_from = 0, film_v1().memory.liked_from
    for life in lives.values():
        last: dict[str, Event] = {}
        for event in life:
            if event.item_id in last:
                again += 1
                before = last[event.item_id]
                assert event.timestamp_s - before.timestamp_s > 260 * 86_400
                assert before.rating >= liked_from
            last[event.item_id] = event
        assert max(Counter(e.item_id for e in life).values()) <= 3
    assert 0 < again < 0.03 * sum(map(len, lives.values()))


def test_a_liked_film_brings_another_of_its_director(lives):
    """More often than the same person's films do in general."""
    liked_then, other_then = [], []
    for life in lives.values():
        for a, b in itertools.pairwise(life):
            one, two = FILMS[a.item_id], FILMS[b.item_id]
            if one.franchise != two.franchise or one.franchise is None:
                same = bool(set(one.directors) & set(two.directors))
                (liked_then if a.rating >= 4 else other_then).append(same)
    assert sum(liked_then) / len(liked_then) > 2 * sum(other_then) / len(other_then)


def test_ratings_follow_taste(lives):
    """Films of a person's most watched genre are rated above those of genres rarely watched."""
    above = 0
    for life in lives.values():
        genres = Counter(genre for e in life for genre in FILMS[e.item_id].genres)
        favourite = genres.most_common(1)[0][0]
        groups = {True: [], False: []}
        for event in life:
            groups[favourite in FILMS[event.item_id].genres].append(event.rating)
        if groups[False] and groups[True]:
            means = {k: sum(v) / len(v) for k, v in groups.items()}
            above += means[True] > means[False]
    assert above / len(lives) > 0.75


def test_every_film_is_watched_and_none_by_all(events, lives):
    fans = Counter(item for item, _ in {(e.item_id, e.user_id) for e in events})
    assert len(fans) > 0.95 * len(FILMS)
    assert max(fans.values()) < 0.5 * len(lives)


def test_the_same_seed_gives_the_same_bytes_for_ever(events):
    assert hashlib.sha256(as_bytes(events)).hexdigest() == SAMPLE_SHA256


def test_another_seed_gives_other_people():
    few = changed(people=20, held_out_people=2)
    assert as_bytes(simulate(7, settings=few)) != as_bytes(simulate(8, settings=few))


def test_more_people_leave_the_others_as_they_are(events):
    few = as_bytes(simulate(7, settings=changed(people=20, held_out_people=2)))
    assert as_bytes(events).startswith(few)


def test_the_bytes_need_neither_numpy_nor_a_hash_seed():
    code = (
        "import sys, hashlib\n"
        "sys.modules['numpy'] = None\n"
        "from llmrec.world.simulate import simulate\n"
        "rows = (f'{e.user_id},{e.item_id},{e.timestamp_s},{e.rating}\\n' for e in simulate(7))\n"
        "sys.stdout.write(hashlib.sha256(''.join(rows).encode()).hexdigest())\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "12345"},
    )
    assert done.stdout == SAMPLE_SHA256


def test_without_memory_franchises_are_not_gone_on_with():
    """The mechanism does what its parameter says: at zero, it does nothing."""

    def sequels(settings: WorldSettings) -> float:
        found = [FILMS[e.item_id].franchise_order or 0 for e in simulate(7, settings=settings)]
        return sum(order > 1 for order in found) / len(found)

    few = {"people": 60, "held_out_people": 2}
    assert sequels(changed(**few, memory__franchise_pull=0.0)) < 0.7 * sequels(changed(**few))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise": 1.5}, r"noise.*less than or equal to 1.*1\.5"),
        ({"people": 0}, r"people.*0"),
        ({"held_out_people": 420}, r"held_out_people.*fewer than people \(420\).*420"),
        ({"colour": "red"}, r"unknown key 'colour'"),
        ({"memory__franchise_days": 0}, r"memory\.franchise_days.*greater than 0"),
        ({"memory__franchise_pul": 1}, r"memory\.franchise_pul"),
        ({"activity__most_events": 39}, r"activity\.most_events.*least_events \(40\).*39"),
        ({"activity__most_events": 460}, r"activity: .*most_events \(460\).*895"),
        ({"start": "someday"}, r"start.*someday"),
        ({"name": "kitchen"}, r"name.*film"),
        ({"seasons": [{"tag": "Horror", "months": [13], "factor": 2}]}, r"seasons\.0\.months.*13"),
    ],
)
def test_bad_parameters_are_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        changed(**values)


def test_a_season_for_no_film_is_refused_with_the_nearest_tag():
    seasons = [{"tag": "Horor", "months": [10], "factor": 2.0}]
    with pytest.raises(ConfigError, match=r"'Horor'.*\n.*Did you mean 'Horror'"):
        next(simulate(7, settings=changed(seasons=seasons)))


def test_too_few_films_are_refused():
    with pytest.raises(ConfigError, match=r"most_events \(160\) is more than the 10 films"):
        next(simulate(7, films=films()[:10]))


def test_people_without_any_favourite_or_dislike_still_live():
    plain = changed(
        people=3,
        held_out_people=1,
        taste__favourite_genres=0,
        taste__disliked_genres=0,
        taste__favourite_directors=0,
        memory__mood_factor=0.0,
        noise=0.0,
    )
    assert Counter(e.user_id for e in simulate(7, settings=plain)).keys() == {
        "p0001",
        "p0002",
        "p0003",
    }


def test_dislike_to_the_point_of_refusal_still_leaves_something_to_watch():
    strict = changed(
        people=5,
        held_out_people=1,
        taste__disliked_genres=17,
        taste__favourite_genres=0,
        taste__disliked_factor=0.0,
        noise=0.0,
    )
    assert min(Counter(e.user_id for e in simulate(7, settings=strict)).values()) >= 40
