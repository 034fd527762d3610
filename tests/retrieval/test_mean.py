"""The recency-weighted mean against hand-made vectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.retrieval import ItemIndex, MeanConfig, MeanRetriever
from llmrec.types import Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=i, title=i) for i in "xyzw"])
INDEX = ItemIndex(CATALOGUE, list("xyzw"), np.eye(4, dtype=np.float32))


def event(item_id, *, day=0.0, rating=None, weight=1.0):
    moment = START + timedelta(days=day)
    return Interaction(item_id=item_id, timestamp=moment, rating=rating, weight=weight)


def query(events, config=None, *, omitted=(), index=INDEX):
    past = History(user_id="u", as_of=START + timedelta(days=9999), interactions=tuple(events))
    return MeanRetriever(index, config).queries([past.without(omitted)])[0]


def unit(*values):
    vector = np.array(values, dtype=np.float64)
    return pytest.approx(vector / np.linalg.norm(vector), abs=1e-6)


def test_each_event_counts_half_as_much_a_half_life_later():
    config = MeanConfig(half_life_events=1)
    assert query([event("x"), event("y"), event("z")], config) == unit(0.25, 0.5, 1, 0)


def test_without_decay_it_is_the_plain_mean():
    config = MeanConfig(half_life_events=None)
    assert query([event("x"), event("x"), event("z")], config) == unit(2, 0, 1, 0)


def test_days_may_decay_too_and_old_logs_do_not_vanish():
    config = MeanConfig(half_life_events=None, half_life_days=10)
    assert query([event("x"), event("y", day=20)], config) == unit(0.25, 1, 0, 0)
    assert query([event("x", day=-9000), event("y", day=-8990)], config) == unit(0.5, 1, 0, 0)


def test_an_events_own_weight_counts():
    config = MeanConfig(half_life_events=None)
    assert query([event("x", weight=3), event("y", weight=0)], config) == unit(1, 0, 0, 0)


def test_disliked_events_are_ignored_or_moved_away_from():
    events = [event("x", rating=5), event("y", rating=1), event("z")]
    plain = MeanConfig(half_life_events=None)
    assert query(events, plain) == unit(1, 1, 1, 0)
    ignoring = MeanConfig(half_life_events=None, disliked_below=3)
    assert query(events, ignoring) == unit(1, 0, 1, 0)
    away = MeanConfig(half_life_events=None, disliked_below=3, disliked_weight=-0.5)
    assert query(events, away) == unit(1, -0.5, 1, 0)


def test_leaving_one_out_changes_no_other_weight():
    config = MeanConfig(half_life_events=1, half_life_days=7)
    events = [event("x"), event("y", day=7), event("z", day=14)]
    assert query(events, config, omitted=[2]) == unit(1 / 16, 1 / 4, 0, 0)
    assert query(events, config, omitted=[1]) == unit(1 / 16, 0, 1, 0)


@pytest.mark.parametrize(
    ("events", "omitted"),
    [
        ([], []),
        ([event("x")], [0]),
        ([event("x", weight=0)], []),
        ([event("x"), event("x", weight=-1)], []),
        ([event("gone")], []),
    ],
)
def test_nothing_to_average_means_the_middle_of_the_catalogue(events, omitted):
    config = MeanConfig(half_life_events=None)
    assert query(events, config, omitted=omitted) == unit(1, 1, 1, 1)


def test_vectors_that_cancel_out_still_give_a_direction():
    vectors = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    catalogue = Catalogue([Item(item_id=i, title=i) for i in "ab"])
    index = ItemIndex(catalogue, ["a", "b"], vectors)
    assert query([], index=index) == unit(1, 0)


def test_items_without_a_vector_count_for_nothing():
    index = ItemIndex(CATALOGUE, ["x", "y"], np.eye(2, dtype=np.float32))
    config = MeanConfig(half_life_events=None)
    assert query([event("x"), event("w")], config, index=index) == unit(1, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"half_life_events": 0}, "half_life_events"),
        ({"half_life_days": -1}, "half_life_days"),
        ({"disliked_weight": 2}, "disliked_weight"),
        ({"half_live_days": 2}, "Did you mean 'half_life_days'"),
    ],
)
def test_settings_that_make_no_sense_are_named(options, words):
    with pytest.raises(ConfigError, match=words):
        MeanConfig.of(options)


def test_the_identity_follows_settings_and_index():
    other = ItemIndex(CATALOGUE, list("xyz"), np.eye(3, 4, dtype=np.float32))
    identities = {
        MeanRetriever(INDEX).identity,
        MeanRetriever(INDEX, MeanConfig(half_life_events=7)).identity,
        MeanRetriever(other).identity,
    }
    assert len(identities) == 3
