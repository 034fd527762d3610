"""Labels: one letter a candidate, read at one position."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.llm import ScriptedEngine
from llmrec.rerank.context import listing_order


def knows(title):
    """A model that finds the title's label in the prompt and answers with it."""

    def score(prompt, ids):
        text = bytes(token for token in prompt if token < 256).decode()
        lines = text.split("Candidates:\n")[1].splitlines()
        place = next(n for n, line in enumerate(lines) if title in line)
        assert lines[place].startswith(f"{chr(ids[place])}. ")
        return [-0.1 if n == place else -5.0 for n in range(len(ids))]

    return score


@pytest.mark.parametrize("order_seed", range(5))
def test_a_label_stands_for_the_candidate_on_its_line(kit, order_seed):
    engine = ScriptedEngine(label_scores=knows("Film 041"))
    (ranking,) = kit.labels(engine).rerank([kit.history_of()], [kit.TWENTY], order_seed=order_seed)
    assert kit.ids_of(ranking)[0] == "i41"


def test_label_scores_are_probabilities_over_the_candidates_alone(kit):
    engine = ScriptedEngine(label_scores=lambda *_: [math.log(0.1), math.log(0.3)])
    (ranking,) = kit.labels(engine).rerank([kit.history_of()], [kit.TWENTY[:2]])
    assert np.exp(ranking.scores) == pytest.approx([0.75, 0.25])
    assert ranking.notes["label_mass"] == pytest.approx(0.4)


def test_one_forward_pass_a_user_over_exactly_the_prompt(kit):
    engine = ScriptedEngine()
    kit.labels(engine).rerank([kit.history_of(n) for n in range(3)], [kit.TWENTY] * 3)
    (call,) = engine.calls
    assert call.method == "score_labels"
    assert len(call.prompts) == 3
    assert engine.stats.forward_passes == 3
    assert engine.stats.computed_tokens == sum(map(len, call.prompts))
    # Every candidate's line and every event stand in it, and the answer is open.
    text = kit.text_of(engine, call.prompts[0])
    assert all(c.item.title in text for c in kit.TWENTY)
    assert text.endswith("<|im_start|>assistant\n")
    assert [chr(token) for token in call.options[0]] == list("ABCDEFGHIJKLMNOPQRST")


def test_orders_are_averaged_as_mean_log_probabilities_in_one_call(kit):
    engine = ScriptedEngine(label_scores=kit.prefers_places)
    (averaged,) = kit.labels(engine, n_orders=4).rerank([kit.history_of()], [kit.TWENTY[:6]])
    assert [len(call.prompts) for call in engine.calls] == [4]
    assert len(set(engine.calls[0].prompts)) == 4
    assert averaged.notes["label_mass"] == pytest.approx(
        np.exp(kit.prefers_places(None, "ABCDEF")).sum()
    )
    by_hand = np.zeros(6)
    for repeat in range(4):
        order = listing_order(kit.history_of(), kit.TWENTY[:6], repeat=repeat)
        by_hand[list(order)] -= np.arange(6) / 4
    by_hand -= np.log(np.exp(by_hand).sum())
    expected = {kit.TWENTY[n].item.item_id: by_hand[n] for n in range(6)}
    assert dict(zip(kit.ids_of(averaged), averaged.scores, strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 27}, "27 labels asked for; there are 26 letters"),
        ({"window": 1}, "window is 1; it must be at least 2"),
        ({"n_orders": 0}, "n_orders is 0"),
    ],
)
def test_options_out_of_range_are_refused(kit, options, message):
    with pytest.raises(ConfigError, match=message):
        kit.labels(**options)


def test_low_label_mass_is_noted_each_time_and_warned_of_once(kit, caplog):
    engine = ScriptedEngine(label_scores=lambda _, ids: [math.log(0.001)] * len(ids))
    scorer = kit.labels(engine)
    with caplog.at_level(logging.WARNING):
        first, second = scorer.rerank([kit.history_of(1), kit.history_of(2)], [kit.TWENTY] * 2)
        scorer.rerank([kit.history_of(3)], [kit.TWENTY])
    assert first.notes["label_mass"] == pytest.approx(0.02)
    assert second.notes["label_mass"] == pytest.approx(0.02)
    (record,) = caplog.records
    assert "Only 0.02 of the probability" in record.getMessage()


def test_enough_label_mass_is_not_warned_of(kit, caplog):
    engine = ScriptedEngine(label_scores=lambda _, ids: [math.log(0.02)] * len(ids))
    with caplog.at_level(logging.WARNING):
        kit.labels(engine).rerank([kit.history_of()], [kit.TWENTY])
    assert not caplog.records
