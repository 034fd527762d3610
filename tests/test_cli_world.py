"""``llmrec world``: samples of any size, and a page."""

from __future__ import annotations

import json
from importlib import resources

import polars as pl
import pytest
from typer.testing import CliRunner

from llmrec.cli.world import app
from llmrec.errors import ArtifactError, ConfigError

RUN = CliRunner()


def test_a_sample_has_as_many_people_as_are_asked_for(tmp_path):
    out = tmp_path / "new" / "events.parquet"
    asked = ["sample", str(out), "--world", "kitchen.v1", "--people", "5", "--seed", "3", "--json"]
    done = RUN.invoke(app, asked, catch_exceptions=False)
    table = pl.read_parquet(out)
    assert json.loads(done.stdout)["events"] == len(table)
    assert table["user_id"].n_unique() == 5


def test_the_page_stands_alone(tmp_path):
    pytest.importorskip("matplotlib")
    out, figures = tmp_path / "page.html", tmp_path / "figures.json"
    asked = ["report", str(out), "--world", "kitchen", "--figures", str(figures), "--seed", "3"]
    few = ["--people", "12", "--explained", "4", "--encoder", "hash", "--json"]
    done = RUN.invoke(app, [*asked, *few], catch_exceptions=False)
    assert json.loads(done.stdout) == json.loads(figures.read_text())
    text = out.read_text()
    assert text.count("<svg") == 4
    assert "kitchen.v1, seed 3" in text
    assert "kitchen.v1b, seed 3" in text
    assert text.count("<li>p00") == 8, "choices told in words"
    assert "src=" not in text
    assert "<script" not in text
    assert len(json.loads(figures.read_text())["runs"]) == 2


def test_parameters_of_ones_own_are_known_by_their_hash(tmp_path):
    text = resources.files("llmrec.world").joinpath("film.v2.yaml").read_text(encoding="utf-8")
    own, out = tmp_path / "own.yml", tmp_path / "events.parquet"
    own.write_text(text.replace("noise: 0.05", "noise: 0.5"))
    asked = ["sample", str(out), "--people", "3", "--json", "--world"]
    hashes = [
        json.loads(RUN.invoke(app, [*asked, world], catch_exceptions=False).stdout)
        for world in ("film.v2", str(own))
    ]
    assert hashes[0]["parameters_sha256"] != hashes[1]["parameters_sha256"]
    own.write_text(text + "noise: 0.5\n")
    with pytest.raises(ConfigError, match=r"own\.yml cannot be read: the key 'noise' stands twice"):
        RUN.invoke(app, [*asked, str(own)], catch_exceptions=False)


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").write_text("")
    asked = ["report", str(tmp_path / "page.html"), "--figures", str(tmp_path / "file" / "x.json")]
    with pytest.raises(ArtifactError, match=r"x\.json cannot be written"):
        RUN.invoke(app, asked, catch_exceptions=False)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_unknown_worlds_are_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"'garden'"):
        RUN.invoke(
            app, ["report", str(tmp_path / "x"), "--world", "garden"], catch_exceptions=False
        )
