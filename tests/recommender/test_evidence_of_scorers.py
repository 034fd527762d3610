"""Evidence works with every scorer: the event that a model looks at is the one that is cited."""

from __future__ import annotations

import pytest

from llmrec.explain import EvidenceConfig, find_evidence
from llmrec.llm import ScriptedEngine
from llmrec.recommender import Decision
from llmrec.serialize import HistorySerializer, SerializerConfig
from tests.recommender.conftest import SCORERS

LIFT = 4.0


def text_of(ids):
    return bytes(token for token in ids if token < 256).decode(errors="replace")


def moved_by(cause, favourite):
    """A model that prefers one title once another stands in the history, however it is asked."""

    def lift(prompt, title):
        history = prompt.split("\n\n")[0]
        return LIFT if f"“{cause}”" in history and favourite in title else 0.0

    def labels(prompt, ids):
        text = text_of(prompt)
        lines = [line for line in text.splitlines() if "<|im" not in line]
        if bytes(ids) == b"YN":  # a marker's line is the last one; one alone is named
            named = [line for line in lines if line.startswith("Candidate: ")]
            return [lift(text, named[0] if named else lines[-1]) - LIFT - 1.0, -1.0]
        listed = {line[0]: line for line in lines if line[1:3] == ". "}
        return [lift(text, listed[chr(label)]) - LIFT - 1.0 for label in ids]

    def continuations(prompt, ids):
        gain = lift(text_of(prompt), text_of(ids))
        return [gain - LIFT - 1.0] * len(ids)

    return ScriptedEngine(label_scores=labels, continuation_scores=continuations)


@pytest.mark.parametrize("kind", SCORERS)
def test_the_event_that_moved_the_model_is_cited(kind, film_world, retriever):
    (history,) = film_world.histories(film_world.users[:1])
    (candidates,) = retriever.retrieve([history], 12)
    position = len(history.interactions) - 3
    cause = film_world.catalogue[history.interactions[position].item_id].title
    favourite = candidates[5].item
    engine = moved_by(cause, favourite.title)
    serializer = HistorySerializer(
        SerializerConfig(),
        film_world.catalogue,
        lambda texts: [len(ids) for ids in engine.tokenizer.encode_batch(texts)],
    )
    scorer = SCORERS[kind](engine, serializer, history_tokens=4096)
    decision = Decision(retriever=retriever, reranker=scorer, weight=1.0)
    (ranking,) = decision([history], [candidates])
    assert ranking.candidates[0].item == favourite
    config = EvidenceConfig(level="event", max_groups=6)
    ((found, *_),) = find_evidence(
        [history], [ranking], decision, top_k=1, catalogue=film_world.catalogue, config=config
    )
    assert [evidence.position for evidence in found] == [position]
    asked = {call.method for call in engine.calls}
    assert len(asked) == 1  # the scorer's own way of asking, and no other
