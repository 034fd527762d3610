"""llmrec: explained next-item recommendations with retrieval and an LLM reranker.

Everything public stands here; a name's module is imported when the name is first used, so that
``import llmrec`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmrec.data import Dataset, load, split
    from llmrec.encode import open_encoder
    from llmrec.errors import LlmrecError
    from llmrec.llm import open_engine
    from llmrec.recommender import Recommender, RecommenderConfig
    from llmrec.retrieval import ItemIndex
    from llmrec.templates import load_template
    from llmrec.types import (
        Candidate,
        Catalogue,
        Evidence,
        Explanation,
        History,
        Interaction,
        Item,
        Prompt,
        Ranking,
        Recommendation,
    )

_HOME = {
    "Candidate": "types",
    "Catalogue": "types",
    "Dataset": "data",
    "Evidence": "types",
    "Explanation": "types",
    "History": "types",
    "Interaction": "types",
    "Item": "types",
    "ItemIndex": "retrieval",
    "LlmrecError": "errors",
    "Prompt": "types",
    "Ranking": "types",
    "Recommendation": "types",
    "Recommender": "recommender",
    "RecommenderConfig": "recommender",
    "load": "data",
    "load_template": "templates",
    "open_encoder": "encode",
    "open_engine": "llm",
    "split": "data",
}

__all__ = [
    "Candidate",
    "Catalogue",
    "Dataset",
    "Evidence",
    "Explanation",
    "History",
    "Interaction",
    "Item",
    "ItemIndex",
    "LlmrecError",
    "Prompt",
    "Ranking",
    "Recommendation",
    "Recommender",
    "RecommenderConfig",
    "load",
    "load_template",
    "open_encoder",
    "open_engine",
    "split",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'llmrec' has no attribute {name!r}")
    return getattr(importlib.import_module(f"llmrec.{_HOME[name]}"), name)
