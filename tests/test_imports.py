"""What starting up costs: light imports, and help that answers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = {
    "faiss",
    "langchain_core",
    "peft",
    "ray",
    "fastapi",
    "sentence_transformers",
    "torch",
    "transformers",
    "vllm",
}


def loaded_by(code: str) -> set[str]:
    script = f"import sys, json\n{code}\nsys.stdout.write('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "module",
    [
        "llmrec",
        "llmrec.data",
        "llmrec.world",
        "llmrec.serialize",
        "llmrec.templates",
        "llmrec.llm",
        "llmrec.encode",
        "llmrec.retrieval",
        "llmrec.rerank",
        "llmrec.explain",
        "llmrec.evaluation",
        "llmrec.training",
        "llmrec.metrics",
    ],
)
def test_importing_loads_no_heavy_library(module):
    assert not loaded_by(f"import {module}") & HEAVY


def test_help_loads_neither_heavy_libraries_nor_tables():
    code = (
        "from llmrec.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    assert not loaded_by(code) & (HEAVY | {"polars", "numpy", "pydantic"})


def test_every_public_name_resolves():
    import llmrec

    for name in llmrec.__all__:
        assert getattr(llmrec, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = llmrec.no_such_name


def test_help_answers_at_once():
    code = "from llmrec.cli import main; main()"
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code, "--help"], capture_output=True, check=True
        )
        after = os.times()  # the processor's time: other work on the machine is not ours
        times.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    assert min(times) < 0.3
