"""The people: enough of them, with taste, memory, seasons and evenings, the same for a seed."""

from __future__ import annotations

import ast
import hashlib
import inspect
import math
from datetime import timedelta
from importlib import resources

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ArtifactError, ConfigError
from llmrec.world import sample
from llmrec.world.films import films
from llmrec.world.items import entries_of
from llmrec.world.links import decay_table
from llmrec.world.settings import SHIPPED, shipped
from llmrec.world.shelf import stock
from llmrec.world.simulate import live, lockstep
from llmrec.world.world import World
from tests.world.small import changed, small

GOLDEN = {
    "film.v2": "169b4140461a2c97f4524026a5b3bcda1d6a06691aa3a75029f77872d29a39de",
    "film.v2b": "ecbeb0eaafbfc8586f8f358c3cfa6e5d271d4b03043393acb8276cbfff227f98",
    "kitchen.v1": "35c1af4f46fc6df1f9b359651901f6dd7d8427f6a9011294a7bf27509869c9b4",
    "kitchen.v1b": "56b91c01e03e8357f5802aa0a8920a958c4314b7097eb1d319343416e107288b",
}
"""SHA-256 of the events of the first forty accounts, seed 7."""


ERA = {"newest": 2015, "spread": 60, "half_years": 20.0}
GENRES = {"field": "genres", "favourites": 3, "favourite_factor": 2.0}
GUESTS = {"chance": 0.1, "chance_weekend": 0.1, "most": 3, "tags": ["Drama"], "factor": 2.0}
HORROR = {"tag": "Horror", "months": [10], "factor": 2.0}
TALK = {"by": "talk", "pull": 1.0, "half_life_days": 3}


def as_bytes(world: World, accounts: int = 40) -> bytes:
    """Events as text: what must not change."""
    numbers = range(1, accounts + 1)
    lives = live(numbers, world.shelf, world.settings, world.seed)
    columns = (lives.evenings.account, lives.item, lives.evenings.starts_s, lives.rating * 2)
    rows = zip(*(column.astype(np.int64).tolist() for column in columns), strict=True)
    return "".join(f"{a},{i},{t},{r}\n" for a, i, t, r in rows).encode()


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """The sample's events, with what is known of the films."""
    facts = pl.DataFrame(
        {
            "item_id": [film.id for film in films()],
            "tags": [sorted(film.tags) for film in films()],
            "franchise": [film.franchise for film in films()],
            "place": [film.franchise_order for film in films()],
        }
    )
    moment = pl.from_epoch("timestamp_s", time_unit="s").alias("moment")
    return (
        sample.interactions().with_columns(moment).join(facts, on="item_id", maintain_order="left")
    )


def share(table: pl.DataFrame, tag: str, *months: int) -> float:
    """The share of films with a tag among what is watched in some months."""
    within = table.filter(pl.col("moment").dt.month().is_in(months))
    return within["tags"].list.contains(tag).mean()


def test_fifteen_hundred_people_have_forty_events_each_over_three_years(table):
    lives = table.group_by("user_id").agg(
        pl.len(), span=pl.col("moment").max() - pl.col("moment").min()
    )
    assert len(lives) >= 1500
    assert lives["len"].min() >= 40
    assert table["moment"].dt.year().unique().sort().to_list() == [2021, 2022, 2023]
    assert lives["span"].median() > timedelta(days=2 * 365)


def test_times_rise_strictly_within_a_life(table):
    gaps = table.select(pl.col("timestamp_s").diff().over("user_id").drop_nulls())
    assert gaps["timestamp_s"].min() > 0


def test_ratings_are_halves_from_one_to_five_and_use_the_scale(table):
    counts = table["rating"].value_counts()
    assert sorted(counts["rating"]) == [half / 2 for half in range(2, 11)]
    assert counts["count"].max() < 0.4 * len(table)


def test_the_seasons_are_felt(table):
    assert share(table, "Horror", 10) > 1.8 * share(table, "Horror", 6)
    assert share(table, "Christmas", 12) > 5 * share(table, "Christmas", 6)
    assert share(table, "Family", 12) > 1.4 * share(table, "Family", 6)


def test_people_watch_in_the_evening_and_more_at_weekends(table):
    weekend = (table["moment"].dt.weekday() > 5).mean()
    assert 0.45 < weekend < 0.75, "two days of seven"
    assert (table["moment"].dt.hour() >= 18).mean() > 0.7
    assert table["moment"].dt.hour().min() >= 13


