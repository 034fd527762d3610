"""The corpus itself: sizes, labels, splits, and that it can be made again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from llmrec.types import History, Interaction
from llmrec.world import films

HERE = Path(__file__).resolve().parent
CATEGORIES = [
    "citation",
    "unseen_title",
    "year",
    "genre_keyword",
    "person",
    "time",
    "rating",
    "count",
    "order_gap",
    "shared",
    "taste",
    "negation",
    "comparison",
    "outside",
    "future_private",
    "franchise",
    "injection",
    "causal",
]


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return _rows("cases.jsonl")


@pytest.fixture(scope="module")
def scenarios() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in _rows("scenarios.jsonl")}


def test_it_is_what_the_generator_makes() -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(HERE / "build.py"), "--check"],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(HERE.parents[2])},
        check=False,
    )
    assert done.returncode == 0, "run tests/explain/corpus/build.py and commit what it writes"


def test_sizes(cases: list[dict[str, Any]]) -> None:
    labels = Counter(case["label"] for case in cases)
    assert labels["true"] >= 400
    assert labels["false"] >= 600
    assert sum(case["source"] == "hand" for case in cases) >= 150
    by_category = Counter(case["category"] for case in cases if case["label"] == "false")
    assert set(by_category) == set(CATEGORIES)
    assert min(by_category.values()) >= 35, by_category
    assert 0.25 <= sum(case["split"] == "dev" for case in cases) / len(cases) <= 0.35
    assert (HERE / "cases.jsonl").stat().st_size < 1_200_000


def test_no_text_occurs_twice(cases: list[dict[str, Any]]) -> None:
    assert len({case["id"] for case in cases}) == len(cases)
    shape = [" ".join(re.findall(r"[\w\[\]]+", case["text"].lower())) for case in cases]
    assert len(set(shape)) == len(cases)


def test_splits_share_neither_patterns_nor_scenarios(
    cases: list[dict[str, Any]], scenarios: dict[str, dict[str, Any]]
) -> None:
    used: dict[str, set[str]] = {"dev": set(), "test": set()}
    for case in cases:
        assert case["split"] == scenarios[case["scenario"]]["split"]
        used[case["split"]].update(case["patterns"])
    assert not used["dev"] & used["test"]
    for name in ("patterns_true.txt", "patterns_false.txt"):
        lines = (HERE / name).read_text(encoding="utf-8").splitlines()
        texts = {
            mark: {
                re.sub(r"\W+|\{\w+\}", " ", line[2:]).lower() for line in lines if line[:2] == mark
            }
            for mark in ("d ", "t ")
        }
        assert len(texts["t "]) > len(texts["d "]) > 60


@pytest.mark.parametrize("label", ["true", "false"])
@pytest.mark.parametrize("split", ["dev", "test"])
def test_phrasings_vary(cases: list[dict[str, Any]], label: str, split: str) -> None:
    counts: Counter[str] = Counter()
    chosen = [case for case in cases if case["label"] == label and case["split"] == split]
    for case in chosen:
        counts.update(case["patterns"])
    assert len(counts) >= 60
    claims = [n for name, n in counts.items() if not name.startswith(("opener", "closer", "conn"))]
    assert max(claims) <= 0.1 * len(chosen)


def test_scenarios_are_possible_histories(scenarios: dict[str, dict[str, Any]]) -> None:
    catalogue = films.catalogue()
    for row in scenarios.values():
        events = row["events"]
        assert 8 <= len(events) <= 25
        assert row["item_id"] in catalogue
        assert row["item_id"] not in {event["item_id"] for event in events}
        assert all(event["item_id"] in catalogue for event in events)
        assert all(event["rating"] is None or 1 <= event["rating"] <= 5 for event in events)
        assert len(set(row["evidence"])) == len(row["evidence"]) <= 3
        assert all(0 <= position < len(events) for position in row["evidence"])
        interactions = tuple(
            Interaction(item_id=e["item_id"], timestamp=datetime.fromisoformat(e["timestamp"]))
            for e in events
        )
        as_of = datetime.fromisoformat(row["as_of"])
        History(user_id=row["id"], as_of=as_of, interactions=interactions)


def test_true_texts_cite_what_there_is(
    cases: list[dict[str, Any]], scenarios: dict[str, dict[str, Any]]
) -> None:
    catalogue = films.catalogue()
    for case in cases:
        if case["label"] == "false":
            continue
        row = scenarios[case["scenario"]]
        numbers = {int(n) for n in re.findall(r"\[(\d+)\]", case["text"])}
        assert numbers <= set(range(1, len(row["evidence"]) + 1)), case["text"]
        mine = {event["item_id"] for event in row["events"]} | {row["item_id"]}
        titles = [catalogue[item_id].title for item_id in mine]
        for item in catalogue.values():
            named = " " in item.title and item.title in case["text"]
            if named and item.item_id not in mine:
                longer = [title for title in titles if item.title in title]
                assert longer, (item.title, case["text"])


def test_true_titles_stand_under_their_own_numbers(
    cases: list[dict[str, Any]], scenarios: dict[str, dict[str, Any]]
) -> None:
    catalogue = films.catalogue()
    for case in (case for case in cases if case["label"] == "true" and case["source"] == "made"):
        row = scenarios[case["scenario"]]
        cited = [catalogue[row["events"][p]["item_id"]].title for p in row["evidence"]]
        for before, number in re.findall(r"([^\[\]]*?)\s\[(\d+)\]", case["text"]):
            told = before.rstrip('”"*').removesuffix(")")
            told = re.sub(r" \(\d{4}$", "", told).rstrip('”"*')
            ends = [title for title in cited if told.endswith(title)]
            if ends:
                assert cited[int(number) - 1] in ends, case["text"]


SAID = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
WORDS = {name: n for n, name in enumerate([*SAID, "eleven", "twelve"])}
WORDS |= {str(n): n for n in range(40)}
TOTAL = (
    r"(?:log runs to (\w+) films\.|There are (\w+) films in your history\."
    r"|watched (\w+) films in all|have (\w+) films of yours)"
)


def _misread(text: str, row: dict[str, Any]) -> tuple[int, list[str]]:
    """How many plain statements a second, simple reader finds, and which it finds wrong."""
    film = next(film for film in films.films() if film.id == row["item_id"])
    events = [row["events"][position] for position in row["evidence"]]
    times = [datetime.fromisoformat(event["timestamp"]) for event in events]
    found: list[tuple[str, bool]] = []
    years = re.findall(r"(?:was released in|The year on [^.]*? is) (\d{4})\.", text)
    found += [(year, int(year) == film.year) for year in years]
    names = re.findall(r"Credit for directing .*? goes to ([^.]+)\.", text)
    found += [(name, name in (film.director or "")) for name in names]
    for n, day in re.findall(r"watched [^.\[]*\[(\d)\](?: \([^)]*\))? on a (\w+day)", text):
        found.append((day, times[int(n) - 1].strftime("%A") == day))
    for n, month in re.findall(r"(?:watched|saw) [^.\[]*\[(\d)\] in ([A-Z]\w+)", text):
        found.append((month, times[int(n) - 1].strftime("%B") == month))
    for n, stars in re.findall(
        r"\[(\d)\] (?:got|earned) (one|two|three|four|five|[1-5]) stars? from you", text
    ):
        found.append((stars, events[int(n) - 1]["rating"] == WORDS[stars]))
    for n, day in re.findall(r"A (\w+day) \w+, an? [^.:]+: that was [^.\[]*\[(\d)\]", text):
        found.append((n, times[int(day) - 1].strftime("%A") == n))
    for count in map("".join, re.findall(TOTAL, text)):
        n_films = len({event["item_id"] for event in row["events"]})
        found.append((count, WORDS.get(count) == n_films))
    for stars, count in re.findall(r"(Five stars) went to (\w+) of your films", text):
        fives = sum(event["rating"] == 5 for event in row["events"])
        found.append((stars, WORDS.get(count) == fives))
    return len(found), [what for what, right in found if not right]


def test_a_second_reader_agrees(
    cases: list[dict[str, Any]], scenarios: dict[str, dict[str, Any]]
) -> None:
    """Written without the generator's own facts; it reads only a few plain phrasings."""
    read, wrong_in_false = 0, 0
    for case in cases:
        row = scenarios[case["scenario"]]
        if case["label"] == "true":
            n, wrong = _misread(case["text"], row)
            read += n
            assert not wrong, (case["id"], wrong)
        elif case["category"] in ("year", "time", "rating"):
            wrong_in_false += bool(_misread(case["text"], row)[1])
    assert read >= 20
    assert wrong_in_false >= 5


def test_false_texts_say_what_is_wrong(cases: list[dict[str, Any]]) -> None:
    assert all(case["note"] for case in cases if case["label"] == "false")


def test_texts_have_no_loose_ends(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        assert not re.search(r"\{\w*\}|  |\bNone\b(?! of)|\.\.\.\.", case["text"]), case["text"]
        assert case["text"] == case["text"].strip()
