"""How fast simulated people are written to Parquet on one core, and that memory stays flat.

python eval/bench_world.py [--out FILE.json]      1 and 10 million events of both worlds
"""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from llmrec.evaluation.figures import save

PEOPLE = {"film.v2": (14_600, 145_000), "kitchen.v1": (12_400, 123_000)}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


def measure(world: str, people: int, folder: str) -> dict[str, Any]:
    """Write one world's events by the command, held to one core, and say what it took."""
    out = Path(folder) / "events.parquet"
    core = str(min(os.sched_getaffinity(0)))
    told = ["--world", world, "--people", str(people)]
    line = ["taskset", "-c", core, shutil.which("llmrec") or "llmrec", "world", "sample", str(out)]
    start = time.perf_counter()
    child = os.posix_spawnp("taskset", [*line, *told], os.environ | ONE_THREAD)
    _, status, used = os.wait4(child, 0)
    wall_s = time.perf_counter() - start
    if status:
        raise SystemExit(os.waitstatus_to_exitcode(status))
    events = int(pl.scan_parquet(out).select(pl.len()).collect().item())
    return {
        "world": world,
        "events": events,
        "wall_s": round(wall_s, 1),
        "events_per_s": round(events / wall_s),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
        "parquet_mb": round(out.stat().st_size / 1e6, 1),
    }


def main(out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Measure every world and size, smallest first."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(world, n, folder) for world, sizes in PEOPLE.items() for n in sizes]
    save({"cores_used": 1, "rows": rows}, out)


if __name__ == "__main__":
    typer.run(main)
