"""What vLLM's start needs of the process that it starts in."""

from __future__ import annotations

import pytest

from llmrec.llm.vllm_start import let_llvmlite_be_scanned


def test_vllm_can_scan_a_process_that_used_numba_before():
    ffi = pytest.importorskip("llvmlite.binding.ffi")
    let_llvmlite_be_scanned()
    assert vars(ffi.lib).get("kernel") is None
    version = pytest.importorskip("llvmlite.binding").llvm_version_info
    assert len(version) == 3, "the library still answers"
