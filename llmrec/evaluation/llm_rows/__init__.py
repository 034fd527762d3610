"""Rows in which an LLM reranks the first items of another row: alone, and fused with it."""

from __future__ import annotations

from llmrec.evaluation.llm_rows.spec import RerankSpec

__all__ = ["RerankSpec"]