def test_some_evenings_have_several_films(table):
    sizes = table.group_by("user_id", pl.col("moment").dt.date()).len()["len"].value_counts()
    counts = dict(zip(sizes["len"], sizes["count"], strict=True))
    assert counts[1] > counts[2] > counts[3] > 0
    assert max(counts) <= shipped("film.v2").activity.longest_session


def test_a_film_is_rarely_watched_again_and_never_soon_by_the_same_person():
    world, again = World(), 0
    for number in range(1, 200):
        lives = live([number], world.shelf, world.settings, 7)
        last: dict[tuple[int, int], int] = {}
        for row, item, day in zip(lives.evenings.row, lives.item, lives.evenings.day, strict=True):
            if (row, item) in last:
                again += 1
                assert day - last[row, item] >= world.settings.rewatch.after_days
            last[row, item] = day
    assert 0 < again < 2_000


def test_franchises_are_seen_in_order_mostly(table):
    before = {(f.franchise, f.franchise_order + 1): f.id for f in films() if f.franchise}
    alone = table.sort("user_id", "timestamp_s")
    in_order = sequels = 0
    for (_,), life in alone.group_by("user_id", maintain_order=True):
        seen: set[str] = set()
        for item, name, place in life.select("item_id", "franchise", "place").iter_rows():
            if name is not None and place > 1 and item not in seen:
                sequels += 1
                in_order += before[name, place] in seen
            seen.add(item)
    assert sequels > 0.02 * len(table), "franchises are gone on with"
    assert in_order / sequels > 0.7


def test_every_film_is_watched_and_none_by_all(table):
    fans = table.group_by("item_id").agg(pl.col("user_id").n_unique())["user_id"]
    assert len(fans) > 0.95 * len(films())
    assert fans.max() < 0.6 * table["user_id"].n_unique()


def test_dishes_are_cooked_again_but_not_the_next_day():
    world = World(shipped("kitchen.v1"))
    lives = live(range(1, 101), world.shelf, world.settings, 7)
    days: dict[tuple[int, int], list[int]] = {}
    for row, item, day in zip(lives.evenings.row, lives.item, lives.evenings.day, strict=True):
        days.setdefault((int(row), int(item)), []).append(int(day))
    gaps = np.concatenate([np.diff(each) for each in days.values()])
    assert len(gaps) > 0.1 * len(lives.item)
    assert (gaps <= 2).mean() < 0.06
    assert 0.1 < 1.0 - lives.cooked.mean() < 0.2


def test_what_is_left_over_is_used_up_soon():
    """Two dishes in a row share what does not keep more often with the rule than without."""

    def shared(settings) -> float:
        shelf = stock(entries_of("kitchen"), settings, 7)
        lives = live(range(1, 101), shelf, settings, 7)
        wanted = set(shipped("kitchen.v1").follow[0].values)
        have = [wanted & set(entry.values["ingredients"]) for entry in shelf.entries]
        pairs = zip(lives.item[:-1], lives.item[1:], strict=True)
        return float(np.mean([bool(have[a] & have[b]) for a, b in pairs]))

    rules = shipped("kitchen.v1").model_dump()["follow"]
    assert shared(shipped("kitchen.v1")) > 1.4 * shared(
        changed("kitchen.v1", {"follow": rules[1:]})
    )


def test_guests_come_and_are_counted_as_portions():
    world = small("kitchen.v1")
    table = world.events()
    assert set(table["event"]) == {"cooked", "ordered"}
    assert table["quantity"].min() == 1.0
    assert table["quantity"].max() > 3.0


@pytest.mark.parametrize("label", SHIPPED)
def test_the_same_seed_gives_the_same_bytes_for_ever(label):
    world = World(shipped(label))
    assert hashlib.sha256(as_bytes(world)).hexdigest() == GOLDEN[label]


def test_another_seed_gives_other_people():
    assert as_bytes(small(), 5) != as_bytes(small(seed=8), 5)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=6, unique=True), st.integers(0, 2**70))
def test_nobody_depends_on_who_is_simulated_together(numbers, seed):
    world = small(seed=seed)
    together = live(numbers, world.shelf, world.settings, seed)
    alone = [live([number], world.shelf, world.settings, seed) for number in numbers]
    assert together.item.tolist() == [n for each in alone for n in each.item]
    assert together.rating.tolist() == [n for each in alone for n in each.rating]
    assert together.evenings.starts_s.tolist() == [n for e in alone for n in e.evenings.starts_s]


