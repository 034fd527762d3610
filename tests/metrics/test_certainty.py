"""Intervals that cover, tests that hold their level, and corrections by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import ConfigError, LeakageError
from llmrec.metrics import (
    bootstrap_interval,
    bootstrap_means,
    ceiling,
    compare,
    conditional_mean,
    holm,
    reranked,
)


def test_queries_of_one_user_count_together():
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(60), 20)
    values = np.repeat(rng.normal(size=60), 20) + 0.1 * rng.normal(size=1200)
    low, high = bootstrap_interval(values, clusters=users)
    narrow = bootstrap_interval(values)
    assert high - low > 3 * (narrow[1] - narrow[0])
    one_each = bootstrap_interval(values[::20], clusters=np.arange(60))
    assert one_each == pytest.approx(bootstrap_interval(values[::20]))


def test_several_figures_share_their_draws():
    values = np.random.default_rng(1).random((50, 2))
    both = bootstrap_means(np.column_stack([values[:, 0], values[:, 0] + 1]), resamples=200)
    assert both.shape == (200, 2)
    assert both[:, 1] - both[:, 0] == pytest.approx(np.ones(200))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        values = (rng.random(150) < 0.3).astype(float)
        low, high = bootstrap_interval(values, resamples=300)
        covered += low <= 0.3 <= high
    assert 0.89 < covered / 200 <= 1


def test_equal_rows_are_not_told_apart_and_shifted_ones_are():
    values = np.random.default_rng(2).random(200)
    same = compare(values, values)
    assert (same.difference, same.p_value, same.n_different) == (0.0, 1.0, 0)
    better = compare(values + 0.05 * (values > 0.2), values)
    assert better.p_value < 0.001
    assert 0 < better.low <= better.difference <= better.high
    worse = compare(values, values + 0.05 * (values > 0.2))
    assert worse.difference == pytest.approx(-better.difference)
    assert worse.p_value == pytest.approx(better.p_value)


def test_without_a_difference_one_test_in_twenty_is_below_five_percent():
    rng = np.random.default_rng(9)
    users = np.repeat(np.arange(25), 4)
    low = 0
    for seed in range(200):
        by_user = np.repeat(rng.normal(size=25), 4)
        low += compare(by_user, np.zeros(100), clusters=users, seed=seed, flips=199).p_value < 0.05
    assert low / 200 < 0.11


def test_the_smallest_detectable_difference_is_seen_four_times_in_five():
    rng = np.random.default_rng(4)
    size = compare(rng.normal(size=400), np.zeros(400)).smallest_detectable
    assert size == pytest.approx(2.8 / 20, rel=0.1)
    seen = sum(
        compare(rng.normal(size, 1, 400), np.zeros(400), flips=199, resamples=2).p_value < 0.05
        for _ in range(150)
    )
    assert 0.65 < seen / 150 < 0.93


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_corrected_p_values_keep_their_order_and_never_shrink(p_values):
    corrected = holm(p_values)
    assert all(one >= raw and one <= 1 for one, raw in zip(corrected, p_values, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert all(np.diff(np.array(corrected)[order]) >= 0)


def test_what_was_not_retrieved_differs_by_exactly_zero():
    from llmrec.metrics import ndcg

    base = np.array([3.0, 30.0, np.inf, 1.0])
    places = np.array([1.0, np.inf, np.inf, 2.0])
    after = reranked(base, places, 20)
    gaps = ndcg(after, 10) - ndcg(base, 10)
    assert gaps[1] == gaps[2] == 0.0
    assert gaps[0] > 0 > gaps[3]
    assert ceiling(base, 20).mean() == 0.5
    assert conditional_mean(ndcg(after, 10), base <= 20) == pytest.approx((1 + 1 / np.log2(3)) / 2)
    assert np.isnan(conditional_mean(np.zeros(2), np.zeros(2, dtype=bool)))


@pytest.mark.parametrize(
    ("base", "place", "message"),
    [(30.0, 1.0, "was added to the candidates"), (3.0, np.inf, "is missing from the candidates")],
)
def test_a_target_put_among_the_candidates_is_a_leak(base, place, message):
    with pytest.raises(LeakageError, match=message):
        reranked(np.array([base]), np.array([place]), 20)


def test_what_cannot_be_paired_is_refused():
    with pytest.raises(ConfigError, match="rows of 2 and 3 queries"):
        compare(np.zeros(2), np.zeros(3))
    with pytest.raises(ConfigError, match="clusters of 1 queries"):
        bootstrap_interval(np.zeros(2), clusters=np.zeros(1, dtype=np.int64))
