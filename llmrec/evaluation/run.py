"""Evaluate rows on a dataset under a card: guard, tune, rank batch by batch, report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from llmrec.data import check_split, splits
from llmrec.errors import ConfigError, DataError, did_you_mean
from llmrec.evaluation.ablations import variant_records, with_variants
from llmrec.evaluation.baselines import DEFAULT_ROWS, ROWS, RowSpec
from llmrec.evaluation.context import EvaluateConfig, Run, drawn
from llmrec.evaluation.environment import environment
from llmrec.evaluation.folder import (
    HALF,
    ITEMS_FILE,
    QUERIES,
    QUERIES_FILE,
    USERS_FILE,
    WHOLE,
    RunFolder,
)
from llmrec.evaluation.given_rows import given_row
from llmrec.evaluation.groups import group_labels
from llmrec.evaluation.llm_rows import check_llm_rows, plan_llm_rows, run_llm_rows
from llmrec.evaluation.report import render_reports
from llmrec.evaluation.results import results_of
from llmrec.evaluation.simple_rows import run_row
from llmrec.evaluation.trec import TREC, fits_trec, write_trec_files
from llmrec.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.data import Dataset, Split, SplitProtocol
    from llmrec.evaluation.llm_rows import LlmRows
    from llmrec.types import Query

_ROW_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def evaluate(  # noqa: PLR0913 - one keyword per part of a run
    dataset: Dataset,
    protocol: SplitProtocol,
    *,
    out: str | Path,
    rows: Sequence[str] | Mapping[str, RowSpec] = DEFAULT_ROWS,
    config: EvaluateConfig | None = None,
    index: Path | None = None,
    llm: LlmRows | None = None,
    given: Mapping[str, Path] | None = None,
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
        llm: An LLM that reranks some of the rows. Settings of all rows are then chosen on one
            half of the validation's users (or on the whole, where the card has a calibration
            period of its own): the other half is for the fusion weight and the temperatures.
        given: Run files of other programs by the name that their row gets; their queries are
            called as in the TREC files that a first run of the same card writes.

    Returns:
        The content of ``results.json``.

    Raises:
        ConfigError: An unknown row or metric, or a row that cannot run under this card.
        DataError: The card leaves nothing of the data, or a row gives no proper scores.
        LeakageError: The guard found a leak.
        ArtifactError: The folder holds something else, or a run of another make.
        EngineError: The LLM cannot do what was asked.
    """
    specs = _specs(rows, protocol, index, llm)
    run = _begun(dataset, protocol, out, config or EvaluateConfig(), index, llm)
    files = [given_row(run, _row_name(name), path) for name, path in (given or {}).items()]
    for spec in (*specs, *files):
        run_row(run, spec)
    if llm is not None:
        run_llm_rows(run, with_variants(llm, protocol), specs)
    results = results_of(run.folder, environment=environment(), resamples=run.config.resamples)
    if run.config.trec and fits_trec(run.folder):
        write_trec_files(run.folder, run.folder.path / TREC)
    run.folder.finish(results, render_reports(run.folder, results))
    return results


def plan(  # noqa: PLR0913 - as ``evaluate``
    dataset: Dataset,
    protocol: SplitProtocol,
    *,
    out: str | Path,
    llm: LlmRows,
    rows: Sequence[str] | Mapping[str, RowSpec] = DEFAULT_ROWS,
    config: EvaluateConfig | None = None,
    index: Path | None = None,
) -> list[dict[str, Any]]:
    """Return what the LLM rows of a run would cost; arguments and errors as for ``evaluate``.

    The rows that are reranked are ranked for it, and a few batches are asked to know tokens and
    seconds; all of that is kept for the run itself.
    """
    specs = _specs(rows, protocol, index, llm)
    run = _begun(dataset, protocol, out, config or EvaluateConfig(), index, llm)
    sources = {spec.source for spec in llm.specs}
    for spec in specs:
        if spec.name in sources:
            run_row(run, spec)
    return plan_llm_rows(run, with_variants(llm, protocol), specs)


def _begun(
    dataset: Dataset,
    protocol: SplitProtocol,
    out: str | Path,
    config: EvaluateConfig,
    index: Path | None,
    llm: LlmRows | None,
) -> Run:
    """Split, guard, draw the queries and begin the folder, or go on with one."""
    _check_metrics(protocol)
    parts = splits(dataset, protocol)
    for part in parts:
        check_split(part)
    asked = _asked(parts, config)
    halved = (llm is not None or RunFolder.is_halved(out)) and not parts[0].calibration
    folder = RunFolder.start(out, _made_from(parts[0], asked, config, halved=halved))
    _write_tables(folder, parts, asked)
    if llm is not None and llm.ablations:
        folder.add_ablations(variant_records(llm, protocol))
    return Run(folder=folder, parts=parts, asked=asked, config=config, index=index, halved=halved)


def _check_metrics(protocol: SplitProtocol) -> None:
    for name in (*protocol.metrics, protocol.headline.partition("@")[0]):
        if name not in METRICS:
            raise ConfigError(
                f"{protocol.id}: there is no metric {name!r}", remedy=did_you_mean(name, METRICS)
            )


def _specs(
    rows: Sequence[str] | Mapping[str, RowSpec],
    protocol: SplitProtocol,
    index: Path | None,
    llm: LlmRows | None,
) -> list[RowSpec]:
    known = rows if isinstance(rows, Mapping) else ROWS
    specs = []
    for name in dict.fromkeys(rows):
        if name not in known:
            raise ConfigError(f"there is no row {name!r}", remedy=did_you_mean(name, known))
        spec = known[name]
        _row_name(spec.name)
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
    if llm is not None:
        check_llm_rows(with_variants(llm, protocol), specs)
    return specs


def _row_name(name: str) -> str:
    """Return a name that can name a folder; ``ConfigError`` where it cannot."""
    if _ROW_NAME.fullmatch(name) is None:
        raise ConfigError(
            f"row name {name!r} cannot name a folder",
            remedy="Use lower-case letters, digits and hyphens.",
        )
    return name


def _asked(parts: Sequence[Split], config: EvaluateConfig) -> list[tuple[int, Query]]:
    """Return (window, query) of every test query that is asked, in order."""
    asked = [(part.window, query) for part in parts for query in part.test]
    if not asked:
        raise DataError(
            f"{parts[0].protocol.id} leaves no query to ask",
            remedy="Use a card with a shorter min_history, or more data.",
        )
    return drawn(asked, config.sample, config.seed)


def _made_from(
    part: Split, asked: Sequence[object], config: EvaluateConfig, *, halved: bool
) -> dict[str, Any]:
    card = part.protocol
    return {
        "dataset": part.dataset.path.name,
        "dataset_sha256": part.dataset.sha256,
        "catalogue_sha256": part.dataset.catalogue.sha256,
        "protocol": card.id,
        "protocol_sha256": card.sha256,
        "card": card.model_dump(mode="json", exclude_none=True),
        **config.model_dump(mode="json", exclude={"resamples", "trec"}),
        "n_queries": len(asked),
        "n_items": len(part.dataset.catalogue),
        "tuned_on": HALF if halved else WHOLE,
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
