"""What is known of users beside their events: for groups in a report alone, never for a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data.attributes import typed
from llmrec.data.cells import ids, refuse_unfit_ids
from llmrec.data.raw import RawTable
from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from llmrec.data.options import ImportOptions

AGE_BANDS = {
    1: "under 18",
    18: "18-24",
    25: "25-34",
    35: "35-44",
    45: "45-49",
    50: "50-55",
    56: "56 and over",
}
"""First year of a band -> its name; MovieLens-1M publishes ages as these first years."""

_KINDS = (pl.String, pl.Int64, pl.Float64)


def check_chosen(options: ImportOptions) -> None:
    """Refuse a users file of which nothing is wanted: facts about people are not kept unasked.

    Raises:
        ConfigError: A file without chosen columns, or columns without a file.
    """
    if (options.users is None) != (not options.user_attributes):
        raise ConfigError(
            "users (--users) and user_attributes (--user-attribute) go together",
            remedy="Name the users file, and each column of it that shall be kept.",
        )


def users_of(raw: RawTable, options: ImportOptions) -> pl.DataFrame:
    """Return ``user_id`` and the chosen attributes of a users file; empty cells are null.

    Raises:
        DataError: An empty or repeated id, no such column, or one that holds lists.
    """
    user_id = ids(raw, options.user_id, option="user_id").alias("user_id")
    columns = [user_id]
    for name in options.user_attributes:
        raw.require(name, option="user_attribute")
        columns.append(typed(raw, name, options))
    refuse_repeated_users(raw, options.user_id, user_id)
    _check_columns(columns[1:], raw)
    return pl.DataFrame(columns)


def checked_users(users: pl.DataFrame, known: pl.Series) -> pl.DataFrame:
    """Return a users table for a dataset: those with events, in order of id.

    Args:
        users: ``user_id`` (str) and attributes of text or numbers, one row a user.
        known: Ids of the users with events.

    Raises:
        DataError: No ``user_id``, a missing or repeated id, or an attribute of another type.
    """
    raw = RawTable.of(None, users)
    if users.schema.get("user_id") != pl.String:
        raise DataError("the users table needs a column of text", column="user_id")
    refuse_unfit_ids(raw, "user_id", users["user_id"])
    refuse_repeated_users(raw, "user_id", users["user_id"])
    _check_columns([users[name] for name in users.columns if name != "user_id"], raw)
    there = users.filter(pl.col("user_id").is_in(known.implode()))
    return there.select("user_id", pl.exclude("user_id")).sort("user_id")


def refuse_repeated_users(raw: RawTable, column: str, user_id: pl.Series) -> None:
    """Refuse a second row of one user."""
    raw.refuse(
        ~user_id.is_first_distinct(),
        "user id {value} stands in an earlier row too",
        column=column,
        remedy="Keep one row per user.",
    )


def _check_columns(columns: list[pl.Series], raw: RawTable) -> None:
    for column in columns:
        if column.name == "user_id" or column.dtype not in _KINDS:
            raise DataError(
                f"a column of type {column.dtype} with this name is no attribute of a user",
                path=raw.path,
                column=column.name,
                remedy="Use text, whole numbers or decimal numbers, and another name than user_id.",
            )
