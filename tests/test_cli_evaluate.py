"""``llmrec evaluate`` from the terminal."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from llmrec.cli.app import app
from llmrec.data import write_sample
from llmrec.errors import ArtifactError, ConfigError


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "film-world"
    write_sample(path)
    return path


def test_a_run_prints_a_table_and_writes_a_report(sample, tmp_path):
    words = ["evaluate", str(sample), "--rows", "popularity,last-item", "--sample", "60"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "60 queries" in done.output
    assert "sample of 60 queries (seed 0)" in " ".join(done.output.split())
    assert (tmp_path / "run" / "report.html").is_file()
    again = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run"), "--json"])
    results = json.loads(again.output)
    assert {row["name"] for row in results["rows"]} == {"popularity", "last-item"}
    assert results["run"]["protocol"] == "leave-one-out.v1"


@pytest.mark.parametrize("option", ["--out", "--trec"])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(sample, tmp_path, option):
    (tmp_path / "file").write_text("")
    words = ["evaluate", str(sample), "--rows", "popularity", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, [*words, option, str(tmp_path / "file")])
    assert isinstance(done.exception, ArtifactError)
    assert "file is not a folder" in str(done.exception)
    assert not (tmp_path / "run").exists()


def test_an_unknown_card_is_told(sample, tmp_path):
    done = CliRunner().invoke(
        app, ["evaluate", str(sample), "--protocol", "llama.v1", "--out", str(tmp_path / "run")]
    )
    assert isinstance(done.exception, ConfigError)
    assert "llamarec.v1" in str(done.exception)
