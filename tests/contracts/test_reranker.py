"""What every reranker keeps to, whichever way it reads its scores."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.llm import ScriptedEngine
from llmrec.rerank import LabelScorer, LikelihoodScorer, MarkerScorer, PointwiseScorer
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import Candidate, Catalogue, History, Interaction, Item

NOW = datetime(2024, 6, 1, 20, tzinfo=UTC)
TITLES = ["Alien", "Brazil", "映画の夜", "Фильм", "M", "A Film with Quite a Long Title (Extended)"]
TITLES += ["Jaws", "Heat", "Argo"]  # of equal length
CATALOGUE = Catalogue([Item(item_id=f"i{n}", title=t) for n, t in enumerate(TITLES)])

SCORERS = {
    "labels": LabelScorer,
    "labels-averaged": lambda engine, text: LabelScorer(engine, text, n_orders=3),
    "labels-windows": lambda engine, text: LabelScorer(engine, text, window=3, n_orders=2),
    "markers": MarkerScorer,
    "markers-averaged": lambda engine, text: MarkerScorer(engine, text, n_orders=3),
    "markers-windows": lambda engine, text: MarkerScorer(engine, text, window=3),
    "pointwise": PointwiseScorer,
    "likelihood-mean": LikelihoodScorer,
    "likelihood-sum": lambda engine, text: LikelihoodScorer(engine, text, normalise="sum"),
    "likelihood-prior": lambda engine, text: LikelihoodScorer(engine, text, normalise="prior"),
}


@pytest.fixture(params=SCORERS)
def make(request):
    """Builds the scorer on an engine that answers as told."""

    def build(**scripted):
        engine = ScriptedEngine(**scripted)

        def count(texts):
            return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

        return SCORERS[request.param](
            engine, HistorySerializer(SerializerConfig(), CATALOGUE, count)
        )

    return build


@pytest.fixture
def scorer(make):
    return make()


def says_nothing(_, ids):
    return [-3.0] * len(ids)


def candidates_of(*numbers):
    return [
        Candidate(item=CATALOGUE[f"i{n}"], score=10.0 - place, rank=place + 1, source="test")
        for place, n in enumerate(numbers)
    ]


def history_of(*numbers, user="u"):
    start = NOW - timedelta(days=10)
    events = [
        Interaction(item_id=f"i{n}", timestamp=start + timedelta(days=place))
        for place, n in enumerate(numbers)
    ]
    return History(user_id=user, as_of=NOW, interactions=tuple(events))


HISTORIES = [history_of(0, 1), history_of(), history_of(2, 3, 4, 5), history_of(4)]
LISTS = [candidates_of(2, 3, 4), candidates_of(5, 0), candidates_of(0), candidates_of(1, 2, 3, 5)]


def ids_of(ranking):
    return [candidate.item.item_id for candidate in ranking.candidates]


def test_every_candidate_is_scored_and_probabilities_sum_to_1(scorer):
    for ranking, some in zip(scorer.rerank(HISTORIES, LISTS), LISTS, strict=True):
        assert sorted(ids_of(ranking)) == sorted(c.item.item_id for c in some)
        assert np.exp(ranking.scores).sum() == pytest.approx(1.0)
        assert ranking.kind == scorer.kind


def test_a_batch_gives_what_single_queries_give(scorer, make):
    together = scorer.rerank(HISTORIES, LISTS)
    alone = [
        make().rerank([history], [some])[0] for history, some in zip(HISTORIES, LISTS, strict=True)
    ]
    assert together == alone


def test_the_whole_batch_is_one_call_of_the_engine(scorer):
    scorer.rerank(HISTORIES, LISTS)
    assert len(scorer.engine.calls) == 1


def test_the_same_question_gets_the_same_answer(scorer):
    assert scorer.rerank(HISTORIES, LISTS) == scorer.rerank(HISTORIES, LISTS)


def test_the_order_seed_matters_exactly_where_the_scorer_says_so(scorer):
    seeds = [scorer.rerank(HISTORIES, LISTS, order_seed=seed) for seed in range(4)]
    assert any(other != seeds[0] for other in seeds[1:]) == scorer.order_matters


def test_ties_go_to_the_better_retrieval_rank(make):
    scorer = make(label_scores=says_nothing, continuation_scores=says_nothing)
    some = candidates_of(8, 6, 7)
    (ranking,) = scorer.rerank([HISTORIES[0]], [[some[2], some[0], some[1]]])
    assert ids_of(ranking) == ["i8", "i6", "i7"]
    assert len(set(ranking.scores)) == 1


def test_the_order_in_which_candidates_are_given_changes_nothing(scorer):
    given = [list(reversed(some)) for some in LISTS]
    assert scorer.rerank(HISTORIES, given) == scorer.rerank(HISTORIES, LISTS)


def test_the_user_id_changes_nothing(scorer):
    renamed = [dataclasses.replace(history, user_id="x" * 40) for history in HISTORIES]
    assert scorer.rerank(renamed, LISTS) == scorer.rerank(HISTORIES, LISTS)


def test_leaving_an_event_out_changes_the_scores(scorer):
    history = HISTORIES[2]
    whole, less = scorer.rerank([history, history.without([3])], [LISTS[3]] * 2)
    assert whole.scores != less.scores


def test_no_candidates_give_an_empty_ranking_without_asking(scorer):
    first, empty = scorer.rerank(HISTORIES[:2], [LISTS[0], []])
    assert len(first.candidates) == 3
    assert (empty.candidates, empty.scores, empty.kind) == ((), (), scorer.kind)
    scorer.engine.calls.clear()
    assert scorer.rerank(HISTORIES[:1], [[]]) == [empty]
    assert scorer.rerank([], []) == []
    assert scorer.engine.calls == []


def test_one_candidate_is_certain(scorer):
    (ranking,) = scorer.rerank([HISTORIES[0]], [candidates_of(2)])
    assert ranking.scores == (0.0,)


def test_histories_and_candidates_must_match(scorer):
    with pytest.raises(ConfigError, match="2 histories but 1 lists of candidates"):
        scorer.rerank(HISTORIES[:2], LISTS[:1])


def test_an_item_given_twice_is_refused(scorer):
    twice = [*candidates_of(2, 3), *candidates_of(2)]
    with pytest.raises(ConfigError, match="an item occurs twice"):
        scorer.rerank([HISTORIES[0]], [twice])


def test_identity_repeats_and_names_its_parts(make):
    assert make().identity == make().identity
    assert all(part in make().identity for part in make().made_of.values())
    assert make(seed=1).identity != make().identity
