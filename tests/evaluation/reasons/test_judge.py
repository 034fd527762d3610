"""A chat model as judge: both orders, what it cannot answer, and what its verdicts come to."""

from __future__ import annotations

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda

from llmrec.errors import ConfigError
from llmrec.evaluation.reasons import Judge, ReasonsConfig, measure_reasons
from llmrec.evaluation.reasons.judge import judge_figures
from llmrec.types import Candidate, Catalogue, Explanation, Item, Recommendation
from tests.evaluation.reasons.cases import FEW, Script, day, evidence_at, history_of

ITEM = Item(item_id="i", title="Heat")


def recommendation():
    evidence = tuple(evidence_at(history_of(2), 1))
    return Recommendation(
        rank=1,
        item=ITEM,
        score=1.0,
        candidate=Candidate(item=ITEM, score=1.0, rank=1, source="hand"),
        explanation=Explanation(text="s", evidence=evidence, author="template", language="en"),
    )


def asked(chat_model):
    judge = Judge(chat_model, Catalogue([ITEM]))
    return judge.compare(recommendation(), as_of=day(3), draft="Mine [1]", shipped="Yours.")


@pytest.mark.parametrize(
    ("answers", "verdicts"),
    [
        (["A", "B"], ["draft", "draft"]),
        (["B", "A."], ["shipped", "shipped"]),
        (["A", "A"], ["draft", "shipped"]),
        (["Reason B", "neither"], ["shipped", "neither"]),
        (["Both are fine", ""], ["failed", "failed"]),
    ],
)
def test_verdicts_name_the_reason_not_its_place(answers, verdicts):
    def answer(chat):  # both orders are asked at once, so the prompt tells which one it is
        return answers[0 if "Reason A: Mine" in chat[-1].content else 1]

    assert asked(RunnableLambda(answer)) == verdicts


def test_the_two_orders_show_the_same_reasons_swapped():
    shown = []
    asked(RunnableLambda(lambda chat: shown.append(chat[-1].content) or "A"))
    first, second = sorted(shown, key=lambda text: text.index("Mine"))
    assert "Reason A: Mine [1]\nReason B: Yours." in first
    assert "Reason A: Yours.\nReason B: Mine [1]\n" in second


def test_a_judge_that_times_out_costs_its_pair_alone():
    def late(_):
        raise TimeoutError("no answer within 30 s")

    assert asked(RunnableLambda(late)) == ["failed", "failed"]


def test_what_is_no_chat_model_is_refused():
    with pytest.raises(ConfigError, match="a str cannot judge reasons"):
        Judge("gpt", Catalogue([ITEM]))


def test_verdicts_by_hand(table):
    lines = [
        {"verdicts": ["shipped", "shipped"]},
        {"verdicts": ["draft", "shipped"]},  # took the first both times
        {"verdicts": ["neither", "neither"]},
        {"verdicts": ["failed", "draft"]},
        {},
    ]
    found = judge_figures(table(*lines), **FEW)
    assert {name: (row["value"], row["n"]) for name, row in found.items()} == {
        "failed": (0.25, 4),
        "agreement": (pytest.approx(2 / 3), 3),
        "shipped_preferred": (1.0, 1),
        "abstained": (pytest.approx(1 / 3), 6),
        "first_preferred": (0.75, 4),
    }


def test_a_run_with_a_judge(open_line, index, card, film_world, tmp_path):
    judge = Judge(FakeListChatModel(responses=["B", "A"]), film_world.catalogue)
    config = ReasonsConfig(users=2, k=1, resamples=20)
    line = open_line(Script("The critics loved it."))
    results = measure_reasons(line, card, index, out=tmp_path / "run", config=config, judge=judge)
    assert results["judge"]["failed"]["value"] == 0.0
    assert results["judge"]["failed"]["n"] == 2
    assert results["run"]["judge"] == "FakeListChatModel judge/pair.v1"


def test_a_judge_without_drafts_is_refused(open_line, index, card, film_world, tmp_path):
    judge = Judge(FakeListChatModel(responses=["A"]), film_world.catalogue)
    with pytest.raises(ConfigError, match="nobody drafts here"):
        measure_reasons(
            open_line(engine=None, weight=None), card, index, out=tmp_path / "run", judge=judge
        )
