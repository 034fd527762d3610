"""Protocols, runs and what is fitted on validation data."""

from __future__ import annotations

from llmrec.evaluation.baselines import DEFAULT_ROWS, ROWS, Fitting, Ranker, RowSpec
from llmrec.evaluation.folder import RunFolder
from llmrec.evaluation.llm_rows import RerankSpec
from llmrec.evaluation.run import EvaluateConfig, evaluate

__all__ = [
    "DEFAULT_ROWS",
    "ROWS",
    "EvaluateConfig",
    "Fitting",
    "Ranker",
    "RerankSpec",
    "RowSpec",
    "RunFolder",
    "evaluate",
]
