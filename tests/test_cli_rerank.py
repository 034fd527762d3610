"""``llmrec rerank``: when a query is asked, what counts beside the LLM, and what is written."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest

from llmrec.cli import main
from llmrec.cli.moments import Part, histories_under
from llmrec.data import SplitProtocol, load, split, write_sample
from llmrec.errors import ConfigError
from llmrec.rerank import read_candidates


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "films"
    write_sample(path)
    return load(path)


@pytest.fixture(scope="module")
def asked(dataset):
    return split(dataset, SplitProtocol.named("leave-one-out.v1")).test[:3]


@pytest.fixture
def run_file(asked, tmp_path):
    """A leave-one-out run: each user's target, and three others."""
    lines = []
    for query in asked:
        items = dict.fromkeys([query.target.item_id, "f001", "f002", "f003"])
        lines += [
            f"{query.history.user_id} Q0 {item} {rank} {-rank} mine"
            for rank, item in enumerate(items, start=1)
        ]
    path = tmp_path / "run.trec"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def rerank(dataset, run_file, monkeypatch, capsys):
    def run(*options):
        words = ["llmrec", "rerank", run_file, "--dataset", dataset.path, "--engine", "scripted"]
        monkeypatch.setattr(sys, "argv", [str(word) for word in [*words, *options]])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


def test_under_a_protocol_no_target_is_in_its_history(dataset, asked, run_file):
    lists = read_candidates(run_file)
    for part in (Part.TEST, Part.VALIDATION):
        histories = histories_under(dataset, lists, "leave-one-out.v1", part)
        for history, query in zip(histories, asked, strict=True):
            assert query.target not in history.interactions
            assert history.user_id == query.history.user_id
    assert histories_under(dataset, lists, "leave-one-out.v1", Part.TEST) == [
        query.history for query in asked
    ]


def test_the_moment_of_a_run_is_chosen_or_said(rerank, asked):
    code, out, err = rerank("--protocol", "leave-one-out.v1", "--weight", "1", "--json")
    moments = {row["user_id"]: row["as_of"] for row in json.loads(out)}
    assert code == 0, err
    assert moments == {q.history.user_id: q.target.timestamp.isoformat() for q in asked}
    assert "note" not in err
    code, out, err = rerank("--as-of", "2023-06-01T00:00:00Z", "--weight", "1", "--json")
    assert {row["as_of"] for row in json.loads(out)} == {"2023-06-01T00:00:00+00:00"}
    code, out, err = rerank("--weight", "1", "--json")
    (moment,) = {row["as_of"] for row in json.loads(out)}
    assert f"3 of 3 queries name no moment and are asked at {moment}" in err
    assert "--protocol" in err


def test_parquet_holds_the_same_rows(rerank, tmp_path):
    options = ("--as-of", "2023-06-01T00:00:00Z", "--weight", "1")
    told = json.loads(rerank(*options, "--json")[1])
    assert rerank(*options, "--out", tmp_path / "x.parquet")[0] == 0
    assert pl.read_parquet(tmp_path / "x.parquet").to_dicts() == told


def test_a_fitted_weight_is_refused_where_it_does_not_hold(rerank, dataset, tmp_path):
    (tmp_path / "mine.yaml").write_text(f"dataset: {dataset.path}\nfusion: sample\n")
    code, _, err = rerank("--config", tmp_path / "mine.yaml")
    assert code == 2
    assert "--weight" in err
    moment = ("--as-of", "2023-06-01T00:00:00Z")
    assert rerank("--config", tmp_path / "mine.yaml", "--weight", "1", *moment)[0] == 0


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--out", "x.csv"), 2, "'.csv'"),
        (("--protocol", "leave-one-out.v9"), 2, "leave-one-out.v1"),
        (("--protocol", "leave-one-out.v1", "--as-of", "2023-06-01T00:00:00Z"), 2, "keep one"),
        (("--as-of", "2023-06-01"), 4, "--as-of"),
    ],
)
def test_wrong_options_are_refused(rerank, options, code, says):
    found, _, err = rerank("--weight", "1", *options)
    assert found == code
    assert says in err


def test_a_user_whom_the_protocol_does_not_ask_is_named(dataset, run_file):
    held_out = min(dataset.held_out_users)
    run_file.write_text(f"{held_out} Q0 f001 1 0.5 mine\n")
    lists = read_candidates(run_file)
    with pytest.raises(Exception, match=rf"row 1.*{held_out}"):
        histories_under(dataset, lists, "leave-one-out.v1", Part.TEST)
    own = run_file.with_suffix(".jsonl")
    own.write_text('{"user_id": "p0001", "as_of": "2023-01-01T00:00:00Z", "candidates": []}\n')
    with pytest.raises(ConfigError, match="as_of"):
        histories_under(dataset, read_candidates(own), "leave-one-out.v1", Part.TEST)
