"""Starting vLLM in this process: what is chosen for it, and the traces that it leaves undone."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import sys
import warnings
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from llmrec.errors import ConfigError, EngineError, require
from llmrec.llm.quiet import bars_on_terminals_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CPU_BLOCK_TOKENS = 32
"""vLLM's CPU kernels want multiples of 32; its own default of 128 caches too coarsely."""
CPU_CACHE_BYTES = 2**30
LORA_LAYERS = (
    *("q_proj", "k_proj", "v_proj", "qkv_proj", "o_proj"),
    *("gate_proj", "up_proj", "gate_up_proj", "down_proj"),
)
"""The layers that adapters may change: all linear ones but the head. vLLM would wrap the head too,
and then counts its rows by request: reading prompt rows of two requests at once ends the CPU
worker (0.32)."""


SAME_ANSWERS = frozenset(
    {
        *("tensor_parallel_size", "pipeline_parallel_size", "distributed_executor_backend"),
        *("gpu_memory_utilization", "kv_cache_memory_bytes", "cpu_offload_gb", "swap_space"),
        *("max_model_len", "max_num_seqs", "max_num_batched_tokens", "max_logprobs"),
        *("enable_prefix_caching", "enable_chunked_prefill", "enforce_eager", "block_size"),
        *("enable_lora", "max_loras", "max_lora_rank", "max_cpu_loras", "lora_target_modules"),
        *("disable_log_stats", "tokenizer", "tokenizer_mode", "skip_tokenizer_init", "seed"),
    }
)
"""Engine arguments that decide how much and how fast, not what is answered."""


def answer_settings(options: Mapping[str, Any]) -> str:
    """Return the engine arguments that may change answers, as an engine's card names them.

    Raises:
        ConfigError: One is the model or the dtype, which have arguments of their own.
    """
    for name in ("model", "dtype"):
        if name in options:
            raise ConfigError(
                f"vLLM's options name {name} {options[name]!r} a second time",
                remedy=f"Give {name} by its own argument.",
            )
    names = sorted(n for n in options if n not in SAME_ANSWERS and options[n] is not None)
    return ",".join(f"{name}={options[name]}" for name in names)


def import_vllm(*, verbose: bool) -> Any:  # noqa: ANN401 - vLLM is an optional package
    """Import vLLM, silent unless ``verbose``.

    Raises:
        MissingExtraError: It is not installed.
    """
    if not verbose:
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    with contextlib.nullcontext() if verbose else _quietly():
        vllm = require("vllm", "gpu")
    if not verbose:
        logging.getLogger("vllm").setLevel(logging.ERROR)
    return vllm


def let_llvmlite_be_scanned() -> None:
    """Keep vLLM's CPU start from failing where Numba was used before it.

    vLLM (0.32) reads ``vars`` of everything that any module holds. llvmlite's library answers
    every name with a function of C, ``__dict__`` too, which has no ``get``; so it is told an
    empty one.
    """
    library = getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None)
    known = getattr(library, "_fntab", None)
    if isinstance(known, dict):
        known["__dict__"] = {}


def start(vllm: Any, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a running ``vllm.LLM``.

    An in-process engine seeds the process's random generators and takes ``torch.set_num_threads``
    away; both are put back.

    Args:
        vllm: The module.
        settings: Engine arguments; they win over what is chosen here.

    Raises:
        EngineError: vLLM cannot start with these settings.
    """
    import torch
    from vllm.platforms import current_platform

    on_cpu = bool(current_platform.is_cpu())
    if on_cpu:
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        let_llvmlite_be_scanned()
    settings = {**_defaults(on_cpu=on_cpu), **settings}
    if settings.get("enable_lora"):
        settings.setdefault("lora_target_modules", list(LORA_LAYERS))
    set_threads, torch_state = torch.set_num_threads, torch.get_rng_state()
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with _quietly():
            return vllm.LLM(**settings)
    except (ValueError, RuntimeError, TypeError, vllm_errors()) as error:
        raise EngineError(
            f"vLLM could not start with {settings}: {error}",
            remedy="verbose=True shows vLLM's own messages.",
        ) from error
    finally:
        torch.set_num_threads = set_threads
        torch.set_rng_state(torch_state)
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def vllm_errors() -> type[Exception]:
    """Return the base of vLLM's own errors, which is no ``ValueError``."""
    from vllm.exceptions import VLLMError

    return cast("type[Exception]", VLLMError)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Leave out the bars and the warnings of vLLM and what it imports."""
    with bars_on_terminals_only(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _defaults(*, on_cpu: bool) -> dict[str, Any]:
    common: dict[str, Any] = {
        "enable_prefix_caching": True,
        "hf_overrides": {"head_dtype": "float32"},
        "load_format": "safetensors",
        "trust_remote_code": False,
    }
    on_a_cpu = {
        "enforce_eager": True,
        "block_size": CPU_BLOCK_TOKENS,
        "kv_cache_memory_bytes": CPU_CACHE_BYTES,
    }
    return common | on_a_cpu if on_cpu else common
