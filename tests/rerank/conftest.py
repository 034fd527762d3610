"""What the scorers' tests start from: a scripted model, a catalogue, people, candidates."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from llmrec.llm import ScriptedEngine
from llmrec.rerank import LabelScorer, LikelihoodScorer, MarkerScorer, PointwiseScorer
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import Candidate, Catalogue, History, Interaction, Item

NOW = datetime(2024, 6, 1, 20, tzinfo=UTC)
CATALOGUE = Catalogue(
    [Item(item_id=f"i{n}", title=f"Film {n:03d}", attributes={"year": 1950 + n}) for n in range(60)]
)
LOG_UNIFORM = math.log(0.5 / 26)


def history_of(user=0, *, n_events=5):
    events = tuple(
        Interaction(
            item_id=f"i{(user * 7 + n) % 30}", timestamp=NOW - timedelta(days=30 - n, minutes=user)
        )
        for n in range(n_events)
    )
    return History(user_id=f"user-{user}", as_of=NOW, interactions=events)


def candidates_of(ids, catalogue=CATALOGUE):
    return [
        Candidate(item=catalogue[item_id], score=float(-n), rank=n + 1, source="test")
        for n, item_id in enumerate(ids)
    ]


TWENTY = candidates_of([f"i{n}" for n in range(30, 50)])


def serializer_of(engine, catalogue=CATALOGUE):
    def count(texts):
        return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

    return HistorySerializer(SerializerConfig(), catalogue, count)


def labels(engine=None, **options):
    engine = engine or ScriptedEngine()
    return LabelScorer(engine, serializer_of(engine), **options)


def likelihood(engine=None, **options):
    engine = engine or ScriptedEngine()
    return LikelihoodScorer(engine, serializer_of(engine), **options)


def markers(engine=None, **options):
    engine = engine or ScriptedEngine()
    return MarkerScorer(engine, serializer_of(engine), **options)


def pointwise(engine=None, **options):
    engine = engine or ScriptedEngine()
    return PointwiseScorer(engine, serializer_of(engine), **options)


def ids_of(ranking):
    return [candidate.item.item_id for candidate in ranking.candidates]


def text_of(engine, prompt):
    return engine.tokenizer.decode(prompt)


def prefers_places(_, ids):
    """A model that looks at nothing: A before B before C."""
    return [LOG_UNIFORM - place for place in range(len(ids))]


@pytest.fixture(scope="session")
def kit():
    """The names above, for test files."""
    return SimpleNamespace(
        NOW=NOW,
        CATALOGUE=CATALOGUE,
        TWENTY=TWENTY,
        history_of=history_of,
        candidates_of=candidates_of,
        serializer_of=serializer_of,
        labels=labels,
        likelihood=likelihood,
        markers=markers,
        pointwise=pointwise,
        ids_of=ids_of,
        text_of=text_of,
        prefers_places=prefers_places,
    )
