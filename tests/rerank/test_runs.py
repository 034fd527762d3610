"""People's own candidates: what is read, which faults are named, and that files round-trip."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError, DataError, UnknownItemError
from llmrec.rerank.runs import RankedList, read_candidates, write_jsonl, write_trec
from llmrec.types import Candidate, Catalogue, Item, Ranking

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = Catalogue([Item(item_id=name, title=name.upper()) for name in "abcdef"])


def ranking_of(scores, kind="fusion"):
    items = [Item(item_id=f"i{n}", title=f"Item {n}") for n in range(len(scores))]
    candidates = [
        Candidate(item=item, score=0.0, rank=n + 1, source="test") for n, item in enumerate(items)
    ]
    return Ranking.of(candidates, scores, kind)


def ids_of(ranking):
    return [candidate.item.item_id for candidate in ranking.candidates]


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, name: str = "runs.jsonl") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def test_jsonl_with_scores_stands_in_their_order_and_keeps_the_moment(write):
    path = write(
        '{"user_id": "7", "as_of": "2024-05-01T02:00:00+02:00", "candidates": '
        '[{"item_id": "a", "score": 1}, {"item_id": "b", "score": 2.5}]}\n\n'
        '{"user_id": "8", "candidates": [{"item_id": "c"}, {"item_id": "a"}]}\n'
    )
    first, second = read_candidates(path)
    assert (first.user_id, first.as_of) == ("7", datetime(2024, 5, 1, tzinfo=UTC))
    assert [(entry.item_id, entry.score) for entry in first.entries] == [("b", 2.5), ("a", 1.0)]
    assert second.as_of is None
    assert [c.item.title for c in second.candidates(CATALOGUE)] == ["C", "A"]
    assert [c.score for c in second.candidates(CATALOGUE)] == [-1.0, -2.0]
    assert [c.rank for c in first.candidates(CATALOGUE)] == [1, 2]


def test_trec_lines_of_a_user_may_stand_anywhere(write):
    path = write("u Q0 a 2 0.5 x\nv Q0 b 0 3 x\nu Q0 c 1 1e1 x\r\nu\tQ0\td 2 0.5 x\n", "r.trec")
    first, second = read_candidates(path)
    assert [(e.item_id, e.score) for e in first.entries] == [("c", 10.0), ("a", 0.5), ("d", 0.5)]
    assert (second.user_id, second.entries[0].item_id) == ("v", "b")


def test_one_query_may_stand_at_several_moments(write):
    line = '{"user_id": "7", "as_of": "2024-05-0%dT00:00:00Z", "candidates": []}\n'
    assert len(read_candidates(write(line % 1 + line % 2))) == 2


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("{", None, "is not JSON"),
        ("[1]", None, "is not a JSON object"),
        ('{"user_id": "7", "asof": 1, "candidates": []}', None, "Did you mean 'as_of'"),
        ('{"candidates": []}', "user_id", "user_id is missing"),
        ('{"user_id": 7, "candidates": []}', "user_id", "7 is not an id"),
        ('{"user_id": "7"}', "candidates", "None is not a list"),
        ('{"user_id": "7", "candidates": ["a"]}', "candidates[0]", "'a' is not a JSON object"),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a"}, {"item": "b"}]}',
            "candidates[1]",
            "unknown key 'item'",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": ""}]}',
            "candidates[0].item_id",
            "'' is not an id",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a", "score": "1"}]}',
            "candidates[0].score",
            "'1' is not a number",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a", "score": true}]}',
            "candidates[0].score",
            "True is not a number",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a", "score": NaN}]}',
            "candidates[0].score",
            "not a finite number",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a", "score": 1%s}]}' % ("0" * 400),
            "candidates[0].score",
            "not a finite number",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a", "score": 1}, {"item_id": "b"}]}',
            "candidates",
            "1 of 2 candidates have no score",
        ),
        (
            '{"user_id": "7", "candidates": [{"item_id": "a"}, {"item_id": "a"}]}',
            "candidates",
            "item 'a' occurs twice",
        ),
        ('{"user_id": "7", "as_of": "May", "candidates": []}', "as_of", "not an ISO 8601 time"),
        ('{"user_id": "7", "as_of": 17, "candidates": []}', "as_of", "not an ISO 8601 time"),
        (
            '{"user_id": "7", "as_of": "0001-01-01T00:00:00+14:00", "candidates": []}',
            "as_of",
            "not an ISO 8601 time",
        ),
        (
            '{"user_id": "7", "as_of": "2024-05-01T00:00:00", "candidates": []}',
            "as_of",
            "has no time zone",
        ),
        ('{"user_id": "6", "candidates": []}', "user_id", "occurs a second time (first in row 1)"),
    ],
)
def test_faults_in_jsonl_name_file_row_and_column(write, line, column, message):
    path = write('{"user_id": "6", "candidates": []}\n' + line + "\n")
    with pytest.raises(DataError) as caught:
        read_candidates(path)
    error = caught.value
    assert (error.path, error.row, error.column) == (path, 2, column)
    assert message in str(error)


@pytest.mark.parametrize(
    ("line", "row", "column", "message"),
    [
        ("u Q0 a 1 0.5", 2, None, "5 columns instead of 6"),
        ("u Q0 b one 0.5 x", 2, "rank", "'one' is not a whole number"),
        ("u Q0 b -1 0.5 x", 2, "rank", "'-1' is not a whole number"),
        ("u Q0 b 2 high x", 2, "score", "'high' is not a finite number"),
        ("u Q0 b 2 nan x", 2, "score", "'nan' is not a finite number"),
        ("u Q0 a 2 0.1 x", 2, "docid", "item 'a' occurs twice for user 'u'"),
        ("u Q0 b 2 0.9 x", 1, "score", "rank 1 of user 'u' has a lower score (0.5) than rank 2"),
    ],
)
def test_faults_in_trec_files_name_file_row_and_column(write, line, row, column, message):
    path = write("u Q0 a 1 0.5 x\n" + line + "\n", "r.run")
    with pytest.raises(DataError) as caught:
        read_candidates(path)
    error = caught.value
    assert (error.path, error.row, error.column) == (path, row, column)
    assert message in str(error)


def test_an_item_that_nobody_knows_is_named_with_its_place(write):
    path = write('{"user_id": "7", "candidates": [{"item_id": "a"}, {"item_id": "aa"}]}')
    (read,) = read_candidates(path)
    with pytest.raises(UnknownItemError, match=r"row 1, column 'candidates\[1\]\.item_id'.*'aa'"):
        read.candidates(CATALOGUE)


def test_other_files_are_refused_by_name(write, tmp_path):
    with pytest.raises(ConfigError, match=r"unknown ending '\.csv'"):
        read_candidates(write("", "runs.csv"))
    with pytest.raises(DataError, match="cannot be read"):
        read_candidates(tmp_path / "absent.trec")
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"user_id": "caf\xe9"}')
    with pytest.raises(DataError, match="cannot be read"):
        read_candidates(latin)


@settings(deadline=None)
@given(
    scores=st.lists(
        st.floats(-1e6, 1e6, width=64) | st.sampled_from([0.0, -0.0, 0.1, 1e-300]),
        min_size=1,
        max_size=30,
    )
)
def test_a_judge_that_sorts_by_single_precision_scores_sees_our_order(tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("runs") / "run.trec"
    ranking = ranking_of(scores)
    write_trec(path, [RankedList(user_id="u", ranking=ranking)], "llmrec")
    rows = [line.split() for line in path.read_text().splitlines()]
    assert [row[2] for row in rows] == ids_of(ranking)
    assert [row[3] for row in rows] == [str(n + 1) for n in range(len(scores))]
    single = [np.float32(row[4]) for row in rows]
    assert all(later < earlier for earlier, later in itertools.pairwise(single))
    (read,) = read_candidates(path)
    assert [entry.item_id for entry in read.entries] == ids_of(ranking)


@pytest.mark.parametrize("score", [0.1, 0.3, 0.7, -0.7, 3.14159, 1e-12])
def test_scores_that_only_double_precision_tells_apart_fall_in_single_too(tmp_path, score):
    close = [score, np.nextafter(score, -np.inf), score - abs(score) * 1e-12]
    path = tmp_path / "run.trec"
    write_trec(path, [RankedList(user_id="u", ranking=ranking_of(close))], "llmrec")
    single = [np.float32(line.split()[4]) for line in path.read_text().splitlines()]
    assert single[0] > single[1] > single[2]


def test_scores_without_ties_are_written_to_full_precision(tmp_path):
    scores = [0.1 + 0.2, 1 / 3 - 1, -1e-30 - 5]
    write_trec(tmp_path / "r.trec", [RankedList(user_id="u", ranking=ranking_of(scores))], "a")
    (read,) = read_candidates(tmp_path / "r.trec")
    assert [entry.score for entry in read.entries] == scores


def test_jsonl_round_trips_and_holds_no_nan(tmp_path):
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    ranking = Ranking.of(
        ranking_of([2.0, 2.0, -1.0]).candidates,
        [2.0, 2.0, -1.0],
        "fusion",
        parts={"llm": [-0.1, -2.0, float("nan")]},
        notes={"fusion_weight": 0.1},
    )
    path = tmp_path / "out" / "ranked.jsonl"
    write_jsonl(path, [RankedList(user_id="naïve user", ranking=ranking, as_of=moment)])
    (read,) = read_candidates(path)
    assert (read.user_id, read.as_of) == ("naïve user", moment)
    assert [(entry.item_id, entry.score) for entry in read.entries] == [
        ("i0", 2.0),
        ("i1", 2.0),
        ("i2", -1.0),
    ]
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert raw["candidates"][2]["parts"] == {"llm": None}
    assert raw["notes"] == {"fusion_weight": 0.1}


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        ([("a b", [1.0])], "run", "id 'a b' is not one word"),
        ([("", [1.0])], "run", "id '' is not one word"),
        ([("u", [1.0]), ("u", [1.0])], "run", "user 'u' occurs twice"),
        ([("u", [1e300])], "run", "does not fit single precision"),
        ([("u", [1.0])], "my run", "run name 'my run' is not one word"),
    ],
)
def test_what_a_run_file_cannot_hold_is_refused_and_leaves_no_file(tmp_path, rows, name, message):
    lists = [RankedList(user_id=user, ranking=ranking_of(scores)) for user, scores in rows]
    with pytest.raises((ConfigError, DataError), match=message):
        write_trec(tmp_path / "r.trec", lists, name)
    assert list(tmp_path.iterdir()) == []
