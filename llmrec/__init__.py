"""llmrec: explained next-item recommendations with retrieval and an LLM reranker."""

from __future__ import annotations
