"""The bound scorer: one decision for ranking and for explaining it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from llmrec.explain import find_evidence
from llmrec.recommender import Decision

KINDS = ("labels", "markers", "likelihood", "pointwise")


def ids(rows):
    return [candidate.item.item_id for candidate in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_every_candidate_is_scored_once_and_none_is_added(
    kind, film_world, retriever, make_decision
):
    histories = film_world.histories(film_world.users[:5])
    candidates = retriever.retrieve(histories, 20)
    for row, ranking in zip(candidates, make_decision(kind)(histories, candidates), strict=True):
        assert sorted(ids(row)) == sorted(ids(ranking.candidates))
        assert np.isfinite(ranking.scores).all()
        assert ranking.kind == "fusion"


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_single_calls_give(kind, film_world, retriever, make_decision):
    histories = film_world.histories(film_world.users[:4])
    candidates = retriever.retrieve(histories, 12)
    decision = make_decision(kind)
    together = decision(histories, candidates)
    for history, row, ranking in zip(histories, candidates, together, strict=True):
        alone = decision([history], [row])[0]
        assert ids(alone.candidates) == ids(ranking.candidates)
        assert np.allclose(alone.scores, ranking.scores, atol=1e-6)


def test_weight_zero_is_the_retrievers_order(film_world, retriever, make_decision):
    histories = film_world.histories(film_world.users[:5])
    candidates = retriever.retrieve(histories, 20)
    for row, ranking in zip(
        candidates, make_decision(weight=0.0)(histories, candidates), strict=True
    ):
        assert ids(row) == ids(ranking.candidates)


@pytest.mark.parametrize("n_reranked", [None, 6])
def test_without_a_model_the_decision_is_that_of_weight_zero(
    n_reranked, film_world, retriever, make_decision
):
    histories = film_world.histories(film_world.users[:4])
    candidates = retriever.retrieve(histories, 9)
    alone = Decision(retriever=retriever, reranker=None, weight=0.0, n_reranked=n_reranked)
    weightless = dataclasses.replace(make_decision(weight=0.0), n_reranked=n_reranked)
    assert not alone.order_matters
    rankings = alone(histories, candidates), weightless(histories, candidates)
    for row, one, other in zip(candidates, *rankings, strict=True):
        assert ids(row) == ids(one.candidates) == ids(other.candidates)
        assert one.kind == "retrieval"
        assert one.scores == other.scores
    evidence = [
        find_evidence(histories, found, decision, top_k=9, catalogue=film_world.catalogue)
        for found, decision in zip(rankings, (alone, weightless), strict=True)
    ]
    assert evidence[0] == evidence[1]
    assert sum(map(bool, evidence[0][0])) >= 5


@pytest.mark.parametrize("kind", KINDS)
def test_candidates_beyond_those_reranked_follow_in_the_retrievers_order(
    kind, film_world, retriever, make_decision
):
    histories = film_world.histories(film_world.users[:3])
    candidates = retriever.retrieve(histories, 40)
    decision = dataclasses.replace(make_decision(kind), n_reranked=20)
    first = decision(histories, [row[:20] for row in candidates])
    for row, fewer, ranking in zip(candidates, first, decision(histories, candidates), strict=True):
        assert ranking.reranked == fewer.candidates
        assert ids(ranking.candidates[20:]) == ids(row[20:])
        best = row[0].item.item_id
        assert ranking.log_odds(best) == fewer.log_odds(best)


@pytest.mark.parametrize("kind", KINDS)
def test_only_listed_candidates_depend_on_their_order(kind, make_decision):
    assert make_decision(kind).order_matters is (kind in {"labels", "markers"})
    assert not make_decision(kind, weight=0.0).order_matters


def test_leaving_an_event_out_reaches_both_retriever_and_model(
    film_world, retriever, make_decision
):
    history = film_world.histories(film_world.users[:1])[0]
    candidates = retriever.retrieve([history], 20)
    decision = make_decision()
    before = decision([history], candidates)[0]
    newest = len(history.interactions) - 1
    after = decision([history.without([newest])], candidates)[0]
    first = before.candidates[0].item.item_id
    for part in ("retrieval", "llm"):
        old = before.parts[part][before.position(first)]
        assert old != after.parts[part][after.position(first)]


def test_the_model_is_asked_once_a_batch_with_one_prompt_a_user(
    film_world, retriever, make_decision, engine
):
    histories = film_world.histories(film_world.users[:6])
    candidates = retriever.retrieve(histories, 20)
    make_decision("labels")(histories, candidates)
    (call,) = engine.calls
    assert call.method == "score_labels"
    assert len(call.prompts) == len(histories)
    assert engine.stats.prompt_tokens == sum(map(len, call.prompts))
    for history, prompt in zip(histories, call.prompts, strict=True):
        text = engine.tokenizer.decode(prompt)
        assert history.user_id not in text
        assert text.count(film_world.catalogue[history.interactions[-1].item_id].title) >= 1
