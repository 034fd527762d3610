"""What another program ranked is judged like our own rows."""

from __future__ import annotations

import pytest

from llmrec.errors import ArtifactError, ConfigError, DataError, UnknownItemError
from llmrec.evaluation import EvaluateConfig, evaluate

CONFIG = EvaluateConfig(resamples=20)


@pytest.fixture
def first(log, loo, tmp_path):
    """A run of one row, with its TREC files."""
    out = tmp_path / "first"
    evaluate(log, loo, out=out, rows=["ease"], config=CONFIG)
    return out


def again(log, loo, out, given):
    return evaluate(log, loo, out=out, rows=["ease"], config=CONFIG, given=given)


def row(results, name):
    return next(row for row in results["rows"] if row["name"] == name)


def test_our_own_file_read_back_gives_our_own_figures(log, loo, first, tmp_path):
    own = first / "trec" / "ease.trec"
    results = again(log, loo, tmp_path / "run", {"same": own})
    mine, read = row(results, "ease"), row(results, "same")
    assert read["metrics"]["recall@10"]["value"] == pytest.approx(
        mine["metrics"]["recall@10"]["value"],
        abs=0.02,  # ties have one order in a file
    )
    assert again(log, loo, tmp_path / "run", {"same": own})["rows"] == results["rows"]


def test_what_a_file_does_not_list_was_not_found(log, loo, first, tmp_path):
    lines = (first / "trec" / "qrels.txt").read_text().split("\n")
    query, _, item, _ = lines[0].split()
    (tmp_path / "one.trec").write_text(f"{query} Q0 {item} 1 2.5 other\n")
    found = row(again(log, loo, tmp_path / "run", {"one": tmp_path / "one.trec"}), "one")
    assert found["metrics"]["recall@10"]["value"] == pytest.approx(1 / len(lines[:-1]))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("q999999 Q0 i1 1 1.0 x\n", DataError, "q999999"),
        ("7 Q0 i1 1 1.0 x\n", DataError, "'7' is none of this run"),
        ("q0 Q0 nowhere 1 1.0 x\n", UnknownItemError, "nowhere"),
        ("q0 Q0 i1\n", DataError, "row 1"),
    ],
)
def test_a_file_of_another_run_is_refused(log, loo, tmp_path, text, error, words):
    (tmp_path / "bad.trec").write_text(text)
    with pytest.raises(error, match=words):
        again(log, loo, tmp_path / "run", {"bad": tmp_path / "bad.trec"})


def test_a_changed_file_does_not_pass_for_the_old_row(log, loo, first, tmp_path):
    file = tmp_path / "other.trec"
    file.write_text((first / "trec" / "ease.trec").read_text())
    again(log, loo, tmp_path / "run", {"other": file})
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(ArtifactError, match="from something else"):
        again(log, loo, tmp_path / "run", {"other": file})
    with pytest.raises(ConfigError, match="cannot name a folder"):
        again(log, loo, tmp_path / "run", {"No/Name": file})
