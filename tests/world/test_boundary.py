"""Nothing that recommends can look at why people chose."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = next(
    contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    if contract["type"] == "forbidden"
)
MAY_KNOW = {"cli", "world"}
KNOWS_NOTHING = {"artifacts", "config", "errors", "neutralize", "progress", "types"}
OPEN = {
    # What makes a dataset of a world, which the sample needs.
    *("baselines", "dishes", "entry", "evenings", "films", "items", "links", "people", "plots"),
    *("random", "sample", "settings", "settings_parts", "shelf", "simulate", "state", "tables"),
}


def modules(folder: Path) -> set[str]:
    """The modules and packages right in a folder."""
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in folder.glob("*/__init__.py")}


def test_every_package_is_under_the_rule_or_named_here():
    under = {name.removeprefix("llmrec.") for name in CONTRACT["source_modules"]}
    below = KNOWS_NOTHING  # the layers forbid them to import a world at all
    assert modules(ROOT / "llmrec") == under | below | MAY_KNOW


def test_every_module_of_the_worlds_is_forbidden_or_named_here():
    forbidden = {name.removeprefix("llmrec.world.") for name in CONTRACT["forbidden_modules"]}
    assert {"causes", "oracle", "world"} <= forbidden
    assert modules(ROOT / "llmrec" / "world") == forbidden | OPEN


@pytest.mark.parametrize(
    ("package", "module"), [("rerank", "causes"), ("explain", "causes"), ("retrieval", "state")]
)
def test_a_planted_import_breaks_the_rule(package, module, tmp_path):
    shutil.copytree(ROOT / "llmrec", tmp_path / "llmrec", ignore=shutil.ignore_patterns("*.jsonl"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = f"def peek():\n    from llmrec.world import {module}\n"
    (tmp_path / "llmrec" / package / "peek.py").write_text(planted)
    code = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"llmrec.{package} is not allowed to import llmrec.world.{module}" in done.stdout


def test_what_is_in_a_dataset_does_not_say_who_of_a_household_chose():
    from llmrec.world.sample import SCHEMA

    assert set(SCHEMA) == {
        "user_id",
        "item_id",
        "timestamp_s",
        "sequence",
        "rating",
        "event",
        "quantity",
    }
