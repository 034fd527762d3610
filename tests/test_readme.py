"""Every code block of the README runs, or is marked as one that cannot run everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<kind>\w*)\n(?P<code>.*?)```", re.S)


@dataclass(frozen=True)
class Block:
    kind: str
    code: str
    mark: str | None


def blocks() -> list[Block]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [Block(m["kind"], m["code"], m["mark"]) for m in BLOCK.finditer(text)]


def environment(**more: str) -> dict[str, str]:
    """Return ours, with this interpreter's commands first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **more}


def run(code: str, cwd: Path, **more: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["/bin/bash", "-euo", "pipefail", "-c", code],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"


def test_every_block_is_run_or_marked():
    for block in blocks():
        assert block.kind in {"bash", "python", "text"}, block
        if block.mark:
            assert block.mark == "gpu" or block.mark.startswith("not run: "), block.mark
    assert sum(block.mark is None for block in blocks() if block.kind == "bash") >= 4


@pytest.mark.slow
@pytest.mark.engine
def test_the_commands_and_the_code_run_in_order(tmp_path):
    script: list[str] = []
    for block in blocks():
        if block.mark or block.kind == "text" or block.code.startswith("make "):
            continue
        if block.kind == "bash":
            run(block.code, tmp_path)
        else:
            script.append(block.code)
    (tmp_path / "readme.py").write_text("\n".join(script), encoding="utf-8")
    run(f"{sys.executable} readme.py", tmp_path)


@pytest.mark.slow
@pytest.mark.engine
def test_the_two_commands_run():
    """The demo for real; the tests themselves only as far as their collection."""
    block = next(block for block in blocks() if block.code.startswith("make "))
    assert block.code.split("\n")[:2] == ["make demo", "make test"]
    run("make demo", ROOT)
    run("make test", ROOT, PYTEST_ADDOPTS="--collect-only")
