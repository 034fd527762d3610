"""Rows without an LLM: settings are chosen once, then batch by batch is ranked and kept."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmrec.evaluation.baselines import Fitting, tune
from llmrec.evaluation.environment import git_sha
from llmrec.evaluation.folder import batches_of
from llmrec.evaluation.ranking import rank_queries
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from llmrec.evaluation.baselines import Ranker, RowSpec
    from llmrec.evaluation.context import Run
    from llmrec.types import Query

log = logging.getLogger(__name__)


def run_row(run: Run, spec: RowSpec) -> None:
    """Rank what is not ranked yet; settings are chosen on the first window's validation."""
    batches = batches_of([window for window, _ in run.asked], run.config.batch)
    missing = [n for n in range(len(batches)) if not run.folder.has_batch(spec.name, n)]
    row = run.folder.row(spec.name)
    if row is not None and not missing:
        return
    if row is None:
        row = _tuned(run, spec)
        run.folder.write_row(spec.name, row)
    ranker, fitted = None, None
    for number in track(missing, f"Ranking {spec.name}"):
        window, queries = batches[number]
        started = time.perf_counter()
        if ranker is None or fitted != window:
            ranker, fitted = _fitted(run, spec, row["settings"], window=window), window
        ranked = _ranked(run, ranker, [run.asked[n][1] for n in queries], queries)
        row["identities"][str(window)] = ranker.identity
        row["seconds"] = round(row["seconds"] + time.perf_counter() - started, 3)
        run.folder.write_row(spec.name, row)  # first: a finished batch is never looked at again
        run.folder.write_batch(spec.name, number, ranked)


def rank_before_test(run: Run, spec: RowSpec, queries: Sequence[Query]) -> pl.DataFrame:
    """Rank validation queries as ``RANKED``, with a row that has learnt from nothing after them."""
    row = run.folder.row(spec.name) or _tuned(run, spec)
    ranker = _fitted(run, spec, row["settings"], window=None)
    return _ranked(run, ranker, queries, range(len(queries)))


def _ranked(
    run: Run, ranker: Ranker, queries: Sequence[Query], numbers: Sequence[int]
) -> pl.DataFrame:
    return rank_queries(
        ranker,
        queries,
        run.catalogue,
        seen=run.card.seen,
        list_length=run.config.list_length,
        numbers=numbers,
    )


def _tuned(run: Run, spec: RowSpec) -> dict[str, Any]:
    """Choose settings on validation and return what a row's file says."""
    queries = run.for_tuning()
    fitting = Fitting(
        catalogue=run.catalogue, events=run.parts[0].train, seed=run.config.seed, index=run.index
    )
    settings, trials = tune(spec, fitting, queries, run.card)
    log.info("%s: chose %s", spec.name, dict(settings))
    return {
        "name": spec.name,
        "what": spec.what,
        "settings": dict(settings),
        "validation_queries": len(queries) if len(trials) > 1 else 0,
        "trials": [asdict(trial) for trial in trials],
        "git_sha": git_sha(),
        "identities": {},
        "seconds": 0.0,
    }


def _fitted(run: Run, spec: RowSpec, settings: Mapping[str, Any], *, window: int | None) -> Ranker:
    """Return the ranker of a test window; None: of the first window, before its validation."""
    part = run.parts[window or 0]
    fitting = Fitting(
        catalogue=part.dataset.catalogue,
        events=part.train if window is None else part.train_for_test,
        seed=run.config.seed,
        index=run.index,
    )
    return spec.fit(fitting, settings)
