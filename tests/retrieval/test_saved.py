"""Saved retrievers: what is refused at loading, and the whole line over a saved one."""

from __future__ import annotations

import json
import sys

import pytest

from llmrec.artifacts import MANIFEST
from llmrec.cli import main
from llmrec.data import load, write_sample
from llmrec.errors import ArtifactError, ConfigError
from llmrec.recommender import Recommender
from llmrec.retrieval import PopularityRetriever, fit_ease, load_retriever
from llmrec.types import Catalogue
from tests.contracts.retrievers import CATALOGUE, ITEMS, KINDS, everybodys_log, make


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "it"
    make(request.param).save(path, metrics={"ndcg@10": 0.5})
    return path


def opened(path, catalogue=CATALOGUE):
    return load_retriever(path, catalogue=catalogue, interactions=everybodys_log())


def changed(path, tmp_path, **values):
    """A copy of an artifact whose manifest says something else."""
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    manifest = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps({**manifest, **values}))
    return copy


def test_another_catalogues_retriever_is_refused(folder):
    with pytest.raises(ArtifactError, match="catalogue_sha256"):
        opened(folder, Catalogue(ITEMS[:-1]))


def test_an_older_format_is_refused_by_its_number(folder, tmp_path):
    with pytest.raises(ArtifactError, match="has format 0; this version reads 1"):
        opened(changed(folder, tmp_path, format_version=0))


def test_a_manifest_that_lost_its_settings_is_refused(folder, tmp_path):
    made_from = {"catalogue_sha256": CATALOGUE.sha256, "window_days": -1, "settings": {"x": 1}}
    with pytest.raises(ArtifactError, match="cannot be read"):
        opened(changed(folder, tmp_path, made_from=made_from))


def test_a_kind_that_is_no_retriever_is_named(folder, tmp_path):
    with pytest.raises(ArtifactError, match="kind 'dataset', which is no retriever"):
        opened(changed(folder, tmp_path, kind="dataset"))
    with pytest.raises(ArtifactError, match="names no kind"):
        opened(changed(folder, tmp_path / "more", kind=7))
    with pytest.raises(ArtifactError, match=r"holds no manifest\.json"):
        opened(tmp_path / "nowhere")


def test_every_byte_of_a_saved_retriever_is_checked(folder, tmp_path):
    copy = changed(folder, tmp_path)
    for file in [path for path in copy.rglob("*") if path.is_file() and path.parent == copy]:
        raw = file.read_bytes()
        file.write_bytes(raw[: len(raw) // 2])
        with pytest.raises(ArtifactError):
            opened(copy)
        file.write_bytes(raw)
    assert opened(copy).identity == opened(folder).identity


def test_what_told_of_its_quality_is_kept_beside_it(folder):
    assert json.loads((folder / MANIFEST).read_text())["metrics"]["ndcg@10"] == 0.5


def test_nothing_is_left_behind_where_the_disk_is_full(tmp_path, monkeypatch):
    import numpy as np

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    retriever = make("ease")
    retriever.save(tmp_path / "it")
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        make("item-knn").save(tmp_path / "it")
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
    assert opened(tmp_path / "it").identity == retriever.identity


def test_popularity_wants_the_events_that_it_counts(tmp_path):
    make("popularity").save(tmp_path / "it")
    with pytest.raises(ConfigError, match="no events to count are given"):
        load_retriever(tmp_path / "it", catalogue=CATALOGUE)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "films"
    write_sample(path)
    return load(path)


def test_a_folder_takes_a_retrievers_place_in_the_whole_line(world, tmp_path, monkeypatch, capsys):
    fitted = fit_ease(world.catalogue, world.interactions)
    fitted.save(world.path / "ease")
    with Recommender.open(dataset=world.path, retriever=world.path / "ease", engine=None) as line:
        given = line.invoke({"user_id": "p0017", "k": 3, "explain": False})
    [expected] = fitted.retrieve([world.history("p0017")], 3)
    assert [r.item.item_id for r in given] == [c.item.item_id for c in expected]
    config = tmp_path / "mine.yaml"
    config.write_text(f"dataset: {world.path}\nretriever: counts\nengine: null\n")
    PopularityRetriever(world.catalogue, world.interactions, window_days=30).save(
        tmp_path / "counts"
    )
    words = ["recommend", "--config", config, "--user", "p0017", "-k", "2", "--no-explain"]
    code, out, err = run(monkeypatch, capsys, *words, "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)[0]["recommendations"]) == 2
    code, _, err = run(monkeypatch, capsys, *words, "--retriever", "popularty")
    assert code == 2
    assert "Did you mean 'popularity'?" in err


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["llmrec", *map(str, words)])
    with pytest.raises(SystemExit) as done:
        main()
    printed = capsys.readouterr()
    return done.value.code or 0, printed.out, printed.err
