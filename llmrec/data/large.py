"""Logs of many millions of events: dealt out by user on disk, so that one part is in memory.

Users are cut into ranges of their ids at quantiles of a sample. Each part holds all events of its
users in the order of the log, so that cleaning and sorting a part is what it would be in the whole,
and the parts one after the other are the sorted table.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.data.cleaning import core_rows
from llmrec.data.decoding import is_packed
from llmrec.data.items import ids_as_titles, titled_items
from llmrec.data.mapped import finished, known_events, warn_early
from llmrec.data.raw import ROW, RawTable, refuse_other_columns
from llmrec.data.sources import files_of
from llmrec.data.streams import stream
from llmrec.data.tables import PART_EVENTS, same_as_before
from llmrec.data.writing import cleaning_metrics, write_parts
from llmrec.errors import DataError
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from llmrec.data.cleaning import CleaningRules, Journal
    from llmrec.data.options import ImportOptions
    from llmrec.data.streams import Stream
    from llmrec.data.tables import RawLog

log = logging.getLogger(__name__)

LARGE_BYTES = {"csv": 100_000_000, "jsonl": 100_000_000, "parquet": 50_000_000}
"""Format -> size of the files from which on a log is dealt out; packed ones count four times."""

_PACKED_TIMES = 4
_MEMORY_TIMES = {"csv": 9, "jsonl": 4, "parquet": 25}  # measured on five million events
_SAMPLE = 200_000  # user ids from which the ranges are taken
_ROLES = ("user", "item", "time", "rating", "event", "quantity", "price", "text", "order")
_PART = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealtLog:
    """A log whose rows lie in one folder a part."""

    table: RawTable
    """The source's columns without rows; it knows in which file a row stands."""
    n_events: int
    folders: tuple[Path, ...]
    """Of the parts, in order of their users."""
    rest: Path
    """A folder beside them, for what is made of them."""

    def parts(self) -> Iterator[RawTable]:
        """Yield each part with the columns that are mapped; its files are removed afterwards."""
        for folder in track(self.folders, "Cleaning and sorting"):
            files = sorted(folder.iterdir())
            frame = pl.concat([pl.read_ipc(file) for file in files])
            if not frame[ROW].is_sorted():
                frame = frame.sort(ROW)
            yield dataclasses.replace(self.table, frame=frame)
            for file in files:
                file.unlink()


def is_large(source: Path, log_format: str) -> bool:
    """Return whether a log is worth dealing out, and of a form that can be."""
    return log_format in LARGE_BYTES and _size(files_of(source)) >= LARGE_BYTES[log_format]


def warn_of_memory(source: Path, log_format: str) -> None:
    """Warn where a file, folder or pattern is large and yet is read in one piece.

    Args:
        source: What is read.
        log_format: Its format; what is no key of ``LARGE_BYTES`` is taken for text like CSV.
    """
    kind = log_format if log_format in LARGE_BYTES else "csv"
    size = _size(source.rglob("*") if source.is_dir() else files_of(source))
    if size >= LARGE_BYTES[kind]:
        log.warning(
            "%s: is read in one piece, which takes about %.1f GB of memory (only the import of "
            "CSV, JSONL and Parquet files, and of MovieLens folders of CSV files, is done part by "
            "part, and not with --append)",
            source,
            size * _MEMORY_TIMES[kind] / 1e9,
        )


def deal(source: Path, options: ImportOptions, log_format: str, folder: Path) -> DealtLog:
    """Write a log's rows into one folder a part, streamed.

    Args:
        source: A file, or a pattern of files.
        options: The column mapping.
        log_format: A key of ``LARGE_BYTES``.
        folder: An empty folder on a disk with room for the mapped columns, twice, and for packed
            files as they unpack.

    Raises:
        DataError: A file that cannot be read, with its row, or a column that is missing.
    """
    files = files_of(source)
    roles = {role: getattr(options, role) for role in (*_ROLES, "sequence")}
    roles = {role: name for role, name in roles.items() if name is not None}
    wanted = list(dict.fromkeys(roles.values()))
    streams = [stream(file, options, log_format, wanted, folder / "copies") for file in files]
    for one in streams:
        _check(one, streams[0], roles)
    begins = list(itertools.accumulate((one.n_rows for one in streams), initial=0))
    try:
        _deal_out(_joined(streams, begins, wanted), options.user, begins[-1], folder / "dealt")
    except pl.exceptions.PolarsError as error:
        for one in streams:
            one.refuse_faults()
        reason = str(error).partition("\n")[0]
        raise DataError(f"cannot be read: {reason}", path=source) from error
    shutil.rmtree(folder / "copies", ignore_errors=True)
    parts = sorted((folder / "dealt").iterdir(), key=lambda part: int(part.name.partition("=")[2]))
    starts = tuple((begin + 1, file) for begin, file in zip(begins, files, strict=False))
    return DealtLog(
        table=RawTable(
            path=source,
            frame=streams[0].header.frame,
            parts=starts if len(files) > 1 else (),
        ),
        n_events=begins[-1] - sum(len(one.blank) for one in streams),
        folders=tuple(parts),
        rest=folder,
    )