@given(st.lists(st.integers(0, 6), max_size=60))
def test_lockstep_takes_every_event_once_in_order(rows):
    row = np.array(rows, dtype=np.int64)
    order, steps = lockstep(row)
    assert sorted(order) == list(range(len(rows)))
    assert steps == sorted(steps, reverse=True)
    begin, first = 0, None
    for k in steps:
        at = row[order[begin : begin + k]]
        first = at if first is None else first
        assert at.tolist() == first[:k].tolist(), "each step goes on with the first of the last"
        begin += k
    for person in set(rows):
        own = order[row[order] == person]
        assert own.tolist() == sorted(own)


@given(st.integers(1, 400))
def test_what_fades_is_half_after_its_half_life(half_life):
    left = decay_table(half_life, 2 * half_life)
    assert left[0] == 1.0
    assert left[half_life] == pytest.approx(0.5, rel=1e-9)
    assert left[-1] == pytest.approx(0.25, rel=1e-9)
    assert (np.diff(left) < 0).all()


def test_the_parquet_file_holds_the_same_events(tmp_path):
    world = small()
    path = tmp_path / "events.parquet"
    world.write(path)
    assert pl.read_parquet(path).equals(world.events())
    assert [each.name for each in tmp_path.iterdir()] == ["events.parquet"]
    assert pl.concat(world.chunks()).equals(world.events())


def test_a_file_that_cannot_be_written_is_refused_and_the_old_one_stays(tmp_path):
    world, path = small(), tmp_path / "events.parquet"
    world.write(path)
    before = path.read_bytes()
    with pytest.raises(ArtifactError, match=r"events\.parquet/deeper.* cannot be written"):
        world.write(path / "deeper")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArtifactError, match="folder cannot be written"):
        world.write(tmp_path / "folder")
    assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["events.parquet", "folder"]


def test_a_disk_without_room_is_named_and_the_old_file_stays(tmp_path):
    resource = pytest.importorskip("resource")
    world, path = small(), tmp_path / "events.parquet"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))  # as if no more fitted
    try:
        with pytest.raises(ArtifactError, match=r"events\.parquet cannot be written.*too large"):
            world.write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["events.parquet"]


