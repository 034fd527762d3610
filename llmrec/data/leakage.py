"""The guard that every split passes: no training event at or after what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.errors import LeakageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from llmrec.data.splitting import Split
    from llmrec.types import Catalogue, Query

_MOMENT = ("timestamp_s", "sequence")


def check_split(split: Split) -> None:
    """Refuse a split that breaks its own card; every evaluation runs this before any number.

    Raises:
        LeakageError: As ``check_leakage``, for what is fitted before validation and before the
            test; a validation target is not before the user's calibration and test targets, or a
            calibration target not before those of the test; a masked target is in its own history;
            a user or item that the card calls new is in training; or events were to be learnt from
            where the card allows none.
    """
    card, held_out = split.protocol, split.dataset.held_out_users
    check_leakage(
        split.train,
        split.validation,
        [*split.calibration, *split.test],
        train_before=split.validation_from,
        held_out_users=held_out,
    )
    check_leakage(split.train, split.calibration, split.test)
    refit = split.train_for_test
    check_leakage(refit, [], split.test, train_before=split.test_from, held_out_users=held_out)
    asked = [*split.validation, *split.calibration]
    for train, queries in ((split.train, asked), (refit, split.test)):
        if card.seen_items == "mask":
            _refuse_met_targets(queries)
        if card.learn == "nothing" and train.limit(1).collect().height:
            raise LeakageError(f"{card.id} learns nothing of this dataset, but here is training")
        if card.users == "new":
            users = [query.history.user_id for query in queries]
            _refuse_known(train, "user_id", users, "user")
        if card.items == "new":
            items = [query.target.item_id for query in queries]
            _refuse_known(train, "item_id", items, "item")


def check_new_domain(asked: Catalogue, learnt: Catalogue) -> None:
    """Refuse to call a domain new where what was learnt elsewhere holds items of it.

    Args:
        asked: The catalogue that is ranked.
        learnt: The catalogue of the dataset that a model was trained on.

    Raises:
        LeakageError: An item, by id and title, is in both.
    """
    for item_id, item in asked.items():
        other = learnt.get(item_id)
        if other is not None and other.title == item.title:
            raise LeakageError(
                f"item {item_id!r} ({item.title!r}) is in the catalogue that was learnt from",
                remedy="Train on another domain, or use a card that does not call it new.",
            )


def check_leakage(
    train: pl.LazyFrame | pl.DataFrame,
    validation: Sequence[Query],
    test: Sequence[Query],
    *,
    train_before: datetime | None = None,
    held_out_users: Collection[str] = (),
) -> None:
    """Refuse a split in which something from the future crosses over.

    Args:
        train: Interactions to learn from.
        validation: Queries that settings are chosen on.
        test: Queries that are reported.
        train_before: Every training event must lie before it, whoever's it is.
        held_out_users: Users who must not be in ``train``.

    Raises:
        LeakageError: A training event is a target of its user or stands after one in the order of
            (timestamp_s, sequence); it is not before ``train_before``; it is a held-out user's; a
            history reaches up to its target; or a validation target is a test target of the same
            user, or stands after one.
    """
    frame = train.lazy().collect()
    _refuse_held_out(frame, held_out_users)
    if train_before is not None:
        _refuse_late(frame, train_before)
    for query in (*validation, *test):
        _refuse_open_history(query)
    asked = _targets([*validation, *test])
    _refuse_crossing(frame, asked, "training")
    _refuse_crossing(_targets(validation), _targets(test), "validation")


def _refuse_held_out(frame: pl.DataFrame, users: Collection[str]) -> None:
    names = pl.Series(sorted(users), dtype=pl.String)
    found = frame.filter(pl.col("user_id").is_in(names.implode()))
    if found.height:
        raise LeakageError(
            f"{found.height} training events are of held-out users, e.g. of {found['user_id'][0]!r}"
        )


def _refuse_late(frame: pl.DataFrame, train_before: datetime) -> None:
    late = frame.filter(pl.col("timestamp_s") >= train_before.timestamp())
    if late.height:
        raise LeakageError(
            f"{late.height} training events are not before {train_before.isoformat()}, e.g. that "
            f"of user {late['user_id'][0]!r} at {late['timestamp_s'][0]} s"
        )


def _refuse_open_history(query: Query) -> None:
    """A ``History`` holds nothing at or after its own moment; that must not be after the target."""
    history, target = query.history, query.target
    if (history.as_of, history.as_of_sequence) > target.moment:
        raise LeakageError(
            f"the history of user {history.user_id!r} reaches up to {history.as_of.isoformat()} "
            f"(sequence {history.as_of_sequence}), past its target at "
            f"{target.timestamp.isoformat()} (sequence {target.sequence})"
        )


def _refuse_met_targets(queries: Sequence[Query]) -> None:
    """Refuse a target that its own history shows: no ranking that masks it could hold it."""
    for query in queries:
        if any(event.item_id == query.target.item_id for event in query.history.interactions):
            raise LeakageError(
                f"the target {query.target.item_id!r} of user {query.history.user_id!r} stands in "
                "its own history"
            )


def _refuse_known(train: pl.LazyFrame, column: str, asked: Sequence[str], what: str) -> None:
    """Refuse users or items that were learnt from where they are called new."""
    known = train.select(column).unique().collect()[column]
    both = sorted(set(asked) & set(known.to_list()))
    if both:
        raise LeakageError(f"{len(both)} {what}s are called new but are in training: {both[0]!r}")


def _targets(queries: Sequence[Query]) -> pl.DataFrame:
    rows = [
        (q.history.user_id, int(q.target.timestamp.timestamp()), q.target.sequence) for q in queries
    ]
    schema = {"user_id": pl.String, "timestamp_s": pl.Int64, "sequence": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _refuse_crossing(earlier: pl.DataFrame, asked: pl.DataFrame, what: str) -> None:
    """Refuse an event that does not stand before the first target of its user."""
    first = asked.sort("user_id", *_MOMENT).unique("user_id", keep="first", maintain_order=True)
    both = earlier.join(first, on="user_id", suffix="_asked")
    same_second = pl.col("timestamp_s") == pl.col("timestamp_s_asked")
    after = (pl.col("timestamp_s") > pl.col("timestamp_s_asked")) | (
        same_second & (pl.col("sequence") >= pl.col("sequence_asked"))
    )
    crossing = both.filter(after)
    if crossing.height:
        row = crossing.row(0, named=True)
        raise LeakageError(
            f"{crossing.height} {what} events are not before what is asked of the same user: user "
            f"{row['user_id']!r} has one at {row['timestamp_s']} s (sequence {row['sequence']}), "
            f"the target is at {row['timestamp_s_asked']} s (sequence {row['sequence_asked']})"
        )
