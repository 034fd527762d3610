"""CPU per user that llmrec adds to its engine: retrieve and rerank with a scripted model.

python eval/bench_overhead.py [--real]   (--real: also the ratio to the bare Transformers engine)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.data import load, write_sample
from llmrec.encode import open_encoder
from llmrec.llm import EngineConfig, ScriptedEngine, open_engine
from llmrec.recommender import Decision
from llmrec.rerank import LabelScorer, LikelihoodScorer
from llmrec.retrieval import ItemIndex, MeanRetriever
from llmrec.serialize import HistorySerializer, SerializerConfig

if TYPE_CHECKING:
    from llmrec.data import Dataset
    from llmrec.types import History


class Clocked:
    """An engine that knows how much CPU its own methods took."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401
        self._engine = engine
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        value = getattr(self._engine, name)
        if not name.startswith("score_"):
            return value

        def timed(*args: Any) -> Any:  # noqa: ANN401
            start = time.process_time()
            try:
                return value(*args)
            finally:
                self.seconds += time.process_time() - start

        return timed


def made_scorer(kind: str, engine: Any, dataset: Dataset) -> LabelScorer | LikelihoodScorer:  # noqa: ANN401
    """Return a scorer over the dataset's catalogue, counting the engine's tokens."""

    def count(texts: Any) -> list[int]:  # noqa: ANN401
        return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

    serializer = HistorySerializer(SerializerConfig(), dataset.catalogue, count)
    return (LabelScorer if kind == "labels" else LikelihoodScorer)(engine, serializer)


def measure(kind: str, engine: Clocked, dataset: Dataset, histories: list[History]) -> None:
    """Print the CPU per user of the line, the engine's share, and what is added to it."""
    index = ItemIndex.build(dataset.catalogue, open_encoder("hash"))
    retriever = MeanRetriever(index)
    decision = Decision(
        retriever=retriever, reranker=made_scorer(kind, engine, dataset), weight=0.1
    )
    decision(histories[:4], retriever.retrieve(histories[:4], 20))  # fills caches, as a service
    engine.seconds = 0.0
    start = time.process_time()
    decision(histories, retriever.retrieve(histories, 20))
    whole = time.process_time() - start
    added = (whole - engine.seconds) / len(histories) * 1e3
    print(
        f"{kind:<11} {engine.card.identity:<40} {whole / len(histories) * 1e3:8.2f} ms CPU a user, "
        f"added {added:5.2f} ms, ratio to the bare engine {whole / engine.seconds:.3f}"
    )


def main() -> None:
    """Measure on the embedded sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--users", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder) / "film-world")
        dataset = load(Path(folder) / "film-world")
        histories = dataset.histories(dataset.users[: options.users])
        for kind in ("labels", "likelihood"):
            measure(kind, Clocked(ScriptedEngine()), dataset, histories)
        if options.real:
            engine = open_engine(EngineConfig(kind="transformers", model="smollm2-135m"))
            for kind in ("labels", "likelihood"):
                measure(kind, Clocked(engine), dataset, histories[:8])
            engine.close()


if __name__ == "__main__":
    main()
