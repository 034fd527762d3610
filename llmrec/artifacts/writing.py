"""Files and folders written whole or not at all, even when the process is killed."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


@contextlib.contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of ``path`` when the block ends well.

    When it fails, ``path`` is as it was and nothing is left behind.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    path = Path(path)
    with spill_folder(path) as draft:
        yield draft
        draft.chmod(0o755)
        _swap(draft, path)


@contextlib.contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Give the name of an empty file that takes the place of ``path`` when the block ends well.

    When it fails, ``path`` is as it was and nothing is left behind.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    path = Path(path)
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def remove_drafts(folder: Path, name: str = "*") -> None:
    """Remove what ``replace_file`` had begun when its process was killed.

    Args:
        folder: Where to look, folders inside it included; nobody else may be writing there.
        name: Of the files that were being written.

    Raises:
        ArtifactError: One cannot be removed.
    """
    with write_faults(folder):
        for draft in folder.rglob(f".{name}.????????.tmp"):
            draft.unlink()


@contextlib.contextmanager
def spill_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside ``path``, on its disk, that is gone when the block ends.

    Folders that killed processes have left there are removed. They are known by having no lock:
    every such folder is locked (``flock(2)``) as long as its process lives.

    Raises:
        ArtifactError: Nothing can be written there.
    """
    path = Path(path)
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{glob.escape(path.name)}.????????.tmp"):
            _remove_unlocked(left)
        folder, lock = _locked_folder(path)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def check_writable(path: Path) -> None:
    """Refuse a place where nothing can be written, before work is put into what belongs there.

    Raises:
        ArtifactError: What should be a folder is a file, or may not be written to.
    """
    path = Path(path)
    with write_faults(path):
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is not a folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"no permission to write in {folder}")


@contextlib.contextmanager
def write_faults(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into an error that says which place it was."""
    try:
        yield
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be written: {error}",
            remedy="Name a place that can be written, with room on its disk.",
        ) from error


def _locked_folder(path: Path) -> tuple[Path, int]:
    """Make a folder beside ``path``; return it and the open descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            if _lock(lock) is not False and folder.exists():
                return folder, lock
            os.close(lock)  # another process took it for a left one before it was locked


def _remove_unlocked(folder: Path) -> None:
    with contextlib.suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if _lock(lock):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _lock(folder: int) -> bool | None:
    """Lock an open folder; return False where another holds it, None where nothing can be locked.

    Some network file systems know no locks; what is left there stays.
    """
    import fcntl

    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _swap(draft: Path, path: Path) -> None:
    """Put ``draft`` where ``path`` is; what stood there before goes only afterwards.

    Where the system can exchange two names at once (Linux), one of the two stands at ``path`` at
    every moment, even when the process is killed.
    """
    if not path.exists():
        draft.rename(path)
        return
    if _exchange(draft, path):
        return  # what stood there is the draft now, and goes with it
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".old", dir=path.parent))
    path.rename(old / "old")
    try:
        draft.rename(path)
    except OSError:
        (old / "old").rename(path)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, two: Path) -> bool:
    """Exchange the names of two folders at once; return whether the system could.

    This is ``renameat2(2)`` with ``RENAME_EXCHANGE``, for which Python has no call.
    """
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(two), _EXCHANGE) == 0)


def any_inside(path: Path) -> bool:
    """Return whether a path is a file or a folder with something in it."""
    return not path.is_dir() or next(path.iterdir(), None) is not None
