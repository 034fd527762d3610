"""Splits: what may be learnt from, and what is asked; nothing from the future crosses over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.cuts import cuts_of
from llmrec.data.drawing import NO_FOLDS, few_shots, user_folds
from llmrec.data.filtering import prepare
from llmrec.data.leakage import check_split
from llmrec.data.tables import INTERACTIONS, moment_of
from llmrec.errors import ConfigError, DataError, UnknownUserError, did_you_mean
from llmrec.types import Query

if TYPE_CHECKING:
    from datetime import datetime

    from llmrec.data.cuts import Cuts
    from llmrec.data.dataset import Dataset
    from llmrec.data.protocol import SplitProtocol
    from llmrec.types import History

_PLACE = "place"  # of an event among its user's events, from 0
_BEFORE = "n_before"  # how many events a query on this event has in its history
_TARGET = "is_target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The parts of a dataset under a protocol."""

    protocol: SplitProtocol
    dataset: Dataset
    """What the protocol's filter left: the catalogue that is ranked, and all events."""
    train: pl.LazyFrame
    """Interactions in the columns and order of the dataset's; for fitting before validation."""
    train_for_test: pl.LazyFrame
    """The same for fitting before the test: ``train``, or all before what the test asks."""
    validation: list[Query]
    """In order of user and target; none of them serves any other purpose."""
    test: list[Query]
    calibration: list[Query] = field(default_factory=list)
    """With three cuts: between validation and test, for what is fitted once settings are chosen."""
    folds: pl.DataFrame = field(default_factory=NO_FOLDS.clear)
    """Columns ``user_id`` and ``fold`` (from 0) of the training users, where the card deals any."""
    validation_from: datetime | None = None
    """With periods: the first moment that is not in ``train``."""
    calibration_from: datetime | None = None
    """With periods: the first moment of the calibration period."""
    test_from: datetime | None = None
    """With periods: the first moment of the test period."""
    window: int = 0
    """Sliding windows: which one, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Rows of the annotated table."""

    train: pl.DataFrame
    train_for_test: pl.DataFrame
    validation: pl.DataFrame
    calibration: pl.DataFrame
    test: pl.DataFrame
    cuts: Cuts | None = None


def split(dataset: Dataset, protocol: SplitProtocol) -> Split:
    """Split a dataset; the result has passed ``check_leakage``.

    Args:
        dataset: What to split; the protocol's filter is applied first.
        protocol: How; see ``SplitProtocol``.

    Raises:
        DataError: No event is left to ask about or to learn from, or the protocol wants ratings
            that are not there.
        UnknownUserError: A user to leave out is not in the data.
        ConfigError: The protocol has several windows.
    """
    if (protocol.windows or 1) > 1:
        raise ConfigError(
            f"{protocol.id} has {protocol.windows} windows, so it makes as many splits",
            remedy="Call splits() instead.",
        )
    return splits(dataset, protocol)[0]


def splits(dataset: Dataset, protocol: SplitProtocol) -> list[Split]:
    """Split a dataset into one split a window, oldest first; other protocols make one.

    Raises:
        DataError: As for ``split``.
        UnknownUserError: As for ``split``.
    """
    dataset = prepare(dataset, protocol)
    table = _annotated(_asked(dataset, protocol), protocol)
    if not protocol.has_periods:
        return [_checked(dataset, protocol, _last_ones(table, protocol))]
    return [
        _checked(dataset, protocol, _periods(table, protocol, cuts), window)
        for window, cuts in enumerate(cuts_of(table, protocol))
    ]


def _checked(dataset: Dataset, protocol: SplitProtocol, parts: _Parts, window: int = 0) -> Split:
    """Make the split of its parts and send it past the guard."""
    trains = [_learnable(rows, dataset, protocol) for rows in (parts.train, parts.train_for_test)]
    trains = few_shots(trains, protocol)
    test = _only_new(parts.test, trains[1], protocol)
    for rows, purpose in ((trains[0], "learn from"), (test, "ask in the test")):
        if rows.is_empty() and not (purpose == "learn from" and protocol.learn == "nothing"):
            raise DataError(
                f"{protocol.id} leaves no event of {dataset.path} to {purpose}",
                remedy="Are there users with several events, and does min_rating fit the ratings?",
            )
    begins = (None, None, None) if parts.cuts is None else tuple(map(moment_of, parts.cuts[:3]))
    validation, calibration = (
        _queries(dataset, _only_new(rows, trains[0], protocol), protocol, begin)
        for rows, begin in zip((parts.validation, parts.calibration), begins[:2], strict=True)
    )
    result = Split(
        protocol=protocol,
        dataset=dataset,
        train=trains[0].lazy(),
        train_for_test=trains[1].lazy(),
        validation=validation,
        calibration=calibration,
        test=_queries(dataset, test, protocol, begins[2]),
        folds=user_folds(trains[1]["user_id"], protocol),
        validation_from=begins[0],
        calibration_from=begins[1],
        test_from=begins[2],
        window=window,
    )
    check_split(result)
    return result


