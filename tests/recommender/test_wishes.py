"""Requests that say which items are wanted, through the whole line."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from llmrec.data import ImportOptions, import_dataset, load, write_sample
from llmrec.errors import ConfigError, UnknownItemError
from llmrec.recommender import Recommender
from llmrec.types import History

COMEDIES = {"filters": {"genres": "Comedy"}, "exclude": {"genres": "Horror"}}
RETRIEVERS = ["mean", "text", "popularity"]


@pytest.fixture(scope="module")
def options(film_world, film_index, tmp_path_factory):
    index = tmp_path_factory.mktemp("index") / "films.index"
    film_index.save(index)
    return {
        "dataset": film_world.path,
        "index": index,
        "engine": {"kind": "scripted"},
        "weight": 0.3,
        "candidates": 8,
        "k": 4,
        "explain": {"evidence": {"max_groups": 2}},
    }


@pytest.fixture(scope="module", params=RETRIEVERS)
def recommender(options, request):
    return Recommender.open(**{**options, "retriever": request.param})


def shown(rows):
    return [row.item.item_id for row in rows]


def test_nothing_is_shown_that_a_request_does_not_allow(recommender, film_world):
    left_out = shown(recommender.invoke({"user_id": film_world.users[0], "explain": False}))[:2]
    wishes = {**COMEDIES, "minimum": {"year": 1980}, "maximum": {"year": 2005}}
    asked = [
        {**wishes, "leave_out": left_out, "user_id": user, "k": 12, "explain": False}
        for user in film_world.users[:5]
    ]
    for user, rows in zip(film_world.users, recommender.batch(asked), strict=False):
        seen = {event.item_id for event in film_world.history(user).interactions}
        allowed = {
            item_id
            for item_id, item in film_world.catalogue.items()
            if "Comedy" in item.attributes["genres"]
            and "Horror" not in item.attributes["genres"]
            and 1980 <= item.attributes["year"] <= 2005
        }
        assert set(shown(rows)) <= allowed - seen - set(left_out)
        assert len(rows) == 12


def test_all_that_are_allowed_come_however_many_are_asked_for(recommender, film_world):
    user = film_world.users[1]
    seen = {event.item_id for event in film_world.history(user).interactions}
    westerns = {
        i for i, item in film_world.catalogue.items() if "Western" in item.attributes["genres"]
    }
    asked = {"user_id": user, "filters": {"genres": ["Western"]}, "k": 1000, "explain": False}
    assert set(shown(recommender.invoke(asked))) == westerns - seen


def test_caps_hold_and_the_list_is_filled_from_further_down(recommender, film_world):
    asked = {"user_id": film_world.users[2], "caps": {"genres": 2}, "k": 7, "explain": False}
    rows = recommender.invoke(asked)
    counts = Counter(genre for row in rows for genre in row.item.attributes["genres"])
    assert len(rows) == 7
    assert max(counts.values()) <= 2
    assert any(row.moved_by == ("cap",) and row.moved_from > row.rank for row in rows)


def test_diversity_reorders_candidates_and_says_so(recommender, film_world):
    user = film_world.users[3]
    plain = recommender.invoke({"user_id": user, "k": 8, "explain": False})
    same = recommender.invoke({"user_id": user, "k": 8, "diversity": 0, "explain": False})
    spread = recommender.invoke({"user_id": user, "k": 8, "diversity": 0.8, "explain": False})
    assert same == plain
    assert sorted(shown(spread)) == sorted(shown(plain)) != shown(spread)
    place = {row.item.item_id: row.rank for row in plain}
    for row in spread:
        moved = row.rank != place[row.item.item_id]
        assert row.moved_from == (place[row.item.item_id] if moved else None)
        assert row.moved_by == (("diversity",) if moved else ())
        assert row.score == next(p.score for p in plain if p.item == row.item)


def test_a_moved_item_keeps_the_reason_of_its_place_in_the_ranking(options, film_world):
    opened = Recommender.open(**options)
    user = film_world.users[3]
    plain = opened.invoke({"user_id": user, "k": 8})
    spread = opened.invoke({"user_id": user, "k": 8, "diversity": 0.8})
    reasons = {row.item.item_id: row.explanation for row in plain}
    assert shown(spread) != shown(plain)
    assert all(row.explanation.evidence == reasons[row.item.item_id].evidence for row in spread)


def test_wishes_keep_their_places_in_batches_and_streams(options, film_world):
    opened = Recommender.open(**options)
    asked = [
        {"user_id": user, **wishes}
        for user, wishes in itertools.product(
            film_world.users[:2],
            [{}, COMEDIES, {"caps": {"director": 1}, "diversity": 0.5}, {"k": 2, **COMEDIES}],
        )
    ]
    alone = [opened.invoke(one) for one in asked]
    assert opened.batch(asked) == alone
    assert [[row for piece in opened.stream(one) for row in piece] for one in asked] == alone


def test_a_wish_that_cannot_be_read_fails_alone(options, film_world):
    opened = Recommender.open(**options)
    user = {"user_id": film_world.users[0], "explain": False}
    wrong = [
        {"filters": {"genres": "Comedie"}},
        {"caps": {"directr": 1}},
        {"minimum": {"genres": 3}},
        {"leave_out": ["f9999"]},
    ]
    answers = opened.batch(
        [*({**user, **one} for one in wrong), {**user, **COMEDIES}], return_exceptions=True
    )
    faults = ["'Comedy'", "'director'", "no numbers", "f9999"]
    for answer, fault in zip(answers, faults, strict=False):
        assert isinstance(answer, (ConfigError, UnknownItemError))
        assert fault in str(answer)
    assert len(answers[-1]) == 4


def test_where_no_item_meets_a_request_the_list_is_empty_and_a_warning_says_so(
    options, film_world, caplog
):
    opened = Recommender.open(**options)
    asked = {"user_id": film_world.users[0], "filters": {"genres": "Western"}}
    assert opened.invoke({**asked, "minimum": {"year": 2500}}) == []
    assert "genres is Western, year is at least 2500" in caplog.text


def test_diversity_needs_something_to_compare_by(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("user,item,time\na,1,2024-01-01T00:00:00Z\na,2,2024-01-02T00:00:00Z\n")
    names = ImportOptions(user="user", item="item", time="time")
    import_dataset(log, tmp_path / "plain", options=names)
    opened = Recommender.open(dataset=tmp_path / "plain", retriever="popularity", engine=None)
    with pytest.raises(ConfigError, match="nothing to compare items by"):
        opened.invoke({"user_id": "a", "diversity": 0.5})


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "kitchen"
    write_sample(path, world="kitchen.v1")
    return load(path)


@pytest.mark.parametrize("seen", ["mask", "allow", "only"])
def test_dishes_had_before_are_left_out_or_allowed_or_the_only_ones(kitchen, seen):
    opened = Recommender.open(
        dataset=kitchen.path, retriever="popularity", engine=None, seen=seen, k=20
    )
    for user in kitchen.users[:4]:
        met = {event.item_id for event in kitchen.history(user).interactions}
        rows = opened.invoke(user)
        told = set(shown(rows))
        assert len(rows) == (min(20, len(met)) if seen == "only" else 20)
        assert {"mask": not told & met, "only": told <= met, "allow": bool(told & met)}[seen]
        assert all(row.explanation.text for row in rows)
    guest = History(user_id="new", as_of=kitchen.last_moment)
    assert (opened.invoke(guest) == []) == (seen == "only")
