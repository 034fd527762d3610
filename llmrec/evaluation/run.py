"""Evaluate rows on a dataset under a card: guard, tune, rank batch by batch, report."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import Field

from llmrec.config import Settings
from llmrec.data import check_split, splits
from llmrec.errors import ConfigError, DataError, did_you_mean
from llmrec.evaluation.baselines import BATCH, DEFAULT_ROWS, ROWS, Fitting, RowSpec, tune
from llmrec.evaluation.environment import environment, git_sha
from llmrec.evaluation.folder import (
    ITEMS_FILE,
    QUERIES,
    QUERIES_FILE,
    USERS_FILE,
    RunFolder,
    batches_of,
)
from llmrec.evaluation.groups import group_labels
from llmrec.evaluation.ranking import rank_queries
from llmrec.evaluation.report import render_reports
from llmrec.evaluation.results import results_of
from llmrec.metrics import METRICS
from llmrec.progress import track

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.data import Dataset, Split, SplitProtocol
    from llmrec.evaluation.baselines import Ranker
    from llmrec.types import Query

log = logging.getLogger(__name__)
_ROW_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class EvaluateConfig(Settings):
    """What a run is, beside its dataset, card and rows."""

    sample: int | None = Field(default=None, ge=1)
    """How many test queries are asked, drawn by the seed; None: all."""
    validation_sample: int = Field(default=5000, ge=1)
    """How many validation queries settings are chosen on, at most."""
    seed: int = 0
    """Of samples, of rows that draw, and of all intervals and tests."""
    batch: int = Field(default=BATCH, ge=1)
    """Queries ranked and kept at once."""
    list_length: int = Field(default=50, ge=1)
    """How many of the best items of each query are kept."""
    resamples: int = Field(default=1000, ge=1)
    """Bootstrap draws."""


def evaluate(
    dataset: Dataset,
    protocol: SplitProtocol,
    *,
    out: str | Path,
    rows: Sequence[str] | Mapping[str, RowSpec] = DEFAULT_ROWS,
    config: EvaluateConfig | None = None,
    index: Path | None = None,
) -> dict[str, Any]:
    """Evaluate rows with full ranking and write a run folder.

    Nothing is ranked before the guard has passed every split. Each finished batch is kept: the
    same call into the same folder goes on where a killed one stopped, and further rows can be
    added to a finished run.

    Args:
        dataset: The data.
        protocol: The card.
        out: The run's folder.
        rows: Names of ``ROWS``, or specifications of your own by name.
        config: Sample, seed and sizes.
        index: Folder of an item index, for the rows that need one.

    Returns:
        The content of ``results.json``.

    Raises:
        ConfigError: An unknown row or metric, or a row that cannot run under this card.
        DataError: The card leaves nothing of the data, or a row gives no proper scores.
        LeakageError: The guard found a leak.
        ArtifactError: The folder holds something else, or a run of another make.
    """
    config = config or EvaluateConfig()
    _check_metrics(protocol)
    specs = _specs(rows, protocol, index)
    parts = splits(dataset, protocol)
    for part in parts:
        check_split(part)
    asked = _asked(parts, config)
    folder = RunFolder.start(out, _made_from(parts[0], asked, config))
    _write_tables(folder, parts, asked)
    for spec in specs:
        _run_row(folder, spec, parts, asked, config, index)
    results = results_of(folder, environment=environment(), resamples=config.resamples)
    folder.finish(results, render_reports(folder, results))
    return results


def _check_metrics(protocol: SplitProtocol) -> None:
    for name in (*protocol.metrics, protocol.headline.partition("@")[0]):
        if name not in METRICS:
            raise ConfigError(
                f"{protocol.id}: there is no metric {name!r}", remedy=did_you_mean(name, METRICS)
            )


def _specs(
    rows: Sequence[str] | Mapping[str, RowSpec], protocol: SplitProtocol, index: Path | None
) -> list[RowSpec]:
    known = rows if isinstance(rows, Mapping) else ROWS
    specs = []
    for name in dict.fromkeys(rows):
        if name not in known:
            raise ConfigError(f"there is no row {name!r}", remedy=did_you_mean(name, known))
        spec = known[name]
        if _ROW_NAME.fullmatch(spec.name) is None:
            raise ConfigError(
                f"row name {spec.name!r} cannot name a folder",
                remedy="Use lower-case letters, digits and hyphens.",
            )
        if spec.learns and protocol.learn == "nothing":
            raise ConfigError(
                f"row {name!r} learns from events, and {protocol.id} allows none of this dataset's",
                remedy=f"Rows without: {', '.join(n for n, s in ROWS.items() if not s.learns)}.",
            )
        if spec.needs_index and index is None:
            raise ConfigError(
                f"row {name!r} needs an item index",
                remedy="Build one with `llmrec index build` and name it with --index.",
            )
        specs.append(spec)
    if not specs:
        raise ConfigError("no rows to evaluate", remedy=f"Known rows: {', '.join(ROWS)}.")
    return specs


def _asked(parts: Sequence[Split], config: EvaluateConfig) -> list[tuple[int, Query]]:
    """Return (window, query) of every test query that is asked, in order."""
    asked = [(part.window, query) for part in parts for query in part.test]
    if not asked:
        raise DataError(
            f"{parts[0].protocol.id} leaves no query to ask",
            remedy="Use a card with a shorter min_history, or more data.",
        )
    kept = _drawn(len(asked), config.sample, config.seed)
    return [asked[n] for n in kept]


def _drawn(n: int, sample: int | None, seed: int) -> list[int]:
    """Return which of ``n`` are in the sample, rising; the same ones for the same seed."""
    if sample is None or sample >= n:
        return list(range(n))
    chosen = np.random.default_rng(seed).choice(n, sample, replace=False)
    return sorted(int(number) for number in chosen)


def _made_from(part: Split, asked: Sequence[object], config: EvaluateConfig) -> dict[str, Any]:
    card = part.protocol
    return {
        "dataset": part.dataset.path.name,
        "dataset_sha256": part.dataset.sha256,
        "catalogue_sha256": part.dataset.catalogue.sha256,
        "protocol": card.id,
        "protocol_sha256": card.sha256,
        "card": card.model_dump(mode="json", exclude_none=True),
        "n_queries": len(asked),
        "n_items": len(part.dataset.catalogue),
        **config.model_dump(mode="json", exclude={"resamples"}),
    }


def _write_tables(
    folder: RunFolder, parts: Sequence[Split], asked: Sequence[tuple[int, Query]]
) -> None:
    """Write the queries and the items, once."""
    if (folder.path / QUERIES_FILE).is_file() and (folder.path / ITEMS_FILE).is_file():
        return
    catalogue, learnt = parts[-1].dataset.catalogue, parts[-1].train_for_test
    counts = dict(learnt.group_by("item_id").agg(pl.col("user_id").n_unique()).collect().rows())
    users = learnt.select(pl.col("user_id").n_unique()).collect().item()
    genres = [item.attributes.get("genres") for item in catalogue.values()]
    items = pl.DataFrame(
        {
            "item_id": list(catalogue),
            "title": [item.title for item in catalogue.values()],
            "genres": [list(found) if isinstance(found, tuple) else [] for found in genres],
            "users": [counts.get(item_id, 0) for item_id in catalogue],
            "of_users": [users] * len(catalogue),
        },
        schema_overrides={"genres": pl.List(pl.String)},
    )
    rows = [
        (
            number,
            window,
            query.history.user_id,
            query.history.as_of,
            catalogue.position(query.target.item_id),
            [catalogue.position(event.item_id) for event in query.history.interactions],
        )
        for number, (window, query) in enumerate(asked)
    ]
    facts = parts[-1].dataset.users_table
    if facts is not None:
        who = [query.history.user_id for _, query in asked]
        asked_about = facts.filter(pl.col("user_id").is_in(who))
        folder.write_table(USERS_FILE, group_labels(asked_about))
    folder.write_table(ITEMS_FILE, items)
    folder.write_table(QUERIES_FILE, pl.DataFrame(rows, schema=QUERIES, orient="row"))


def _run_row(
    folder: RunFolder,
    spec: RowSpec,
    parts: Sequence[Split],
    asked: Sequence[tuple[int, Query]],
    config: EvaluateConfig,
    index: Path | None,
) -> None:
    """Rank what is not ranked yet; settings are chosen once, on the first window's validation."""
    batches = batches_of([window for window, _ in asked], config.batch)
    missing = [n for n in range(len(batches)) if not folder.has_batch(spec.name, n)]
    row = folder.row(spec.name)
    if row is not None and not missing:
        return
    if row is None:
        row = _tuned(spec, parts[0], config, index)
        folder.write_row(spec.name, row)
    card, ranker, fitted = parts[0].protocol, None, None
    for number in track(missing, f"Ranking {spec.name}"):
        window, queries = batches[number]
        started = time.perf_counter()
        if ranker is None or fitted != window:
            ranker, fitted = _fitted(spec, parts[window], row["settings"], config, index), window
        ranked = rank_queries(
            ranker,
            [asked[n][1] for n in queries],
            parts[0].dataset.catalogue,
            mask_seen=card.seen_items == "mask",
            list_length=config.list_length,
            numbers=queries,
        )
        folder.write_batch(spec.name, number, ranked)
        row["identities"][str(window)] = ranker.identity
        row["seconds"] = round(row["seconds"] + time.perf_counter() - started, 3)
        folder.write_row(spec.name, row)


def _tuned(
    spec: RowSpec, part: Split, config: EvaluateConfig, index: Path | None
) -> dict[str, Any]:
    """Choose settings on validation and return what a row's file says."""
    chosen = _drawn(len(part.validation), config.validation_sample, config.seed)
    queries = [part.validation[n] for n in chosen]
    fitting = Fitting(
        catalogue=part.dataset.catalogue, events=part.train, seed=config.seed, index=index
    )
    settings, trials = tune(spec, fitting, queries, part.protocol)
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


def _fitted(
    spec: RowSpec,
    part: Split,
    settings: Mapping[str, Any],
    config: EvaluateConfig,
    index: Path | None,
) -> Ranker:
    fitting = Fitting(
        catalogue=part.dataset.catalogue,
        events=part.train_for_test,
        seed=config.seed,
        index=index,
    )
    return spec.fit(fitting, settings)
