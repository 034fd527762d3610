"""``llmrec evaluate`` as a process that is killed again and again: nothing is lost or changed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from llmrec.artifacts import MANIFEST, read_manifest

KILLED_AT = """
import os, signal, sys

left = int(sys.argv.pop(1))

def count(event, arguments):
    "Kill this process just before its n-th step on a file of the run."
    global left
    if event in ("tempfile.mkstemp", "os.rename", "os.remove", "os.mkdir"):
        if "the-run" in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
from llmrec.cli import main
main()
"""


def start(steps, log, out):
    """Run the command; it dies before its n-th step, or ends where it has fewer."""
    words = ["evaluate", str(log.path), "--rows", "popularity,item-knn,random", "--out", str(out)]
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", KILLED_AT, str(steps), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def without_times(value):
    """Return results without what may differ from run to run: times, and the tree's commit."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in {"seconds", "git_sha"}}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def results(folder):
    return without_times(json.loads((folder / "results.json").read_text()))


@pytest.fixture(scope="module")
def undisturbed(log, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "the-run"
    done = start(10**6, log, folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("seed", [0, 1])
def test_killed_at_random_moments_it_ends_with_the_same_results(log, undisturbed, tmp_path, seed):
    moments, out, kills = np.random.default_rng(seed), tmp_path / "the-run", 0
    while (done := start(int(moments.integers(1, 41)), log, out)).returncode == -signal.SIGKILL:
        kills += 1
        assert kills < 50, "it never comes to an end: does finishing alone take more steps?"
    assert done.returncode == 0, done.stderr
    assert kills > 1
    assert results(out) == results(undisturbed)
    manifest = read_manifest(out, "evaluation")
    assert set(manifest.files) == set(read_manifest(undisturbed, "evaluation").files)
    files = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert files == {MANIFEST, *manifest.files}


@pytest.mark.slow
def test_killed_before_each_of_its_steps_it_ends_with_the_same_results(log, undisturbed, tmp_path):
    step, ended = 0, False
    while not ended:
        step += 1
        out = tmp_path / f"{step}" / "the-run"
        ended = start(step, log, out).returncode == 0
        done = start(10**6, log, out)
        assert done.returncode == 0, f"killed before step {step}: {done.stderr}"
        assert results(out) == results(undisturbed), f"killed before step {step}"
    assert step > 20
