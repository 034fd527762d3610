"""Ten million vectors of 384 dimensions, product-quantised, in little memory.

    python eval/bench_index_large.py run FOLDER [--out eval/results/index-large.json]

FOLDER needs 9 GB; finished parts stay there, and the same command goes on where a stopped one
ended. Each part is a process of its own, so that its memory is its own. The vectors that score
what is found lie in half precision in a mapped file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import faiss
import numpy as np
import typer

from eval.bench_index import K, titles
from eval.index_vectors import TitleLike
from llmrec.artifacts import replace_folder
from llmrec.evaluation.figures import save
from llmrec.retrieval.stores.approximate import INDEX_FILE, VECTORS_FILE, ApproximateStore
from llmrec.retrieval.stores.files import read_store
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.hits import Hits, merged
from llmrec.retrieval.stores.kinds import build_index
from llmrec.retrieval.stores.parameters import IvfPqParameters
from llmrec.retrieval.stores.vectors import VectorTable

ASKED = 100
SETTINGS = IvfPqParameters(
    lists=1024, parts=192, bits=4, rotate=False, train_rows=100_000, vectors="float16"
)
app = typer.Typer()


def anonymous_mb() -> int:
    """Return this process's resident memory that no file backs, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return round(int(values["RssAnon"].split()[0]) * 1024 / 1e6)


@app.command()
def make(folder: Path, n: int) -> None:
    """Write the vectors, queries, and the exact best of each query, found part by part."""
    maker = TitleLike(titles(), n)
    queries = maker.draw(ASKED, seed=2)
    best = Hits(rows=np.empty((ASKED, 0), np.int64), scores=np.empty((ASKED, 0)))
    with replace_folder(folder / "vectors") as draft:
        shape = (n, queries.shape[1])
        file = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            draft / VECTORS_FILE, mode="w+", dtype=np.float16, shape=shape
        )
        start = 0
        for part in maker.parts(n, seed=1):
            kept = part.astype(np.float16)
            file[start : start + len(part)] = kept
            hits = FlatStore.of(kept.astype(np.float32)).search(queries, K)
            best = merged([best, hits], [0, start], K)
            start += len(part)
        file.flush()
        np.savez(draft / "truth.npz", queries=queries, rows=best.rows)


@app.command()
def build(folder: Path) -> None:
    """Learn and fill the index from the mapped vectors."""
    vectors = np.load(folder / "vectors" / VECTORS_FILE, mmap_mode="r")
    start, cpu = time.perf_counter(), time.process_time()
    index = build_index(VectorTable(vectors), SETTINGS)
    told = {
        "build_wall_s": round(time.perf_counter() - start),
        "build_cpu_s": round(time.process_time() - cpu),
        "build_anonymous_mb": anonymous_mb(),
    }
    with replace_folder(folder / "index") as draft:
        faiss.write_index(index, str(draft / INDEX_FILE))
        (draft / VECTORS_FILE).symlink_to((folder / "vectors" / VECTORS_FILE).resolve())
        (draft / "told.json").write_text(json.dumps(told), encoding="utf-8")


@app.command()
def ask(folder: Path) -> None:
    """Search with rising effort; print recall, speed and memory."""
    faiss.omp_set_num_threads(1)
    truth = np.load(folder / "vectors" / "truth.npz")
    store = read_store(folder / "index", SETTINGS.model_dump(), memory_map=True)
    rows = []
    for probes in (32, 64, 128, 256):
        settings = SETTINGS.model_copy(update={"probes": probes})
        if not isinstance(store, ApproximateStore):
            raise TypeError
        asked = store.asked_with(settings)
        asked.search(truth["queries"], K)  # brings the mapped vectors into the page cache
        start = time.process_time()
        found = asked.search(truth["queries"], K).rows
        took = time.process_time() - start
        pairs = zip(truth["rows"], found, strict=True)
        rows.append(
            {
                "probes": probes,
                "recall_at_100": round(float(np.mean([np.isin(t, f).mean() for t, f in pairs])), 4),
                "queries_a_second": round(ASKED / took, 1),
                "anonymous_mb": anonymous_mb(),
            }
        )
    built = json.loads((folder / "index" / "told.json").read_text(encoding="utf-8"))
    index_mb = round((folder / "index" / INDEX_FILE).stat().st_size / 1e6)
    figures = {"vectors": len(store), "settings": SETTINGS.model_dump(), **built}
    sys.stdout.write(json.dumps({**figures, "index_mb": index_mb, "rows": rows}))


@app.command()
def run(
    folder: Path,
    out: Annotated[Path | None, typer.Option()] = None,
    n: Annotated[int, typer.Option()] = 10_000_000,
) -> None:
    """Make, build and ask, each in a process of its own."""
    folder = folder / str(n)
    folder.mkdir(parents=True, exist_ok=True)
    this = [sys.executable, __file__]
    if not (folder / "vectors").exists():
        subprocess.run([*this, "make", str(folder), str(n)], check=True)  # noqa: S603 - our own
    if not (folder / "index").exists():
        subprocess.run([*this, "build", str(folder)], check=True)  # noqa: S603
    told = subprocess.run([*this, "ask", str(folder)], check=True, capture_output=True)  # noqa: S603
    figures: dict[str, Any] = json.loads(told.stdout)
    save(figures, out)


if __name__ == "__main__":
    app()
