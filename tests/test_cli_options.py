"""YAML and options become one configuration: key by key, options first, contradictions refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmrec.cli.options import default_cache, settings
from llmrec.errors import ConfigError
from llmrec.recommender import RecommenderConfig

SERVED = """
dataset: films
weight: 0.3
explain: {max_tokens: 80}
engine:
  kind: server
  url: http://gpu:8000
  dtype: float32
  options: {tokenizer: Qwen/Qwen3-4B}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setenv("LLMREC_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def yaml(text):
        (tmp_path / "given").mkdir(exist_ok=True)
        path = tmp_path / "given" / "mine.yaml"
        path.write_text(text)
        return path

    return yaml


def test_an_option_replaces_its_own_key_and_nothing_else(write):
    given = settings(write(SERVED), model="films-4b", explain={"language": "de"}, k=None)
    assert given.engine.model == "films-4b"
    assert (given.engine.kind, given.engine.url) == ("server", "http://gpu:8000")
    assert given.engine.dtype == "float32"
    assert given.engine.options == {"tokenizer": "Qwen/Qwen3-4B"}
    assert (given.explain.language, given.explain.max_tokens) == ("de", 80)
    moved = settings(write(SERVED), url="http://other:9000")
    assert (moved.engine.url, moved.engine.dtype) == ("http://other:9000", "float32")


def test_a_share_of_the_llm_given_as_an_option_replaces_the_yamls(write):
    given = settings(write(SERVED), fusion="sample")
    assert (given.fusion, given.weight) == ("sample", None)
    fitted = write("dataset: films\nfusion: fitted\n")
    assert settings(fitted).fusion == fitted.parent / "fitted"
    assert settings(fitted, weight=1.0).fusion is None


def test_a_url_makes_a_server_and_none_is_no_llm(write):
    assert settings(write("dataset: films"), url="http://gpu:8000").engine.kind == "server"
    assert settings(write(SERVED), model="none").engine is None
    without = write("dataset: films\nengine: null\n")
    assert settings(without).engine is None
    assert settings(without, model="smollm2-135m").engine.model == "smollm2-135m"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (SERVED, {"engine": "transformers"}, r"--engine transformers.*url 'http://gpu:8000'"),
        ("dataset: d\nengine: {kind: vllm}", {"url": "http://x"}, r"mine.yaml has.*'vllm'"),
        (SERVED, {"model": "none", "url": "http://x"}, "--model none.*--url http://x"),
        (SERVED, {"model": "none", "engine": "vllm"}, "--model none.*--engine vllm"),
        (SERVED, {"model": "none", "tokenizer": "t"}, "--model none.*--tokenizer t"),
        (SERVED, {"cache": Path("a"), "no_cache": True}, "--cache and --no-cache"),
        ("dataset: d\nengine: smollm2", {"model": "x"}, "engine"),
        ("dataset: d\nenigne: {}", {}, "Did you mean 'engine'"),
        ("k: 3", {}, "no dataset"),
    ],
)
def test_contradictions_and_faults_are_named(write, text, options, says):
    with pytest.raises(ConfigError, match=says):
        settings(write(text), **options)


def test_a_servers_tokenizer_can_be_named(write):
    path = write("dataset: d\nengine: {kind: server, url: 'http://x', options: {cache_tokens: 9}}")
    config = settings(path, tokenizer="smollm2-135m")
    assert config.engine.options == {"tokenizer": "smollm2-135m", "cache_tokens": 9}


def test_answers_are_kept_unless_one_says_otherwise(write):
    plain, own = write("dataset: films"), Path("mine.sqlite")
    assert settings(plain).engine.cache == default_cache()
    assert default_cache().parent.name == "home"
    assert settings(plain, no_cache=True).engine.cache is None
    assert settings(plain, cache=own).engine.cache == own
    chosen = write("dataset: films\nengine: {cache: kept.sqlite}\n")
    assert settings(chosen).engine.cache == chosen.parent / "kept.sqlite"
    assert settings(chosen, cache=own).engine.cache == own
    assert settings(chosen, no_cache=True).engine.cache is None
    assert settings(write("dataset: films\nengine: {cache: null}\n")).engine.cache is None
    assert settings(write("dataset: films\nengine: {kind: scripted}\n")).engine.cache is None


def test_every_relative_path_of_a_yaml_starts_at_its_folder(write):
    path = write(
        "dataset: logs\nencoder: encoders/mine\n"
        "engine: {model: ./models/mine, cache: ../kept.sqlite}\n"
    )
    (path.parent / "encoders" / "mine").mkdir(parents=True)
    (path.parent / "minilm").mkdir()
    config = RecommenderConfig.read(path)
    assert config.dataset == path.parent / "logs"
    assert config.encoder == str(path.parent / "encoders" / "mine")
    assert config.engine.model == str(path.parent / "models" / "mine")
    assert config.engine.cache == path.parent / "../kept.sqlite"
    named = write("dataset: d\nencoder: minilm\nengine: {model: Qwen/Qwen3-0.6B}\n")
    assert RecommenderConfig.read(named).encoder == "minilm"
    assert RecommenderConfig.read(named).engine.model == "Qwen/Qwen3-0.6B"
