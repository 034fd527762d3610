"""An import that is killed, runs out of room or may not write leaves the old dataset whole."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from llmrec.data import ImportOptions, import_dataset, load

LINE = "from llmrec.data import *; import_dataset({}, {}, options=ImportOptions(time_unit='s'))"
IN_PARTS = "from llmrec.data import large; large.LARGE_BYTES = {'csv': 0}; large.PART_EVENTS = 9000"
OPTIONS = ImportOptions(time_unit="s")


def log_of(events, name, folder):
    rows = (f"u{n * 7919 % 997},i{n % 101},{1_000_000_000 + n}" for n in range(events))
    path = folder / name
    path.write_text("user_id,item_id,timestamp\n" + "\n".join(rows) + "\n")
    return path


def started(log, out, *, before="pass", **options):
    line = LINE.format(repr(str(log)), repr(str(out)))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    code = f"{before}; {line}"
    return subprocess.Popen([sys.executable, "-c", code], **quiet, **options)  # noqa: S603


def finished(log, out, **options):
    child = started(log, out, **options)
    child.communicate()
    return child.returncode


@pytest.fixture
def logs(tmp_path):
    """An old log and a new one."""
    (tmp_path / "home").mkdir()
    return log_of(500, "old.csv", tmp_path), log_of(40_000, "new.csv", tmp_path)


@pytest.mark.parametrize("before", ["pass", IN_PARTS], ids=["whole", "in parts"])
def test_killed_at_any_moment_one_of_the_two_datasets_stands(before, logs, tmp_path):
    old, new = logs
    out = tmp_path / "home" / "data"
    begin = time.monotonic()
    assert finished(new, out, before=before) == 0
    span_s = time.monotonic() - begin
    either = {load(out).sha256, import_dataset(old, out, options=OPTIONS).sha256}
    drawn, killed = random.Random(5), 0  # noqa: S311
    while killed < 10:
        child = started(new, out, before=before)
        time.sleep(span_s * (0.3 + 0.7 * (killed + drawn.random()) / 10))
        child.kill()
        child.communicate()
        if child.returncode == -signal.SIGKILL:
            killed += 1
        else:  # it was quicker than the first one
            span_s *= 0.9
        assert load(out).sha256 in either
    assert finished(new, out, before=before) == 0
    assert load(out).sha256 in either
    assert len(load(out)) == 40_000
    assert [entry.name for entry in out.parent.iterdir()] == ["data"]


def test_an_exchange_of_folders_is_one_step(tmp_path):
    """No moment at which a reader finds nothing there."""
    from llmrec.artifacts import replace_folder

    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    watched = subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "print('ready', flush=True)\n"
            "while os.path.isdir(sys.argv[1]):\n"
            "    if os.path.exists(sys.argv[1] + '/end'): break\n"
            "else: sys.exit(1)",
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    watched.stdout.readline()
    for n in range(200):
        with replace_folder(path) as draft:
            (draft / ("end" if n == 199 else str(n))).touch()
    assert watched.wait(timeout=60) == 0
    watched.stdout.close()
    assert [entry.name for entry in path.iterdir()] == ["end"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", ["pass", IN_PARTS], ids=["whole", "in parts"])
def test_a_full_disk_leaves_the_old_dataset_and_nothing_else(before, logs, tmp_path):
    old, new = logs
    out = tmp_path / "home" / "data"
    sha256 = import_dataset(old, out, options=OPTIONS).sha256

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write that is too long fails instead
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    child = started(new, out, before=before, preexec_fn=no_room)
    error = child.communicate()[1].decode()
    assert child.returncode == 1
    assert f"ArtifactError: {out} cannot be written" in error
    assert "room on its disk" in error
    assert load(out).sha256 == sha256
    assert [entry.name for entry in out.parent.iterdir()] == ["data"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its rights in a child")
@pytest.mark.parametrize("before", ["pass", IN_PARTS], ids=["whole", "in parts"])
@pytest.mark.parametrize("what", ["log", "place"])
def test_without_permission_the_place_is_told(what, before, logs, tmp_path):
    old, new = logs
    home = tmp_path / "home"
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    home.chmod(0o777 if what == "log" else 0o755)
    new.chmod(0o600 if what == "log" else 0o644)
    warm = LINE.format(repr(str(old)), repr(str(tmp_path / "warm")))  # every module is there
    child = started(new, home / "data", before=f"{warm}; import os; os.setuid(65534); {before}")
    error = child.communicate()[1].decode()
    assert child.returncode == 1
    place = new if what == "log" else home / "data"
    assert str(place) in error.splitlines()[-2] + error.splitlines()[-1]
    assert "ermission" in error
    assert not list(home.iterdir())
