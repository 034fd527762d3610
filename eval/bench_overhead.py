"""CPU per user that llmrec adds to its engine: ranking, and ranking with reasons.

    python eval/bench_overhead.py [--users 200] [--out FILE.json] [--real]

With a scripted model the engine costs next to nothing, so what is left is ours. ``--real`` also
runs the embedded model: the ratio of the whole line to what its engine alone took.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.data import load, write_sample
from llmrec.encode import open_encoder
from llmrec.evaluation.figures import save
from llmrec.explain import EngineWriter, EvidenceConfig, Explainer, ExplainerConfig, ReasonPrompts
from llmrec.llm import EngineConfig, ScriptedEngine, open_engine
from llmrec.recommender import Decision, Pipeline
from llmrec.rerank import LabelScorer, LikelihoodScorer, MarkerScorer, PointwiseScorer
from llmrec.retrieval import ItemIndex, MeanRetriever
from llmrec.serialize import HistorySerializer, SerializerConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmrec.data import Dataset

K = 3
EVIDENCE = EvidenceConfig(max_groups=6)
"""As in the demo: six sessions a user are left out, one after the other."""
SCORERS = {
    "labels": LabelScorer,
    "markers": MarkerScorer,
    "likelihood": LikelihoodScorer,
    "pointwise": PointwiseScorer,
}


class Clocked:
    """An engine that knows how much CPU its own methods took."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401
        self._engine = engine
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        value = getattr(self._engine, name)
        if not name.startswith(("score_", "generate")):
            return value

        def timed(*args: Any, **options: Any) -> Any:  # noqa: ANN401
            start = time.process_time()
            try:
                return value(*args, **options)
            finally:
                self.seconds += time.process_time() - start

        return timed


def made_pipeline(kind: str, engine: Any, dataset: Dataset) -> Pipeline:  # noqa: ANN401
    """Return the whole line over the dataset's catalogue, counting the engine's tokens."""

    def count(texts: Any) -> list[int]:  # noqa: ANN401
        return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

    retriever = MeanRetriever(ItemIndex.build(dataset.catalogue, open_encoder("hash")))
    serializer = HistorySerializer(SerializerConfig(), dataset.catalogue, count)
    scorer = SCORERS[kind](engine, serializer)
    writer = EngineWriter(engine, ReasonPrompts(scorer.context.variables, serializer))
    config = ExplainerConfig(evidence=EVIDENCE)
    return Pipeline(
        retriever=retriever,
        decision=Decision(retriever=retriever, reranker=scorer, weight=0.1),
        explainer=Explainer(dataset.catalogue, writer=writer, config=config),
    )


def measure(kind: str, engine: Clocked, dataset: Dataset, n_users: int) -> list[dict[str, Any]]:
    """Return the CPU per user of both tasks, the engine's share, and what is added to it."""
    pipeline = made_pipeline(kind, engine, dataset)
    histories = dataset.histories(dataset.users[: n_users + 4])
    tasks: dict[str, Callable[[list[Any]], object]] = {
        "rank": pipeline.rank,
        f"rank and explain {K}": lambda some: pipeline.recommend(some, k=K, explain=True),
    }
    rows = []
    for name, task in tasks.items():
        task(histories[:4])  # fills caches, as in a service
        engine.seconds = 0.0
        start = time.process_time()
        task(histories[4:])
        whole = time.process_time() - start
        n = len(histories) - 4
        rows.append(
            {
                "task": name,
                "scorer": kind,
                "engine": engine.card.engine,
                "users": n,
                "cpu_ms_a_user": round(1e3 * whole / n, 2),
                "added_ms_a_user": round(1e3 * (whole - engine.seconds) / n, 2),
                "ratio_to_engine": round(whole / engine.seconds, 3),
            }
        )
    return rows


def main() -> None:
    """Measure on the embedded sample."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder) / "film-world")
        dataset = load(Path(folder) / "film-world")
        for kind in SCORERS:
            rows += measure(kind, Clocked(ScriptedEngine()), dataset, options.users)
        if options.real:
            engine = open_engine(EngineConfig(kind="transformers", model="smollm2-135m"))
            for kind in SCORERS:
                rows += measure(kind, Clocked(engine), dataset, 4)
            engine.close()
    save({"sessions_left_out": EVIDENCE.max_groups, "rows": rows}, options.out)


if __name__ == "__main__":
    main()
