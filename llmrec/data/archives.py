"""Archives as published, unpacked where nothing in them can do harm."""

from __future__ import annotations

import contextlib
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.data.decoding import refuse_bomb
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
"""Endings of what ``unpacked`` opens."""


def is_archive(path: Path) -> bool:
    """Return whether a path's ending is one of ``ARCHIVES``."""
    return path.name.lower().endswith(ARCHIVES)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give a folder with an archive's files, or the one folder in it; it goes when the block ends.

    Raises:
        DataError: Missing, damaged, a member that would lie outside the folder or is a link, or
            one that would unpack to over 100 times its size.
    """
    if not path.is_file():
        raise DataError("does not exist, or is no file", path=path)
    with tempfile.TemporaryDirectory(prefix="llmrec-") as name:
        folder = Path(name)
        try:
            if path.suffix.lower() == ".zip":
                _unzip(path, folder)
            else:
                _untar(path, folder)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
            raise DataError(
                f"cannot be unpacked: {error}", path=path, remedy="Fetch the archive again."
            ) from error
        yield _root(folder)


def _unzip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            _refuse_unsafe(path, member.filename, is_link=is_link)
        refuse_bomb(path, sum(member.file_size for member in members))
        archive.extractall(folder)  # noqa: S202 - every member was checked


def _untar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        size = 0
        for member in archive:
            _refuse_unsafe(path, member.name, is_link=not (member.isfile() or member.isdir()))
            size += member.size
            refuse_bomb(path, size)
        archive.extractall(folder, filter="data")


def _refuse_unsafe(path: Path, name: str, *, is_link: bool) -> None:
    parts = Path(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[:1]:
        raise DataError(
            f"the member {name!r} would be written outside the folder, so nothing was unpacked",
            path=path,
            remedy="Do not trust this archive; fetch it from its publisher.",
        )
    if is_link:
        raise DataError(f"the member {name!r} is a link, and no published log has one", path=path)


def _root(folder: Path) -> Path:
    """Return the innermost folder that holds everything."""
    while True:
        inside = [path for path in folder.iterdir() if path.name != "__MACOSX"]
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        folder = inside[0]
