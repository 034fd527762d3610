"""CSV files as raw tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.csv_dialect import Dialect
from llmrec.data.decoding import read_bytes
from llmrec.data.raw import ROW, RawTable
from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    if options.separator and len(options.separator) > 1 and quote is None:
        data = data.replace(options.separator.encode(), _STAND_IN)
        options = options.model_copy(update={"separator": _STAND_IN.decode()})
    separator = separator_of(path, options)
    dialect = Dialect(path, lambda: io.BytesIO(data), separator, quote=quote, names=names)
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
    table = RawTable.of(path, frame)
    if frame[:, -1].null_count() and len(blank := dialect.blank_rows()):
        table = table.keep(~table.frame[ROW].is_in(blank.implode()))
    return table


def separator_of(path: Path, options: ImportOptions) -> str:
    """Return what separates the fields: what the options say, else a tab for .tsv and a comma.

    Raises:
        ConfigError: It is not a single ASCII character.
    """
    separator = options.separator or ("\t" if ".tsv" in path.suffixes else ",")
    separator = "\t" if separator == r"\t" else separator  # as it is typed in a shell
    if len(separator.encode()) != 1:
        raise ConfigError(f"separator: {separator!r} is not a single character")
    return separator
