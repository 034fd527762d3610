"""Files and folders written whole or not at all, even when the process is killed."""

from __future__ import annotations

import contextlib
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
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent))
        try:
            yield draft
            draft.chmod(0o755)
            _swap(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


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

    Raises:
        ArtifactError: Nothing can be written there.
    """
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}.", suffix=".tmp", dir=path.parent, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)


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
