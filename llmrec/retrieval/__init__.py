"""Candidates from an item index."""

from __future__ import annotations

from llmrec.retrieval.base import Retriever
from llmrec.retrieval.flat import Hits
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.mean import MeanConfig, MeanRetriever
from llmrec.retrieval.origin import IndexOrigin
from llmrec.retrieval.popularity import PopularityRetriever
from llmrec.retrieval.recipe import IndexRecipe, load_recipe, recipe_names
from llmrec.retrieval.text import TextRetriever
from llmrec.retrieval.texts import ItemText, encode_items

__all__ = [
    "Hits",
    "IndexOrigin",
    "IndexRecipe",
    "ItemIndex",
    "ItemText",
    "MeanConfig",
    "MeanRetriever",
    "PopularityRetriever",
    "Retriever",
    "TextRetriever",
    "encode_items",
    "load_recipe",
    "recipe_names",
]
