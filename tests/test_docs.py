"""The API reference is made from the docstrings, every public module included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmrec.templates import released

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_reference_covers_every_public_package(tmp_path):
    done = subprocess.run(  # noqa: S603
        [sys.executable, ROOT / "docs" / "build.py", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    pages = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html")}
    packages = {path.parent.name for path in (ROOT / "llmrec").glob("*/__init__.py")}
    assert {f"llmrec/{name}.html" for name in packages} <= pages
    recommender = (tmp_path / "llmrec" / "recommender.html").read_text(encoding="utf-8")
    assert "Ranked next items, each with its reason" in recommender


def test_the_changelog_names_every_released_template_and_no_other():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:shared|rank|explain|item|query|judge)/\w+\.v\d+)`", text))
    assert named == set(released())
