"""The specification of an LLM row says everything, and refuses what cannot be meant."""

from __future__ import annotations

import pytest

from llmrec.data import SplitProtocol
from llmrec.errors import ConfigError
from llmrec.evaluation import RerankSpec
from llmrec.llm import ScriptedEngine
from llmrec.recommender import build_scorer
from llmrec.rerank import BY_RETRIEVER


def test_what_is_left_open_comes_from_the_card():
    card = SplitProtocol.named("llamarec-ordered.v1")
    spec = RerankSpec(name="llm", source="ease").under(card)
    assert (spec.candidates, spec.candidate_order) == (20, "retriever")
    own = RerankSpec(name="llm", source="ease", candidates=5, candidate_order="shuffled")
    assert own.under(card) == own
    placed = RerankSpec(name="llm", source="ease", target_place=3, fusion_queries=0)
    assert placed.under(card).candidate_order == "shuffled"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scorer": "letters"}, "scorer: .* 'labels'"),
        ({"name": "../x"}, "name: "),
        ({"target_place": 3}, "needs fusion_queries: 0"),
        ({"target_place": 5, "candidates": 5, "fusion_queries": 0}, "place 5 is not among 5"),
        ({"retriever": "ease"}, "unknown key 'retriever'"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        RerankSpec.of({"name": "llm", "source": "ease", **values})


def test_a_place_beyond_the_card_s_candidates_is_refused():
    spec = RerankSpec(name="llm", source="ease", target_place=30, fusion_queries=0)
    with pytest.raises(ConfigError, match="place 30 is not among 20 candidates"):
        spec.under(SplitProtocol.named("leave-one-out.v1"))


def test_every_choice_is_in_the_scorer_s_identity(log):
    def identity(listing=None, **values):
        spec = RerankSpec(name="llm", source="ease", scorer="labels", **values)
        options = {} if listing is None else {"listing": listing}
        return build_scorer(ScriptedEngine(), log.catalogue, spec, **options).identity

    found = {
        identity(),
        identity(n_orders=2),
        identity(window=20),
        identity(history_tokens=64),
        identity(serializer={"time_style": "none"}),
        identity(listing=BY_RETRIEVER),
    }
    assert len(found) == 6


@pytest.mark.parametrize("scorer", ["likelihood", "pointwise"])
@pytest.mark.parametrize("choice", [{"n_orders": 2}, {"window": 20}])
def test_a_choice_without_meaning_for_the_scorer_is_refused(log, scorer, choice):
    spec = RerankSpec(name="llm", source="ease", scorer=scorer, **choice)
    with pytest.raises(ConfigError, match=rf"is \d+, but the {scorer} scorer lists no"):
        build_scorer(ScriptedEngine(), log.catalogue, spec)


@pytest.mark.parametrize("scorer", ["labels", "markers", "likelihood", "pointwise"])
def test_every_scorer_is_built_by_its_name(log, scorer):
    spec = RerankSpec(name="llm", source="ease", scorer=scorer)
    assert build_scorer(ScriptedEngine(), log.catalogue, spec).kind == scorer
