"""Rows in which an LLM reranks the first items of another row: alone, and fused with it."""

from __future__ import annotations

from llmrec.evaluation.llm_rows.plan import plan_llm_rows
from llmrec.evaluation.llm_rows.results import is_llm, llm_results, source_ranks
from llmrec.evaluation.llm_rows.rows import LlmRow, LlmRows, check_llm_rows, run_llm_rows
from llmrec.evaluation.llm_rows.spec import RerankFile, RerankSpec

__all__ = [
    "LlmRow",
    "LlmRows",
    "RerankFile",
    "RerankSpec",
    "check_llm_rows",
    "is_llm",
    "llm_results",
    "plan_llm_rows",
    "run_llm_rows",
    "source_ranks",
]
