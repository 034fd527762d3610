"""A causal transformer over a user's events, whose vector meets the items' in an index."""

from __future__ import annotations

from llmrec.retrieval.sequence.config import SequenceConfig
from llmrec.retrieval.sequence.fit import fit_sequence
from llmrec.retrieval.sequence.holdout import fit_sequence_on_all
from llmrec.retrieval.sequence.retriever import SequenceRetriever

__all__ = ["SequenceConfig", "SequenceRetriever", "fit_sequence", "fit_sequence_on_all"]
