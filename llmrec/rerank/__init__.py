"""Scores for every candidate, and their fusion with the retriever's."""

from llmrec.rerank.base import Reranker
from llmrec.rerank.context import (
    BY_RETRIEVER,
    SHUFFLED,
    Listing,
    PromptContext,
    SharedContext,
    listing_order,
)
from llmrec.rerank.fit import FusionArtifact, FusionFit, fit_weight, fusion_key
from llmrec.rerank.fusion import DEFAULT_WEIGHT, default_weight, fuse, retriever_alone, zscore
from llmrec.rerank.labels import LabelScorer
from llmrec.rerank.likelihood import LikelihoodScorer
from llmrec.rerank.markers import MarkerScorer
from llmrec.rerank.pointwise import PointwiseScorer
from llmrec.rerank.runs import (
    CandidateList,
    RankedList,
    read_candidates,
    write_jsonl,
    write_trec,
)

__all__ = [
    "BY_RETRIEVER",
    "DEFAULT_WEIGHT",
    "SHUFFLED",
    "CandidateList",
    "FusionArtifact",
    "FusionFit",
    "LabelScorer",
    "LikelihoodScorer",
    "Listing",
    "MarkerScorer",
    "PointwiseScorer",
    "PromptContext",
    "RankedList",
    "Reranker",
    "SharedContext",
    "default_weight",
    "fit_weight",
    "fuse",
    "fusion_key",
    "listing_order",
    "read_candidates",
    "retriever_alone",
    "write_jsonl",
    "write_trec",
    "zscore",
]
