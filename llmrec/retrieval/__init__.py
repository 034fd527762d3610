"""Candidates from an item index."""

from __future__ import annotations

from llmrec.retrieval.base import Retriever
from llmrec.retrieval.bounds import left_out_pairs, seen_ids
from llmrec.retrieval.dense import DenseRetriever
from llmrec.retrieval.ease import EaseConfig, ease_weights, fit_ease, item_counts
from llmrec.retrieval.generation import Found
from llmrec.retrieval.hybrid import HybridRetriever
from llmrec.retrieval.hybrid_fit import HybridFit, SourceEffect, fit_hybrid
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.live import LiveIndex
from llmrec.retrieval.low_rank import LowRankConfig, fit_low_rank
from llmrec.retrieval.matrix import ItemMatrixRetriever
from llmrec.retrieval.mean import MeanConfig, MeanRetriever
from llmrec.retrieval.neighbours import NeighbourConfig, fit_neighbours
from llmrec.retrieval.origin import IndexOrigin
from llmrec.retrieval.popularity import PopularityRetriever
from llmrec.retrieval.recipe import IndexRecipe, load_recipe, recipe_names
from llmrec.retrieval.saved import load_retriever
from llmrec.retrieval.sharded import ShardedIndex
from llmrec.retrieval.storage import verify_index
from llmrec.retrieval.stores import Hits
from llmrec.retrieval.text import TextRetriever, encoder_of
from llmrec.retrieval.texts import ItemText, encode_items
from llmrec.retrieval.transitions import (
    TransitionConfig,
    fit_transitions,
    transition_tables,
    transition_weights,
)
from llmrec.retrieval.vector import VectorRetriever

__all__ = [
    "DenseRetriever",
    "EaseConfig",
    "Found",
    "Hits",
    "HybridFit",
    "HybridRetriever",
    "IndexOrigin",
    "IndexRecipe",
    "ItemIndex",
    "ItemMatrixRetriever",
    "ItemText",
    "LiveIndex",
    "LowRankConfig",
    "MeanConfig",
    "MeanRetriever",
    "NeighbourConfig",
    "PopularityRetriever",
    "Retriever",
    "ShardedIndex",
    "SourceEffect",
    "TextRetriever",
    "TransitionConfig",
    "VectorRetriever",
    "ease_weights",
    "encode_items",
    "encoder_of",
    "fit_ease",
    "fit_hybrid",
    "fit_low_rank",
    "fit_neighbours",
    "fit_transitions",
    "item_counts",
    "left_out_pairs",
    "load_recipe",
    "load_retriever",
    "recipe_names",
    "seen_ids",
    "transition_tables",
    "transition_weights",
    "verify_index",
]
