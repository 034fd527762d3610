"""Users drawn for a purpose: a few to learn from, and folds for out-of-fold training.

A draw goes by a hash of the seed and the user's id. It is the same on every machine, whatever the
order of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.artifacts import sha256_of
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmrec.data.protocol import SplitProtocol
    from llmrec.data.splitting import Split

NO_FOLDS = pl.DataFrame(schema={"user_id": pl.String, "fold": pl.Int64})


def few_shots(trains: Sequence[pl.DataFrame], protocol: SplitProtocol) -> list[pl.DataFrame]:
    """Return what may be learnt from, of only as many users as the card says.

    Args:
        trains: What may be learnt before validation, and before the test; the same users are kept
            of both, drawn from those who are in the first.
        protocol: Its ``shots`` and ``draw_seed``.

    Raises:
        DataError: There are fewer users than shots.
    """
    if protocol.shots is None:
        return list(trains)
    users = _drawn(trains[0]["user_id"], protocol)
    if len(users) < protocol.shots:
        raise DataError(
            f"{protocol.id} learns from {protocol.shots} users, and only {len(users)} are there",
            remedy="Use a card with fewer shots, or more data.",
        )
    chosen = pl.Series(users[: protocol.shots], dtype=pl.String)
    return [frame.filter(pl.col("user_id").is_in(chosen.implode())) for frame in trains]


def user_folds(users: pl.Series, protocol: SplitProtocol) -> pl.DataFrame:
    """Deal users into folds whose sizes differ by one at most.

    Args:
        users: ``(n_events,)`` str ids of whom may be learnt from; repeats count once.
        protocol: Its ``folds`` and ``draw_seed``.

    Returns:
        Columns ``user_id``, in string order, and ``fold`` (int64, from 0); no rows where the card
        deals no folds.
    """
    if protocol.folds is None:
        return NO_FOLDS.clear()
    dealt = _drawn(users, protocol)
    folds = pl.int_range(len(dealt), dtype=pl.Int64, eager=True) % protocol.folds
    frame = pl.DataFrame({"user_id": pl.Series(dealt, dtype=pl.String), "fold": folds})
    return frame.sort("user_id")


def out_of_fold(split: Split) -> Iterator[tuple[pl.LazyFrame, frozenset[str]]]:
    """Yield for each fold the training events without those of its users, and these users.

    What is fitted on the first can be asked about the second as if it had never met them: so a
    reranker learns from candidates that are as good as those it will get, and no better.
    """
    for fold in range(split.protocol.folds or 0):
        users = split.folds.filter(pl.col("fold") == fold)["user_id"]
        others = split.train.filter(~pl.col("user_id").is_in(users.implode()))
        yield others, frozenset(users.to_list())


def _drawn(users: pl.Series, protocol: SplitProtocol) -> list[str]:
    """Return the different users in the order in which they are drawn."""
    seed = protocol.draw_seed or 0
    return sorted(users.unique().to_list(), key=lambda user: sha256_of([seed, user]))
