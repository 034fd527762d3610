"""The bound scorer: one decision for ranking and for explaining it."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.recommender import Decision

KINDS = ("labels", "likelihood")


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


def test_without_a_model_the_retriever_decides(film_world, retriever):
    histories = film_world.histories(film_world.users[:3])
    candidates = retriever.retrieve(histories, 20)
    decision = Decision(retriever=retriever, reranker=None, weight=0.0)
    assert not decision.order_matters
    for row, ranking in zip(candidates, decision(histories, candidates), strict=True):
        assert ids(row) == ids(ranking.candidates)
        assert ranking.kind == "retrieval"


@pytest.mark.parametrize(("kind", "matters"), [("labels", True), ("likelihood", False)])
def test_only_listed_candidates_depend_on_their_order(kind, matters, make_decision):
    assert make_decision(kind).order_matters is matters
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
