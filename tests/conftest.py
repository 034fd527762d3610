"""What all tests share: the benchmark data where it exists, and one of each real model."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run where nobody can look into a new one; elsewhere fresh ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public benchmark logs; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the benchmark logs are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def ml_100k(shared_data, tmp_path_factory):
    """The published MovieLens 100K, imported."""
    from llmrec.data import import_dataset

    return import_dataset(shared_data / "ml-100k", tmp_path_factory.mktemp("ml") / "100k")


@pytest.fixture(scope="session")
def ml_small(shared_data, tmp_path_factory):
    """The published MovieLens latest-small, imported."""
    from llmrec.data import import_dataset

    return import_dataset(shared_data / "ml-latest-small", tmp_path_factory.mktemp("ml") / "small")


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The embedded language model's folder, converted where it was not yet."""
    pytest.importorskip("torch")
    from llmrec.llm.models import obtain

    return obtain("smollm2-135m")


@pytest.fixture(scope="session")
def transformers_engine(smollm2_path):
    """The embedded model in PyTorch, bf16; for tests marked ``engine``."""
    from llmrec.llm import TransformersEngine

    del smollm2_path
    engine = TransformersEngine("smollm2-135m", dtype="bfloat16")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def transformers_engine_fp32(smollm2_path):
    """The same in fp32, where two ways to compute a score agree to 1e-4."""
    from llmrec.llm import TransformersEngine

    del smollm2_path
    engine = TransformersEngine("smollm2-135m", dtype="float32")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def vllm_engine(smollm2_path):
    """The real vLLM in this process, bf16; for tests marked ``engine``."""
    yield from _vllm(smollm2_path, "bfloat16")


@pytest.fixture(scope="session")
def vllm_engine_fp32(smollm2_path):
    """The real vLLM in this process, fp32; for tests marked ``engine``."""
    yield from _vllm(smollm2_path, "float32")


def _vllm(smollm2_path, dtype):
    pytest.importorskip("vllm")
    from llmrec.llm import VllmEngine

    del smollm2_path
    engine = VllmEngine("smollm2-135m", dtype=dtype, max_model_len=2048, kv_cache_gib=0.5)
    yield engine
    engine.close()
