"""Evidence first, words second, checks last.

``evidence`` finds the events that decided, ``writers`` and ``langchain`` put them into words,
``checker`` reads the words as claims, ``fallback`` says it plainly, ``explainer`` joins them.
"""

from __future__ import annotations

from llmrec.explain.checker import READABLE, Checker
from llmrec.explain.evidence import EvidenceConfig, find_evidence
from llmrec.explain.explainer import Explainer, ExplainerConfig, resolve_citations
from llmrec.explain.fallback import languages, plain_text
from llmrec.explain.writers import EngineWriter, Reason, ReasonPrompts, Writer

__all__ = [
    "READABLE",
    "Checker",
    "EngineWriter",
    "EvidenceConfig",
    "Explainer",
    "ExplainerConfig",
    "Reason",
    "ReasonPrompts",
    "Writer",
    "find_evidence",
    "languages",
    "plain_text",
    "resolve_citations",
]