@pytest.mark.parametrize("label", SHIPPED)
def test_the_shipped_parameters_are_what_they_are_called(label):
    assert shipped(label).label == label
    assert len({shipped(other).sha256 for other in SHIPPED}) == len(SHIPPED)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise": 1.5}, r"noise.*less than or equal to 1.*1\.5"),
        ({"people": 0}, r"people.*0"),
        ({"held_out_people": 1500}, r"held_out_people.*fewer than people \(1500\).*1500"),
        ({"colour": "red"}, r"unknown key 'colour'"),
        ({"rewatch.after_days": 0}, r"rewatch\.after_days.*greater than or equal to 1"),
        ({"rewatch.after_day": 1}, r"rewatch\.after_day"),
        ({"activity.most_events": 39}, r"activity\.most_events.*least_events \(40\).*39"),
        ({"activity.most_events": 460}, r"activity: .*most_events \(460\).*895"),
        ({"activity.minutes_between": (9, 3)}, r"activity\.minutes_between.*rising"),
        ({"activity.early": {"first": 9, "last": 8}}, r"activity\.early\.last.*later than first"),
        ({"waves.most_days": 3}, r"waves\.most_days.*least_days \(6\)"),
        ({"start": "someday"}, r"start.*someday"),
        ({"name": "garden"}, r"name.*film"),
        ({"out_of_order": 0.0}, r"out_of_order.*greater than 0"),
        ({"seasons": [{"tag": "Horror", "months": [13], "factor": 2}]}, r"seasons\.0\.months.*13"),
        ({"weekdays": [{"tag": "Drama", "days": [7], "factor": 2}]}, r"weekdays\.0\.days.*7"),
        ({"noise": math.nan}, r"noise.*nan"),
        ({"noise": True}, r"noise.*must be a number, not true or false"),
        ({"people": True}, r"people.*must be a number"),
        ({"people": 10**30}, r"people.*less than or equal to 10000000"),
        ({"rating.base": math.nan}, r"rating\.base.*nan"),
        ({"rating.base": math.inf}, r"rating\.base.*inf"),
        ({"start": "9999-12-01"}, r"days.*before the year 10000.*30"),
        ({"activity.weekend_factor": 1e6}, r"activity\.weekend_factor.*100"),
        ({"activity.minutes_between": (1, 241)}, r"activity\.minutes_between.*240 minutes"),
        ({"taste.era": ERA | {"newest": 10**30}}, r"taste\.era\.newest.*9999"),
        ({"taste.era": ERA | {"half_years": 1e-200}}, r"taste\.era\.half_years.*0\.01"),
        ({"taste.fields": [GENRES, GENRES]}, r"taste\.fields.*'genres'"),
        ({"waves.most_days": 10**400}, r"waves\.most_days.*20000"),
        ({"rewatch.after_days": 3 * 10**9}, r"rewatch\.after_days.*20000"),
        ({"guests": GUESTS | {"most": 10**30}}, r"guests\.most.*1000"),
        ({"seasons": [HORROR, HORROR]}, r"seasons.*'Horror' has more than one factor at 10"),
        ({"follow": [TALK | {"values": ["x"]}]}, r"follow\.0\.values.*no meaning for 'talk'"),
        ({"follow": [{"by": "cast", "pull": 1, "half_life_days": 3}] * 2}, r"follow.*'cast'"),
        ({"satiation": [{"by": "genres", "strength": -1, "half_life_days": 3}]}, "satiation.0.str"),
    ],
)
def test_bad_parameters_are_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        changed(values=values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seasons": [{"tag": "Horor", "months": [10], "factor": 2}]}, r"'Horor'.*\n.*'Horror'"),
        ({"follow": [{"by": "crew", "pull": 1, "half_life_days": 3}]}, r"follow.*'crew'"),
        ({"session.heavy": ["Wars"]}, r"session\.heavy.*'Wars'.*\n.*'War'"),
        ({"household.child_tags": ["Familyy"]}, r"household\.child_tags.*\n.*'Family'"),
        ({"satiation": [{"by": "genre", "strength": 1, "half_life_days": 3}]}, r"\n.*'genres'"),
        (
            {"follow": [TALK | {"by": "genres", "values": ["Horor"]}]},
            r"follow\.values.*'Horor' among its genres\n.*'Horror'",
        ),
    ],
)
def test_what_no_item_has_is_refused_with_the_nearest(values, message):
    with pytest.raises(ConfigError, match=message):
        World(changed(values=values))


def test_unknown_worlds_and_too_few_films_are_refused():
    with pytest.raises(ConfigError, match=r"'film\.v3'.*\n.*'film\.v2'"):
        shipped("film.v3")
    with pytest.raises(ConfigError, match=r"most_events \(160\) .*none of the 160 items"):
        World(entries=entries_of("film")[:160])


def test_two_items_by_one_id_are_refused():
    with pytest.raises(ConfigError, match="2 items have the id 'f001'"):
        World(entries=[*entries_of("film"), entries_of("film")[0]])


def test_people_without_any_favourite_or_dislike_still_live():
    plain = small(taste__fields=[], taste__era=None, noise=0.0, follow=[], household__share=0.0)
    assert plain.events()["user_id"].n_unique() == 12


def test_dislike_to_the_point_of_refusal_still_leaves_something_to_watch():
    nothing = {"field": "genres", "favourites": 0, "favourite_factor": 1.0, "dislikes": 30}
    strict = small(taste__fields=[nothing | {"disliked_factor": 0.0}], noise=0.0, follow=[])
    assert strict.events().group_by("user_id").len()["len"].min() >= 20


EXACT = ("random", "shelf", "links", "people", "evenings", "state", "simulate")
INEXACT = {"sum", "dot", "matmul", "einsum", "exp", "log", "power", "mean", "sqrt", "pow", "reduce"}


@pytest.mark.parametrize("module", EXACT)
def test_what_is_drawn_rests_on_exact_arithmetic_only(module):
    """No sum whose order is open, no function whose last bits differ between platforms."""
    source = resources.files("llmrec.world").joinpath(f"{module}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.MatMult | ast.Pow), module
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            line = source.splitlines()[node.lineno - 1]
            counts = name == "sum" and (">" in line or "<" in line or "!=" in line)
            assert name not in INEXACT or counts, (module, line)


def test_the_signature_of_the_world_stays_small():
    assert set(inspect.signature(World).parameters) == {"settings", "seed", "entries"}
