"""Lists by hand, and that equal scores always give the same list."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError
from llmrec.metrics import (
    coverage,
    diversity,
    genre_weights,
    miscalibration,
    novelty,
    popularity,
    top_lists,
)

LISTS = np.array([[0, 1], [2, -1], [-1, -1]])


@settings(deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=6, max_size=6), max_size=4
    ),
    k=st.integers(1, 8),
)
def test_the_best_come_first_and_ties_in_catalogue_order(rows, k):
    scores = np.array(rows, dtype=np.float64).reshape(-1, 6)
    items, values = top_lists(scores, k)
    assert items.shape == values.shape == (len(rows), min(k, 6))
    for row, found in zip(rows, items.tolist(), strict=True):
        order = sorted((n for n in range(6) if row[n] > -np.inf), key=lambda n: (-row[n], n))
        assert [n for n in found if n >= 0] == order[:k]


def test_lists_of_nothing_are_refused():
    with pytest.raises(ConfigError, match="k is 0"):
        top_lists(np.zeros((1, 3)), 0)


def test_coverage_counts_each_item_once():
    assert coverage(np.array([[0, 1], [1, -1]]), 8) == 0.25


def test_novelty_and_popularity_by_hand():
    counts = np.array([3.0, 0.0, 1.0])
    bits = novelty(LISTS, counts, 3)
    assert bits[:2] == pytest.approx([(0 + 2) / 2, 1])
    assert popularity(LISTS, counts, 3)[:2] == pytest.approx([0.5, 1 / 3])
    assert np.isnan(bits[2])


def test_diversity_is_the_mean_distance_of_pairs():
    vectors = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, 0.0]])
    lists = np.array([[0, 1, -1], [0, 1, 2], [0, 3, -1], [2, 2, -1]])
    by_hand = [1.0, 1 - (0 + np.sqrt(0.5) + np.sqrt(0.5)) / 3]
    found = diversity(lists, vectors)
    assert found[:2] == pytest.approx(by_hand)
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(0.0)


def test_miscalibration_is_zero_where_genres_agree_and_grows_apart():
    wanted = np.array([[2.0, 2.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    shown = np.array([[5.0, 5.0], [3.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    found = miscalibration(shown, wanted)
    assert found[0] == pytest.approx(0.0)
    assert found[1] == pytest.approx(-np.log(0.99 * 0.75 + 0.01))
    assert found[2] == pytest.approx(-np.log(0.01))
    assert np.isnan(found[3])
    genres = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 0.0]])
    assert genre_weights(LISTS, genres).tolist() == [[1.5, 0.5], [0, 0], [0, 0]]
