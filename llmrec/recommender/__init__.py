"""The straight line as one object.

``Recommender`` is a LangChain ``Runnable`` and is imported when it is first used; everything else
here works without LangChain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.recommender.build import build_pipeline, open_reranker
from llmrec.recommender.config import (
    ExplainSettings,
    RecommenderConfig,
    default_index,
    read_values,
)
from llmrec.recommender.pipeline import Decision, Pipeline
from llmrec.recommender.request import Request
from llmrec.recommender.scorers import LISTED, ScorerSettings, build_scorer, scorer_kind

if TYPE_CHECKING:
    from llmrec.recommender.runnable import Recommender

__all__ = [
    "LISTED",
    "Decision",
    "ExplainSettings",
    "Pipeline",
    "Recommender",
    "RecommenderConfig",
    "Request",
    "ScorerSettings",
    "build_pipeline",
    "build_scorer",
    "default_index",
    "open_reranker",
    "read_values",
    "scorer_kind",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "Recommender":
        from llmrec.recommender.runnable import Recommender

        return Recommender
    raise AttributeError(f"module 'llmrec.recommender' has no attribute {name!r}")
