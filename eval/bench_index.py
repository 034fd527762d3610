"""How fast and how exact item indexes are, at 100,000 and 1 million vectors of 384 dimensions.

    python eval/bench_index.py [--step raw] [--out eval/results/index.json]

A finished step stands in the file and is not measured again: the same command goes on where a
stopped one ended. Speeds are of one core: queries a second of processor time, which other work
on the machine changes little; those of the live index are of wall-clock time. Ten million
vectors are measured by ``bench_index_large.py``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import faiss
import numpy as np
import typer

from eval.index_live import measure
from eval.index_vectors import TitleLike, neighbour_gaps
from llmrec.artifacts import replace_file
from llmrec.evaluation.figures import machine
from llmrec.retrieval.stores.approximate import ApproximateStore
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.parameters import IvfPqParameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.base import VectorStore

K = 100
OUT = Path(__file__).parent / "results" / "index.json"
MILLION = IvfPqParameters(lists=2048, parts=192, bits=4, rotate=False, train_rows=100_000, rerank=4)


def titles() -> Vectors:
    """Return the vectors of the embedded films' and dishes' titles."""
    from llmrec.encode import open_encoder

    folder = Path(__file__).parents[1] / "llmrec" / "world"
    lines = [line for name in ("films", "dishes") for line in (folder / f"{name}.jsonl").open("rb")]
    names = dict.fromkeys(json.loads(line)["title"] for line in lines)
    return open_encoder("minilm").encode(list(names))


def seconds(work: Callable[..., object], *given: object) -> float:
    """Return the processor time of one call."""
    start = time.process_time()
    work(*given)
    return time.process_time() - start


def gaps() -> dict[str, Any]:
    """Compare drawn vectors' neighbours with those of as many real titles."""
    real = titles()
    drawn = TitleLike(real, len(real)).draw(len(real), seed=1)
    return {"titles": len(real), "real": neighbour_gaps(real), "drawn": neighbour_gaps(drawn)}


def raw() -> dict[str, Any]:
    """Time our exact store beside the very FAISS index inside it, in turns.

    One index, since two copies of the same vectors differ in speed by where they lie in memory.
    """
    maker = TitleLike(titles(), 100_000)
    store = FlatStore.of(maker.draw(100_000, seed=1))
    alone = store._index
    rows = []
    for batch, turns in ((1, 200), (32, 15), (1024, 5)):
        queries = maker.draw(batch, seed=2)
        store.search(queries, K)
        pairs = [
            (seconds(alone.search, queries, K), seconds(store.search, queries, K))
            for _ in range(turns)
        ]
        theirs, ours = np.median(pairs, axis=0)
        row = {"batch": batch, "faiss_ms": theirs * 1e3, "ours_ms": ours * 1e3}
        rows.append({**row, "times_faiss": float(np.median([b / a for a, b in pairs]))})
    return {"vectors": 100_000, "k": K, "rows": rounded(rows)}


def million() -> dict[str, Any]:
    """Find the probes at which 98 % of the best 100 are found among a million, and the speed."""
    n, asked = 1_000_000, 200
    maker = TitleLike(titles(), n)
    flat = FlatStore.of(maker.draw(n, seed=1))
    queries = maker.draw(asked, seed=2)
    truth = flat.search(queries, K).rows
    exact = {size: speed(flat, queries, size) for size in (1, 100)}
    start = time.process_time()
    made = ApproximateStore.of(flat.vectors.array, MILLION)
    built_s = time.process_time() - start
    rows = []
    for probes, rerank in ((32, 4), (128, 8), (256, 10), (384, 10), (512, 10), (768, 12)):
        settings = MILLION.model_copy(update={"probes": probes, "rerank": rerank})
        store = made.asked_with(settings)
        found = store.search(queries, K).rows
        recall = np.mean([np.isin(t, f).mean() for t, f in zip(truth, found, strict=True)])
        fast = {size: speed(store, queries, size) for size in exact}
        rows.append(
            {
                "probes": probes,
                "rerank": rerank,
                "recall_at_100": float(recall),
                **{f"queries_a_second_batches_of_{size}": fast[size] for size in exact},
                **{f"times_flat_batches_of_{size}": fast[size] / exact[size] for size in exact},
            }
        )
    return {
        "vectors": n,
        "k": K,
        "settings": MILLION.model_dump(),
        "build_cpu_s": round(built_s),
        "index_mb": round(made.index_bytes() / 1e6),
        "flat_queries_a_second": {str(size): round(value, 1) for size, value in exact.items()},
        "rows": rounded(rows),
    }


def speed(store: VectorStore, queries: Vectors, batch: int) -> float:
    """Return queries a second of processor time, the best of three rounds."""
    asked = queries[: max(batch, 20)]
    parts = [asked[n : n + batch] for n in range(0, len(asked), batch)]
    took = min(seconds(lambda: [store.search(part, K) for part in parts]) for _ in range(3))
    return len(asked) / took


def rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows whose fractions have four digits."""
    return [{n: float(f"{v:.4g}") for n, v in row.items()} for row in rows]


def live() -> dict[str, Any]:
    """Change and search 100,000 items at once for 20 seconds of wall-clock time."""
    n, more, seconds = 100_000, 20_000, 20.0
    maker = TitleLike(titles(), n + more)
    return measure(maker.draw(n + more, seed=1), n, seconds)


STEPS: dict[str, Callable[[], dict[str, Any]]] = {
    "gaps": gaps,
    "raw": raw,
    "live": live,
    "million": million,
}


def main(
    step: Annotated[list[str] | None, typer.Option()] = None,
    out: Annotated[Path, typer.Option()] = OUT,
) -> None:
    """Measure what is not in the file yet."""
    faiss.omp_set_num_threads(1)
    done: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {}
    for name in step or STEPS:
        if name in done:
            continue
        done = {**done, "machine": machine(), name: STEPS[name]()}
        with replace_file(out) as draft:
            draft.write_text(json.dumps(done, indent=2) + "\n", encoding="utf-8")
        print(json.dumps({name: done[name]}, indent=2), flush=True)


if __name__ == "__main__":
    typer.run(main)
