"""Where tables come from: one file, or all files that match a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.data.csv_files import read_csv
from llmrec.data.files import read_parquet
from llmrec.data.jsonl_files import read_jsonl
from llmrec.data.raw import RawTable
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.data.options import ImportOptions

RAW_READERS: dict[str, Callable[[Path, ImportOptions], RawTable]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "jsonl": read_jsonl,
}
"""Format -> the reader of one file."""


def read_raw(source: Path, options: ImportOptions, *, file_format: str) -> RawTable:
    """Read a file, or all files that match a pattern as one table.

    Args:
        source: A path, or a pattern such as ``logs/2024-*.csv.gz``.
        options: Separator and encoding.
        file_format: A key of ``RAW_READERS``.

    Raises:
        DataError: Nothing matches, the files differ in their columns, or a fault in a file.
    """
    tables = [RAW_READERS[file_format](path, options) for path in files_of(source)]
    return RawTable.joined(tables, path=source)


def files_of(source: Path) -> list[Path]:
    """Return the files that a path or pattern means, in order of their names.

    Raises:
        DataError: No file matches the pattern.
    """
    if not any(mark in str(source) for mark in "*?[") or source.exists():
        return [source]
    root = Path(source.anchor)
    found = sorted(path for path in root.glob(str(source.relative_to(root))) if path.is_file())
    if not found:
        raise DataError("no file matches this pattern", path=source)
    return found
