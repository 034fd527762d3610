"""Protocols, runs and what is fitted on validation data."""

from __future__ import annotations

from llmrec.evaluation.baselines import DEFAULT_ROWS, ROWS, Fitting, Ranker, RowSpec
from llmrec.evaluation.context import EvaluateConfig
from llmrec.evaluation.folder import RunFolder
from llmrec.evaluation.llm_rows import LlmRows, RerankSpec
from llmrec.evaluation.run import evaluate, plan

__all__ = [
    "DEFAULT_ROWS",
    "ROWS",
    "EvaluateConfig",
    "Fitting",
    "LlmRows",
    "Ranker",
    "RerankSpec",
    "RowSpec",
    "RunFolder",
    "evaluate",
    "plan",
]
