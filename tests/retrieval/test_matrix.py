"""Item-to-item rankers: weights by hand, queries by recency, artifacts that belong together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from llmrec.errors import ArtifactError, ConfigError, DataError, LeakageError, UnknownItemError
from llmrec.retrieval import (
    EaseConfig,
    ItemMatrixRetriever,
    LowRankConfig,
    NeighbourConfig,
    TransitionConfig,
    ease_weights,
    fit_ease,
    fit_low_rank,
    fit_neighbours,
    fit_transitions,
)
from llmrec.types import Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=i, title=i.upper()) for i in "abcd"])
COLUMNS = ["user_id", "item_id", "timestamp_s", "sequence"]


def events(**users):
    """``u="abc"``: user u met a, b, c, a day apart."""
    rows = [(u, i, 86_400 * n, 0) for u, met in users.items() for n, i in enumerate(met)]
    return pl.LazyFrame(rows, schema=COLUMNS, orient="row")


def history(met):
    past = tuple(
        Interaction(item_id=i, timestamp=START + timedelta(days=n)) for n, i in enumerate(met)
    )
    return History(user_id="u", as_of=START + timedelta(days=99), interactions=past)


def test_ease_weights_are_those_of_the_formula():
    x = np.random.default_rng(0).integers(0, 2, (30, 6)).astype(float)
    counts = x.T @ x
    before = counts.copy()
    inverse = np.linalg.inv(counts + 5 * np.eye(6))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert ease_weights(counts, 5.0) == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(counts, before)


def test_ease_counts_each_item_once_a_user():
    once = fit_ease(CATALOGUE, events(u="ab", v="bc", w="adb"))
    twice = fit_ease(CATALOGUE, events(u="aab", v="bcbc", w="adb"))
    assert once.identity == twice.identity


def test_recent_events_speak_louder_and_the_newest_of_several_counts():
    weights = np.zeros((4, 4), dtype=np.float32)
    weights[0, 3], weights[1, 3], weights[2, 3] = 1, 10, 100
    ranker = ItemMatrixRetriever(CATALOGUE, weights, name="test", decay=0.5)
    past = [history("abc"), history("ab").without([1]), history("aba"), history("xyz"), history("")]
    assert ranker.scores(past)[:, 3].tolist() == [100 + 5 + 0.25, 0.5, 1 + 5, 0, 0]
    last = ItemMatrixRetriever(CATALOGUE, weights, name="test", decay=0.0)
    assert last.scores(past)[:, 3].tolist() == [100, 0, 1, 0, 0]


def test_what_follows_within_reach_is_counted_in_its_direction():
    log = events(u="abc", v="ab")
    raw = NeighbourConfig(reach=1, popularity_power=0.0)
    scores = fit_neighbours(CATALOGUE, log, raw).scores([history("a"), history("b"), history("c")])
    assert scores.tolist() == [[0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    further = raw.model_copy(update={"reach": 2, "half_life_days": 1.0})
    scores = fit_neighbours(CATALOGUE, log, further).scores([history("a")])
    assert scores.tolist() == [[0, 2 * 0.5, 0.25, 0]]


def test_met_together_anywhere_is_the_cosine():
    log = events(u="ab", v="ba", w="ac", x="a")
    scores = fit_neighbours(CATALOGUE, log).scores([history("a"), history("b")])
    assert scores[0] == pytest.approx([0, 2 / np.sqrt(4 * 2), 1 / np.sqrt(4), 0])
    assert scores[1] == pytest.approx([2 / np.sqrt(8), 0, 0, 0])


def test_only_the_strongest_neighbours_speak():
    log = events(u="ab", v="ab", w="cb")
    few = NeighbourConfig(popularity_power=0.0, neighbours=1)
    scores = fit_neighbours(CATALOGUE, log, few).scores([history("a"), history("c")])
    assert scores.tolist() == [[0, 2, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("fit", [fit_ease, fit_neighbours])
def test_what_was_saved_scores_the_same(fit, tmp_path):
    ranker = fit(CATALOGUE, events(u="ab", v="bc", w="adb"), before=START)
    ranker.save(tmp_path / "it")
    again = ItemMatrixRetriever.load(tmp_path / "it", catalogue=CATALOGUE)
    assert again.identity == ranker.identity
    past = [history("ab"), history("d")]
    assert np.array_equal(again.scores(past), ranker.scores(past))
    other = Catalogue([Item(item_id="a", title="A")])
    with pytest.raises(ArtifactError, match="catalogue_sha256"):
        ItemMatrixRetriever.load(tmp_path / "it", catalogue=other)


def test_histories_from_before_what_was_learnt_are_refused():
    ranker = fit_ease(CATALOGUE, events(u="ab"), before=START + timedelta(days=200))
    with pytest.raises(LeakageError, match="ease counts events up to 2024-07-19"):
        ranker.scores([history("a")])


def test_faults_are_told():
    with pytest.raises(DataError, match="EASE needs training events"):
        fit_ease(CATALOGUE, events())
    with pytest.raises(DataError, match="item-knn needs training events"):
        fit_neighbours(CATALOGUE, events())
    with pytest.raises(UnknownItemError, match="item 'z' of the training events"):
        fit_ease(CATALOGUE, events(u="az"))
    with pytest.raises(ConfigError, match="EASE on 4 items needs"):
        fit_ease(CATALOGUE, events(u="ab"), EaseConfig(max_gib=1e-9))
    with pytest.raises(ConfigError, match=r"weights of shape \(2, 2\) for 4 items"):
        ItemMatrixRetriever(CATALOGUE, np.zeros((2, 2)), name="x")
    with pytest.raises(ConfigError, match=r"decay is 1.5"):
        ItemMatrixRetriever(CATALOGUE, np.zeros((4, 4)), name="x", decay=1.5)


def test_transitions_are_the_regression_of_what_came_next_on_what_came_before():
    log = events(u="abca", v="bda", w="c")
    past = np.zeros((8, 4))  # by event, in order: abca, bda, c
    past[1, 0] = past[3, 2] = past[5, 1] = past[6, 3] = 1.0
    past[2, [1, 0]] = past[6, [3, 1]] = 1.0, 0.5
    past[3, [2, 1, 0]] = 1.0, 0.5, 0.25
    came = np.eye(4)[[0, 1, 2, 0, 1, 3, 0, 2]]
    expected = np.linalg.solve(past.T @ past + 2.0 * np.eye(4), past.T @ came)
    fitted = fit_transitions(CATALOGUE, log, TransitionConfig(regularisation=2.0, decay=0.5))
    for n, item in enumerate("abcd"):
        assert fitted.scores([history(item)])[0] == pytest.approx(expected[n], abs=1e-6)


def test_transitions_say_what_is_at_fault():
    with pytest.raises(DataError, match="transitions need training events"):
        fit_transitions(CATALOGUE, events())
    with pytest.raises(ConfigError, match="transitions on 4 items needs"):
        fit_transitions(CATALOGUE, events(u="ab"), TransitionConfig(max_gib=1e-9))
    [alone] = fit_transitions(CATALOGUE, events(u="a")).scores([history("a")])
    assert alone.tolist() == [0, 0, 0, 0]


def a_log(seed=0, users=30):
    rng = np.random.default_rng(seed)
    return events(**{f"u{n}": "".join(rng.permutation(list("abcd"))[:3]) for n in range(users)})


def test_sparse_ease_with_every_neighbour_is_ease():
    log, past = a_log(), [history("a"), history("bd"), history("cab")]
    whole = fit_ease(CATALOGUE, log, EaseConfig(regularisation=5.0)).scores(past)
    every = fit_ease(CATALOGUE, log, EaseConfig(regularisation=5.0, neighbours=3)).scores(past)
    assert every == pytest.approx(whole, abs=1e-6)
    few = fit_ease(CATALOGUE, log, EaseConfig(regularisation=5.0, neighbours=1)).scores(past[:1])
    assert np.count_nonzero(few) <= 3


def test_sparse_ease_needs_no_table_of_all_pairs():
    config = EaseConfig(neighbours=2, max_gib=1e-9)
    assert fit_ease(CATALOGUE, events(u="ab"), config).scores([history("a")])[0, 1] > 0
    alone = fit_ease(CATALOGUE, events(u="a"), config).scores([history("a")])
    assert alone.tolist() == [[0, 0, 0, 0]]


def test_low_rank_weights_are_those_of_the_formula_and_one_vector_an_item():
    log = a_log()
    config = LowRankConfig(
        dimension=4, regularisation=0.5, popularity_power=0.0, half_life_events=None
    )
    fitted = fit_low_rank(CATALOGUE, log, config)
    met = np.zeros((30, 4))
    for row in log.collect().iter_rows(named=True):
        met[int(row["user_id"][1:]), "abcd".index(row["item_id"])] = 1.0
    gram = met.T @ met
    expected = gram @ np.linalg.inv(gram + 0.5 * np.trace(gram) / 4 * np.eye(4))
    vectors = fitted.index.vectors(list("abcd"))
    assert vectors @ vectors.T == pytest.approx(expected, abs=1e-5)
    few = fit_low_rank(CATALOGUE, log, config.model_copy(update={"dimension": 2}))
    assert few.index.dimension == 2


def test_items_without_events_have_no_vector_and_are_not_proposed():
    fitted = fit_low_rank(CATALOGUE, events(u="ab", v="bc"), before=START)
    [row] = fitted.retrieve([history("a")], 9, seen="allow")
    assert {c.item.item_id for c in row} == set("abc")
    assert np.isneginf(fitted.scores([history("a")])[0, 3])
    with pytest.raises(LeakageError, match="ease-low-rank counts events up to"):
        fit_low_rank(CATALOGUE, events(u="ab"), before=START + timedelta(days=200)).retrieve(
            [history("a")], 1
        )
    with pytest.raises(DataError, match="ease-low-rank needs training events"):
        fit_low_rank(CATALOGUE, events())


def test_events_may_also_speak_less_the_older_they_are(tmp_path):
    weights = np.zeros((4, 4), dtype=np.float32)
    weights[0, 3], weights[1, 3], weights[2, 3] = 1, 10, 100
    ranker = ItemMatrixRetriever(
        CATALOGUE, weights, name="test", decay=0.5, half_life_days=1.0
    )  # a history's events lie a day apart
    past = [history("abc"), history("ab").without([1])]
    assert ranker.scores(past)[:, 3].tolist() == [100 + 10 / 4 + 1 / 16, 1 / 4]
    ranker.save(tmp_path / "it")
    again = ItemMatrixRetriever.load(tmp_path / "it", catalogue=CATALOGUE)
    assert again.identity == ranker.identity != ranker.with_decay(0.5).identity
    assert np.array_equal(again.scores(past), ranker.scores(past))
    config = NeighbourConfig(query_half_life_days=1.0)
    fitted = fit_neighbours(CATALOGUE, events(u="ab", v="bc", w="adb"), config)
    assert fitted.scores(past)[1, 3] == pytest.approx(
        fit_neighbours(CATALOGUE, events(u="ab", v="bc", w="adb")).scores(past)[1, 3] / 2
    )
    with pytest.raises(ConfigError, match="half_life_days is 0"):
        ranker.with_decay(0.5, half_life_days=0)


@pytest.mark.parametrize("fit", [fit_ease, fit_neighbours, fit_transitions, fit_low_rank])
def test_a_catalogue_of_one_or_no_item_is_fitted_or_refused_in_words(fit):
    one = Catalogue([Item(item_id="a", title="A")])
    [row] = fit(one, events(u="aa", v="a")).retrieve([history("x")], 3)
    assert [c.item.item_id for c in row] == ["a"]
    assert fit(one, events(u="a")).retrieve([history("a")], 3) == [[]]
    with pytest.raises(DataError, match="training events"):
        fit(Catalogue([]), events())
