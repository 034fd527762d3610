"""Figures of cases whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import DataError
from llmrec.evaluation.reasons import Truth
from llmrec.evaluation.reasons.curves import plots
from llmrec.evaluation.reasons.faithfulness import faithfulness_figures
from llmrec.evaluation.reasons.form import form_figures, words_of
from llmrec.evaluation.reasons.groundedness import groundedness_figures
from llmrec.evaluation.reasons.removal import WAYS, chosen, score_removals
from llmrec.evaluation.reasons.truth import truth_figures
from llmrec.types import Candidate, Item, Ranking
from tests.evaluation.reasons.cases import FEW, evidence_at, history_of


class Lifts:
    """A decision in which event ``n`` lifts the first candidate by ``lifts[n]``, none the other."""

    order_matters = False

    def __init__(self, lifts, other=0.0):
        self.lifts, self.other = lifts, other

    def __call__(self, histories, candidates, *, order_seed=0):
        del order_seed
        rankings = []
        for history, row in zip(histories, candidates, strict=True):
            shown = [n for n in range(len(self.lifts)) if n not in history.omitted]
            scores = [sum(self.lifts[n] for n in shown), self.other]
            rankings.append(Ranking.of(row, scores, "likelihood"))
        return rankings


def candidates():
    return tuple(
        Candidate(item=Item(item_id=i, title=i), score=0.0, rank=n, source="hand")
        for n, i in enumerate("ab", start=1)
    )


def test_falls_are_those_of_the_decision():
    lifts = [0.0, 3.0, 0.5, 2.0, 0.25]
    history, decision = history_of(5), Lifts(lifts)
    (ranking,) = decision([history], [candidates()])
    similarity = np.array([0.9, 0.1, 0.8, 0.2, 0.3])
    picks = chosen(history, evidence_at(history, 3, 1), similarity, np.random.default_rng(0))
    assert {way: picks[way] for way in ("cited", "recent", "similar")} == {
        "cited": (3, 1),
        "recent": (4, 3),
        "similar": (0, 2),
    }
    (found,) = score_removals(history, ranking, decision, [picks], orders=[0])
    assert [(row["way"], row["events"]) for row in found] == [
        (way, events) for way in WAYS for events in (1, 2)
    ]
    for row in found:
        gone = sum(lifts[n] for n in picks[row["way"]][: row["events"]])
        assert row["removed"] == pytest.approx(gone)
        if row["events"] == 2:
            assert row["kept"] == pytest.approx(sum(lifts) - gone)
        else:
            assert row["kept"] is None


def test_places_are_lost_when_what_lifts_an_item_is_taken_away():
    history, decision = history_of(4), Lifts([0.0, 3.0, -2.0, 2.0], other=1.5)
    (ranking,) = decision([history], [candidates()])
    assert ranking.position("a") == 0
    picks = {"cited": (1, 3), "random": (0, 2), "recent": (3, 2), "similar": (2, 0)}
    (found,) = score_removals(history, ranking, decision, [picks], orders=[0])
    lost = {(row["way"], row["events"]): row["places"] for row in found}
    assert {key for key, places in lost.items() if places} == {
        ("cited", 1),
        ("cited", 2),
        ("recent", 1),
    }


def test_nothing_is_scored_for_items_without_citations():
    history, decision = history_of(3), Lifts([1.0, 2.0, 3.0])
    (ranking,) = decision([history], [candidates()])
    decision.lifts = None
    assert score_removals(history, ranking, decision, [{}, {}], orders=[0, 1]) == [[], []]


@settings(deadline=None)
@given(
    n_events=st.integers(1, 12),
    data=st.data(),
    seed=st.integers(0, 2**32),
)
def test_every_way_chooses_as_many_visible_events(n_events, data, seed):
    history = history_of(n_events)
    omitted = data.draw(st.sets(st.integers(0, n_events - 1)))
    history = history.without(sorted(omitted))
    visible = sorted(set(range(n_events)) - omitted)
    cited = data.draw(st.sets(st.sampled_from(visible))) if visible else set()
    alike = np.random.default_rng(seed).random(n_events)
    picks = chosen(history, evidence_at(history, *cited), alike, np.random.default_rng(seed))
    assert set(picks) == (set(WAYS) if 0 < len(cited) < len(visible) else set())
    for positions in picks.values():
        assert len(set(positions)) == len(cited)
        assert set(positions) <= set(visible)


def trial(way, removed, kept, order=0, events=1, places=0):
    return {
        "way": way,
        "order": order,
        "events": events,
        "removed": removed,
        "places": places,
        "kept": kept,
    }


def test_faithfulness_is_paired_and_averages_the_orders(table):
    trials = [trial(way, 0.5, 1.0) for way in WAYS[1:]]
    lines = [
        {
            "user_id": f"u{n}",
            "cited": [0],
            "trials": [*trials, trial("cited", 1.0, 0.0, 3), trial("cited", 3.0, 0.0, 4)],
        }
        for n in range(4)
    ]
    found = faithfulness_figures(table(*lines, {"user_id": "silent"}), **FEW)
    assert found["items"] == 4
    assert found["removed"]["ways"][0] == {
        "way": "cited",
        "value": 2.0,
        "low": 2.0,
        "high": 2.0,
        "n": 4,
        "users": 4,
    }
    assert [row["difference"] for row in found["removed"]["differences"]] == [1.5] * 3
    assert [row["difference"] for row in found["kept"]["differences"]] == [-1.0] * 3


def test_curves_count_the_items_that_cite_so_many(table):
    def trials(n_events, of_cited):
        return [
            trial(way, of_cited * n if way == "cited" else 0.5, 1.0, events=n, places=n)
            for way in WAYS
            for n in range(1, n_events + 1)
        ]

    lines = [
        {"user_id": "a", "cited": [0], "trials": trials(1, 1.0)},
        {"user_id": "b", "cited": [2, 0], "trials": trials(2, 2.0)},
        {"user_id": "c", "cited": [1, 2], "trials": trials(2, 4.0)},
    ]
    found = faithfulness_figures(table(*lines), **FEW)
    assert [(point["events"], point["items"]) for point in found["curve"]] == [(1, 3), (2, 2)]
    values = [point["removed"]["ways"][0]["value"] for point in found["curve"]]
    assert values == [pytest.approx(7 / 3), 6.0]
    assert [row["difference"] for row in found["curve"][1]["removed"]["differences"]] == [5.5] * 3
    assert [point["places"]["ways"][0]["value"] for point in found["curve"]] == [1.0, 2.0]
    assert found["removed"]["ways"][0]["value"] == pytest.approx((1 + 4 + 8) / 3)
    drawn = plots(found["curve"])
    assert {plot["title"] for plot in drawn} == {
        "Fall of the item's log-odds",
        "Places lost among the candidates",
    }
    for plot in drawn:
        for line in plot["lines"]:
            assert [point["x"] for point in line["points"]] == [0.5, 1.0]
            for point in line["points"]:
                assert 0 <= point["low"] <= point["value"] <= point["high"] <= 1


def test_no_curve_is_drawn_where_nothing_is_cited(table):
    found = faithfulness_figures(table({"user_id": "silent"}), **FEW)
    assert found["curve"] == []
    assert plots(found["curve"]) == []


class TestTruth:
    def test_precision_and_abstention_by_hand(self, table):
        lines = [  # position 0 is the cause; the newest and the most similar events are none
            {"truth": [1.0, 0.1, 0.0], "similarity": [0.1, 0.9, 0.2], "cited": [0]},
            {"truth": [0.0, 0.0, 0.0], "similarity": [0.1, 0.9, 0.2], "cited": [1, 2, 0]},
            {"truth": [0.0, 0.0, 0.0], "similarity": [0.1, 0.9, 0.2], "cited": []},
            {"truth": [0.9, 0.0, 0.0], "similarity": [0.1, 0.9, 0.2], "cited": []},
        ]
        found = truth_figures(table(*lines), 0.5, **FEW)
        precise = found["precision@2"]
        values = {w["way"]: w["value"] for w in precise["items_with_a_cause"]["ways"]}
        assert values == {
            "cited": 1.0,
            "similar": 0.0,
            "recent": 0.0,
            "chance": pytest.approx(1 / 3),
        }
        everything = {w["way"]: w["value"] for w in precise["all_items_with_citations"]["ways"]}
        assert everything["cited"] == 0.5
        assert found["abstention"]["share"]["value"] == 0.5
        assert found["abstention"]["precision"]["value"] == 0.5
        assert found["abstention"]["recall"]["value"] == 0.5

    def test_without_any_cause_nothing_is_made_up(self, table):
        found = truth_figures(table({"truth": [0.0], "similarity": [0.5]}), 0.5, **FEW)
        assert found["with_a_cause"]["value"] == 0.0
        assert found["precision@2"]["items_with_a_cause"]["ways"][0]["value"] is None
        assert found["precision@2"]["items_with_a_cause"]["differences"] == []

    def test_a_world_that_knows_other_events_is_refused(self):
        truth = Truth(name="w", strong=0.5, effects=lambda *_: [0.0])
        with pytest.raises(DataError, match=r"w knows 1 events of user 'u' .* the history has 3"):
            truth.of(history_of(3), "a")


class TestForm:
    def test_lengths_and_repetition_by_hand(self, table):
        texts = ["One two three four. One two three four.", "One two three four five"]
        found = form_figures(table(*({"text": text} for text in texts)), **FEW)
        assert found["words"]["value"] == 6.5
        assert found["sentences"]["value"] == 1.5
        assert found["repeated_within"]["value"] == pytest.approx((1 - 4 / 5 + 0) / 2)
        assert found["repeated_between"]["value"] == pytest.approx((1 / 4 + 1 / 2) / 2)
        assert found["distinct_1"] == pytest.approx(5 / 13)

    @settings(deadline=None)
    @given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=5))
    def test_shares_are_shares_whatever_is_said(self, table, texts):
        found = form_figures(table(*({"text": text} for text in texts)), **FEW)
        for name in ("repeated_within", "repeated_between"):
            assert 0.0 <= found[name]["low"] <= found[name]["high"] <= 1.0
        assert found["words"]["value"] == np.mean([len(words_of(text)) for text in texts])


def test_groundedness_counts_claims_and_texts(table):
    def finding(category, ok):
        return {"category": category, "ok": ok}

    lines = [
        {
            "author": "template",
            "drafts": ["a", "b"],
            "draft_findings": [finding("title", True), finding("unreadable", False)],
            "findings": [finding("title", True), finding("readable", True)],
            "planted": [{"kind": "title", "text": "x", "caught": True, "read": False}],
        },
        {"author": "llm", "drafts": ["a"], "draft_findings": [finding("title", False)]},
        {"stands": False, "template_stands": False},
    ]
    found = groundedness_figures(table(*lines), **FEW)
    before = {row["category"]: (row["value"], row["n"]) for row in found["before"]}
    assert before == {
        "all": (pytest.approx(1 / 3), 3),
        "all that was read": (0.5, 2),
        "title": (0.5, 2),
        "unreadable": (0.0, 1),
    }
    assert [row["category"] for row in found["after"]] == ["all", "all that was read", "title"]
    assert found["first_drafts_that_stand"]["value"] == 0.5
    assert found["shipped_refused"]["value"] == pytest.approx(1 / 3)
    assert found["true_templates_refused"]["value"] == pytest.approx(1 / 3)
    assert [row["kind"] for row in found["planted"]] == ["all", "title"]
    assert found["planted"][0]["understood"]["value"] == 0.0
