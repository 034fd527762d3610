"""The slow second reading of a CSV file, which finds the row of a fault."""

from __future__ import annotations

import contextlib
import csv
import itertools
import sys
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import polars as pl

from llmrec.data.files import LOST, refuse_encoding, refuse_line_ends
from llmrec.data.raw import other_separator, separated_by, shown
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class Dialect:
    """How a CSV file is written, and its records one by one.

    Args:
        path: The file, for messages.
        opened: Opens its text in UTF-8, as often as it is asked.
        separator: One character.
        quote: What encloses fields that contain the separator; None where nothing does.
        names: Column names of a file without a header.

    Raises:
        DataError: Empty, or a header that is not UTF-8 or has a name twice.
    """

    def __init__(
        self,
        path: Path,
        opened: Callable[[], BinaryIO],
        separator: str,
        *,
        quote: str | None = '"',
        names: Sequence[str] | None = None,
    ) -> None:
        self.path, self.opened, self.separator, self.quote = path, opened, separator, quote
        with opened() as lines:
            if not any(line.strip() for line in lines):
                raise DataError("is empty", path=path)
        self.has_header = names is None
        self.names = list(names) if names else self._header()

    def explain(self, error: pl.exceptions.PolarsError) -> NoReturn:
        """Raise a DataError that says where the file is at fault."""
        self.refuse_faults()
        reason = str(error).partition("\n")[0]
        raise DataError(f"cannot be read: {reason}", path=self.path) from error

    def refuse_faults(self) -> None:
        """Raise a DataError for the first row at fault, if there is one."""
        for _ in self._checked():
            pass

    def first_rows(self, n_rows: int) -> pl.DataFrame:
        """Return the first rows as texts, empty cells as null, without blank lines.

        Raises:
            DataError: One of them is at fault.
        """
        records = itertools.islice(filter(None, self._checked()), n_rows)
        rows = [[cell or None for cell in record] for record in records]
        return pl.DataFrame(rows, schema=dict.fromkeys(self.names, pl.String), orient="row")

    def _checked(self) -> Iterator[list[str]]:
        """Yield the rows; raise a DataError where one is at fault."""
        row = 0
        try:
            for row, record in self._rows(strict=True):
                self._check_length(row, record)
                yield record
        except UnicodeDecodeError:
            self._blame_cell(row + 1)
        except csv.Error as fault:
            self._refuse_line_ends(fault, row=row + 1)
            raise DataError(
                f"cannot be read from here on: {fault}",
                path=self.path,
                row=row + 1,
                remedy='A " that opens a field must close it; inside a field write "".',
            ) from fault

    def blank_rows(self) -> pl.Series:
        """Return the numbers of rows that are blank lines (int64); refuse rows that are too short.

        Polars fills both with nulls, so only a null in the last column makes this look necessary.
        """
        blank, row = [], 0
        try:
            for row, record in self._rows(strict=False):
                self._check_length(row, record)
                if not record:
                    blank.append(row)
        except csv.Error as error:
            self._refuse_line_ends(error, row=row + 1)
            raise DataError(f"cannot be read: {error}", path=self.path) from error
        return pl.Series(blank, dtype=pl.Int64)

    def _header(self) -> list[str]:
        try:
            names = next(filter(None, self._records(strict=False)), [])
        except UnicodeDecodeError:
            with self.opened() as lines:
                text = lines.readline().decode(errors="replace")
            raise DataError(
                f"the header is not UTF-8 (unreadable at {LOST} in {shown(text)})",
                path=self.path,
                remedy="Say which encoding it is, e.g. encoding='latin-1' (--encoding latin-1).",
            ) from None
        except csv.Error as error:
            self._refuse_line_ends(error)
            raise DataError(f"the header cannot be read: {error}", path=self.path) from error
        self._refuse_no_header(names)
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise DataError(
                "the header has this name twice",
                path=self.path,
                column=twice[0],
                remedy="Rename one of the two columns.",
            )
        return names

    def _refuse_no_header(self, names: list[str]) -> None:
        """Refuse a first line that has no names of columns in it."""
        if any("\0" in name for name in names):
            raise DataError(
                f"the header holds NUL characters: {shown(names[0])}",
                path=self.path,
                remedy="It may be UTF-16 without its mark: --encoding utf-16-le (or utf-16-be).",
            )
        if names[0].lower().startswith("sep="):
            raise DataError(
                f"the first line, {shown(names[0])}, is a note to Excel and no header",
                path=self.path,
                remedy="Remove this line, and name what follows 'sep=' with --separator.",
            )

    def _records(self, *, strict: bool, errors: str = "strict") -> Iterator[list[str]]:
        with self.opened() as stream, _fields_of_any_length():
            lines = (line.decode(errors=errors) for line in stream)
            yield from csv.reader(
                lines,
                delimiter=self.separator,
                quotechar=self.quote,
                quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
                strict=strict and self.quote is not None,
            )

    def _rows(self, *, strict: bool, errors: str = "strict") -> Iterator[tuple[int, list[str]]]:
        records = self._records(strict=strict, errors=errors)
        if self.has_header:
            next(filter(None, records), None)
        return enumerate(records, start=1)

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
                remedy=self._remedy_of_many()
                if too_many
                else "Was the file cut off, or was it edited?",
            )

    def _remedy_of_many(self) -> str:
        if len(self.names) > 1:
            return f"Enclose fields that contain {self.separator!r} in quotation marks."
        if (other := other_separator(self.names[0])) is not None:
            return separated_by(other)
        return f"Is {shown(self.names[0])} the header? Remove what stands before it."

    def _refuse_line_ends(self, error: csv.Error, *, row: int | None = None) -> None:
        """Say plainly what the csv module means by a new-line character in a field."""
        if "new-line" in str(error):
            refuse_line_ends(self.path, row=row)


@contextlib.contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit for a while: a long review is no fault."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
