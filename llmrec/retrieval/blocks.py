"""Hashes of the blocks of large files, so that damage is found where it lies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BLOCKS_FILE = "blocks.json"
_BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBlocks:
    """A file's size, and the SHA-256 of each block of it."""

    n_bytes: int
    block_bytes: int
    sha256: tuple[str, ...]

    def check_size(self, file: Path, remedy: str) -> None:
        """Refuse a file that is shorter or longer than it was.

        Raises:
            ArtifactError: It has another size.
        """
        size = file.stat().st_size
        if size != self.n_bytes:
            raise ArtifactError(
                f"{file} is damaged: it has {size:,} bytes, not {self.n_bytes:,}", remedy=remedy
            )

    def check(self, file: Path, remedy: str, *, first_only: bool = False) -> None:
        """Read a file and compare its blocks.

        Args:
            file: Which.
            remedy: What the error tells the reader to do.
            first_only: Read the first block alone, where a file says what it is.

        Raises:
            ArtifactError: It has another size, or a block is not what it was.
        """
        self.check_size(file, remedy)
        for number, digest in enumerate(_digests(file, self.block_bytes)):
            if digest != self.sha256[number]:
                first = number * self.block_bytes
                raise ArtifactError(
                    f"{file} is damaged between bytes {first:,} and "
                    f"{min(first + self.block_bytes, self.n_bytes):,}",
                    remedy=remedy,
                )
            if first_only:
                return


def write_blocks(folder: Path, names: Sequence[str]) -> None:
    """Hash the blocks of some files and write them beside those."""
    table = {
        name: {
            "n_bytes": (folder / name).stat().st_size,
            "block_bytes": _BLOCK_BYTES,
            "sha256": list(_digests(folder / name, _BLOCK_BYTES)),
        }
        for name in names
    }
    (folder / BLOCKS_FILE).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def read_blocks(folder: Path, remedy: str) -> dict[str, FileBlocks]:
    """Read the hashes of the blocks of every file that has some.

    Raises:
        ArtifactError: They cannot be read.
    """
    file = folder / BLOCKS_FILE
    try:
        table: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return {
            name: FileBlocks(
                n_bytes=entry["n_bytes"],
                block_bytes=entry["block_bytes"],
                sha256=tuple(entry["sha256"]),
            )
            for name, entry in table.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=remedy) from error


def _digests(file: Path, block_bytes: int) -> Iterator[str]:
    with file.open("rb") as stream:
        while block := stream.read(block_bytes):
            yield hashlib.sha256(block).hexdigest()
