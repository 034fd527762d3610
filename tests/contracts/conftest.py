"""The engines of the contract suite: each real one starts once a session."""

from __future__ import annotations

import pytest

from tests.contracts.engine_prompts import film_prompts

ENGINES = [
    pytest.param("scripted_engine", id="scripted"),
    pytest.param("cached_engine", id="cached"),
    pytest.param("transformers_engine_fp32", id="transformers", marks=pytest.mark.engine),
    pytest.param("vllm_engine_fp32", id="vllm", marks=pytest.mark.engine),
    pytest.param("server_engine", id="server", marks=[pytest.mark.engine, pytest.mark.slow]),
]


@pytest.fixture(scope="session")
def vllm_server(smollm2_path):
    """A real vLLM server on this machine, fp32, as ``llmrec vllm up`` starts it."""
    pytest.importorskip("vllm")
    pytest.importorskip("httpx")
    from llmrec.llm.vllm_server import ServeOptions, VllmServer

    del smollm2_path
    options = ServeOptions(model="smollm2-135m", port=0, dtype="float32", max_model_len=2048)
    with VllmServer(options) as server:
        yield server


@pytest.fixture(scope="session")
def server_engine(vllm_server):
    from llmrec.llm import ServerEngine

    engine = ServerEngine(vllm_server.url, dtype="float32")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def scripted_engine():
    from llmrec.llm import ScriptedEngine

    return ScriptedEngine(context_length=4096)


@pytest.fixture(scope="session")
def cached_engine(tmp_path_factory):
    from llmrec.llm import CachedEngine, ScriptedEngine

    folder = tmp_path_factory.mktemp("engine-cache")
    engine = CachedEngine(ScriptedEngine(context_length=4096), folder / "answers.sqlite")
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def prompts(engine):
    return film_prompts(engine.tokenizer, 3)
