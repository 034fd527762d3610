"""Validated tables to a dataset folder: a Parquet file of each, and a manifest."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.artifacts import write_artifact, write_faults
from llmrec.data.cells import refuse_unfit_ids
from llmrec.data.cleaning import STRICT
from llmrec.data.raw import ROW, RawTable, near
from llmrec.data.tables import (
    EXTRAS,
    INTERACTIONS,
    REQUIRED,
    columns_of,
    items_to_frame,
    number_ties,
    same_as_before,
)
from llmrec.data.tally import Tally
from llmrec.data.users import checked_users
from llmrec.errors import DataError, UnknownUserError, did_you_mean
from llmrec.types import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from llmrec.data.cleaning import CleaningRules, Journal
    from llmrec.types import Item

KIND = "dataset"
INTERACTIONS_FILE = "interactions.parquet"
ITEMS_FILE = "items.parquet"
USERS_FILE = "users.parquet"
"""Only where facts about users are known."""
CLEANING = "cleaning"
"""Where the manifest's ``metrics`` tell what cleaning left out."""
HELD_OUT = "held_out_users"
"""Where the manifest's ``made_from`` lists the users who are in no training set."""


def write_dataset(  # noqa: PLR0913 - one keyword per part of the folder
    path: str | Path,
    *,
    items: Catalogue | Sequence[Item],
    interactions: pl.DataFrame | pl.LazyFrame,
    made_from: Mapping[str, Any],
    held_out_users: Sequence[str] = (),
    metrics: Mapping[str, Any] | None = None,
    users: pl.DataFrame | None = None,
) -> None:
    """Write a dataset folder, whole or not at all; an older dataset there is replaced.

    Args:
        path: The folder.
        items: The catalogue, in the order that it shall keep.
        interactions: Columns ``user_id``, ``item_id`` (str) and ``timestamp_s`` (int, seconds since
            1970, UTC); optional ``sequence`` (int, order within a second; without it rows keep
            their order), ``rating``, ``quantity`` and ``price`` (float), ``event`` and ``text``
            (str). Rows in any order.
        made_from: JSON values that name the origin.
        held_out_users: Users whose events no model may be trained on.
        metrics: JSON values that describe it further without being part of its identity.
        users: ``user_id`` (str) and facts about them, of text or numbers; those with events stay.

    Raises:
        DataError: Two items share an id, a column is missing, unknown or of another type, a value
            is missing or not finite, an item is unknown, two events of a user share second and
            sequence, there are no events, or ``users`` is no such table; with the row.
        UnknownUserError: A held-out user has no events.
        ArtifactError: Something else than an artifact stands at ``path``.
    """
    catalogue = items if isinstance(items, Catalogue) else Catalogue(items)
    table = checked(interactions, catalogue)
    known = table["user_id"].unique()
    _check_held_out(held_out_users, set(known.to_list()))
    facts_of_users = None if users is None else checked_users(users, known)
    origin = {**made_from, HELD_OUT: sorted(set(held_out_users))}
    rows = items_to_frame(catalogue.values())
    tally = Tally()
    tally.add(table)
    facts = {**tally.counts(len(rows)), **(metrics or {})}
    path = Path(path)
    with write_artifact(path, KIND, made_from=origin, metrics=facts) as draft:
        _write(table, draft / INTERACTIONS_FILE, path)
        _write(rows, draft / ITEMS_FILE, path)
        if facts_of_users is not None:
            _write(facts_of_users, draft / USERS_FILE, path)


def write_parts(  # noqa: PLR0913 - one keyword per part of the folder
    path: Path,
    parts: Iterable[pl.DataFrame],
    *,
    items: Callable[[pl.Series], Sequence[Item]],
    made_from: Mapping[str, Any],
    metrics: Callable[[], Mapping[str, Any]],
    folder: Path,
    users: pl.DataFrame | None = None,
) -> Tally:
    """Write a dataset of which only a part is in memory at a time; whole or not at all.

    Args:
        path: The dataset folder; an older dataset there is replaced.
        parts: Tables as ``checked`` returns them, each of whole users, in order of their ids.
        items: From the ids that occur, in no order, to the catalogue's items.
        made_from: JSON values that name the origin.
        metrics: Called once all parts are there; what ``write_dataset`` takes.
        folder: A folder that is made for what is in the making.
        users: What ``write_dataset`` takes.

    Returns:
        The figures of all parts.

    Raises:
        DataError: From the parts; two items share an id.
        ArtifactError: Nothing can be written there, or something else stands there.
    """
    facts: dict[str, Any] = {}
    tally = Tally()
    with write_artifact(path, KIND, made_from={**made_from, HELD_OUT: []}, metrics=facts) as draft:
        folder.mkdir()
        for number, part in enumerate(parts):
            tally.add(part)
            with _polars_faults(path):
                part.write_ipc(folder / f"{number:06}.arrow", compression="lz4")
        table = draft / INTERACTIONS_FILE
        with _polars_faults(path):
            pl.scan_ipc(sorted(folder.iterdir())).sink_parquet(table, compression="zstd")
        rows = items_to_frame(Catalogue(items(tally.items)).values())
        _write(rows, draft / ITEMS_FILE, path)
        if users is not None:
            known = pl.scan_parquet(table).select(pl.col("user_id").unique()).collect()
            _write(checked_users(users, known.to_series()), draft / USERS_FILE, path)
        facts |= {**tally.counts(len(rows)), **metrics()}
    return tally


