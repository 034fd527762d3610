"""The wheel, built and installed into an empty environment, works without any extra."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("pyproject.toml", "README.md", "LICENSE", "llmrec", "prompts", "finetune", "index", "eval")

SCRIPT = """
import importlib.util
from pathlib import Path
from llmrec.data import SplitProtocol
from llmrec.llm.scripted import ByteTokenizer
from llmrec.retrieval import load_recipe
from llmrec.templates import load_template
from llmrec.templates import render
from datetime import UTC, datetime

assert not importlib.util.find_spec("torch"), "this environment was meant to be empty"
prompt = render(
    load_template("rank/likelihood.v1"),
    {"history": "Alien (1979)", "candidates": []},
    tokenizer=ByteTokenizer(),
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
)
assert "Alien (1979)" in ByteTokenizer().decode(prompt.token_ids)
assert load_recipe("flat.v1").encoder
assert SplitProtocol.named("llamarec.v1").kind == "leave-one-out"
print("rendered", len(prompt.token_ids), "ids")
"""


def test_every_package_is_in_the_wheel():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "llmrec").rglob("__init__.py")
    }
    assert packages <= set(listed["tool"]["setuptools"]["packages"])


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}},
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_wheel_renders_a_prompt_and_loads_a_recipe(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=source
    )
    wheel = next(tmp_path.glob("llmrec-*.whl"))
    assert wheel.stat().st_size < 2_000_000
    run(sys.executable, "-m", "venv", tmp_path / "empty", cwd=tmp_path)
    python = tmp_path / "empty" / "bin" / "python"
    constraints = ROOT / "constraints" / "cpu.txt"
    run(python, "-m", "pip", "install", "-q", "-c", constraints, wheel, cwd=tmp_path)
    assert "rendered" in run(python, "-c", SCRIPT, cwd=tmp_path)
    assert "recommend" in run(tmp_path / "empty" / "bin" / "llmrec", "--help", cwd=tmp_path)
