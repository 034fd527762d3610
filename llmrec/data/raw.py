"""A table as its file has it, with row numbers, so that every fault can be placed."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

ROW = "__row__"
"""Row number, from 1, not counting the header."""

_SHOWN = 80  # characters of a faulty value that a message repeats
_SEARCHED = 20_000  # known words among which a near one is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Rows as read: text columns for CSV, typed ones for Parquet and JSONL, plus ``ROW``."""

    path: Path | None
    frame: pl.DataFrame
    parts: tuple[tuple[int, Path], ...] = ()
    """Where the rows of several files begin: (value of ``ROW``, file), in order."""

    @classmethod
    def of(cls, path: Path | None, frame: pl.DataFrame) -> RawTable:
        """Number the rows; a table without any is refused.

        Raises:
            DataError: No rows, or a column has the name that is reserved for row numbers.
        """
        if ROW in frame.columns:
            raise DataError("this column name is reserved", path=path, column=ROW)
        if frame.is_empty():
            raise DataError(
                "holds 0 rows", path=path, remedy="Is this the right file, and was it written out?"
            )
        return cls(path=path, frame=frame.with_row_index(ROW, offset=1))

    @classmethod
    def joined(cls, tables: Sequence[RawTable], *, path: Path) -> RawTable:
        """Return several files of the same columns as one table; rows keep their file.

        Raises:
            DataError: A file lacks a column that the first one has, has one more, or a column's
                types do not go together.
        """
        first = tables[0]
        if len(tables) == 1:
            return first
        for table in tables[1:]:
            refuse_other_columns(first, table)
        frames = [table.frame.drop(ROW).select(first.columns) for table in tables]
        try:
            frame = pl.concat(frames, how="vertical_relaxed")
        except pl.exceptions.PolarsError as error:
            raise DataError(f"the files' types do not go together: {error}", path=path) from error
        starts = itertools.accumulate((one.height for one in frames[:-1]), initial=1)
        files = (table.path for table in tables)
        parts = tuple((start, file) for start, file in zip(starts, files, strict=True) if file)
        return cls(path=path, frame=cls.of(path, frame).frame, parts=parts)

    def keep(self, rows: pl.Series) -> RawTable:
        """Return the rows where ``(n_rows,)`` bool is true; they keep their numbers."""
        return dataclasses.replace(self, frame=self.frame.filter(rows))

    def with_columns(self, *columns: pl.Expr | pl.Series) -> RawTable:
        """Return the table with columns added or replaced."""
        return dataclasses.replace(self, frame=self.frame.with_columns(*columns))

    def place(self, row: int) -> tuple[Path | None, int]:
        """Return the file in which a value of ``ROW`` stands, and its row there, from 1."""
        if not self.parts:
            return self.path, row
        start, file = self.parts[bisect.bisect_right(self.parts, row, key=lambda p: p[0]) - 1]
        return file, row - start + 1

    @property
    def columns(self) -> list[str]:
        """The file's own column names."""
        return [name for name in self.frame.columns if name != ROW]

    def require(self, column: str, *, option: str) -> pl.Series:
        """Return a column.

        Args:
            column: Its name in the file.
            option: The import option that named it, for the remedy.

        Raises:
            DataError: The file has no such column.
        """
        if column in self.columns:
            return self.frame[column]
        flag = f"--{option.replace('_', '-')}"
        remedy = f"{did_you_mean(column, self.columns)} Name the column with {option}= ({flag})."
        if len(self.columns) == 1 and (other := other_separator(self.columns[0])):
            remedy = separated_by(other)
        if all(_is_number(name) for name in self.columns):
            remedy = "Its first line seems to hold values: put a line of column names before it."
        raise DataError("the file has no such column", path=self.path, column=column, remedy=remedy)

    def refuse(
        self,
        bad: pl.Series,
        message: str,
        *,
        column: str,
        remedy: str | Callable[[Any], str] | None = None,
    ) -> None:
        """Raise on the first row that is bad.

        Args:
            bad: ``(n_rows,)`` bool; null counts as not bad.
            message: ``{value}`` in it stands for the cell's value.
            column: The column to blame.
            remedy: What to do, or a function from the value to it.

        Raises:
            DataError: With file, row, column, value and remedy, where any row is bad.
        """
        count = int(bad.sum() or 0)
        if not count:
            return
        first = int(bad.fill_null(value=False).arg_max() or 0)
        value = self.frame[column][first]
        text = message.replace("{value}", shown(value))
        if count > 1:
            text += f" (and {count - 1:,} more row{'s' if count > 2 else ''} like it)"
        path, row = self.place(int(self.frame[ROW][first]))
        raise DataError(
            text,
            path=path,
            row=row,
            column=column,
            remedy=remedy(value) if callable(remedy) else remedy,
        )


def shown(value: object) -> str:
    """Return a value as messages show it: as Python writes it, and not too long."""
    if isinstance(value, date):  # datetimes included
        text = value.isoformat()
    else:
        text = repr(value.to_list() if isinstance(value, pl.Series) else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def near(word: str, known: Iterable[str]) -> str:
    """Return ``did_you_mean``, looking only at words of the same beginning where they are many."""
    words = list(known)
    if len(words) > _SEARCHED:
        words = [one for one in words if one[:2] == word[:2]][:_SEARCHED]
    return did_you_mean(word, words)


def refuse_other_columns(first: RawTable, table: RawTable) -> None:
    """Refuse a file whose columns are not those of the first file."""
    for name in first.columns:
        if name not in table.columns:
            raise DataError(
                f"this column of {first.path} is missing here",
                path=table.path,
                column=name,
                remedy="Import files of other columns by themselves.",
            )
    for name in table.columns:
        if name not in first.columns:
            raise DataError(
                f"{first.path} has no such column",
                path=table.path,
                column=name,
                remedy="Import files of other columns by themselves.",
            )


def other_separator(header: str) -> str | None:
    """Return what seems to separate names that were read as one; None where nothing does."""
    return next((mark for mark in (";", "\t", "|", "::", ",") if mark in header), None)


def separated_by(mark: str) -> str:
    """Return what to do about a file whose fields seem to be separated by this."""
    return f"The fields seem to be separated by {mark!r}: say separator= (--separator {mark!r})."


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).isdigit()
