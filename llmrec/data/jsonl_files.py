"""JSONL as raw tables; whatever is wrong with a line is said with its row."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from llmrec.data.decoding import pieces, read_bytes
from llmrec.data.files import refuse_encoding, refuse_line_ends
from llmrec.data.raw import RawTable, shown
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmrec.data.options import ImportOptions

_TABLE_BYTES = 1 << 26


def read_jsonl(path: Path, options: ImportOptions) -> RawTable:
    """Read one JSON object a line; blank lines are skipped and not counted.

    Raises:
        DataError: Missing, empty, in another encoding, not JSON, or of clashing types.
    """
    data = read_bytes(path, options.encoding)
    if not data.strip():
        raise DataError("is empty", path=path)
    return RawTable.of(path, _Lines(path, data).table())


def jsonl_tables(path: Path, options: ImportOptions) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file of any size in tables, each with the columns that occur in it.

    Raises:
        DataError: As ``read_jsonl`` says.
    """
    n_rows = 0
    for data in _whole_lines(path, options.encoding):
        table = _Lines(path, data, n_before=n_rows).table()
        n_rows += table.height
        yield table
    if not n_rows:
        raise DataError("is empty", path=path)


def _whole_lines(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield a file's content, cut at line ends; never blank."""
    data = bytearray()
    for piece in pieces(path, encoding):
        data += piece
        if len(data) >= _TABLE_BYTES and (end := data.rfind(b"\n") + 1):
            if data[:end].strip():
                yield bytes(data[:end])
            del data[:end]
    if data.strip():
        yield bytes(data)


class _Lines:
    """Lines of a file, and the slow second look that finds the one at fault."""

    def __init__(self, path: Path, data: bytes, *, n_before: int = 0) -> None:
        self.path, self.data, self.n_before = path, data, n_before

    def table(self) -> pl.DataFrame:
        """Return the lines as rows, checked."""
        try:
            frame = pl.read_ndjson(io.BytesIO(self.data), infer_schema_length=None)
        except (pl.exceptions.PolarsError, OSError) as error:
            self._explain(error)
        self._refuse_mixed(frame)
        self._refuse_repeated_keys(frame)
        return frame

    def _rows(self) -> Iterator[tuple[int, bytes]]:
        lines = (line for line in io.BytesIO(self.data) if line.strip())
        return enumerate(lines, start=self.n_before + 1)

    def _explain(self, error: Exception) -> NoReturn:
        """Raise a DataError that names the first line which is not a JSON object in UTF-8."""
        for row, line in self._rows():
            try:
                value = json.loads(line.decode(), parse_constant=_refuse_constant)
            except UnicodeDecodeError:
                refuse_encoding(self.path, row=row, column=None, text=line.decode(errors="replace"))
            except ValueError as fault:
                if row == 1 and line.lstrip().startswith(b"["):
                    self._refuse_array()
                if b"\r" in line.rstrip(b"\r\n"):
                    refuse_line_ends(self.path, row=row)
                raise DataError(
                    f"the line is not JSON ({fault}): {shown(line.decode())}",
                    path=self.path,
                    row=row,
                ) from None
            if row == 1 and isinstance(value, list):
                self._refuse_array()
            if not isinstance(value, dict):
                raise DataError(
                    f"the line is a JSON {type(value).__name__}, not an object: {shown(value)}",
                    path=self.path,
                    row=row,
                    remedy='Write one object a line: {"user_id": ..., "item_id": ...}.',
                )
        raise DataError(f"cannot be read: {error}", path=self.path) from error

    def _refuse_array(self) -> NoReturn:
        raise DataError(
            "is one JSON array, not one object a line",
            path=self.path,
            remedy="Write its objects as lines: jq -c '.[]' FILE > NEW.jsonl",
        )

    def _refuse_mixed(self, frame: pl.DataFrame) -> None:
        """Refuse columns that hold text in one row and a list or object in another.

        Polars would turn the latter into its JSON text, which nobody meant.
        """
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        suspects = [name for name in texts if frame[name].str.contains(r"^[\[{]").any()]
        if not suspects:
            return
        for row, line in self._rows():
            record = json.loads(line)
            for name in suspects:
                if isinstance(record.get(name), list | dict):
                    raise DataError(
                        f"this row has the value {shown(record[name])}, others have plain text",
                        path=self.path,
                        row=row,
                        column=name,
                        remedy="Write a list in every row, or in none.",
                    )

    def _refuse_repeated_keys(self, frame: pl.DataFrame) -> None:
        """Refuse an object that has a key twice: Polars keeps the first value, others the last.

        Counting is quick; only where a key stands more often than there are values are lines
        parsed.
        """
        keys = ((json.dumps(name, ensure_ascii=False).encode(), name) for name in frame.columns)
        counts = ((self.data.count(key), frame[name]) for key, name in keys)
        if all(count <= cells.len() - cells.null_count() for count, cells in counts):
            return
        for row, line in self._rows():
            names = json.loads(line, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
            for name, count in Counter(names).items():
                if count > 1:
                    raise DataError(
                        "the object has this key twice",
                        path=self.path,
                        row=row,
                        column=name,
                        remedy="Keep one of the two values.",
                    )


def _refuse_constant(name: str) -> Any:  # noqa: ANN401
    raise ValueError(f"{name} is not a JSON value")