def cleaning_metrics(rules: CleaningRules, journal: Journal) -> dict[str, Any]:
    """Return what the manifest tells of cleaning; nothing where nothing was to be done."""
    if rules == STRICT and journal.profiles is None:
        return {}
    return {CLEANING: journal.as_json()}


def _write(table: pl.DataFrame, file: Path, path: Path) -> None:
    """Write a table of the dataset that will stand at ``path``."""
    with _polars_faults(path):
        table.write_parquet(file, compression="zstd")


@contextlib.contextmanager
def _polars_faults(path: Path) -> Iterator[None]:
    """Say what Polars could not write as what the system could not."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        with write_faults(path):
            raise OSError(str(error)) from error


def _check_held_out(held_out_users: Sequence[str], known: set[str]) -> None:
    for user in held_out_users:
        if user not in known:
            raise UnknownUserError(
                f"held-out user {user!r} has no events", remedy=near(user, known) or None
            )


def checked(interactions: pl.DataFrame | pl.LazyFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Return the interactions in the columns, types and order of ``INTERACTIONS``.

    Raises:
        DataError: As ``write_dataset`` says.
    """
    frame = interactions.collect() if isinstance(interactions, pl.LazyFrame) else interactions
    _check_columns(frame.schema)
    raw = RawTable.of(None, frame)
    raw.refuse(frame["timestamp_s"].is_null(), "a value is missing", column="timestamp_s")
    for name in ("user_id", "item_id"):
        refuse_unfit_ids(raw, name, frame[name].cast(pl.String))
    known = pl.Series(list(catalogue), dtype=pl.String)
    raw.refuse(
        ~frame["item_id"].is_in(known.implode()),
        "item {value} is not in the catalogue",
        column="item_id",
        remedy=lambda value: near(str(value), catalogue),
    )
    completed = _completed(raw)
    return completed.select(columns_of(completed))


def _in_order() -> pl.Expr:
    """Return whether rows rise strictly by user, second and sequence: sorted, and no two alike."""
    rises = pl.col("sequence") > pl.col("sequence").shift()
    for name in ("timestamp_s", "user_id"):
        rises = (pl.col(name) > pl.col(name).shift()) | (same_as_before(name) & rises)
    return rises.slice(1).all()


def _check_columns(schema: pl.Schema) -> None:
    for name in REQUIRED:
        if name not in schema:
            raise DataError("the column is missing", column=name, remedy=did_you_mean(name, schema))
    known = {**INTERACTIONS, **EXTRAS}
    for name, dtype in schema.items():
        if name not in known:
            raise DataError("unknown column", column=name, remedy=did_you_mean(name, known))
        wanted = known[name]
        fits = dtype == wanted or dtype == pl.Null or (dtype.is_numeric() and wanted.is_float())
        if not fits and not (dtype.is_integer() and wanted.is_integer()):
            raise DataError(
                f"type {dtype} where {wanted} is needed",
                column=name,
                remedy="Cast it: ids are str, times int64 seconds, ratings float64.",
            )


def _completed(raw: RawTable) -> pl.DataFrame:
    """Cast, add what is absent, sort, and check ratings, quantities and the total order."""
    frame = raw.frame
    known = {**INTERACTIONS, **EXTRAS}
    present = [name for name in known if name in frame.columns]
    frame = frame.with_columns(pl.col(name).cast(known[name]) for name in present)
    for name in ("rating", "quantity", "price"):
        if name in present:
            raw.refuse(~frame[name].is_finite(), "{value} is not a finite number", column=name)
    absent = [name for name in INTERACTIONS.names() if name not in (*present, "sequence")]
    frame = frame.with_columns(pl.lit(None, INTERACTIONS[name]).alias(name) for name in absent)
    if "sequence" not in present:
        return number_ties(frame, by=(ROW,))
    number = frame["sequence"]
    raw.refuse(number.is_null() | (number < 0), "{value} is not from 0 on", column="sequence")
    if frame.select(_in_order()).item():
        return frame
    moment = ["user_id", "timestamp_s", "sequence"]
    raw.refuse(
        frame.select(~pl.struct(moment).is_first_distinct()).to_series(),
        "this user has another event of the same second and sequence {value}",
        column="sequence",
        remedy="Number the events of one user and second differently.",
    )
    return frame.sort(moment)
