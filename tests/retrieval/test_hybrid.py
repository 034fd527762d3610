"""Hybrids: one scale, ranks, what is refused, and how validation chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import ArtifactError, ConfigError, DataError
from llmrec.retrieval import HybridRetriever, PopularityRetriever, fit_hybrid, load_retriever
from llmrec.retrieval.dense import DenseRetriever
from llmrec.retrieval.hybrid import on_one_scale, reciprocal_ranks
from llmrec.types import Catalogue, History, Interaction, Item, Query

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=f"i{n}", title=str(n)) for n in range(30)])


class Told(DenseRetriever):
    """Says for every user what it was told."""

    name = "told"

    def __init__(self, scores, catalogue=CATALOGUE):
        super().__init__(catalogue)
        self._told = scores

    @property
    def identity(self):
        return f"told@{sorted(self._told)}"

    def save(self, path, *, metrics=None):
        raise NotImplementedError

    def _scores(self, histories):
        return np.stack([self._told[h.user_id] for h in histories])


def history(user="u", numbers=()):
    past = tuple(
        Interaction(item_id=f"i{n}", timestamp=START + timedelta(hours=t))
        for t, n in enumerate(numbers)
    )
    return History(user_id=user, as_of=START + timedelta(days=9), interactions=past)


def told(*rows):
    return Told({f"u{n}": np.array(row, dtype=float) for n, row in enumerate(rows)})


finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(
    row=st.lists(finite, min_size=2, max_size=20),
    scale=st.floats(0.01, 100),
    shift=st.floats(-100, 100),
)
def test_units_drop_out_and_the_order_stays(row, scale, shift):
    row = np.round(np.array([row]), 3)
    once, again = on_one_scale(row), on_one_scale(row * scale + shift)
    assert once == pytest.approx(again, abs=1e-5)
    assert (np.diff(once[0, np.argsort(row[0], kind="stable")]) >= 0).all()
    assert once.min() == 0.0


def test_ties_share_the_best_of_their_ranks():
    assert reciprocal_ranks(np.array([[5.0, 7.0, 5.0, 1.0]]))[0] == pytest.approx(
        [1 / 62, 1 / 61, 1 / 62, 1 / 64]
    )


def test_weights_add_up_what_sources_say_and_candidates_remember_it():
    one, two = np.zeros(30), np.zeros(30)
    one[[3, 4]], two[[4, 5]] = [1.0, 2.0], [9.0, 1.0]
    hybrid = HybridRetriever({"a": told(one), "b": told(two)}, {"a": 1.0, "b": 0.5})
    [row] = hybrid.retrieve([history("u0", [3])], 3)
    assert [c.item.item_id for c in row] == ["i4", "i5", "i0"]
    assert row[0].sources == {"a": (2.0, 1), "b": (9.0, 1)}
    assert row[1].sources == {"a": (0.0, 3), "b": (1.0, 2)}
    assert {c.source for c in row} == {"hybrid"}
    expected = on_one_scale(one[None])[0, 4] + 0.5 * on_one_scale(two[None])[0, 4]
    assert row[0].score == pytest.approx(expected)


def test_a_source_that_says_the_same_of_all_says_nothing():
    speaks, silent = np.arange(30.0), np.full(30, 7.0)
    alone = HybridRetriever({"a": told(speaks)}, {"a": 1.0})
    both = HybridRetriever({"a": told(speaks), "b": told(silent)}, {"a": 1.0, "b": 1.0})
    assert np.array_equal(alone.scores([history("u0")]), both.scores([history("u0")]))


def test_items_that_a_source_cannot_propose_are_its_last():
    partial = np.arange(30.0)
    partial[:20] = -np.inf
    scores = HybridRetriever({"a": told(partial)}, {"a": 1.0}).scores([history("u0")])
    assert (scores[0, :21] == 0.0).all()
    assert (np.diff(scores[0, 20:]) > 0).all()
    nothing = HybridRetriever({"a": told(np.full(30, -np.inf))}).scores([history("u0")])
    assert len(set(nothing[0].tolist())) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_named(value):
    row = np.zeros(30)
    row[7] = value
    hybrid = HybridRetriever({"good": told(np.zeros(30)), "bad": told(row)})
    with pytest.raises(DataError, match=r"source 'bad' .* item 'i7' .* for user 'u0'"):
        hybrid.retrieve([history("u0")], 3)


@pytest.mark.parametrize("n_items", [0, 1])
@pytest.mark.parametrize("weights", [{"a": 1.0}, None])
def test_a_catalogue_of_nothing_or_one_item(n_items, weights):
    catalogue = Catalogue([Item(item_id="only", title="Only")] * n_items)
    source = Told({"u": np.zeros(n_items)}, catalogue)
    hybrid = HybridRetriever({"a": source}, weights)
    [row] = hybrid.retrieve([history()], 5)
    assert [c.item.item_id for c in row] == ["only"] * n_items
    assert hybrid.scores([history()]).shape == (1, n_items)


@pytest.mark.parametrize(
    ("sources", "weights", "words"),
    [
        ({}, None, "needs sources"),
        ({"A b": told([0] * 30)}, None, "cannot name a folder"),
        ({"a": told([0] * 30)}, {"b": 1.0}, "weights of"),
        ({"a": told([0] * 30)}, {"a": -1.0}, "it must be 0 or above"),
        ({"a": told([0] * 30)}, {"a": float("nan")}, "it must be 0 or above"),
        ({"a": told([0] * 30)}, {"a": 0.0}, "all weights are 0"),
        (
            {"a": told([0] * 30), "b": Told({}, Catalogue([Item(item_id="x", title="X")]))},
            None,
            "different catalogues",
        ),
    ],
)
def test_sources_that_make_no_hybrid_are_named(sources, weights, words):
    with pytest.raises(ConfigError, match=words):
        HybridRetriever(sources, weights)


def queries(n=60, seed=0):
    """Targets that source ``knows`` finds at once, ``helps`` often, and ``noise`` by chance."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 30, n)
    knows, helps, noise = rng.normal(size=(3, n, 30))
    knows[np.arange(n), targets] += 2.0
    helps[np.arange(n), targets] += 2.0
    asked = [
        Query(
            history=history(f"u{n}"),
            target=Interaction(item_id=f"i{t}", timestamp=START + timedelta(days=9)),
        )
        for n, t in enumerate(targets)
    ]
    return {"knows": told(*knows), "helps": told(*helps), "noise": told(*noise)}, asked


