"""Settings are chosen on validation queries, and every trial is kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.evaluation.baselines.spec import Trial
from llmrec.evaluation.ranking import rank_queries, ranks_of
from llmrec.metrics import METRICS
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.data import SplitProtocol
    from llmrec.evaluation.baselines.spec import Fitting, Ranker, RowSpec
    from llmrec.metrics import TargetRanks
    from llmrec.types import Catalogue, Query, Scores

BATCH = 256
"""Queries ranked at once."""


def tune(
    spec: RowSpec, fitting: Fitting, queries: Sequence[Query], protocol: SplitProtocol
) -> tuple[Mapping[str, Any], list[Trial]]:
    """Fit a row with every setting of its grid and return the best one and all trials.

    Of equally good settings the first wins. Without a choice, or without validation queries,
    nothing is fitted and the first setting stands.

    Args:
        spec: The row.
        fitting: The training part, without the validation events.
        queries: Validation queries.
        protocol: Whose headline metric decides.
    """
    if spec.choose is not None and queries:
        return spec.choose(fitting, queries, protocol)
    if len(spec.grid) == 1 or not queries:
        return spec.grid[0], [Trial(settings=spec.grid[0], value=None, seconds=0.0)]
    trials = []
    for settings in track(spec.grid, f"Tuning {spec.name}"):
        started = time.perf_counter()
        ranker = spec.fit(fitting, settings)
        value = float(
            headline(ranked(ranker, fitting.catalogue, queries, protocol), protocol).mean()
        )
        seconds = round(time.perf_counter() - started, 3)
        trials.append(Trial(settings=settings, value=value, seconds=seconds))
    best = max(trials, key=lambda trial: trial.value or 0.0)  # max keeps the first of equals
    return best.settings, trials


def headline(ranks: TargetRanks, protocol: SplitProtocol) -> Scores:
    """Return the card's headline metric of each query: ``(n_queries,) float64``."""
    name, _, k = protocol.headline.partition("@")
    if protocol.metric_ties == "pessimistic":
        ranks = ranks.pessimistic()
    return METRICS[name](ranks, int(k))


def ranked(
    ranker: Ranker, catalogue: Catalogue, queries: Sequence[Query], protocol: SplitProtocol
) -> TargetRanks:
    """Return where the queries' targets stand under a card."""
    parts = [
        rank_queries(
            ranker,
            queries[start : start + BATCH],
            catalogue,
            seen=protocol.seen,
            list_length=1,
        )
        for start in range(0, len(queries), BATCH)
    ]
    return ranks_of(pl.concat(parts))
