"""Simple rankers, tuned, that every table shows beside the LLM."""

from __future__ import annotations

from llmrec.evaluation.baselines.rows import DEFAULT_ROWS, ROWS, RandomRanker
from llmrec.evaluation.baselines.spec import Fitting, Ranker, RowSpec, Trial
from llmrec.evaluation.baselines.tuning import BATCH, headline, tune

__all__ = [
    "BATCH",
    "DEFAULT_ROWS",
    "ROWS",
    "Fitting",
    "RandomRanker",
    "Ranker",
    "RowSpec",
    "Trial",
    "headline",
    "tune",
]
