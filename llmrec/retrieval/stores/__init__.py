"""Vectors behind a search: exact, or one of FAISS's approximate kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.retrieval.stores.approximate import ApproximateStore
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.hits import Hits, Rows
from llmrec.retrieval.stores.parameters import FlatParameters

if TYPE_CHECKING:
    from llmrec.encode.base import Vectors
    from llmrec.retrieval.stores.base import VectorStore
    from llmrec.retrieval.stores.parameters import StoreParameters

__all__ = ["Hits", "Rows", "make_store"]

FEW = 4096
"""Rows up to which comparing all is as fast as any other way: then every kind becomes ``flat``."""


def make_store(vectors: Vectors, parameters: StoreParameters) -> VectorStore:
    """Put ``(n, dimension) float32`` vectors into a store of a kind.

    Raises:
        ConfigError: The settings do not suit the vectors' dimension or number.
    """
    if isinstance(parameters, FlatParameters) or len(vectors) <= FEW:
        return FlatStore.of(vectors)
    return ApproximateStore.of(vectors, parameters)
