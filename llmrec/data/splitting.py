"""Splits: what may be learnt from, and what is asked; nothing from the future crosses over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.leakage import check_leakage
from llmrec.data.tables import INTERACTIONS, moment_of
from llmrec.errors import DataError, UnknownUserError, did_you_mean
from llmrec.types import Query

if TYPE_CHECKING:
    from datetime import datetime

    from llmrec.data.dataset import Dataset
    from llmrec.data.protocol import SplitProtocol

_PLACE = "place"  # of an event among its user's events, from 0
_BEFORE = "n_before"  # how many events a query on this event has in its history
_TARGET = "is_target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The three parts of a dataset under a protocol."""

    protocol: SplitProtocol
    train: pl.LazyFrame
    """Interactions in the columns and order of the dataset's."""
    validation: list[Query]
    """In order of user and target; none of them serves any other purpose."""
    test: list[Query]
    validation_from: datetime | None = None
    """Global temporal: the first moment that is not trained on."""
    test_from: datetime | None = None
    """Global temporal: the first moment of the test period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Rows of the annotated table."""

    train: pl.DataFrame
    validation: pl.DataFrame
    test: pl.DataFrame
    cuts_s: tuple[int, int] | None = None


def split(dataset: Dataset, protocol: SplitProtocol) -> Split:
    """Split a dataset; the result has passed ``check_leakage``.

    Args:
        dataset: What to split.
        protocol: How; see ``SplitProtocol``.

    Raises:
        DataError: No event is left to ask about or to learn from, or the protocol wants ratings
            that are not there.
        UnknownUserError: A user to leave out is not in the data.
    """
    table = _annotated(_asked(dataset, protocol), protocol)
    parts = _last_ones(table) if protocol.kind == "leave-one-out" else _periods(table, protocol)
    untrained = pl.Series(sorted(dataset.held_out_users), dtype=pl.String)
    train = parts.train.filter(~pl.col("user_id").is_in(untrained.implode()))
    for rows, purpose in ((train, "learn from"), (parts.test, "ask in the test")):
        if rows.is_empty():
            raise DataError(
                f"{protocol.id} leaves no event of {dataset.path} to {purpose}",
                remedy="Are there users with several events, and does min_rating fit the ratings?",
            )
    cuts = (None, None) if parts.cuts_s is None else tuple(map(moment_of, parts.cuts_s))
    result = Split(
        protocol=protocol,
        train=train.select(INTERACTIONS.names()).lazy(),
        validation=_queries(dataset, parts.validation, protocol),
        test=_queries(dataset, parts.test, protocol),
        validation_from=cuts[0],
        test_from=cuts[1],
    )
    check_leakage(
        result.train,
        result.validation,
        result.test,
        train_before=result.validation_from,
        held_out_users=dataset.held_out_users,
    )
    return result


def _asked(dataset: Dataset, protocol: SplitProtocol) -> pl.DataFrame:
    """Return the events of all users but those who are left out."""
    for user in protocol.leave_out_users:
        if user not in dataset.users:
            raise UnknownUserError(
                f"leave_out_users: user {user!r} is not in {dataset.path}",
                remedy=did_you_mean(user, dataset.users[:1000]),
            )
    left_out = set(protocol.leave_out_users)
    if protocol.held_out_users == "leave-out":
        left_out |= dataset.held_out_users
    names = pl.Series(sorted(left_out), dtype=pl.String)
    return dataset.interactions.filter(~pl.col("user_id").is_in(names.implode())).collect()


def _annotated(table: pl.DataFrame, protocol: SplitProtocol) -> pl.DataFrame:
    """Add place, number of events before, and whether an event may be asked about."""
    table = table.with_columns(pl.int_range(pl.len()).over("user_id").alias(_PLACE))
    before = pl.col(_PLACE)
    if protocol.ties == "leave-out":
        before = before.min().over("user_id", "timestamp_s")
    table = table.with_columns(before.alias(_BEFORE))
    target = pl.col(_BEFORE) >= protocol.min_history
    if protocol.min_rating is not None:
        if table["rating"].null_count() == table.height:
            raise DataError(
                f"{protocol.id} asks for ratings of at least {protocol.min_rating}, "
                "but the dataset has no ratings",
                remedy="Import the log with rating= (--rating), or set min_rating to null.",
            )
        target &= (pl.col("rating") >= protocol.min_rating).fill_null(value=False)
    if protocol.seen_items == "mask":
        target &= pl.int_range(pl.len()).over("user_id", "item_id") == 0
    return table.with_columns(target.alias(_TARGET))


def _last_ones(table: pl.DataFrame) -> _Parts:
    """Leave-one-out: the last target, the one before it, and what precedes both."""
    targets = table.filter(_TARGET)
    from_end = pl.int_range(pl.len(), 0, -1).over("user_id")
    targets = targets.with_columns(from_end.alias("from_end"))
    last, second = (targets.filter(pl.col("from_end") == n) for n in (1, 2))
    first_asked = (
        pl.concat([last, second]).group_by("user_id").agg(pl.col(_PLACE).min().alias("cut"))
    )
    train = table.join(first_asked, on="user_id", how="left", maintain_order="left")
    train = train.filter(pl.col("cut").is_null() | (pl.col(_PLACE) < pl.col("cut")))
    return _Parts(train=train, validation=second, test=last)


def _periods(table: pl.DataFrame, protocol: SplitProtocol) -> _Parts:
    """Global temporal: training before one moment, validation and test after it."""
    validation_from_s, test_from_s = cuts = _cuts_s(table, protocol)
    time = pl.col("timestamp_s")
    targets = table.filter(_TARGET)
    validation = targets.filter((time >= validation_from_s) & (time < test_from_s))
    test = targets.filter(time >= test_from_s)
    if protocol.targets == "first":
        validation, test = (
            part.unique("user_id", keep="first", maintain_order=True) for part in (validation, test)
        )
    train = table.filter(time < validation_from_s)
    return _Parts(train=train, validation=validation, test=test, cuts_s=cuts)


def _cuts_s(table: pl.DataFrame, protocol: SplitProtocol) -> tuple[int, int]:
    """Return where validation and test begin, in seconds; a tied second is never cut."""
    if protocol.validation_from is not None and protocol.test_from is not None:
        return _floor_s(protocol.validation_from), _floor_s(protocol.test_from)
    times = table["timestamp_s"].sort()
    test_share, validation_share = protocol.test_share or 0.0, protocol.validation_share or 0.0
    test_from, validation_from = (
        int(times[-max(1, round(len(times) * share))])
        for share in (test_share, test_share + validation_share)
    )
    if not int(times[0]) < validation_from < test_from:
        raise DataError(
            f"{protocol.id} cannot cut {len(times)} events at {validation_from} s and "
            f"{test_from} s: too many events share a second",
            remedy="Choose other shares, or validation_from and test_from.",
        )
    return validation_from, test_from


def _queries(dataset: Dataset, rows: pl.DataFrame, protocol: SplitProtocol) -> list[Query]:
    queries = []
    keep_ties = protocol.ties == "keep-earlier"
    for user, place in rows.select("user_id", _PLACE).iter_rows():
        target = dataset.events(user)[place]
        history = dataset.history(
            user, as_of=target.timestamp, as_of_sequence=target.sequence if keep_ties else 0
        )
        queries.append(Query(history=history, target=target))
    return queries


def _floor_s(moment: datetime) -> int:
    """Return the whole second: an event of the cut's own second may have come after it."""
    return int(moment.timestamp() // 1)
