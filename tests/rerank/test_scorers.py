"""All scorers on a scripted model: what holds whatever it says."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import EngineError
from llmrec.llm import ScriptedEngine
from llmrec.metrics import chance_level, ndcg
from llmrec.rerank import LabelScorer
from llmrec.serialize import HistorySerializer, SerializerConfig


def tires(prompt, ids):
    """A model that looks at nothing but how far the list has come: the later, the less."""
    assert len(ids) == 2
    return [-1.0 - 0.01 * len(prompt), -1.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda kit: kit.labels(),
        lambda kit: kit.labels(ScriptedEngine(label_scores=kit.prefers_places)),
        lambda kit: kit.labels(ScriptedEngine(label_scores=kit.prefers_places), n_orders=3),
        lambda kit: kit.labels(window=6),
        lambda kit: kit.labels(ScriptedEngine(label_scores=kit.prefers_places), window=6),
        lambda kit: kit.markers(),
        lambda kit: kit.markers(ScriptedEngine(label_scores=tires), n_orders=2),
        lambda kit: kit.markers(ScriptedEngine(label_scores=tires), window=6),
        lambda kit: kit.pointwise(),
        lambda kit: kit.likelihood(),
        lambda kit: kit.likelihood(normalise="prior"),
    ],
    ids=[
        *["labels", "labels-prefers-A", "labels-averaged", "labels-windows"],
        *["labels-prefers-A-windows", "markers", "markers-tires-averaged", "markers-tires-windows"],
        *["pointwise", "likelihood", "likelihood-prior"],
    ],
)
def test_a_model_without_information_scores_at_chance_however_good_the_retriever(kit, make):
    n_queries, n_candidates = 300, 10
    rng = np.random.default_rng(3)
    histories = [kit.history_of(n) for n in range(n_queries)]
    lists = [
        kit.candidates_of([f"i{n}" for n in rng.choice(60, n_candidates, replace=False)])
        for _ in histories
    ]
    ranks = [  # the retriever is perfect: every target is its first candidate
        ranking.position(some[0].item.item_id) + 1
        for ranking, some in zip(make(kit).rerank(histories, lists), lists, strict=True)
    ]
    chance = chance_level(ndcg, n_candidates, 10)
    spread = ndcg(np.arange(1, n_candidates + 1), 10).std() / math.sqrt(n_queries)
    assert abs(ndcg(ranks, 10).mean() - chance) < 3 * spread


@settings(deadline=None)
@given(
    figures=st.lists(st.floats(-1e4, 0) | st.sampled_from([-1.0, -2.0]), min_size=1, max_size=26),
    n_orders=st.integers(1, 2),
)
def test_a_ranking_is_a_permutation_whatever_the_model_says(kit, figures, n_orders):
    engine = ScriptedEngine(
        label_scores=lambda _, ids: [figures[n % len(figures)] for n in range(len(ids))],
        continuation_scores=lambda _, ids: [figures[sum(ids) % len(figures)]] * len(ids),
    )
    some = kit.candidates_of([f"i{n}" for n in range(len(figures))])
    for scorer in (
        kit.labels(engine, n_orders=n_orders),
        kit.labels(engine, n_orders=n_orders, window=4),
        kit.markers(engine, n_orders=n_orders),
        kit.markers(engine, n_orders=n_orders, window=4),
        kit.pointwise(engine),
        kit.likelihood(engine),
    ):
        (ranking,) = scorer.rerank([kit.history_of()], [some])
        assert sorted(kit.ids_of(ranking)) == sorted(c.item.item_id for c in some)
        assert np.exp(ranking.scores).sum() == pytest.approx(1.0)
        assert ranking.kind == scorer.kind


def test_nothing_of_the_retriever_or_the_user_id_reaches_the_prompt(kit):
    engine = ScriptedEngine()
    for make in (kit.labels, kit.markers, kit.pointwise, kit.likelihood):
        scorer = make(engine)
        engine.calls.clear()
        renamed = dataclasses.replace(kit.history_of(), user_id="another-user")
        reversed_and_rescored = kit.candidates_of([c.item.item_id for c in reversed(kit.TWENTY)])
        first = scorer.rerank([kit.history_of()], [kit.TWENTY])[0]
        second = scorer.rerank([renamed], [reversed_and_rescored])[0]
        assert sorted(engine.calls[0].prompts) == sorted(engine.calls[1].prompts)
        assert "user" not in kit.text_of(engine, engine.calls[0].prompts[0]).split("History")[1]
        assert kit.ids_of(first) == kit.ids_of(second)


@pytest.mark.parametrize("kind", ["labels", "markers", "pointwise", "likelihood"])
@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_is_no_log_probability_is_an_error(kit, kind, figure):
    engine = ScriptedEngine(
        label_scores=lambda _, ids: [figure] + [-1.0] * (len(ids) - 1),
        continuation_scores=lambda _, ids: [figure] * len(ids),
    )
    with pytest.raises(EngineError, match=r"scripted-0@.* gave candidate 0 the log-probability"):
        getattr(kit, kind)(engine).rerank([kit.history_of()], [kit.TWENTY])


def test_identity_names_engine_template_and_every_setting(kit):
    scorers = [
        kit.labels(),
        kit.labels(n_orders=2),
        kit.labels(window=20),
        kit.markers(),
        kit.markers(n_orders=2),
        kit.pointwise(),
        kit.labels(history_tokens=100),
        kit.labels(ScriptedEngine(seed=1)),
        kit.likelihood(),
        kit.likelihood(normalise="sum"),
    ]
    other = ScriptedEngine()
    config = SerializerConfig(time_style="relative")
    scorers.append(
        LabelScorer(
            other,
            HistorySerializer(
                config,
                kit.CATALOGUE,
                lambda texts: [len(t) for t in other.tokenizer.encode_batch(texts)],
            ),
        )
    )
    assert len({scorer.identity for scorer in scorers}) == len(scorers)
    assert set(kit.labels().made_of) == {"engine", "template", "scorer"}
    assert kit.labels().made_of["engine"] == ScriptedEngine().card.identity
    assert "n_orders=2" in kit.labels(n_orders=2).made_of["scorer"]
