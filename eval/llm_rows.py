"""Zero-shot rows of an LLM by every scorer, on datasets under their cards, with one model open.

python eval/llm_rows.py OUT MODEL SOURCE SAMPLE DATASET=CARD [DATASET=CARD ...]
"""

import sys
from contextlib import closing
from pathlib import Path

from llmrec.data import SplitProtocol, load
from llmrec.evaluation import EvaluateConfig, LlmRows, RerankSpec, evaluate
from llmrec.llm import EngineConfig, open_engine

out, model, source, sample, *pairs = sys.argv[1:]
kinds = ("labels", "markers", "likelihood", "pointwise")
specs = tuple(RerankSpec.of({"name": kind, "source": source, "scorer": kind}) for kind in kinds)
with closing(open_engine(EngineConfig(model=model, cache=Path(out) / "answers.sqlite"))) as engine:
    for dataset, card in (pair.rsplit("=", 1) for pair in pairs):
        evaluate(
            load(Path(dataset)),
            SplitProtocol.named(card),
            out=Path(out) / f"{Path(dataset).name}-{card}",
            config=EvaluateConfig(sample=int(sample)),
            llm=LlmRows(engine=engine, specs=specs),
        )
