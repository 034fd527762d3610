"""A dataset in memory: the catalogue, and every user's history at any moment."""

from __future__ import annotations

import bisect
import itertools
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from llmrec.artifacts import read_manifest
from llmrec.data.raw import near
from llmrec.data.tables import (
    EXTRAS,
    INTERACTIONS,
    ITEM_COLUMNS,
    PART_EVENTS,
    cut_before,
    events_of,
    items_from_frame,
    moment_of,
    users_of,
)
from llmrec.data.writing import CLEANING, HELD_OUT, INTERACTIONS_FILE, ITEMS_FILE, KIND, USERS_FILE
from llmrec.errors import ArtifactError, DataError, UnknownUserError
from llmrec.types import Catalogue, as_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from llmrec.types import History, Interaction

_AGAIN = "Import the log again."
_KEPT_USERS = 2048  # whose events stay built as objects


class Dataset:
    """Validated interactions and items; made by ``load``.

    The table is sorted by user and (timestamp_s, sequence), so a history is a slice. ``load`` has
    it in memory; a table that stays in its file is read slice by slice.
    """

    def __init__(  # noqa: PLR0913 - one keyword per part of the folder
        self,
        *,
        path: Path,
        sha256: str,
        catalogue: Catalogue,
        table: pl.DataFrame | pl.LazyFrame,
        made_from: Mapping[str, Any],
        cleaning: Mapping[str, Any] | None = None,
        users_table: pl.DataFrame | None = None,
    ) -> None:
        self._path, self._sha256, self._catalogue = path, sha256, catalogue
        self._made_from = dict(made_from)
        self._cleaning = dict(cleaning or {})
        self._table, self._users_table = table, users_table
        runs = users_of(table)
        self._users = tuple(runs["user_id"].to_list())
        self._row_of = {user: n for n, user in enumerate(self._users)}
        self._offsets: tuple[int, ...] = (0, *itertools.accumulate(runs["len"].to_list()))
        self._built = lru_cache(maxsize=_KEPT_USERS)(self._build)

    @property
    def path(self) -> Path:
        """The folder that it was read from."""
        return self._path

    @property
    def sha256(self) -> str:
        """Hash of origin and content, as artifacts made from it name it."""
        return self._sha256

    @property
    def made_from(self) -> Mapping[str, Any]:
        """What the manifest says of the origin."""
        return self._made_from

    @property
    def cleaning(self) -> Mapping[str, Any]:
        """What was left out when it was imported, as ``Journal.as_json`` tells it; else empty."""
        return self._cleaning

    @property
    def catalogue(self) -> Catalogue:
        """All items, in the order of the items file."""
        return self._catalogue

    @property
    def users(self) -> Sequence[str]:
        """Every user with an event, in string order."""
        return self._users

    @property
    def held_out_users(self) -> frozenset[str]:
        """Users whose events no model may be trained on."""
        return frozenset(self._made_from.get(HELD_OUT, ()))

    @property
    def users_table(self) -> pl.DataFrame | None:
        """``user_id`` and facts such as age and gender; None where none are known.

        They part users into groups in a report. Histories do not carry them, so no prompt can.
        """
        return self._users_table

    @property
    def interactions(self) -> pl.LazyFrame:
        """All events in order of user and (timestamp_s, sequence).

        Columns of ``INTERACTIONS`` and, where the log has them, of ``EXTRAS``.
        """
        return self._table.lazy()

    @cached_property
    def last_moment(self) -> datetime:
        """The time of the newest event."""
        return moment_of(
            int(self.interactions.select(pl.col("timestamp_s").max()).collect().item())
        )

    def __len__(self) -> int:
        return self._offsets[-1]

    def __repr__(self) -> str:
        return (
            f"<Dataset {str(self._path)!r}: {len(self):,} events of {len(self._users):,} users "
            f"on {len(self._catalogue):,} items>"
        )

    def parts(self, n_events: int = PART_EVENTS) -> Iterator[pl.DataFrame]:
        """Yield all events in order, in tables of whole users and of about so many rows."""
        begin = 0
        while begin < len(self):
            end = self._offsets[bisect.bisect_left(self._offsets, min(begin + n_events, len(self)))]
            yield self._rows(begin, end)
            begin = end

    def events(self, user_id: str) -> tuple[Interaction, ...]:
        """Return all events of a user, oldest first.

        Raises:
            UnknownUserError: No event of this user is in the data.
        """
        try:
            return self._built(self._row_of[user_id])
        except KeyError:
            raise UnknownUserError(
                f"user {user_id!r} has no event in {self._path}",
                remedy=near(user_id, self._users) or None,
            ) from None

    def history(
        self, user_id: str, *, as_of: datetime | None = None, as_of_sequence: int = 0
    ) -> History:
        """Return what was known of a user just before a moment.

        Args:
            user_id: The user; one without an event before the moment has an empty history.
            as_of: An aware moment, taken at its whole second, as the table keeps times; None is
                one second after the dataset's newest event.
            as_of_sequence: Events at exactly ``as_of`` count where their sequence is below this.

        Raises:
            UnknownUserError: No event of this user is in the data.
            DataError: ``as_of`` has no time zone.
        """
        moment = self._default_moment() if as_of is None else as_utc(as_of, what="as_of")
        return cut_before(user_id, self.events(user_id), moment, as_of_sequence)

    def histories(self, user_ids: Iterable[str], *, as_of: datetime | None = None) -> list[History]:
        """Return ``history`` of each user, all at the same moment."""
        moment = self._default_moment() if as_of is None else as_utc(as_of, what="as_of")
        return [cut_before(user, self.events(user), moment) for user in user_ids]

    def _default_moment(self) -> datetime:
        return self.last_moment + timedelta(seconds=1)

    def _build(self, row: int) -> tuple[Interaction, ...]:
        return events_of(self._rows(self._offsets[row], self._offsets[row + 1]))

    def _rows(self, begin: int, end: int) -> pl.DataFrame:
        part = self._table.slice(begin, end - begin)
        return part if isinstance(part, pl.DataFrame) else part.collect()


