"""What can be asked, and what a wrong question is told."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from llmrec.errors import ConfigError, DataError, UnknownUserError
from llmrec.recommender.request import Request, history_of, to_request
from llmrec.types import History

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def test_a_request_is_read_from_each_of_its_forms():
    history = History(user_id="guest", as_of=NOW)
    assert to_request("u1") == Request(user_id="u1")
    assert to_request(history) == Request(history=history)
    asked = to_request({"user_id": "u1", "as_of": "2024-01-01T00:00:00Z", "k": 3})
    assert asked == Request(user_id="u1", as_of=NOW, k=3)
    assert to_request(asked) is asked


def test_one_value_may_stand_alone_and_numbers_count_as_their_text():
    wishes = {"filters": {"year": 1994.0, "genres": ("Drama", "Comedy")}, "leave_out": 7}
    request = to_request({"user_id": "u1", **wishes})
    assert request.filters == {"year": ("1994",), "genres": ("Comedy", "Drama")}
    assert request.leave_out == ("7",)


@pytest.mark.parametrize("number", [7, np.int64(7)])
def test_whole_numbers_are_user_ids_as_they_stand_in_logs(number):
    assert to_request(number) == to_request({"user_id": number}) == Request(user_id="7")
    assert to_request({"user_id": "7", "k": number}).k == 7


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"user": "u1"}, "Did you mean 'user_id'"),
        ({}, "either a user_id or a history"),
        ({"user_id": "u1", "k": 0}, "at least one item"),
        (7.5, "cannot be read from float 7.5"),
        ({"user_id": 7.5}, r"user_id is 7\.5 \(float\)"),
        ({"user_id": True}, r"user_id is True \(bool\)"),
        ({"user_id": "u1", "k": "3"}, r"k is '3' \(str\)"),
        ({"user_id": "u1", "k": 2.5}, r"k is 2\.5 \(float\)"),
        ({"user_id": "u1", "k": True}, r"k is True \(bool\)"),
        ({"user_id": "u1", "explain": "no"}, r"explain is 'no' \(str\)"),
        ({"user_id": "u1", "as_of": 1704067200}, r"as_of is 1704067200 \(int\)"),
        ({"history": [{"item_id": "f001"}]}, r"history is \[.*\(list\)"),
        ({3: 4}, "unknown request key 3"),
        ({"user_id": "u1", "filters": "genres=Comedy"}, "filters is 'genres=Comedy'"),
        ({"user_id": "u1", "filters": {"genres": []}}, r"filters\['genres'\] is \[\]"),
        ({"user_id": "u1", "filters": {"genres": [None]}}, r"is None \(NoneType\)"),
        ({"user_id": "u1", "exclude": {3: "x"}}, r"exclude is 3 \(int\)"),
        ({"user_id": "u1", "minimum": {"year": "1990"}}, r"minimum\['year'\] is '1990'"),
        ({"user_id": "u1", "maximum": {"year": float("nan")}}, "must be a finite number"),
        ({"user_id": "u1", "caps": {"director": 0}}, "A cap is at least 1"),
        ({"user_id": "u1", "caps": {"director": 1.5}}, r"caps\['director'\] is 1\.5"),
        ({"user_id": "u1", "diversity": 1.5}, "must be a number from 0 to 1"),
        ({"user_id": "u1", "diversity": True}, r"diversity is True \(bool\)"),
        (
            {"user_id": "u1", "filters": {"g": ["A", "B"]}, "exclude": {"g": "B"}},
            "g 'B' is asked for and excluded",
        ),
        (
            {"user_id": "u1", "minimum": {"year": 2000}, "maximum": {"year": 1990}},
            "year is to be at least 2000 and at most 1990",
        ),
    ],
)
def test_a_wrong_request_says_what_is_wrong(value, message):
    with pytest.raises(ConfigError, match=message):
        to_request(value)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(DataError, match="no time zone"):
        to_request({"user_id": "u1", "as_of": "2024-01-01T00:00:00"})


def test_a_user_needs_a_dataset_and_must_be_in_it(film_world):
    with pytest.raises(ConfigError, match="no dataset"):
        history_of(Request(user_id="u1"), None)
    with pytest.raises(UnknownUserError, match="nobody"):
        history_of(Request(user_id="nobody"), film_world)


def test_nothing_from_as_of_on_is_seen(film_world):
    user = film_world.users[0]
    events = film_world.history(user).interactions
    cut = events[10].timestamp
    history = history_of(Request(user_id=user, as_of=cut), film_world)
    assert history.interactions == events[:10]
