"""Accuracy metrics against every order of ties, scikit-learn, and what must hold for any scores."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError, DataError
from llmrec.metrics import METRICS, Pairs, TargetRanks, auc, rank_targets, recall, stream_targets

NAMES = sorted(METRICS)


def slow(name, order, targets, k):
    """The metric of one list, straight from its definition."""
    places = [place for place, item in enumerate(order, start=1) if item in targets]
    hits = [place for place in places if place <= k]
    n = len(targets)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(n, k) + 1))
    return {
        "recall": len(hits) / n,
        "hit_rate": float(bool(hits)),
        "precision": len(hits) / k,
        "f1": 2 * len(hits) / (k + n),
        "ndcg": sum(1 / math.log2(place + 1) for place in hits) / ideal,
        "mrr": 1 / hits[0] if hits else 0.0,
        "map": sum(nth / place for nth, place in enumerate(hits, start=1)) / n,
    }[name]


def every_order(scores):
    """All orders of items that falling scores allow."""
    groups = [
        [item for item, score in enumerate(scores) if score == level]
        for level in sorted(set(scores), reverse=True)
    ]
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield [item for part in parts for item in part]


def ranks(scores, targets, seen=None):
    block = np.array(scores, dtype=np.float64)
    masked = None if seen is None else Pairs.of(seen)
    return rank_targets(block, Pairs.of(targets), masked)


cases = st.tuples(
    st.lists(st.integers(0, 3), min_size=2, max_size=6),
    st.sets(st.integers(0, 1), min_size=1) | st.sets(st.integers(0, 5), min_size=1),
    st.integers(1, 7),
)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=60)
@given(case=cases)
def test_ties_give_the_mean_over_every_order(name, case):
    scores, targets, k = case
    targets = {item % len(scores) for item in targets}
    orders = list(every_order(scores))
    expected = sum(slow(name, order, targets, k) for order in orders) / len(orders)
    found = ranks([scores], [sorted(targets)])
    assert METRICS[name](found, k)[0] == pytest.approx(expected, abs=1e-12)
    worst = min(slow(name, order, targets, k) for order in orders)
    assert METRICS[name](found.pessimistic(), k)[0] == pytest.approx(worst, abs=1e-12)


def random_queries(seed, n=40, items=50, levels=None):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, items)) if levels is None else rng.integers(0, levels, (n, items))
    targets = [rng.choice(items, rng.integers(1, 6), replace=False) for _ in range(n)]
    return scores.astype(np.float64), targets


@pytest.mark.parametrize("levels", [None, 5])
def test_auc_and_ndcg_are_those_of_scikit_learn(levels):
    sklearn = pytest.importorskip("sklearn.metrics")
    scores, targets = random_queries(3, levels=levels)
    truth = np.zeros_like(scores)
    for row, wanted in enumerate(targets):
        truth[row, wanted] = 1
    found = ranks(scores, targets)
    areas = [sklearn.roc_auc_score(*pair) for pair in zip(truth, scores, strict=True)]
    assert auc(found) == pytest.approx(areas, abs=1e-6)
    for k in (1, 5, 10, 50):
        theirs = [
            sklearn.ndcg_score(t[None], s[None], k=k) for t, s in zip(truth, scores, strict=True)
        ]
        assert METRICS["ndcg"](found, k) == pytest.approx(theirs, abs=1e-6)
    if levels is None:
        areas = [sklearn.average_precision_score(*p) for p in zip(truth, scores, strict=True)]
        assert METRICS["map"](found, scores.shape[1]) == pytest.approx(areas, abs=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all_are_those_of_ranx_on_strictly_falling_scores():
    ranx = pytest.importorskip("ranx")
    scores, targets = random_queries(5, n=60, items=120)
    qrels = {f"q{n:03}": {f"d{item}": 1 for item in row} for n, row in enumerate(targets)}
    run = {
        f"q{n:03}": {f"d{item}": float(score) for item, score in enumerate(row)}
        for n, row in enumerate(scores)
    }
    found = ranks(scores, targets)
    for name in NAMES:
        for k in (1, 5, 10, 100):
            theirs = ranx.evaluate(
                ranx.Qrels(qrels), ranx.Run(run), f"{name}@{k}", return_mean=False
            )
            ours = METRICS[name](found, k)
            assert ours == pytest.approx(np.asarray(theirs), abs=1e-6), f"{name}@{k}"


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    k=st.integers(1, 60),
    levels=st.sampled_from([None, 1, 2, 4]),
    masked=st.booleans(),
)
def test_values_lie_in_0_1_and_ties_never_flatter(seed, k, levels, masked):
    scores, targets = random_queries(seed, n=8, levels=levels)
    rng = np.random.default_rng(seed)
    seen = [rng.choice(50, 10, replace=False) for _ in targets] if masked else None
    found = ranks(scores, targets, seen)
    for name in NAMES:
        values = METRICS[name](found, k)
        worst = METRICS[name](found.pessimistic(), k)
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
        assert (worst <= values + 1e-12).all()
        order = rng.permutation(8)
        again = ranks(scores[order], [targets[n] for n in order], seen and [seen[n] for n in order])
        assert METRICS[name](again, k) == pytest.approx(values[order])
    areas = auc(found)
    assert ((areas >= 0) & (areas <= 1)).all()


def test_streaming_in_blocks_changes_nothing():
    scores, targets = random_queries(8, levels=6)
    seen = Pairs.of([[0, 1]] * len(targets))
    whole = rank_targets(scores.copy(), Pairs.of(targets), seen)
    for rows in (1, 7, 100):
        parts = stream_targets(
            lambda run: scores[run].copy(),
            Pairs.of(targets),
            n_items=50,
            seen=seen,
            block_bytes=rows * 50 * 4,
        )
        for name in TargetRanks.__slots__:
            assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_a_scorer_that_says_the_same_of_all_is_at_chance():
    n_items = 40
    found = ranks(np.zeros((n_items, n_items)), [[n] for n in range(n_items)])
    assert METRICS["recall"](found, 10).mean() == pytest.approx(10 / n_items)
    assert auc(found) == pytest.approx(0.5)
    assert METRICS["recall"](found.pessimistic(), 39).sum() == 0


def test_seen_items_are_not_ranked_and_cannot_be_found():
    found = ranks([[9.0, 8.0, 7.0, 6.0]], [[2]], [[0, 1]])
    assert found.ahead.tolist() == [0]
    assert found.n_ranked.tolist() == [2]
    lost = ranks([[9.0, 8.0, 7.0, 6.0]], [[0]], [[0, 1]])
    assert np.isinf(lost.ahead).all()
    assert recall(lost, 4).tolist() == [0.0]
    assert auc(lost).tolist() == [0.0]


@pytest.mark.parametrize(
    ("scores", "targets", "message"),
    [
        ([[0.0, math.nan]], [[0]], "score of item 1 for query 0 of this block is NaN"),
        ([[0.0, 1.0]], [[0], [1]], "do not belong together"),
        ([[0.0, 1.0]], [[2]], "item 2 is beyond the 2 scored ones"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores, targets, message):
    with pytest.raises(DataError, match=message):
        ranks(scores, targets)


def test_a_query_with_nothing_to_find_is_refused():
    with pytest.raises(ConfigError, match="query 1 has no targets"):
        recall(ranks([[0.0, 1.0]] * 2, [[0], []]), 1)
    with pytest.raises(ConfigError, match="query 0: AUC needs ranked items"):
        auc(ranks([[0.0, 1.0]], [[0, 1]]))
