"""Files of any size as lazy rows: read when they are needed, a part at a time."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.csv_dialect import Dialect
from llmrec.data.csv_files import separator_of
from llmrec.data.decoding import first_bytes, plain_file, require_file
from llmrec.data.files import refuse_parquet
from llmrec.data.jsonl_files import jsonl_tables
from llmrec.data.raw import RawTable, shown
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmrec.data.options import ImportOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The rows of one file; blank lines of a CSV file are among them, as rows of nulls."""

    path: Path
    rows: pl.LazyFrame
    """The wanted columns, as far as the file has them."""
    n_rows: int
    columns: tuple[str, ...]
    """All columns of the file."""
    blank: pl.Series
    """Numbers of the rows that are blank lines, from 1, int64."""
    refuse_faults: Callable[[], None]
    """Raises a DataError for the first row that cannot be read, if there is one."""

    @property
    def header(self) -> RawTable:
        """A table of the file's columns without rows, for what judges columns alone."""
        return RawTable(path=self.path, frame=pl.DataFrame(schema=dict.fromkeys(self.columns)))


def stream(
    path: Path, options: ImportOptions, log_format: str, wanted: Sequence[str], folder: Path
) -> Stream:
    """Open a file.

    Args:
        path: The file.
        options: Separator and encoding of a text file.
        log_format: ``csv``, ``jsonl`` or ``parquet``.
        wanted: The columns that will be read.
        folder: Where a copy is made of what cannot be read from the file as it lies.

    Raises:
        DataError: Missing, damaged, empty, in another encoding, or wrong in one of its rows as far
            as they have been looked at.
    """
    return _OPENED[log_format](path, options, wanted, folder)


def first_rows(path: Path, options: ImportOptions, log_format: str, n_rows: int) -> RawTable:
    """Return the first rows of a file of any size, as the readers of whole files do.

    Raises:
        DataError: Missing, damaged, empty, in another encoding, or wrong in one of these rows.
    """
    if log_format == "jsonl":
        frame = next(jsonl_tables(path, options)).head(n_rows)
    elif log_format == "csv":
        data = first_bytes(path, options.encoding)
        dialect = Dialect(path, lambda: io.BytesIO(data), separator_of(path, options))
        frame = dialect.first_rows(n_rows)
    else:
        require_file(path)
        try:
            frame = pl.read_parquet(path, glob=False, n_rows=n_rows)
        except (pl.exceptions.PolarsError, OSError) as error:
            refuse_parquet(path, error)
    return RawTable.of(path, frame)


def _csv(path: Path, options: ImportOptions, wanted: Sequence[str], folder: Path) -> Stream:
    plain = plain_file(path, options.encoding, folder)
    separator = separator_of(path, options)
    dialect = Dialect(path, lambda: plain.open("rb"), separator)
    rows = pl.scan_csv(plain, infer_schema=False, separator=separator, glob=False)
    try:
        columns = rows.collect_schema().names()
        counts = rows.select(n=pl.len(), gaps=pl.col(columns[-1]).null_count())
        n_rows, gaps = counts.collect(engine="streaming").row(0)
    except pl.exceptions.PolarsError as error:
        dialect.explain(error)
    return Stream(
        path=path,
        rows=rows.select(name for name in wanted if name in columns),
        n_rows=n_rows,
        columns=tuple(columns),
        blank=dialect.blank_rows() if gaps else pl.Series(dtype=pl.Int64),
        refuse_faults=dialect.refuse_faults,
    )


def _parquet(path: Path, options: ImportOptions, wanted: Sequence[str], folder: Path) -> Stream:
    del options, folder
    require_file(path)
    try:
        rows = pl.scan_parquet(path, glob=False)
        columns = rows.collect_schema().names()
        n_rows = rows.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        refuse_parquet(path, error)
    return Stream(
        path=path,
        rows=rows.select(name for name in wanted if name in columns),
        n_rows=n_rows,
        columns=tuple(columns),
        blank=pl.Series(dtype=pl.Int64),
        refuse_faults=lambda: None,
    )


def _jsonl(path: Path, options: ImportOptions, wanted: Sequence[str], folder: Path) -> Stream:
    folder.mkdir(parents=True, exist_ok=True)
    tables, columns, n_rows = [], dict[str, bool | None](), 0
    for table in jsonl_tables(path, options):
        _refuse_mixed(path, table, columns, n_before=n_rows)
        copy = folder / f"{len(list(folder.iterdir())):06}"
        absent = (pl.lit(None).alias(name) for name in wanted if name not in table.columns)
        table.with_columns(absent).select(wanted).write_ipc(copy)
        tables.append(pl.scan_ipc(copy))
        n_rows += table.height
    return Stream(
        path=path,
        rows=pl.concat(tables, how="vertical_relaxed"),
        n_rows=n_rows,
        columns=tuple(columns),
        blank=pl.Series(dtype=pl.Int64),
        refuse_faults=lambda: None,
    )


def _refuse_mixed(
    path: Path, table: pl.DataFrame, columns: dict[str, bool | None], *, n_before: int
) -> None:
    """Refuse a column that holds lists here and plain values before, or the reverse.

    Args:
        path: The file.
        table: Rows of it.
        columns: Name -> whether it holds lists or objects; None where only nulls were seen. What
            the table tells is added.
        n_before: How many rows came before.
    """
    for name, dtype in table.schema.items():
        nested = None if dtype == pl.Null else dtype.is_nested()
        known = columns.setdefault(name, nested)
        if known is None:
            columns[name] = nested
        elif nested not in (None, known):
            row = int(table[name].is_not_null().arg_max() or 0)
            raise DataError(
                f"this row has the value {shown(table[name][row])}, rows before have "
                f"{'lists or objects' if known else 'plain values'}",
                path=path,
                row=n_before + row + 1,
                column=name,
                remedy="Write a list in every row, or in none.",
            )


_OPENED: dict[str, Callable[[Path, ImportOptions, Sequence[str], Path], Stream]] = {
    "csv": _csv,
    "parquet": _parquet,
    "jsonl": _jsonl,
}
