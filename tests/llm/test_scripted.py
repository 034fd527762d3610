"""The scripted engine and its tokenizer: what other tests stand on."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import EngineError
from llmrec.llm import ByteTokenizer, ScriptedEngine
from llmrec.llm.checks import MAX_LABELS
from llmrec.types import Message

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def test_made_up_probabilities_sum_to_one_over_the_vocabulary():
    engine = ScriptedEngine()
    ids = list(range(ByteTokenizer.vocabulary_size))
    parts = [tuple(ids[n : n + MAX_LABELS]) for n in range(0, len(ids), MAX_LABELS)]
    scores = engine.score_labels([(1, 2, 3)] * len(parts), parts)
    assert np.exp(np.concatenate(scores)).sum() == pytest.approx(1.0, abs=1e-5)


def test_made_up_scores_are_the_same_on_every_machine():
    (scores,) = ScriptedEngine(seed=3).score_labels([tuple(b"abc")], [(65, 66, 257)])
    np.testing.assert_allclose(scores, [-10.584016, -10.962535, -14.877017], atol=1e-5)


def test_made_up_scores_depend_on_seed_and_on_every_token():
    def read(seed, prompt):
        return tuple(ScriptedEngine(seed=seed).score_labels([prompt], [(65, 66)])[0])

    assert len({read(0, (1, 2)), read(1, (1, 2)), read(0, (1, 3)), read(0, (3, 2))}) == 4


def test_functions_answer_and_calls_are_recorded():
    engine = ScriptedEngine(
        label_scores=lambda prompt, labels: [-len(prompt) - label for label in labels],
        continuation_scores=lambda _, ids: [-0.5] * len(ids),
        reply=lambda text: text.upper(),
    )
    prompt = engine.tokenizer.encode("why?")
    assert engine.score_labels([prompt], [(1, 2)])[0].tolist() == [-5.0, -6.0]
    assert engine.score_continuations([prompt], [[(7, 8, 9)]])[0][0].tolist() == [-0.5] * 3
    assert engine.generate([prompt], max_tokens=3, seed=9) == ["WHY"]
    assert list(engine.stream(prompt)) == ["W", "H", "Y", "?"]
    assert [call.method for call in engine.calls] == [
        *("score_labels", "score_continuations", "generate", "stream")
    ]
    assert engine.calls[0].prompts == (prompt,)
    assert engine.calls[0].options == ((1, 2),)
    assert engine.calls[1].options == (((7, 8, 9),),)
    assert engine.calls[2].settings["seed"] == 9


def test_a_function_that_misses_a_label_is_refused():
    engine = ScriptedEngine(label_scores=lambda *_: [0.0])
    with pytest.raises(EngineError, match=r"\(1,\) scores for 2 tokens"):
        engine.score_labels([(1,)], [(1, 2)])


@given(st.text())
def test_bytes_come_back_as_the_text(text):
    tokenizer = ByteTokenizer()
    sent = text.encode("utf-8", errors="replace").decode()
    assert tokenizer.decode(tokenizer.encode(text)) == sent


def test_control_strings_are_single_tokens_and_chat_is_open_for_the_answer():
    tokenizer = ByteTokenizer()
    chat = tokenizer.chat(
        [Message(role="system", content="Be brief."), Message(role="user", content="é?")], as_of=NOW
    )
    assert chat == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\né?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    ids = tokenizer.encode(chat)
    assert ids.count(256) == 3
    assert ids.count(tokenizer.end_of_turn_id) == 2
    assert tokenizer.decode(ids) == chat
    assert all(len(tokenizer.encode(control)) == 1 for control in tokenizer.control_strings)
