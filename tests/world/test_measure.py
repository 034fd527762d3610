"""The figures of a world: right where they can be worked out, whole where they cannot."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import ConfigError
from llmrec.world.baselines import Log, co_occurrence, popularity, text_similarity
from llmrec.world.cause_figures import (
    Choice,
    _decoys,
    _explainers,
    _mechanisms,
    _shares,
    _strong,
)
from llmrec.world.items import entries_of
from llmrec.world.measure import bootstrap, measure, ndcg, ranks_of
from tests.world.small import SMALL, changed

LOG = Log([np.array([0, 1]), np.array([0, 1, 2]), np.array([3])], np.array([2, 3, 0]))


def vectors(world: str) -> np.ndarray:
    """Items as unit vectors without meaning."""
    found = np.random.default_rng(1).normal(size=(len(entries_of(world)), 8))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("label", ["film.v2b", "kitchen.v1"])
def test_a_world_is_measured_as_json(label):
    few = changed(label, SMALL | {"people": 30, "activity.most_events": 40})
    found = measure(few, 3, vectors(few.name), explained=10)
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(json.dumps(found))
    assert (found["world"], found["seed"], found["accounts"]) == (label, 3, 30)
    for metrics in found["ranking"].values():
        for metric in metrics.values():
            assert 0.0 <= metric["low"] <= metric["mean"] <= metric["high"] <= 1.0
    best = {name: metrics["ndcg@10"]["mean"] for name, metrics in found["ranking"].items()}
    assert best["oracle"] > best["popularity"]
    assert sum(found["causes"]["share"].values()) == pytest.approx(1.0)
    assert found["causes"]["choices"] == 10


def test_simple_rankers_count_what_they_say():
    assert popularity(LOG, 4)[0].tolist() == [2.0, 2.0, 1.0, 1.0]
    together = co_occurrence(LOG, 4)
    assert together[0].argmax() == 2, "after 1 comes 2, and 1 was last"
    assert together[2].tolist() == [0.0] * 4, "nothing follows 3"


def test_text_similarity_is_to_the_mean_or_to_what_was_last():
    eye = np.eye(4)
    assert text_similarity(LOG, eye)[0].tolist() == [1.0, 1.0, 0.0, 0.0]
    recent = text_similarity(LOG, eye, recent=True)[0]
    assert recent[1] > recent[0] > recent[2] == 0.0


def test_ranks_hide_what_was_seen_and_ties_go_against_the_target():
    scores = np.array([[9.0, 8.0, 5.0, 6.0]] * 3)
    assert ranks_of(scores, LOG, hide_seen=False).tolist() == [4, 3, 1]
    assert ranks_of(scores, LOG, hide_seen=True).tolist() == [2, 1, 1]
    assert ranks_of(np.zeros((3, 4)), LOG, hide_seen=False).tolist() == [4, 4, 4]


@given(st.lists(st.integers(1, 900), min_size=1, max_size=30))
def test_ndcg_lies_between_zero_and_one_and_its_mean_in_its_interval(ranks):
    values = ndcg(np.array(ranks))
    assert ((values >= 0.0) & (values <= 1.0)).all()
    found = bootstrap(values)
    assert found.low - 1e-12 <= found.mean <= found.high + 1e-12


def test_cause_figures_by_hand():
    one, two, none = (
        Choice(np.array(effect), np.array(similarity), {"taste": taste}, kinds)
        for effect, similarity, taste, kinds in [
            ([0.9, 0.0, 0.2, -0.6], [0.1, 0.9, 0.5, 0.4], 2.0, ("follow next", "opens")),
            ([0.0, 0.1], [0.2, 0.3], 0.7, ()),
            ([0.0], [0.2], 0.1, ()),
        ]
    )
    choices = [one, two, none]
    assert _shares(choices) == pytest.approx({"event": 1 / 3, "traits_only": 1 / 3, "none": 1 / 3})
    strong = _strong(choices)
    assert (strong["count"], strong["for_the_item"]) == (2, 1)
    assert strong["below_median_similarity"] == 1.0
    assert _mechanisms(choices) == {"follow next": 1.0, "opens": 1.0}
    assert _mechanisms([none]) == {}
    assert _decoys(choices) == pytest.approx(3 / 5)
    assert _explainers(choices) == {"similarity": 0.0, "recency": 0.0, "chance": 0.25}
    assert _explainers([none]) == {"similarity": None, "recency": None, "chance": None}


def test_vectors_of_another_catalogue_are_refused():
    with pytest.raises(ConfigError, match=r"10 vectors for 717 items"):
        measure(changed(values=SMALL), 3, vectors("film")[:10])