def load(path: str | Path, *, in_memory: bool = True) -> Dataset:
    """Read a dataset folder, verifying the hash of every file.

    Args:
        path: What ``import_dataset`` or ``write_dataset`` wrote.
        in_memory: Hold the interactions, about 80 bytes each; else they stay in their file, which
            suits going through them once.

    Raises:
        ArtifactError: Missing, damaged, or not a dataset.
    """
    path = Path(path)
    manifest = read_manifest(path, KIND, needs=(INTERACTIONS_FILE, ITEMS_FILE))
    table = _read(path / INTERACTIONS_FILE, in_memory=in_memory)
    schema = table.collect_schema()
    if not _is_interactions(schema) or not table.lazy().head(1).collect().height:
        raise ArtifactError(
            f"{path / INTERACTIONS_FILE} has the columns {dict(schema)}, or no rows, which is no "
            "dataset of this version",
            remedy=_AGAIN,
        )
    held_out = manifest.made_from.get(HELD_OUT, [])
    if not isinstance(held_out, list) or not all(isinstance(user, str) for user in held_out):
        raise ArtifactError(
            f"{path}: {HELD_OUT} is {held_out!r:.80}, not a list of ids", remedy=_AGAIN
        )
    return Dataset(
        path=path,
        sha256=manifest.sha256,
        catalogue=_catalogue(path / ITEMS_FILE, used=table.lazy().select("item_id")),
        table=table,
        made_from=manifest.made_from,
        cleaning=manifest.metrics.get(CLEANING),
        users_table=_users(path / USERS_FILE) if USERS_FILE in manifest.files else None,
    )


def _is_interactions(schema: pl.Schema) -> bool:
    """Return whether a table has the columns of this version, in order."""
    extras = {name: EXTRAS[name] for name in EXTRAS if name in schema}
    return schema == pl.Schema({**INTERACTIONS, **extras})


def _read(file: Path, *, in_memory: bool) -> pl.DataFrame | pl.LazyFrame:
    """Read one of the tables, or at least its columns' names."""
    try:
        table = pl.scan_parquet(file, glob=False)
        table.collect_schema()
        return table.collect() if in_memory else table
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ArtifactError(f"{file} cannot be read: {error}", remedy=_AGAIN) from error


def _users(file: Path) -> pl.DataFrame:
    """Read what is known of users."""
    frame = _read(file, in_memory=True).lazy().collect()
    if frame.schema.get("user_id") != pl.String or not frame["user_id"].is_unique().all():
        raise ArtifactError(
            f"{file} has the columns {dict(frame.schema)}, which are no users", remedy=_AGAIN
        )
    return frame


def _catalogue(file: Path, *, used: pl.LazyFrame) -> Catalogue:
    """Read the items; refuse what holds none, or lacks one that an event is about."""
    frame = _read(file, in_memory=True).lazy().collect()
    if any(frame.schema.get(name) != pl.String for name in ITEM_COLUMNS):
        raise ArtifactError(
            f"{file} has the columns {dict(frame.schema)}, which are no items", remedy=_AGAIN
        )
    found = used.unique().collect()["item_id"]
    unknown = found.filter(~found.is_in(frame["item_id"].implode())).sort()
    if len(unknown):
        raise ArtifactError(f"{file} lacks item {unknown[0]!r}, which has events", remedy=_AGAIN)
    try:
        return Catalogue(items_from_frame(frame))
    except DataError as error:
        raise ArtifactError(f"{file}: {error.message}", remedy=_AGAIN) from error
