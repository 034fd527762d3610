"""Logs of many millions of events: dealt out by user on disk, so that one part is in memory.

Users are cut into ranges of their ids at quantiles of a sample. Each part holds all events of its
users in the order of the log, so that cleaning and sorting a part is what it would be in the whole,
and the parts one after the other are the sorted table.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data.cleaning import STRICT, Journal
from llmrec.data.files import format_of
from llmrec.data.mapped import cleaned, ids_as_titles, titled_items
from llmrec.data.raw import ROW, RawTable
from llmrec.data.sources import files_of, read_raw
from llmrec.data.tables import PART_EVENTS, RawLog
from llmrec.data.writing import CLEANING, write_parts
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmrec.data.cleaning import CleaningRules
    from llmrec.data.options import ImportOptions
    from llmrec.types import Item

LARGE_BYTES = {"csv": 100_000_000, "parquet": 50_000_000}
"""Format -> size of the files from which on a log is dealt out."""

_SAMPLE = 200_000  # user ids from which the ranges are taken
_ROLES = ("user", "item", "time", "rating", "event", "quantity", "price", "text", "order")
_TEXT_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_PART = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealtLog:
    """A log whose rows lie in one folder a part."""

    source: Path
    n_rows: int
    starts: tuple[tuple[int, Path], ...]
    """Where the rows of several files begin, as ``RawTable.parts``; empty for one file."""
    folders: tuple[Path, ...]
    """Of the parts, in order of their users."""
    rest: Path
    """An empty folder beside them, for what is made of them."""

    def parts(self) -> Iterator[RawTable]:
        """Yield each part with the columns that are mapped; its files are removed afterwards."""
        for folder in self.folders:
            files = sorted(folder.iterdir())
            frame = pl.concat([pl.read_ipc(file) for file in files])
            if not frame[ROW].is_sorted():
                frame = frame.sort(ROW)
            yield RawTable(path=self.source, frame=frame, parts=self.starts)
            for file in files:
                file.unlink()


def is_large(source: Path, options: ImportOptions, log_format: str) -> bool:
    """Return whether a log is worth dealing out, and of a form that can be."""
    if log_format not in LARGE_BYTES or options.users is not None:
        return False
    files = files_of(source)
    if not all(file.is_file() for file in files):
        return False
    if sum(file.stat().st_size for file in files) < LARGE_BYTES[log_format]:
        return False
    return log_format == "parquet" or _is_plain(files, options)


def deal(source: Path, options: ImportOptions, log_format: str, folder: Path) -> DealtLog | None:
    """Write a log's rows into one folder a part, streamed.

    Args:
        source: A file, or a pattern of files.
        options: The column mapping.
        log_format: ``csv`` or ``parquet``.
        folder: An empty folder on a disk with room for the mapped columns, twice.

    Returns:
        None where something is wrong with the files, or their lines are of unequal length: the
        reader that has all in memory says what and where, or finds that it is in order.
    """
    files = files_of(source)
    try:
        scans = [_scan(file, options, log_format) for file in files]
        names = _mapped(scans, options)
        if names is None:
            return None
        heights = [_height(scan, log_format) for scan in scans]
        rows = [height for height in heights if height]
        if len(rows) < len(files):
            return None
        lazy = pl.concat(scans).select(names).with_row_index(ROW, offset=1)
        _deal_out(lazy, options.user, sum(rows), folder / "dealt")
    except pl.exceptions.PolarsError:
        return None
    starts = tuple(zip(itertools.accumulate(rows[:-1], initial=1), files, strict=True))
    (folder / "sorted").mkdir()
    parts = sorted((folder / "dealt").iterdir(), key=lambda part: int(part.name.partition("=")[2]))
    return DealtLog(
        source=source,
        n_rows=sum(rows),
        starts=starts if len(files) > 1 else (),
        folders=tuple(parts),
        rest=folder / "sorted",
    )


def write_dealt(
    dealt: DealtLog,
    out: Path,
    log_format: str,
    options: ImportOptions,
    rules: CleaningRules,
    *,
    made_from: Mapping[str, Any],
) -> None:
    """Clean a dealt log part by part and write it as a dataset.

    Raises:
        DataError: Any fault in the input, with file, row, column, value and remedy.
        ArtifactError: Nothing can be written there, or something else stands there.
    """
    listed = None
    if options.items is not None:
        file_format = format_of(options.items) or log_format
        listed = read_raw(options.items, options, file_format=file_format)
    journal = Journal(read=dealt.n_rows)
    items: tuple[Item, ...] | None = None

    def parts() -> Iterator[pl.DataFrame]:
        nonlocal items
        for part in track(dealt.parts(), "Cleaning and sorting", total=len(dealt.folders)):
            log = RawLog(
                events=part, items=listed, options=options, items_path=options.items, sources={}
            )
            if items is None:
                items = titled_items(log, rules, journal)
            yield cleaned(log, items, rules, journal)

    write_parts(
        out,
        parts(),
        items=lambda used: ids_as_titles(dealt.source, used) if items is None else items,
        made_from=made_from,
        metrics=lambda: {} if rules == STRICT else {CLEANING: journal.as_json()},
        folder=dealt.rest,
    )


def _is_plain(files: Sequence[Path], options: ImportOptions) -> bool:
    """Return whether CSV files are UTF-8 as they lie, without a mark in front."""
    for file in files:
        with file.open("rb") as stream:
            marked = stream.read(3).startswith(_TEXT_MARKS)
        if marked or file.suffix.lower() in {".gz", ".zst"}:
            return False
    return options.encoding.lower().replace("_", "-") in {"utf-8", "utf8"}


def _scan(file: Path, options: ImportOptions, log_format: str) -> pl.LazyFrame:
    if log_format == "parquet":
        return pl.scan_parquet(file, glob=False)
    separator = options.separator or ("\t" if ".tsv" in file.suffixes else ",")
    return pl.scan_csv(file, infer_schema=False, separator=separator, glob=False)


def _mapped(scans: Sequence[pl.LazyFrame], options: ImportOptions) -> list[str] | None:
    """Return the columns that are mapped; None where one is missing, doubled or of odd type."""
    schemas = [scan.collect_schema() for scan in scans]
    roles = [getattr(options, role) for role in (*_ROLES, "sequence")]
    names = list(dict.fromkeys(name for name in roles if name is not None))
    known = schemas[0]
    if any(schema != known for schema in schemas) or any(name not in known for name in names):
        return None
    if ROW in known or any("_duplicated_" in name for name in known):
        return None
    fits = known[options.user] == pl.String or known[options.user].is_integer()
    return names if fits else None


def _height(scan: pl.LazyFrame, log_format: str) -> int | None:
    """Return the number of rows; None where there are none, or a CSV row lacks its last cell."""
    last = scan.collect_schema().names()[-1]
    missing = pl.lit(0) if log_format == "parquet" else pl.col(last).null_count()
    height, gaps = scan.select(n=pl.len(), gaps=missing).collect(engine="streaming").row(0)
    return None if gaps or not height else int(height)


def _deal_out(lazy: pl.LazyFrame, user: str, n_rows: int, folder: Path) -> None:
    user_id = pl.col(user).cast(pl.String).fill_null("")
    every = max(1, n_rows // _SAMPLE)
    sample = lazy.filter(pl.col(ROW) % every == 0).select(user_id).collect(engine="streaming")
    drawn, n_parts = sample.to_series().sort(), -(-n_rows // PART_EVENTS)
    cuts = pl.Series([drawn[len(drawn) * n // n_parts] for n in range(1, n_parts)], dtype=pl.String)
    part = pl.lit(cuts.unique().sort()).search_sorted(user_id, side="right")
    lazy.with_columns(part.alias(_PART)).sink_ipc(
        pl.PartitionBy(folder, key=_PART, include_key=False), compression="lz4", mkdir=True
    )
