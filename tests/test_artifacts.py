"""Artifacts are whole or absent, and refuse what they were not made from."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from llmrec.artifacts import (
    MANIFEST,
    check_made_from,
    read_manifest,
    replace_folder,
    write_artifact,
)
from llmrec.errors import ArtifactError


def write(path, kind="thing", text="hello", **made_from):
    with write_artifact(path, kind, made_from=made_from) as folder:
        (folder / "data.txt").write_text(text)


def test_an_artifact_is_read_back_and_known_by_content_and_origin(tmp_path):
    write(tmp_path / "a", text="one", base="x")
    write(tmp_path / "b", text="one", base="x")
    write(tmp_path / "c", text="two", base="x")
    shas = [read_manifest(tmp_path / name, "thing").sha256 for name in "abc"]
    assert shas[0] == shas[1] != shas[2]


def test_a_failed_write_leaves_the_old_one_and_nothing_else(tmp_path):
    write(tmp_path / "a", text="old")

    def fail():
        with write_artifact(tmp_path / "a", "thing", made_from={}) as folder:
            (folder / "data.txt").write_text("new")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert (tmp_path / "a" / "data.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    line = (
        "import os, pathlib, sys\n"
        "from llmrec.artifacts import replace_folder\n"
        "with replace_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    place = tmp_path / "a"
    subprocess.run([sys.executable, "-c", line, str(place)], check=False)  # noqa: S603
    assert [path.name[:3] for path in tmp_path.iterdir()] == [".a."]
    write(tmp_path / "b")
    assert len(list(tmp_path.iterdir())) == 2
    with replace_folder(place) as living:
        (living / "data.txt").write_text("hello")
        write(place)
        assert (living / "data.txt").read_text() == "hello"
        assert sorted(tmp_path.iterdir()) == sorted([place, tmp_path / "b", living])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_only_an_artifact_of_the_same_kind_is_replaced(tmp_path):
    write(tmp_path / "index", kind="index")
    with pytest.raises(ArtifactError, match="kind 'index', not 'dataset'"):
        write(tmp_path / "index", kind="dataset")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ArtifactError, match="not an llmrec artifact"):
        write(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty")


def test_damage_is_named(tmp_path):
    path = tmp_path / "a"
    write(path)
    (path / "data.txt").write_text("hellO")
    with pytest.raises(ArtifactError, match=r"data\.txt is damaged"):
        read_manifest(path, "thing")
    (path / "data.txt").unlink()
    with pytest.raises(ArtifactError, match=r"data\.txt is missing"):
        read_manifest(path, "thing", verify=False)
    (path / MANIFEST).write_text("{")
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_manifest(path, "thing")


@pytest.mark.parametrize(
    "change",
    [
        {"files": ["data.txt"]},
        {"files": None},
        {"files": {"data.txt": 5}},
        {"files": {}},
        {"files": {"data.txt": "0" * 64, "../b/data.txt": "0" * 64}},
        {"made_from": ["x"]},
        {"made_from": None},
        {"metrics": 3},
        {"surplus": 1},
    ],
)
@pytest.mark.parametrize("verify", [True, False])
def test_a_manifest_that_is_none_is_refused_with_what_to_do(change, verify, tmp_path):
    path = tmp_path / "a"
    write(path)
    raw = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text(json.dumps({**raw, **change}))
    with pytest.raises(ArtifactError, match=r"manifest\.json") as caught:
        read_manifest(path, "thing", needs=("data.txt",), verify=verify)
    assert caught.value.remedy
    assert caught.value.exit_code == 5


def test_another_format_kind_or_origin_is_refused_by_name(tmp_path):
    path = tmp_path / "a"
    write(path, base="x")
    with pytest.raises(ArtifactError, match="kind 'thing', not 'index'"):
        read_manifest(path, "index")
    manifest = read_manifest(path, "thing")
    with pytest.raises(ArtifactError, match="made from base 'x', but 'y' is in use"):
        check_made_from(path, manifest, base="y")
    raw = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text(json.dumps({**raw, "format_version": 99}))
    with pytest.raises(ArtifactError, match="format 99"):
        read_manifest(path, "thing")
