"""A small world of films, a hashing encoder and a scripted model: the whole line without torch."""

from __future__ import annotations

import pytest

from llmrec.data import load, write_sample
from llmrec.encode import open_encoder
from llmrec.llm import ScriptedEngine
from llmrec.recommender import Decision
from llmrec.rerank import LabelScorer, LikelihoodScorer, MarkerScorer, PointwiseScorer
from llmrec.retrieval import ItemIndex, MeanRetriever
from llmrec.serialize import HistorySerializer, SerializerConfig

SCORERS = {
    "labels": LabelScorer,
    "markers": MarkerScorer,
    "likelihood": LikelihoodScorer,
    "pointwise": PointwiseScorer,
}


@pytest.fixture(scope="session")
def film_world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "film-world"
    write_sample(path)
    return load(path)


@pytest.fixture(scope="session")
def film_index(film_world):
    return ItemIndex.build(film_world.catalogue, open_encoder("hash"))


@pytest.fixture(scope="session")
def retriever(film_index):
    return MeanRetriever(film_index)


@pytest.fixture
def engine():
    return ScriptedEngine()


@pytest.fixture
def make_decision(film_world, retriever, engine):
    def make(kind: str = "likelihood", weight: float = 0.3) -> Decision:
        def count(texts):
            return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

        serializer = HistorySerializer(SerializerConfig(), film_world.catalogue, count)
        scorer = SCORERS[kind](engine, serializer)
        return Decision(retriever=retriever, reranker=scorer, weight=weight)

    return make
