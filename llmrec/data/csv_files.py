"""CSV files as raw tables; whatever is wrong with one is said with its row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import polars as pl

from llmrec.data.files import LOST, read_bytes, refuse_encoding, refuse_line_ends
from llmrec.data.raw import RawTable, shown
from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llmrec.data.options import ImportOptions


_STAND_IN = b"\x1f"  # the unit separator, which no published file has in its text


def read_csv(
    path: Path,
    options: ImportOptions,
    *,
    names: Sequence[str] | None = None,
    quote: str | None = '"',
) -> RawTable:
    """Read delimited text; every cell stays text, an empty one is null, blank lines are skipped.

    Args:
        path: The file; ``.gz`` and ``.zst`` are unpacked.
        options: Its separator and encoding.
        names: Column names of a file without a header.
        quote: What encloses fields that contain the separator; None for files without quoting,
            which may have a separator of several characters.

    Raises:
        DataError: Missing, empty, in another encoding, a column name twice, or rows of unequal
            length.
    """
    data = read_bytes(path, options.encoding)
    separator = options.separator or ("\t" if ".tsv" in path.suffixes else ",")
    if len(separator) > 1 and quote is None:
        data, separator = data.replace(separator.encode(), _STAND_IN), _STAND_IN.decode()
    if len(separator.encode()) != 1:
        raise ConfigError(f"separator: {separator!r} is not a single character")
    dialect = _Dialect(path, data, separator, quote, names)
    try:
        frame = pl.read_csv(
            data,
            has_header=names is None,
            new_columns=list(names) if names else None,
            infer_schema=False,
            separator=separator,
            quote_char=quote,
        )
    except pl.exceptions.PolarsError as error:
        dialect.explain(error)
    if names is not None and frame.width != len(names):
        raise DataError(
            f"has {frame.width} fields a row, not the {len(names)} of the published file", path=path
        )
    blank = dialect.blank_rows(frame)
    table = RawTable.of(path, frame)
    if blank:
        keep = pl.Series([n not in blank for n in range(1, frame.height + 1)])
        table = table.keep(keep)
    return table


class _Dialect:
    """The slow second reading of a CSV file that finds the row of a fault."""

    def __init__(
        self,
        path: Path,
        data: bytes,
        separator: str,
        quote: str | None,
        names: Sequence[str] | None,
    ) -> None:
        self.path, self.data, self.separator, self.quote = path, data, separator, quote
        if not data.strip():
            raise DataError("is empty", path=path)
        self.has_header = names is None
        self.names = list(names) if names else self._header()

    def _header(self) -> list[str]:
        try:
            names = next(self._records(strict=False), [])
        except UnicodeDecodeError:
            text = self.data.split(b"\n", 1)[0].decode(errors="replace")
            raise DataError(
                f"the header is not UTF-8 (unreadable at {LOST} in {shown(text)})",
                path=self.path,
                remedy="Say which encoding it is, e.g. encoding='latin-1' (--encoding latin-1).",
            ) from None
        except csv.Error as error:
            self._refuse_line_ends(error)
            raise DataError(f"the header cannot be read: {error}", path=self.path) from error
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise DataError(
                "the header has this name twice",
                path=self.path,
                column=twice[0],
                remedy="Rename one of the two columns.",
            )
        return names

    def _records(self, *, strict: bool, errors: str = "strict") -> Iterator[list[str]]:
        lines = (line.decode(errors=errors) for line in io.BytesIO(self.data))
        if self.quote is None:
            return csv.reader(lines, delimiter=self.separator, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.separator, quotechar=self.quote, strict=strict)

    def _rows(self, *, strict: bool, errors: str = "strict") -> Iterator[tuple[int, list[str]]]:
        records = self._records(strict=strict, errors=errors)
        if self.has_header:
            next(records, None)
        return enumerate(records, start=1)

    def explain(self, error: pl.exceptions.PolarsError) -> NoReturn:
        """Raise a DataError that says where the file is at fault."""
        row = 0
        try:
            for row, record in self._rows(strict=True):
                self._check_length(row, record)
        except UnicodeDecodeError:
            self._blame_cell(row + 1)
        except csv.Error as fault:
            self._refuse_line_ends(fault, row=row + 1)
            raise DataError(
                f"cannot be read from here on: {fault}",
                path=self.path,
                row=row + 1,
                remedy='A " that opens a field must close it; inside a field write "".',
            ) from error
        reason = str(error).partition("\n")[0]
        raise DataError(f"cannot be read: {reason}", path=self.path) from error

    def _blame_cell(self, row: int) -> NoReturn:
        """Blame the cell of this row that is not UTF-8."""
        for number, record in self._rows(strict=False, errors="replace"):
            if number == row:
                place = next((n for n, cell in enumerate(record) if LOST in cell), 0)
                column = self.names[place] if place < len(self.names) else None
                refuse_encoding(self.path, row=row, column=column, text=record[place])
        refuse_encoding(self.path, row=row, column=None, text="")

    def _check_length(self, row: int, record: list[str]) -> None:
        if record and len(record) != len(self.names):
            origin = "header" if self.has_header else "published file"
            too_many = self.quote is not None and len(record) > len(self.names)
            raise DataError(
                f"the row has {len(record)} fields, not the {len(self.names)} of the {origin} "
                f"(it ends in {shown(record[-1])})",
                path=self.path,
                row=row,
                remedy=f"Enclose fields that contain {self.separator!r} in quotation marks."
                if too_many
                else "Was the file cut off, or was it edited?",
            )

    def blank_rows(self, frame: pl.DataFrame) -> frozenset[int]:
        """Return the numbers of rows that are blank lines; refuse rows that are too short.

        Polars fills both with nulls, so only a null in the last column makes a second look
        necessary.
        """
        if not frame.height or not frame[:, -1].null_count():
            return frozenset()
        blank, row = set(), 0
        try:
            for row, record in self._rows(strict=False):
                self._check_length(row, record)
                if not record:
                    blank.add(row)
        except csv.Error as error:
            self._refuse_line_ends(error, row=row + 1)
            raise DataError(f"cannot be read: {error}", path=self.path) from error
        return frozenset(blank)

    def _refuse_line_ends(self, error: csv.Error, *, row: int | None = None) -> None:
        """Say plainly what the csv module means by a new-line character in a field."""
        if "new-line" in str(error):
            refuse_line_ends(self.path, row=row)
