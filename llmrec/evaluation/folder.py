"""A run on disk: what it was made from, its queries, and each row's batches as they finish."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from llmrec.artifacts import (
    FORMAT_VERSION,
    MANIFEST,
    any_inside,
    remove_drafts,
    replace_file,
    seal_folder,
    write_faults,
)
from llmrec.errors import ArtifactError, did_you_mean
from llmrec.evaluation.ranking import RANKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KIND = "evaluation"
RUN_FILE = "run.json"
QUERIES_FILE = "queries.parquet"
ITEMS_FILE = "items.parquet"
USERS_FILE = "users.parquet"
ROW_FILE = "row.json"
RESULTS_FILE = "results.json"
ABLATIONS_FILE = "ablations.json"

WHOLE, HALF = "all of the validation", "half of the validation"
"""What settings are chosen on; with LLM rows one half, unless the card has a calibration period."""

QUERIES = pl.Schema(
    {
        "query": pl.Int32(),
        "window": pl.Int32(),
        "user_id": pl.String(),
        "as_of": pl.Datetime("us", "UTC"),
        "target": pl.Int32(),
        "history": pl.List(pl.Int32()),
    }
)
"""Per query: its window, user and moment, and by catalogue position its target and its history,
oldest first."""


class RunFolder:
    """A folder that grows batch by batch; what is there is whole, so a killed run goes on.

    It holds ``run.json`` (what the run was made from), ``queries.parquet``, ``items.parquet`` and,
    where facts about users are known, ``users.parquet`` (their groups),
    ``rows/<name>/row.json`` (settings, trials) with one ``batch-<n>.parquet`` per finished batch,
    and at the end the results, the reports and a manifest with every file's hash.
    """

    def __init__(self, path: Path, made_from: Mapping[str, Any]) -> None:
        self._path, self._made_from = path, dict(made_from)

    @classmethod
    def start(cls, path: str | Path, made_from: Mapping[str, Any]) -> Self:
        """Begin a run, or go on with one that was made from the same.

        Raises:
            ArtifactError: The folder cannot be written, holds something else, or a run of another
                make.
        """
        path = Path(path)
        if not (path / RUN_FILE).is_file():
            remove_drafts(path, RUN_FILE)
            if path.exists() and any_inside(path):
                raise ArtifactError(
                    f"{path} exists and is no evaluation run, so nothing is written there",
                    remedy="Name another folder with --out.",
                )
            with write_faults(path):
                path.mkdir(parents=True, exist_ok=True)
            _write_json(path / RUN_FILE, {"format_version": FORMAT_VERSION, **made_from})
            return cls(path, made_from)
        remove_drafts(path)
        run = cls.open(path)
        wanted = json.loads(json.dumps(made_from))
        for name in {**wanted, **run.made_from}:
            if wanted.get(name) != run.made_from.get(name):
                raise ArtifactError(
                    f"{path} is a run with {name} {run.made_from.get(name)!r}, not "
                    f"{wanted.get(name)!r}",
                    remedy="Name another folder with --out, or repeat the options of that run.",
                )
        return run

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a run to read it.

        Raises:
            ArtifactError: No run, a damaged one, or one of another format.
        """
        path = Path(path)
        values = _read_json(path / RUN_FILE, remedy="Is this a folder of `llmrec evaluate`?")
        version = values.pop("format_version", None)
        if version != FORMAT_VERSION:
            raise ArtifactError(
                f"{path} is a run of format {version!r}; this version reads {FORMAT_VERSION}",
                remedy="Run `llmrec evaluate` again, into another folder.",
            )
        return cls(path, values)

    @classmethod
    def is_halved(cls, path: str | Path) -> bool:
        """Return whether a run stands there that chose its settings on half of the validation."""
        there = (Path(path) / RUN_FILE).is_file()
        return there and cls.open(path).made_from.get("tuned_on") == HALF

    @property
    def path(self) -> Path:
        """The folder."""
        return self._path

    @property
    def made_from(self) -> dict[str, Any]:
        """What the run was made from, in JSON values."""
        return self._made_from

    @property
    def row_names(self) -> list[str]:
        """The rows that have begun, in order of name."""
        return sorted(file.parent.name for file in self._path.glob(f"rows/*/{ROW_FILE}"))

    @property
    def finished_rows(self) -> list[str]:
        """The rows that have every query and all that is told of them, in order of name.

        Of an LLM's two rows neither is finished before both are.
        """
        whole = [name for name in self.row_names if self._is_whole(name)]
        return [name for name in whole if self._llm_of(name).get("alone", name) in whole]

    def table(self, name: str) -> pl.DataFrame:
        """Return ``QUERIES_FILE``, ``ITEMS_FILE`` or ``USERS_FILE``."""
        return _read_table(self._path / name)

    def user_groups(self) -> pl.DataFrame | None:
        """Return the groups of the users who are asked about; None where nothing is known."""
        return self.table(USERS_FILE) if (self._path / USERS_FILE).is_file() else None

    def write_table(self, name: str, table: pl.DataFrame) -> None:
        """Write a table of the run, whole or not at all."""
        with replace_file(self._path / name) as draft:
            table.write_parquet(draft)

    def row(self, name: str) -> dict[str, Any] | None:
        """Return what is known of a row; None where it has not begun."""
        file = self._path / "rows" / name / ROW_FILE
        return _read_json(file, remedy=f"Remove {file.parent}.") if file.is_file() else None

    def write_row(self, name: str, values: Mapping[str, Any]) -> None:
        """Write what is known of a row, whole or not at all."""
        _write_json(self._path / "rows" / name / ROW_FILE, values)

    def ablations(self) -> list[dict[str, Any]]:
        """Return what is known of rows that are variants of others, as ``variant_records``."""
        file = self._path / ABLATIONS_FILE
        if not file.is_file():
            return []
        records: list[dict[str, Any]] = _read_json(file, remedy=f"Remove {file}.")["variants"]
        return records

    def add_ablations(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Note which rows are variants of others, before one of them begins."""
        known = {record["row"]: record for record in (*self.ablations(), *records)}
        _write_json(self._path / ABLATIONS_FILE, {"variants": list(known.values())})

    def has_batch(self, row: str, batch: int) -> bool:
        """Return whether a batch is finished."""
        return self._batch(row, batch).is_file()

    def write_batch(self, row: str, batch: int, ranked: pl.DataFrame) -> None:
        """Keep a finished batch, whole or not at all."""
        with replace_file(self._batch(row, batch)) as draft:
            ranked.write_parquet(draft)

    def ranked(self, row: str) -> pl.DataFrame:
        """Return a row's figures, one line a query of the run, in their order.

        Raises:
            ArtifactError: The row is unknown, or some of its batches are missing or damaged.
        """
        if row not in self.row_names:
            known = did_you_mean(row, self.row_names)
            raise ArtifactError(f"{self._path} has no row {row!r}", remedy=known)
        files = map(_read_table, self._batches(row))
        table = pl.concat([pl.DataFrame(schema=RANKED), *files]).sort("query")
        wanted = self.table(QUERIES_FILE)["query"]
        if not table["query"].equals(wanted):
            raise ArtifactError(
                f"row {row!r} of {self._path} has {table.height} of {len(wanted)} queries",
                remedy="Run the same `llmrec evaluate` again; it goes on where it stopped.",
            )
        return table

    def results(self) -> dict[str, Any]:
        """Return the finished run's results.

        Raises:
            ArtifactError: The run is not finished, or damaged.
        """
        remedy = "Run the same `llmrec evaluate` again; it goes on where it stopped."
        return _read_json(self._path / RESULTS_FILE, remedy=remedy)

    def finish(self, results: Mapping[str, Any], reports: Mapping[str, str]) -> None:
        """Write the results and the reports, then the manifest over everything."""
        _write_json(self._path / RESULTS_FILE, results)
        for name, text in reports.items():
            _write_text(self._path / name, text)
        with write_faults(self._path):
            (self._path / MANIFEST).unlink(missing_ok=True)
            seal_folder(self._path, KIND, made_from=self._made_from)

    def _is_whole(self, row: str) -> bool:
        """Return whether a row has every query; an LLM's has its calibration then too."""
        if self._llm_of(row) and "calibration" not in (self.row(row) or {}):
            return False
        ranked = sum(_n_lines(file) for file in self._batches(row))
        return ranked == self.table(QUERIES_FILE).height

    def _llm_of(self, row: str) -> dict[str, Any]:
        """Return what is known of an LLM's part in a row; nothing where it has none."""
        about: dict[str, Any] = (self.row(row) or {}).get("llm", {})
        return about

    def _batches(self, row: str) -> list[Path]:
        return sorted((self._path / "rows" / row).glob("batch-*.parquet"))

    def _batch(self, row: str, batch: int) -> Path:
        return self._path / "rows" / row / f"batch-{batch:05}.parquet"


def batches_of(windows: Sequence[int], size: int) -> list[tuple[int, list[int]]]:
    """Return (window, query numbers) of every batch; no batch spans two windows."""
    found: list[tuple[int, list[int]]] = []
    for number, window in enumerate(windows):
        if not found or found[-1][0] != window or len(found[-1][1]) == size:
            found.append((window, []))
        found[-1][1].append(number)
    return found


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    _write_text(path, text + "\n")


def _write_text(path: Path, text: str) -> None:
    with replace_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _read_json(path: Path, *, remedy: str) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path.parent} holds no {path.name}", remedy=remedy) from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}", remedy=remedy) from error
    if not isinstance(values, dict):
        raise ArtifactError(f"{path} is not a JSON object", remedy=remedy)
    return values


def _read_table(path: Path) -> pl.DataFrame:
    with _table_faults(path):
        return pl.read_parquet(path, glob=False)


def _n_lines(path: Path) -> int:
    with _table_faults(path):
        lines: int = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
        return lines


@contextlib.contextmanager
def _table_faults(path: Path) -> Iterator[None]:
    """Turn what keeps a table from being read into an error that names it."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ArtifactError(
            f"{path} cannot be read: {error}", remedy="Remove it and run again."
        ) from error
