"""Metrics: by hand on small cases, and what holds for any ranks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError
from llmrec.metrics import bootstrap_interval, chance_level, mrr, ndcg, recall

METRICS = [recall, ndcg, mrr]
ranks_of_queries = st.lists(st.none() | st.integers(1, 10_000), max_size=30)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (recall, [1, 1, 1, 0, 0]),
        (ndcg, [1, 1 / math.log2(3), 1 / math.log2(11), 0, 0]),
        (mrr, [1, 1 / 2, 1 / 10, 0, 0]),
    ],
)
def test_values_by_hand_at_ten(metric, expected):
    assert metric([1, 2, 10, 11, None], 10) == pytest.approx(expected)


@pytest.mark.parametrize("metric", METRICS)
def test_not_retrieved_counts_zero_in_the_mean(metric):
    assert metric([1, math.inf, None, 1], 5).mean() == 0.5


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(ranks=ranks_of_queries, k=st.integers(1, 100))
def test_values_lie_in_0_1_and_follow_their_query(metric, ranks, k):
    values = metric(ranks, k)
    assert values.shape == (len(ranks),)
    assert ((values >= 0) & (values <= 1)).all()
    assert metric(ranks[::-1], k).tolist() == values[::-1].tolist()


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(rank=st.integers(1, 200), k=st.integers(1, 100))
def test_a_better_rank_or_a_longer_list_never_hurts(metric, rank, k):
    assert metric([rank], k)[0] >= metric([rank + 1], k)[0]
    assert metric([rank], k + 1)[0] >= metric([rank], k)[0]


def test_arrays_and_lists_agree_and_no_queries_give_no_values():
    assert ndcg(np.array([1, 3]), 10).tolist() == ndcg([1, 3], 10).tolist()
    assert recall([], 10).shape == (0,)


def test_chance_is_the_mean_over_every_place():
    assert chance_level(recall, 20, 10) == 0.5
    assert chance_level(mrr, 2, 10) == 0.75
    by_hand = sum(1 / math.log2(place + 1) for place in range(1, 11)) / 20
    assert chance_level(ndcg, 20, 10) == pytest.approx(by_hand)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("ranks", "k", "message"),
    [([1], 0, "k is 0"), ([3, 0], 5, "rank 0.0 of query 1"), ([math.nan], 5, "rank nan")],
)
def test_what_is_not_a_rank_is_refused(metric, ranks, k, message):
    with pytest.raises(ConfigError, match=message):
        metric(ranks, k)


def test_chance_among_no_candidates_is_refused():
    with pytest.raises(ConfigError, match="n_candidates is 0"):
        chance_level(ndcg, 0, 10)


def test_bootstrap_interval_holds_the_mean_and_repeats_with_its_seed():
    values = np.random.default_rng(1).normal(0.3, 0.1, 400)
    low, high = bootstrap_interval(values, seed=4)
    assert low < values.mean() < high
    # 400 values of spread .1: a standard error of .005, so the interval is about .02 wide.
    assert high - low == pytest.approx(2 * 1.96 * 0.1 / 20, rel=0.2)
    assert bootstrap_interval(values, seed=4) == (low, high)
    assert bootstrap_interval(np.full(5, 0.25)) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("values", "options"),
    [([], {}), ([0.1], {"resamples": 0}), ([0.1], {"level": 1.0})],
)
def test_bootstrap_refuses_what_has_no_interval(values, options):
    with pytest.raises(ConfigError):
        bootstrap_interval(np.array(values), **options)
