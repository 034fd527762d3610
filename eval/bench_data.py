"""How fast and in how much memory a large log is imported, and how fast histories are read.

python eval/bench_data.py run FOLDER [--out FILE.json] [--rows N] [--streamed-rows N]

Generated logs, what is imported and every finished measurement stay in FOLDER: the same command
goes on where a stopped one ended. At full size FOLDER needs about 15 GB.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from polars.io.plugins import register_io_source

from llmrec.artifacts import replace_file
from llmrec.evaluation.figures import save

CHUNK = 1_000_000
EVENTS_PER_USER, EVENTS_PER_ITEM = 40, 200
FIRST_S, SPAN_S = 1_500_000_000, 5 * 365 * 24 * 3600
SCHEMA = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64, "rating": pl.Float64}
app = typer.Typer()


def chunks(rows: int) -> Iterator[pl.DataFrame]:
    """Yield a log in order of time, as logs are written; few users and items have many events."""
    users, items = rows // EVENTS_PER_USER, rows // EVENTS_PER_ITEM
    for start in range(0, rows, CHUNK):
        rng = np.random.default_rng(start)
        n = min(CHUNK, rows - start)
        seconds = (start + np.sort(rng.random(n)) * n) / rows * SPAN_S + FIRST_S
        numbers = {
            "user_id": (rng.random(n) ** 2 * users).astype(np.int64),
            "item_id": (rng.random(n) ** 3 * items).astype(np.int64),
            "timestamp": seconds.astype(np.int64),
            "rating": rng.integers(1, 11, n) / 2,
        }
        names = [pl.format(f"{name[0]}{{}}", name).alias(name) for name in ("user_id", "item_id")]
        yield pl.DataFrame(numbers).with_columns(names)


def generate(rows: int, path: Path) -> None:
    """Write a log as CSV or Parquet in constant memory."""

    def source(*_: object) -> Iterator[pl.DataFrame]:
        return chunks(rows)

    lazy = register_io_source(source, schema=SCHEMA)
    with replace_file(path) as draft:
        (lazy.sink_csv if path.suffix == ".csv" else lazy.sink_parquet)(draft)


@app.command()
def plain(log: Path, out: Path) -> None:
    """Read, sort and write with Polars alone."""
    frame = pl.read_csv(log) if log.suffix == ".csv" else pl.read_parquet(log)
    frame.sort("user_id", "timestamp").write_parquet(out)


@app.command()
def histories(dataset: Path) -> None:
    """Open a dataset and time one user's history and those of 1,000 random users."""
    from llmrec.data import load

    start = time.perf_counter()
    data = load(dataset)
    opened = time.perf_counter()
    rng = np.random.default_rng(0)
    users = [data.users[n] for n in rng.choice(len(data.users), 1100, replace=False)]
    singles = [_seconds(lambda user=user: data.history(user)) for user in users[:100]]  # type: ignore[misc]
    many = _seconds(lambda: data.histories(users[100:]))
    figures = {
        "events": len(data),
        "open_s": round(opened - start, 2),
        "one_history_ms_median": round(1000 * float(np.median(singles)), 2),
        "one_history_ms_max": round(1000 * max(singles), 2),
        "histories_of_1000_users_s": round(many, 3),
    }
    sys.stdout.write(json.dumps(figures))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measured(line: list[str]) -> dict[str, Any]:
    """Run a command and return its seconds, peak memory and, where it prints JSON, its figures."""
    start = time.perf_counter()
    with subprocess.Popen(line, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own commands
        told = child.stdout.read() if child.stdout else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(child.returncode)
    figures = json.loads(told) if told.startswith(b"{") else {}
    return {
        "wall_s": round(time.perf_counter() - start, 1),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
        **figures,
    }


class Steps:
    """Measurements by name; what a stopped run finished is not measured again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "steps.json"
        self.done: dict[str, Any] = json.loads(self.file.read_text()) if self.file.exists() else {}

    def run(self, name: str, line: list[str]) -> dict[str, Any]:
        """Measure a command, unless that was done."""
        if name not in self.done:
            self.done[name] = measured(line)
            with replace_file(self.file) as draft:
                draft.write_text(json.dumps(self.done, indent=2))
        found: dict[str, Any] = self.done[name]
        return found


def importing(log: Path, dataset: Path) -> list[str]:
    """Return the command that imports a log, with every default of cleaning."""
    llmrec = shutil.which("llmrec", path=Path(sys.executable).parent) or "llmrec"
    told = ["--time-unit", "s", "--rating", "rating"]
    return [llmrec, "data", "import", str(log), str(dataset), *told]


@app.command()
def run(
    folder: Path,
    out: Annotated[Path | None, typer.Option()] = None,
    rows: Annotated[int, typer.Option()] = 20_000_000,
    streamed_rows: Annotated[int, typer.Option()] = 100_000_000,
) -> None:
    """Measure everything, smallest first."""
    folder = folder / f"{rows}-{streamed_rows}"
    folder.mkdir(parents=True, exist_ok=True)
    steps, figures = Steps(folder), []
    this = [sys.executable, __file__]
    for name, size in (("csv", rows), ("parquet", rows), ("streamed", streamed_rows)):
        log = folder / f"{name}.{'csv' if name == 'csv' else 'parquet'}"
        if not log.exists():
            generate(size, log)
        row: dict[str, Any] = {"log": log.suffix[1:], "events": size}
        row["log_mb"] = round(log.stat().st_size / 1e6)
        if size == rows:
            told = steps.run(f"{name} plain", [*this, "plain", str(log), str(folder / "plain")])
            row["plain"] = told
        row["import"] = steps.run(f"{name} import", importing(log, folder / f"{name}-dataset"))
        if "plain" in row:
            row["times_plain"] = round(row["import"]["wall_s"] / row["plain"]["wall_s"], 2)
        figures.append(row)
    told = steps.run("histories", [*this, "histories", str(folder / "csv-dataset")])
    save({"rows": figures, "histories": told}, out)


if __name__ == "__main__":
    app()
