"""Rows that look items up in an index of text vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.encode import open_encoder
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval import ItemIndex, MeanConfig, MeanRetriever, TextRetriever

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmrec.evaluation.baselines.spec import Fitting
    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History


class VectorRanker:
    """Scores every item by the inner product of its vector and the query's.

    Args:
        retriever: Makes the queries; its index must hold every item of the catalogue.
        catalogue: The items that are ranked, in the order of the scores.
    """

    def __init__(self, retriever: MeanRetriever | TextRetriever, catalogue: Catalogue) -> None:
        self._retriever = retriever
        self._vectors = retriever.index.vectors(list(catalogue))

    @property
    def identity(self) -> str:
        """The retriever's."""
        return self._retriever.identity

    def scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items) float32``."""
        block: Block = np.asarray(self._retriever.queries(histories) @ self._vectors.T)
        return block


def fit_mean(fitting: Fitting, settings: Mapping[str, Any]) -> VectorRanker:
    """Return the mean retriever of the fitting's index as a row."""
    index = fitting.remember("index", fitting.index, lambda: index_of(fitting))
    config = MeanConfig.of(dict(settings), source="mean")
    return VectorRanker(MeanRetriever(index, config), fitting.catalogue)


def fit_mean_source(fitting: Fitting, settings: Mapping[str, Any]) -> MeanRetriever:
    """Return a mean retriever over the fitting's catalogue, with vectors of its index."""
    index = fitting.remember("index", fitting.index, lambda: index_of(fitting))
    ids = list(fitting.catalogue)
    own = ItemIndex(fitting.catalogue, ids, index.vectors(ids), origin=index.origin)
    return MeanRetriever(own, MeanConfig.of(dict(settings), source="mean"))


def fit_text(fitting: Fitting, settings: Mapping[str, Any]) -> VectorRanker:
    """Return the text retriever of the fitting's index, with the index's own encoder, as a row."""
    del settings
    index = fitting.remember("index", fitting.index, lambda: index_of(fitting))
    recipe = index.origin.recipe
    if recipe is None:
        raise ConfigError(
            f"{fitting.index} does not name its encoder, so row 'text' cannot ask it",
            remedy="Build the index with `llmrec index build`.",
        )
    return VectorRanker(TextRetriever(index, open_encoder(recipe.encoder)), fitting.catalogue)


def index_of(fitting: Fitting) -> ItemIndex:
    """Return the fitting's index.

    Raises:
        ConfigError: It names none.
        ArtifactError: It is no index, or one of another catalogue.
    """
    if fitting.index is None:
        raise ConfigError("this row needs an item index", remedy="Name its folder with --index.")
    index = ItemIndex.load(fitting.index)
    _check_items(index, fitting.index, fitting.catalogue)
    return index


def _check_items(index: ItemIndex, path: Path, catalogue: Catalogue) -> None:
    """Refuse an index of another catalogue; a card's filter may leave only a part of it."""
    indexed = set(index.item_ids)
    for item_id, item in catalogue.items():
        if item_id not in indexed:
            fault = "is not in it"
        elif index.catalogue[item_id] != item:
            fault = f"is another there, {index.catalogue[item_id].title!r}"
        else:
            continue
        raise ArtifactError(
            f"{path} is an index of another catalogue: item {item_id!r} ({item.title!r}) {fault}",
            remedy="Build an index of this dataset with `llmrec index build`.",
        )
