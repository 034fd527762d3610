"""Two runs beside each other: the paired difference of their rows, and how sure it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.errors import ArtifactError, ConfigError, did_you_mean
from llmrec.evaluation.figures import without_nan
from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE, RunFolder
from llmrec.evaluation.llm_rows import source_ranks
from llmrec.evaluation.measures import card_ranks, figures_of, with_ties
from llmrec.metrics import compare, holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

_SAME = {
    "protocol_sha256": "card",
    "dataset_sha256": "dataset",
    "catalogue_sha256": "catalogue",
}


def compare_runs(
    first: str | Path,
    second: str | Path,
    *,
    rows: Sequence[tuple[str, str]] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Compare rows of two finished runs query by query.

    Differences are first - second. The intervals draw whole users, the tests flip their signs.
    Holm's correction counts all pairs of rows for the headline, which rows are judged by, and all
    pairs times all figures for ``metrics``, where one looks around.

    Args:
        first: A run's folder, or its ``results.json``.
        second: Another of the same card, dataset and queries; or the same once more.
        rows: Names of a row of the first and one of the second; None pairs those of one name.
        seed: Of all draws.
        resamples: Bootstrap draws.

    Returns:
        JSON values: what was compared, ``pairs`` with ``headline`` and ``metrics`` (each with
        ``first``, ``second`` and the fields of ``Difference``), the rows that only one run has.

    Raises:
        ArtifactError: No run, an unfinished or damaged one, one of another format, or two that
            cannot be paired; the message names what differs.
        ConfigError: An unknown row, or no row that both have.
    """
    folders = (_finished(first), _finished(second))
    queries = _same_queries(folders)
    names = tuple(_row_names(folder) for folder in folders)
    pairs = _pairs(folders, names, rows)
    card = folders[0].made_from["card"]
    clusters = queries["user_id"].rank("dense").cast(pl.Int64).to_numpy()
    found = [
        _pair(folders, pair, clusters=clusters, seed=seed, resamples=resamples) for pair in pairs
    ]
    _correct([pair["headline"] for pair in found])
    _correct([figure for pair in found for figure in pair["metrics"].values()])
    values = {
        "runs": [_about(folder) for folder in folders],
        "protocol": folders[0].made_from["protocol"],
        "headline": card["headline"],
        "queries": queries.height,
        "users": queries["user_id"].n_unique(),
        "pairs": found,
        "only_first": sorted(set(names[0]) - set(names[1])),
        "only_second": sorted(set(names[1]) - set(names[0])),
    }
    cleaned: dict[str, Any] = without_nan(values)
    return cleaned


def _finished(path: str | Path) -> RunFolder:
    path = Path(path)
    folder = RunFolder.open(path.parent if path.suffix == ".json" else path)
    folder.results()
    return folder


def _row_names(folder: RunFolder) -> list[str]:
    """Return the rows that the results tell of; one that has only begun is none."""
    return [row["name"] for row in folder.results()["rows"]]


def _same_queries(folders: tuple[RunFolder, RunFolder]) -> pl.DataFrame:
    """Return the queries of both, or say what keeps the runs from being paired."""
    for field, what in _SAME.items():
        values = [folder.made_from.get(field) for folder in folders]
        if values[0] != values[1]:
            told = _told(folders, field)
            raise ArtifactError(
                f"{folders[0].path} and {folders[1].path} are runs of another {what}: {told}",
                remedy="Only runs of the same card, dataset and queries can be compared.",
            )
    for file, what in ((ITEMS_FILE, "items"), (QUERIES_FILE, "queries")):
        tables = [folder.table(file) for folder in folders]
        if not tables[0].equals(tables[1]):
            samples = [
                f"{table.height} {what} (sample {folder.made_from.get('sample')}, seed "
                f"{folder.made_from.get('seed')})"
                for table, folder in zip(tables, folders, strict=True)
            ]
            raise ArtifactError(
                f"{folders[0].path} has other {what} than {folders[1].path}: "
                f"{samples[0]} and {samples[1]}",
                remedy="Run both with the same --sample and --seed.",
            )
    return folders[0].table(QUERIES_FILE)


def _told(folders: Sequence[RunFolder], field: str) -> str:
    """Return the two values of a hash with the name that goes with it."""
    name = field.removesuffix("_sha256")
    parts = (
        f"{folder.made_from.get(name, name)} ({str(folder.made_from.get(field))[:12]})"
        for folder in folders
    )
    return " and ".join(parts)


def _pairs(
    folders: tuple[RunFolder, RunFolder],
    names: tuple[list[str], ...],
    rows: Sequence[tuple[str, str]] | None,
) -> list[tuple[str, str]]:
    if rows is None:
        both = [(name, name) for name in names[0] if name in names[1]]
        if not both:
            raise ConfigError(
                f"{folders[0].path} ({', '.join(names[0])}) and {folders[1].path} "
                f"({', '.join(names[1])}) have no row in common",
                remedy="Pair rows of different names with --rows X:Y.",
            )
        return both
    for pair in rows:
        for name, known, folder in zip(pair, names, folders, strict=True):
            if name not in known:
                raise ConfigError(
                    f"{folder.path} has no finished row {name!r}", remedy=did_you_mean(name, known)
                )
    return list(dict.fromkeys(rows))


def _pair(
    folders: tuple[RunFolder, RunFolder],
    pair: tuple[str, str],
    *,
    clusters: NDArray[Any],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Compare two rows on every figure that both have."""
    card = folders[0].made_from["card"]
    figures = _figures(folders, pair)
    about = [folder.row(name) or {} for folder, name in zip(folders, pair, strict=True)]
    metrics = {}
    for name, values in figures[0].items():
        if name not in figures[1]:
            continue
        found = compare(values, figures[1][name], clusters=clusters, seed=seed, resamples=resamples)
        means = {"first": float(values.mean()), "second": float(figures[1][name].mean())}
        metrics[name] = {**means, **asdict(found)}
    return {
        "first": pair[0],
        "second": pair[1],
        "what": [row.get("what", "") for row in about],
        "settings": [dict(row.get("settings", {})) for row in about],
        "headline": dict(metrics[card["headline"]]),
        "metrics": metrics,
    }


def _figures(
    folders: tuple[RunFolder, RunFolder], pair: tuple[str, str]
) -> list[dict[str, Scores]]:
    """Return both rows' figures; the source of an LLM row breaks ties as its candidates did."""
    card = folders[0].made_from["card"]
    targets = folders[0].table(QUERIES_FILE)["target"].to_numpy().astype(np.int64)
    tables = [folder.ranked(name) for folder, name in zip(folders, pair, strict=True)]
    ranks = [card_ranks(table, card) for table in tables]
    for n, folder in enumerate(folders):
        llm = (folder.row(pair[n]) or {}).get("llm")
        if llm and llm["source"] == pair[1 - n]:
            broken = source_ranks(tables[1 - n], targets, llm["candidates"])
            ranks[1 - n] = with_ties(broken, card)
    return [figures_of(found, card) for found in ranks]


def _correct(figures: Sequence[dict[str, Any]]) -> None:
    """Add Holm's correction over these figures."""
    corrected = holm([figure["p_value"] for figure in figures])
    for figure, p_value in zip(figures, corrected, strict=True):
        figure["p_holm"] = p_value


def _about(folder: RunFolder) -> dict[str, Any]:
    results = folder.results()
    return {
        "path": str(folder.path),
        "dataset": folder.made_from["dataset"],
        "git_sha": results["environment"].get("git_sha"),
        "seed": folder.made_from["seed"],
        "rows": _row_names(folder),
    }
