"""Pointwise: Yes or No to each candidate alone."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from llmrec.llm import ScriptedEngine


def text_of(ids):
    return bytes(token for token in ids if token < 256).decode()


def test_each_candidate_is_asked_about_alone_in_one_call(kit):
    engine = ScriptedEngine()
    kit.pointwise(engine).rerank([kit.history_of(0), kit.history_of(1)], [kit.TWENTY, kit.TWENTY])
    (call,) = engine.calls
    assert call.method == "score_labels"
    assert len(call.prompts) == 40
    assert set(call.options) == {tuple(b"YN")}
    for prompt, candidate in zip(call.prompts, [*kit.TWENTY, *kit.TWENTY], strict=True):
        text = text_of(prompt)
        assert [c for c in kit.TWENTY if c.item.title in text] == [candidate]
        assert text.endswith("assistant\n")


def test_the_score_is_the_log_odds_of_yes(kit):
    def half(prompt, _):
        return [np.log(0.3), np.log(0.1)] if "Film 031" in text_of(prompt) else [-2.0, -2.0]

    engine = ScriptedEngine(label_scores=half)
    (ranking,) = kit.pointwise(engine).rerank([kit.history_of()], [kit.TWENTY[:2]])
    assert kit.ids_of(ranking) == ["i31", "i30"]
    assert np.exp(ranking.scores) == pytest.approx([0.75, 0.25])
    assert ranking.notes["label_mass"] == pytest.approx((0.4 + 2 * np.exp(-2.0)) / 2)


def test_a_candidates_odds_do_not_depend_on_the_others(kit):
    scorer = kit.pointwise()
    (few,) = scorer.rerank([kit.history_of()], [kit.TWENTY[:3]])
    (many,) = scorer.rerank([kit.history_of()], [kit.TWENTY])
    gaps = [
        ranking.scores[ranking.position("i30")] - ranking.scores[ranking.position("i31")]
        for ranking in (few, many)
    ]
    assert gaps[0] == pytest.approx(gaps[1])


def test_any_number_of_candidates_can_be_scored_in_any_order(kit):
    scorer = kit.pointwise()
    assert not scorer.order_matters
    some = kit.candidates_of([f"i{n}" for n in range(60)])
    first = scorer.rerank([kit.history_of()], [some])
    assert len(first[0].candidates) == 60
    assert scorer.rerank([kit.history_of()], [some], order_seed=7) == first


def test_a_model_that_says_neither_yes_nor_no_is_warned_of_once(kit, caplog):
    engine = ScriptedEngine(label_scores=lambda *_: [np.log(0.01), np.log(0.02)])
    scorer = kit.pointwise(engine)
    with caplog.at_level(logging.WARNING):
        scorer.rerank([kit.history_of(0), kit.history_of(1)], [kit.TWENTY] * 2)
        scorer.rerank([kit.history_of(2)], [kit.TWENTY])
    (record,) = caplog.records
    assert "Only 0.03 of the probability" in record.getMessage()