def write_dealt(
    dealt: DealtLog,
    out: Path,
    beside: RawLog,
    rules: CleaningRules,
    *,
    journal: Journal,
    made_from: Mapping[str, Any],
) -> None:
    """Clean a dealt log part by part and write it as a dataset.

    Args:
        dealt: The log's rows.
        out: The dataset folder.
        beside: All else of the log.
        rules: What is left out.
        journal: Where that is noted.
        made_from: JSON values that name the origin.

    Raises:
        DataError: Any fault in the input, with file, row, column, value and remedy.
        ArtifactError: Nothing can be written there, or something else stands there.
    """
    items = titled_items(beside, rules, journal)
    parts: Iterator[pl.DataFrame] = (
        known_events(dataclasses.replace(beside, events=part), items, rules, journal)
        for part in dealt.parts()
    )
    if rules.core is not None:
        parts = _in_core(parts, rules.core, journal, dealt)
    tally = write_parts(
        out,
        (finished(part, rules, journal, raw=dealt.table) for part in parts),
        items=lambda used: ids_as_titles(dealt.table.path, used) if items is None else items,
        users=beside.users,
        made_from=made_from,
        metrics=lambda: cleaning_metrics(rules, journal),
        folder=dealt.rest / "sorted",
    )
    warn_early(dealt.table.path, beside.options, tally.last_s)


def _size(files: Iterable[Path]) -> int:
    """Return the bytes of files; packed ones count as what they probably unpack to."""
    found = (file for file in files if file.is_file())
    return sum(one.stat().st_size * (_PACKED_TIMES if is_packed(one) else 1) for one in found)


def _check(one: Stream, first: Stream, roles: Mapping[str, str]) -> None:
    """Refuse a file without rows or a mapped column, or of other columns than the first one."""
    header = one.header
    if one.n_rows == len(one.blank) or ROW in one.columns:
        RawTable.of(one.path, header.frame)
    refuse_other_columns(first.header, header)
    for role, name in roles.items():
        header.require(name, option=role)


def _joined(
    streams: Sequence[Stream], begins: Sequence[int], wanted: Sequence[str]
) -> pl.LazyFrame:
    """Return the numbered rows of all files, without blank lines.

    Args:
        streams: The files.
        begins: How many rows stand before those of each.
        wanted: The columns.
    """
    rows = pl.concat([one.rows.select(wanted) for one in streams], how="vertical_relaxed")
    rows = rows.with_row_index(ROW, offset=1)
    blank = pl.concat([one.blank + begin for one, begin in zip(streams, begins, strict=False)])
    return rows.filter(~pl.col(ROW).is_in(blank.implode())) if len(blank) else rows


def _deal_out(rows: pl.LazyFrame, user: str, n_rows: int, folder: Path) -> None:
    """Write each part's rows into a folder of its own."""
    is_nested = rows.collect_schema()[user].is_nested()  # is no id, as the part will say
    user_id = pl.lit("") if is_nested else pl.col(user).cast(pl.String).fill_null("")
    every = max(1, n_rows // _SAMPLE)
    sample = rows.filter(pl.col(ROW) % every == 0).select(user_id).collect(engine="streaming")
    drawn, n_parts = sample.to_series().sort(), -(-n_rows // PART_EVENTS)
    cuts = pl.Series([drawn[len(drawn) * n // n_parts] for n in range(1, n_parts)], dtype=pl.String)
    part = pl.lit(cuts.unique().sort()).search_sorted(user_id, side="right")
    rows.with_columns(part.alias(_PART)).sink_ipc(
        pl.PartitionBy(folder, key=_PART, include_key=False), compression="lz4", mkdir=True
    )


def _in_core(
    parts: Iterable[pl.DataFrame], least: int, journal: Journal, dealt: DealtLog
) -> Iterator[pl.DataFrame]:
    """Yield the parts without what is outside the core of all; until then they lie on disk.

    In memory are two numbers an event (uint32), its user's and its item's.
    """
    folder = dealt.rest / "events"
    folder.mkdir()
    users, items, n_users = [], [], 0
    known = pl.DataFrame(schema={"item_id": pl.String, "number": pl.UInt32})
    for place, part in enumerate(parts):
        part.write_ipc(folder / f"{place:06}", compression="lz4")
        number = part.select((~same_as_before("user_id")).cum_sum() - 1).to_series()
        users.append((number + n_users).cast(pl.UInt32).to_numpy())
        n_users += part["user_id"].n_unique()
        new = part.select(pl.col("item_id").unique()).join(known, on="item_id", how="anti")
        known = pl.concat(
            [known, new.with_row_index("number", offset=known.height).select(known.columns)]
        )
        numbered = part.select("item_id").join(known, on="item_id", maintain_order="left")
        items.append(numbered["number"].to_numpy())
    kept = core_rows(np.concatenate(users), np.concatenate(items), least, least)
    begin = 0
    for file in sorted(folder.iterdir()):
        part = pl.read_ipc(file)
        file.unlink()
        bad = pl.Series(~kept[begin : begin + part.height])
        begin += part.height
        yield journal.without_events(part, bad, "core", raw=dealt.table)
