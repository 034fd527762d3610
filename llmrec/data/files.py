"""Files as raw tables: what is common, and the readers of Parquet and JSONL."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from llmrec.data.raw import RawTable, shown
from llmrec.errors import ConfigError, DataError, did_you_mean, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llmrec.data.options import ImportOptions

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
"""File ending (without .gz or .zst) -> format."""

LOST = "\N{REPLACEMENT CHARACTER}"


def format_of(path: Path) -> str | None:
    """Return the format that a file's ending names, else None."""
    stem = path.with_suffix("") if path.suffix.lower() in _UNPACK else path
    return FORMATS.get(stem.suffix.lower())


def require_file(path: Path) -> None:
    """Refuse what is not an existing file.

    Raises:
        DataError: Missing (with the nearest name beside it), or a folder.
    """
    if path.is_dir():
        raise DataError("is a folder, but a file is expected here", path=path)
    if path.is_file():
        return
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(
        "does not exist", path=path, remedy=did_you_mean(path.name, sorted(beside)) or None
    )


def read_parquet(path: Path, options: ImportOptions) -> RawTable:
    """Read a Parquet file with its types.

    Raises:
        DataError: Missing, or not Parquet.
    """
    del options
    require_file(path)
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"is not a readable Parquet file: {error}", path=path) from error
    return RawTable.of(path, frame)


def read_jsonl(path: Path, options: ImportOptions) -> RawTable:
    """Read one JSON object a line; blank lines are skipped and not counted.

    Raises:
        DataError: Missing, empty, in another encoding, not JSON, or of clashing types.
    """
    data = read_bytes(path, options.encoding)
    if not data.strip():
        raise DataError("is empty", path=path)
    try:
        frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        _refuse_jsonl(path, data, error)
    _refuse_mixed(path, data, frame)
    _refuse_repeated_keys(path, data, frame)
    return RawTable.of(path, frame)


def _unpack_zstd(data: bytes) -> bytes:
    """Unpack all frames of a .zst file.

    Raises:
        EOFError: The data are damaged, or end within a frame.
        MissingExtraError: The library is not installed.
    """
    zstandard = require("zstandard", "logs")
    parts = []
    while data:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            parts.append(frame.decompress(data))
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        if not frame.eof:
            raise EOFError("the zstd data end before their end mark")
        data = frame.unused_data
    return b"".join(parts)


_UNPACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".zst": _unpack_zstd}


def read_bytes(path: Path, encoding: str) -> bytes:
    """Return the file as UTF-8, unpacked; what is not UTF-8 though it should be stays as it is."""
    require_file(path)
    try:
        data = path.read_bytes()
        data = unpack(data) if (unpack := _UNPACK.get(path.suffix.lower())) else data
        if encoding.lower().replace("_", "-") not in {"utf-8", "utf8"}:
            data = data.decode(encoding).encode()
    except LookupError:
        raise ConfigError(f"encoding: {encoding!r} is not a known encoding") from None
    except UnicodeDecodeError as error:
        raise DataError(f"is not {encoding}: {error}", path=path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot be read: {error}",
            path=path,
            remedy="Was the file cut off? Fetch it again." if path.suffix in _UNPACK else None,
        ) from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            "is UTF-16, not UTF-8", path=path, remedy="Say encoding='utf-16' (--encoding utf-16)."
        )
    return data.removeprefix(b"\xef\xbb\xbf")


def refuse_encoding(path: Path, *, row: int, column: str | None, text: str) -> NoReturn:
    """Raise the error for text that is not UTF-8; ``text`` has ``LOST`` where it is not."""
    raise DataError(
        f"the text is not UTF-8 (unreadable at {LOST} in {shown(text)})",
        path=path,
        row=row,
        column=column,
        remedy="Say which encoding it is, e.g. encoding='latin-1' (--encoding latin-1).",
    )


def refuse_line_ends(path: Path, *, row: int | None = None) -> NoReturn:
    """Raise the error for lines that end in a carriage return alone."""
    raise DataError(
        "lines end in a carriage return (CR) alone, as on old Macs",
        path=path,
        row=row,
        remedy="Convert them: tr '\\r' '\\n' < FILE > NEW, or save the file with Unix line ends.",
    )


def _refuse_jsonl(path: Path, data: bytes, error: Exception) -> NoReturn:
    """Raise a DataError that names the first line which is not a JSON object in UTF-8."""
    for row, line in _lines(data):
        try:
            value = json.loads(line.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            refuse_encoding(path, row=row, column=None, text=line.decode(errors="replace"))
        except ValueError as fault:
            if b"\r" in line.rstrip(b"\r\n"):
                refuse_line_ends(path, row=row)
            raise DataError(
                f"the line is not JSON ({fault}): {shown(line.decode())}", path=path, row=row
            ) from None
        if not isinstance(value, dict):
            raise DataError(
                f"the line is a JSON {type(value).__name__}, not an object: {shown(value)}",
                path=path,
                row=row,
                remedy='Write one object a line: {"user_id": ..., "item_id": ...}.',
            )
    raise DataError(f"cannot be read: {error}", path=path) from error


def _refuse_mixed(path: Path, data: bytes, frame: pl.DataFrame) -> None:
    """Refuse columns that hold text in one row and a list or object in another.

    Polars would turn the latter into its JSON text, which nobody meant.
    """
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    suspects = [name for name in texts if frame[name].str.contains(r"^[\[{]").any()]
    if not suspects:
        return
    for row, line in _lines(data):
        record = json.loads(line)
        for name in suspects:
            if isinstance(record.get(name), list | dict):
                raise DataError(
                    f"this row has the value {shown(record[name])}, others have plain text",
                    path=path,
                    row=row,
                    column=name,
                    remedy="Write a list in every row, or in none.",
                )


def _refuse_repeated_keys(path: Path, data: bytes, frame: pl.DataFrame) -> None:
    """Refuse an object that has a key twice: Polars keeps the first value, others the last.

    Counting is quick; only where a key stands more often than there are values are lines parsed.
    """
    keys = ((json.dumps(name, ensure_ascii=False).encode(), name) for name in frame.columns)
    if all(data.count(key) <= frame[name].len() - frame[name].null_count() for key, name in keys):
        return
    for row, line in _lines(data):
        names = json.loads(line, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
        for name, count in Counter(names).items():
            if count > 1:
                raise DataError(
                    "the object has this key twice",
                    path=path,
                    row=row,
                    column=name,
                    remedy="Keep one of the two values.",
                )


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    lines = (line for line in io.BytesIO(data) if line.strip())
    return enumerate(lines, start=1)


def _refuse_constant(name: str) -> Any:  # noqa: ANN401
    raise ValueError(f"{name} is not a JSON value")