def test_what_helps_counts_and_noise_hardly():
    sources, asked = queries()
    fit = fit_hybrid(sources, asked)
    assert fit.chosen in {"likeliest-weights", "climbed-weights"}
    weights = dict(fit.weights)
    assert weights.get("noise", 0.0) < 0.5 * min(weights["knows"], weights["helps"])
    assert fit.values[fit.chosen] == max(fit.values.values())
    assert fit.values["likeliest-weights"] > max(fit.values["knows"], fit.values["helps"])
    effects = {effect.source: effect for effect in fit.ablation}
    assert effects["knows"].low > 0
    assert effects["knows"].low <= effects["knows"].difference <= effects["knows"].high
    assert fit == fit_hybrid(sources, asked)


def test_one_source_alone_wins_where_the_others_only_disturb():
    sources, asked = queries()
    perfect = told(*[np.arange(30) == int(q.target.item_id[1:]) for q in asked])
    fit = fit_hybrid({"noise": sources["noise"], "perfect": perfect}, asked)
    assert fit.values["perfect"] == pytest.approx(1.0)
    assert HybridRetriever({"perfect": perfect}, {"perfect": 1.0}).scores(
        [q.history for q in asked]
    ).argmax(axis=1).tolist() == [int(q.target.item_id[1:]) for q in asked]


def test_sources_that_all_say_nothing_are_fused_by_rank():
    _, asked = queries()
    silent = told(*np.zeros((60, 30)))
    fit = fit_hybrid({"a": silent, "b": silent}, asked)
    assert fit.weights is None
    assert fit.ablation == ()
    with pytest.raises(ConfigError, match="no validation queries"):
        fit_hybrid({"a": silent}, [])


def test_a_hybrid_whose_source_was_exchanged_is_refused(tmp_path):
    log = pl.LazyFrame({"item_id": ["i1", "i2"], "timestamp_s": [0, 86_400 * 40]})
    counts = PopularityRetriever(CATALOGUE, log)
    HybridRetriever({"all-time": counts}).save(tmp_path / "it")
    loaded = load_retriever(tmp_path / "it", catalogue=CATALOGUE, interactions=log)
    assert loaded.identity == HybridRetriever({"all-time": counts}).identity
    other = PopularityRetriever(CATALOGUE, log, window_days=3)
    other.save(tmp_path / "it" / "sources" / "all-time")
    with pytest.raises(ArtifactError, match="source 'all-time' is popularity"):
        load_retriever(tmp_path / "it", catalogue=CATALOGUE, interactions=log)
    with pytest.raises(ConfigError, match="no events to count"):
        load_retriever(tmp_path / "it", catalogue=CATALOGUE)
