"""The checker on text of any kind: it answers, it never breaks, and it lets no gibberish pass."""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.explain import Checker
from llmrec.explain.checks import READER_FAILED
from llmrec.types import Evidence, History, Interaction
from llmrec.world.films import catalogue

CORPUS = Path(__file__).parent / "corpus"


def _rows(name):
    return [json.loads(line) for line in (CORPUS / name).read_text(encoding="utf-8").splitlines()]


def _case(row):
    films = catalogue()
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
    return {
        "item": films[row["item_id"]],
        "evidence": evidence,
        "history": History(user_id="any", as_of=as_of, interactions=events),
    }


@pytest.fixture(scope="module")
def cases():
    """Histories with three cited events, one, and none."""
    return [_case(row) for row in _rows("scenarios.jsonl")[:24]]


@pytest.fixture(scope="module")
def checker():
    return Checker(catalogue())


def _findings(checker, case, text):
    findings = checker.check(text, **case)
    assert findings
    assert not [f for f in findings if f.detail == READER_FAILED], text
    return findings


@given(text=st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_characters_are_answered(checker, cases, text):
    _findings(checker, cases[0], text)


WORDS = sorted({word for row in _rows("cases.jsonl") for word in row["text"].split()})


@pytest.mark.parametrize("seed", range(8))
def test_words_in_any_order_are_answered(checker, cases, seed):
    stream = random.Random(seed)  # noqa: S311
    for _ in range(60):
        words = stream.choices(WORDS, k=stream.randint(1, 25))
        _findings(checker, stream.choice(cases), " ".join(words))


def test_texts_cut_and_spliced_anywhere_are_answered(checker, cases):
    stream = random.Random(3)  # noqa: S311
    texts = [row["text"].split() for row in _rows("cases.jsonl")]
    for _ in range(300):
        first, second = stream.sample(texts, 2)
        cut, start = stream.randint(0, len(first)), stream.randint(0, len(second))
        _findings(checker, stream.choice(cases), " ".join(first[:cut] + second[start:]))


def test_a_reader_that_breaks_refuses_the_text(checker, cases, monkeypatch):
    def broken(*_):
        raise IndexError("no such word")

    monkeypatch.setattr("llmrec.explain.checks.read_claims", broken)
    (finding,) = checker.check("You liked [1].", **cases[0])
    assert not finding.ok
    assert finding.detail == READER_FAILED
