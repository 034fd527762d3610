"""Evidence first, words second, checks last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.explain.checks import Checker, stands
from llmrec.explain.citations import legend, resolve_citations
from llmrec.explain.evidence import EvidenceConfig, find_evidence
from llmrec.explain.explainer import Explainer, ExplainerConfig
from llmrec.explain.facts import Facts
from llmrec.explain.words import EngineWriter, ReasonPrompts, Writer, WriteRequest

if TYPE_CHECKING:
    from llmrec.explain.langchain import ChatModelWriter

__all__ = [
    "ChatModelWriter",
    "Checker",
    "EngineWriter",
    "EvidenceConfig",
    "Explainer",
    "ExplainerConfig",
    "Facts",
    "ReasonPrompts",
    "WriteRequest",
    "Writer",
    "find_evidence",
    "legend",
    "resolve_citations",
    "stands",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "ChatModelWriter":
        from llmrec.explain.langchain import ChatModelWriter

        return ChatModelWriter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
