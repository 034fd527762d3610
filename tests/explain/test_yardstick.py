"""The checker against the independent corpus: what it catches, and what it wrongly refuses.

The corpus (``corpus/README.md``) was written by someone who had not seen the checker. Its ``dev``
split is for tuning: run this file with ``-s`` to read each miss. Of the ``test`` split only the
figures are shown.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from llmrec.explain import Checker, stands
from llmrec.types import Evidence, History, Interaction
from llmrec.world.films import catalogue

CORPUS = Path(__file__).parent / "corpus"
CATCH, FALSE_ALARM = 0.95, 0.02


def rows(name):
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def scenarios():
    films = catalogue()
    made = {}
    for row in rows("scenarios.jsonl"):
        events = tuple(
            Interaction(
                item_id=event["item_id"],
                timestamp=datetime.fromisoformat(event["timestamp"]),
                rating=event["rating"],
            )
            for event in row["events"]
        )
        evidence = tuple(
            Evidence(
                position=position,
                interaction=events[position],
                item=films[events[position].item_id],
                effect=1.0,
                noise=0.0,
                group=(position,),
            )
            for position in row["evidence"]
        )
        as_of = datetime.fromisoformat(row["as_of"])
        made[row["id"]] = {
            "item": films[row["item_id"]],
            "evidence": evidence,
            "history": History(user_id="corpus", as_of=as_of, interactions=events),
        }
    return made


def judge(split, scenarios):
    """Return per label how many texts there are and how many were misjudged; show dev misses."""
    checker = Checker(catalogue())
    asked, wrong = Counter(), Counter()
    for case in rows("cases.jsonl"):
        if case["split"] != split:
            continue
        findings = checker.check(case["text"], **scenarios[case["scenario"]])
        asked[case["label"]] += 1
        if stands(findings) == (case["label"] == "true"):
            continue
        wrong[case["label"]] += 1
        if split == "dev":
            faults = [(f.category, f.detail) for f in findings if not f.ok]
            print(case["label"], case["category"], repr(case["text"]), faults)  # noqa: T201
    return asked, wrong


@pytest.mark.parametrize(
    "split",
    [
        pytest.param(
            "dev",
            marks=pytest.mark.xfail(reason="caught 98.7 %, but refused 2.6 % of true texts"),
        ),
        pytest.param(
            "test",
            marks=pytest.mark.xfail(reason="caught 96.5 %, but refused 8.4 % of true texts"),
        ),
    ],
)
def test_false_texts_are_caught_and_true_ones_pass(split, scenarios):
    asked, wrong = judge(split, scenarios)
    assert asked["false"] >= 200
    caught = 1 - wrong["false"] / asked["false"]
    alarms = wrong["true"] / asked["true"]
    assert (caught >= CATCH, alarms <= FALSE_ALARM) == (True, True), (
        f"{split}: caught {caught:.1%} of {asked['false']} false texts (at least {CATCH:.0%}), "
        f"refused {alarms:.1%} of {asked['true']} true ones (at most {FALSE_ALARM:.0%})"
    )


def test_what_is_reached_is_not_lost(scenarios):
    """A floor below the aim: the figures of the day the marks above were written, less a margin."""
    asked, wrong = judge("test", scenarios)
    assert wrong["false"] <= 0.05 * asked["false"]
    assert wrong["true"] <= 0.12 * asked["true"]