def _learnable(table: pl.DataFrame, dataset: Dataset, protocol: SplitProtocol) -> pl.DataFrame:
    """Return what may be learnt from, in the columns of the dataset's."""
    if protocol.learn == "nothing":
        table = table.head(0)
    untrained = pl.Series(sorted(dataset.held_out_users), dtype=pl.String)
    kept = table.filter(~pl.col("user_id").is_in(untrained.implode()))
    return kept.select(INTERACTIONS.names())


def _only_new(rows: pl.DataFrame, train: pl.DataFrame, protocol: SplitProtocol) -> pl.DataFrame:
    """Keep targets of new users, or of new items, where the protocol asks for them."""
    for wish, column in ((protocol.users, "user_id"), (protocol.items, "item_id")):
        if wish == "new":
            rows = rows.join(train, on=column, how="anti", maintain_order="left")
    if protocol.targets == "first" and protocol.has_periods:
        rows = rows.unique("user_id", keep="first", maintain_order=True)
    return rows


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
    if protocol.max_history is not None:
        target &= pl.col(_BEFORE) <= protocol.max_history
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
    elif protocol.seen_items == "only":
        target &= pl.col(_PLACE).min().over("user_id", "item_id") < pl.col(_BEFORE)
    return table.with_columns(target.alias(_TARGET))


def _last_ones(table: pl.DataFrame, protocol: SplitProtocol) -> _Parts:
    """The last targets, those before them, and what precedes all of a user's targets."""
    n_test, n_validation = protocol.test_targets or 1, protocol.validation_targets or 1
    targets = table.filter(_TARGET)
    from_end = pl.int_range(pl.len(), 0, -1).over("user_id")
    targets = targets.with_columns(from_end.alias("from_end"))
    test = targets.filter(pl.col("from_end") <= n_test)
    validation = targets.filter(pl.col("from_end").is_between(n_test + 1, n_test + n_validation))
    train = _before_targets(table, pl.concat([test, validation]))
    refit = train
    if protocol.train_for_test == "with-validation":
        refit = _before_targets(table, test)
    return _Parts(
        train=train,
        train_for_test=refit,
        validation=validation,
        calibration=targets.clear(),
        test=test,
    )


def _before_targets(table: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Return each user's events before the first of these targets; all where there is none."""
    first = targets.group_by("user_id").agg(pl.col(_PLACE).min().alias("cut"))
    both = table.join(first, on="user_id", how="left", maintain_order="left")
    return both.filter(pl.col("cut").is_null() | (pl.col(_PLACE) < pl.col("cut")))


def _periods(table: pl.DataFrame, protocol: SplitProtocol, cuts: Cuts) -> _Parts:
    """Global temporal: training before one moment, the other periods after it."""
    time = pl.col("timestamp_s")
    targets = table.filter(_TARGET)
    refit_s = cuts.test_s if protocol.train_for_test == "with-validation" else cuts.validation_s
    ends = (cuts.calibration_s, cuts.test_s, cuts.until_s)
    periods = [
        targets.filter((time >= begin) & (True if end is None else time < end))
        for begin, end in zip(cuts[:3], ends, strict=True)
    ]
    return _Parts(
        train=table.filter(time < cuts.validation_s),
        train_for_test=table.filter(time < refit_s),
        validation=periods[0],
        calibration=periods[1],
        test=periods[2],
        cuts=cuts,
    )


def _queries(
    dataset: Dataset, rows: pl.DataFrame, protocol: SplitProtocol, begin: datetime | None
) -> list[Query]:
    """Make the queries of targets; ``begin`` is where their period begins."""
    queries = []
    keep_ties = protocol.ties == "keep-earlier"
    for user, place in rows.select("user_id", _PLACE).iter_rows():
        target = dataset.events(user)[place]
        moment, sequence = target.timestamp, target.sequence if keep_ties else 0
        if protocol.as_of == "period" and begin is not None:
            moment, sequence = begin, 0
        history = dataset.history(user, as_of=moment, as_of_sequence=sequence)
        enough = protocol.min_history <= len(history.interactions)  # fewer where as_of is earlier
        if enough and (protocol.seen_items != "only" or target.item_id in _met(history)):
            queries.append(Query(history=history, target=target))
    return queries


def _met(history: History) -> set[str]:
    """Return the ids of what a history holds."""
    return {event.item_id for event in history.interactions}
