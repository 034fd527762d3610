"""Markers: every listed line ends in a bracket, and is scored there."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from llmrec.llm import ScriptedEngine
from llmrec.rerank import MarkerScorer
from llmrec.rerank.context import listing_order
from llmrec.types import Catalogue, Item


def text_of(ids):
    return bytes(token for token in ids if token < 256).decode()


def knows(title):
    """A model that says Yes behind one title and No behind all others."""

    def score(prompt, ids):
        assert bytes(ids) == b"YN"
        line = text_of(prompt).splitlines()[-1]
        assert line.endswith(" [")
        return [-0.1, -3.0] if title in line else [-3.0, -0.1]

    return score


@pytest.mark.parametrize("order_seed", range(3))
def test_a_marker_stands_for_the_candidate_on_its_line(kit, order_seed):
    engine = ScriptedEngine(label_scores=knows("Film 041"))
    (ranking,) = kit.markers(engine).rerank([kit.history_of()], [kit.TWENTY], order_seed=order_seed)
    assert kit.ids_of(ranking)[0] == "i41"
    odds = np.array([-0.1 + 3.0] + [-3.0 + 0.1] * 19)
    expected = odds - np.log(np.exp(odds).sum())
    assert list(ranking.scores) == pytest.approx(expected.tolist(), abs=1e-5)


def test_one_forward_pass_a_user_reads_every_line(kit):
    engine = ScriptedEngine()
    kit.markers(engine).rerank([kit.history_of(n) for n in range(3)], [kit.TWENTY] * 3)
    (call,) = engine.calls
    assert call.method == "score_positions"
    assert engine.stats.forward_passes == len(call.prompts) == 3
    for prompt, places in zip(call.prompts, call.settings["positions"], strict=True):
        assert len(places) == 20
        lines = [text_of(prompt[: place + 1]).splitlines()[-1] for place in places]
        assert all(line.endswith(" [") for line in lines)
        assert len(set(lines)) == 20


def test_the_question_stands_before_the_list_and_candidates_stand_once(kit):
    engine = ScriptedEngine()
    kit.markers(engine).rerank([kit.history_of()], [kit.TWENTY])
    text = text_of(engine.calls[0].prompts[0])
    assert text.index("Yes or No") < min(text.index(c.item.title) for c in kit.TWENTY)
    assert all(text.count(c.item.title) == 1 for c in kit.TWENTY)


def test_orders_are_averaged_as_means_of_log_probabilities(kit):
    def tires(prompt, _):
        return [-1.0 - text_of(prompt).count(" ["), -1.0]

    engine = ScriptedEngine(label_scores=tires)
    some = kit.TWENTY[:6]
    (ranking,) = kit.markers(engine, n_orders=3).rerank([kit.history_of()], [some])
    assert [len(call.prompts) for call in engine.calls] == [3]
    by_hand = np.zeros(6)
    for repeat in range(3):
        order = listing_order(kit.history_of(), some, repeat=repeat)
        by_hand[list(order)] -= np.arange(6) / 3
    by_hand -= np.log(np.exp(by_hand).sum())
    expected = {c.item.item_id: score for c, score in zip(some, by_hand, strict=True)}
    found = dict(zip(kit.ids_of(ranking), ranking.scores, strict=True))
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_title_with_brackets_of_its_own_forges_no_marker(kit):
    titles = ["[REC]", "Up [Yes] [", "Heat [ ]"]
    catalogue = Catalogue([Item(item_id=f"t{n}", title=t) for n, t in enumerate(titles)])
    engine = ScriptedEngine()
    scorer = MarkerScorer(engine, kit.serializer_of(engine, catalogue))
    some = kit.candidates_of(["t0", "t1", "t2"], catalogue)
    (ranking,) = scorer.rerank([kit.history_of(n_events=0)], [some])
    assert len(ranking.scores) == 3
    assert len(engine.calls[0].settings["positions"][0]) == 3


def test_little_probability_of_yes_and_no_is_noted_and_no_fault(kit, caplog):
    engine = ScriptedEngine(label_scores=lambda *_: [np.log(0.001), np.log(0.003)])
    with caplog.at_level(logging.WARNING):
        (ranking,) = kit.markers(engine).rerank([kit.history_of()], [kit.TWENTY])
    assert ranking.notes["label_mass"] == pytest.approx(0.004)
    assert not caplog.records


def test_any_number_of_candidates_can_be_scored(kit):
    some = kit.candidates_of([f"i{n}" for n in range(60)])
    (ranking,) = kit.markers().rerank([kit.history_of()], [some])
    assert len(ranking.candidates) == 60
    one_listing = ScriptedEngine()
    kit.markers(one_listing, window=60).rerank([kit.history_of()], [some])
    assert len(one_listing.calls[0].prompts) == 1  # no letters are needed, so no limit of 26
