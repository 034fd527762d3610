"""Files of one record a line, in JSON or as Python writes it; only the fields asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.decoding import read_bytes
from llmrec.data.literals import literal
from llmrec.data.raw import RawTable, shown
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read_records(path: Path, fields: Mapping[str, Any]) -> RawTable:
    """Read records; further fields are passed over, whatever they hold.

    Args:
        path: The file; ``.gz`` and ``.zst`` are unpacked.
        fields: Name -> Polars type. A value of another type becomes null, except that numbers and
            lists in a text field become their text.

    Raises:
        DataError: Missing, empty, or a line that is no record.
    """
    data = read_bytes(path, "utf-8")
    if not data.strip():
        raise DataError("is empty", path=path)
    schema = pl.Schema(dict(fields))
    try:
        frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
    except pl.exceptions.PolarsError:
        frame = _line_by_line(path, data, schema)
    return RawTable.of(path, frame)


def first(folder: Path, pattern: str) -> Path | None:
    """Return the first file of a folder, by name, that matches."""
    return min((path for path in folder.glob(pattern) if path.is_file()), default=None)


def found(folder: Path, *patterns: str) -> Path:
    """Return the first file that matches one of the patterns.

    Raises:
        DataError: None does.
    """
    path = next((path for one in patterns if (path := first(folder, one))), None)
    if path is None:
        raise DataError(
            f"holds no {' or '.join(patterns)}",
            path=folder,
            remedy="Name the folder with the files as published.",
        )
    return path


def prices(texts: pl.Series) -> pl.Series:
    """Return ``(n_rows,)`` float64: the first number of each text, such as 12.99 of ``$12.99``."""
    plain = texts.str.replace_all(",", "", literal=True)
    return plain.str.extract(r"(\d+(?:\.\d+)?)").cast(pl.Float64, strict=False)


def _line_by_line(path: Path, data: bytes, schema: pl.Schema) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    lines = (line for line in io.BytesIO(data) if line.strip())
    for row, line in enumerate(lines, start=1):
        record = _record(path, row, line)
        for name, dtype in schema.items():
            columns[name].append(_fitting(record.get(name), dtype))
    return pl.DataFrame(
        [
            pl.Series(name, columns[name], dtype=dtype, strict=False)
            for name, dtype in schema.items()
        ]
    )


def _record(path: Path, row: int, line: bytes) -> dict[str, Any]:
    try:
        record = literal(line.decode("utf-8").strip().rstrip(","))
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise DataError(
            f"the line is no record: {shown(line[:200].decode(errors='replace'))}",
            path=path,
            row=row,
            remedy="Was the file cut off, or is it another one?",
        )
    return record


def _fitting(value: object, dtype: pl.DataType) -> object:
    if isinstance(dtype, pl.List):
        return _texts(value) if isinstance(value, list | tuple) else None
    if dtype == pl.String and value is not None:
        return value if isinstance(value, str) else str(value)
    return None if isinstance(value, list | tuple | dict) else value


def _texts(values: Sequence[object]) -> list[str]:
    """Return the texts of a list, those of lists inside it too, each once."""
    flat: list[str] = []
    for value in values:
        flat += _texts(value) if isinstance(value, list | tuple) else [str(value)]
    return list(dict.fromkeys(flat))
