"""Candidates to learn from, proposed by a retriever that has not seen the answer.

A retriever that was fitted on a person's next event proposes it too often and too high, so its
candidates are easier than those that serving brings. Here it learns from other people (folds) or
from an earlier time (periods) than the positions that it is asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.data import out_of_fold
from llmrec.errors import ConfigError, DataError, did_you_mean
from llmrec.evaluation.baselines import ROWS, Fitting
from llmrec.retrieval import DenseRetriever, PopularityRetriever
from llmrec.training.positions import draw_of, queries_of, training_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmrec.data import Split, SplitProtocol
    from llmrec.training.recipe import CandidateSettings
    from llmrec.types import Catalogue, Query


Proposer = DenseRetriever | PopularityRetriever


def fit_retriever(
    catalogue: Catalogue, events: pl.LazyFrame, settings: CandidateSettings
) -> Proposer:
    """Fit the recipe's retriever.

    Raises:
        ConfigError: No row of this name, or one that proposes no candidates from a log alone.
    """
    proposers = [name for name, row in ROWS.items() if row.learns and not row.needs_index]
    if settings.retriever not in proposers:
        raise ConfigError(
            f"candidates.retriever is {settings.retriever!r}, which proposes nothing from a log",
            remedy=did_you_mean(settings.retriever, proposers),
        )
    fitting = Fitting(catalogue=catalogue, events=events)
    fitted = ROWS[settings.retriever].fit(fitting, settings.retriever_settings)
    if not isinstance(fitted, Proposer):
        raise ConfigError(f"row {settings.retriever!r} ranks, but proposes no candidates")
    return fitted


def with_folds(card: SplitProtocol) -> SplitProtocol:
    """Return the card with two folds where it has neither folds nor periods to part by."""
    return card if card.folds or card.has_periods else card.model_copy(update={"folds": 2})


def honest_positions(
    split: Split, settings: CandidateSettings, *, seed: int
) -> Iterator[tuple[Proposer, list[Query], str]]:
    """Yield retrievers, the positions that each may be asked about, and what parts the two.

    Under a card with folds the retriever learns from the users of the other folds. Under one with
    periods and no folds it learns from what is before T0, and positions are at T0 or later.

    Args:
        split: Validation and test stay untouched.
        settings: The retriever, and how many positions a user has.
        seed: Chooses a user's positions.

    Raises:
        DataError: The split has neither folds nor periods.
    """
    sizes = training_sizes(split)
    catalogue = split.dataset.catalogue
    if split.folds.height:
        for others, users in out_of_fold(split):
            positions = _drawn(
                split, {u: n for u, n in sizes.items() if u in users}, settings, seed
            )
            yield fit_retriever(catalogue, others, settings), positions, "users of the other folds"
        return
    if not split.protocol.has_periods:
        raise DataError(
            f"{split.protocol.id} has neither folds nor periods, so a retriever would be asked "
            "about events that it was fitted on",
            remedy="Take a card with folds: 2, or one with periods.",
        )
    times = split.train.select("timestamp_s").collect()["timestamp_s"].sort()
    begin_s = int(times[int(len(times) * (1 - settings.examples_share))])
    before = split.train.filter(pl.col("timestamp_s") < begin_s)
    positions = _drawn(split, sizes, settings, seed, begin_s=begin_s)
    yield fit_retriever(catalogue, before, settings), positions, f"before {begin_s} s"


def _drawn(
    split: Split, sizes: dict[str, int], settings: CandidateSettings, seed: int, *, begin_s: int = 0
) -> list[Query]:
    """Return some of each user's positions, drawn by seed and user, in order of user and time."""
    drawn: list[Query] = []
    for user, n_events in sizes.items():
        queries = [
            query
            for query in queries_of(split, user, n_events)
            if query.target.timestamp.timestamp() >= begin_s
        ]
        if len(queries) > settings.positions_per_user:
            places = draw_of("positions", seed, user).permutation(len(queries))
            queries = [queries[n] for n in sorted(places[: settings.positions_per_user])]
        drawn += queries
    return drawn
