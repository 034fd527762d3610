"""From a configuration to a bound pipeline: the one place where parts are chosen and joined."""

from __future__ import annotations

import importlib.resources
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.data import load
from llmrec.encode import open_encoder
from llmrec.errors import ArtifactError, ConfigError, did_you_mean
from llmrec.explain import Explainer
from llmrec.llm import open_engine
from llmrec.recommender.config import RETRIEVERS
from llmrec.recommender.pipeline import Decision, Pipeline
from llmrec.recommender.scorers import build_scorer
from llmrec.recommender.writers import open_writer
from llmrec.rerank import FusionArtifact, default_weight, fusion_key
from llmrec.retrieval import (
    ItemIndex,
    MeanRetriever,
    PopularityRetriever,
    TextRetriever,
    VectorRetriever,
    encoder_of,
    load_retriever,
)

if TYPE_CHECKING:
    import polars as pl

    from llmrec.data import Dataset
    from llmrec.encode import Encoder
    from llmrec.recommender.config import RecommenderConfig
    from llmrec.recommender.writers import GivenWriter
    from llmrec.rerank import Reranker
    from llmrec.retrieval import Retriever

SAMPLE_FUSION = Path(str(importlib.resources.files("llmrec.world") / "fusion"))
"""The weight that was fitted for the embedded sample with the embedded models."""


def build_pipeline(
    config: RecommenderConfig,
    *,
    dataset: Dataset | None = None,
    train: pl.LazyFrame | None = None,
    retriever: Retriever | None = None,
    writer: GivenWriter | None = None,
) -> tuple[Pipeline, Dataset]:
    """Load what a configuration names, check that it fits together, and bind it.

    Args:
        config: The choices.
        dataset: The configuration's dataset where it is loaded already.
        train: The events that popularity counts, each before the moment asked about only;
            default: all of the dataset's.
        retriever: Takes the place of the configuration's.
        writer: Puts reasons into words in the LLM's place: a ``Writer`` or a LangChain chat model.

    Returns:
        The pipeline, and the dataset that users are looked up in.

    Raises:
        ConfigError: Two choices contradict each other, or the writer cannot write.
        ArtifactError: The index or the fusion artifact was made from something else.
        MissingExtraError: A package that a chosen part needs is not installed.
    """
    dataset = dataset or load(config.dataset)
    retriever = retriever or _retriever(
        config, dataset, dataset.interactions if train is None else train
    )
    engine = None if config.engine is None else open_engine(config.engine)
    with ExitStack() as undo:  # a part that does not fit must not leave a model in memory
        if engine is not None:
            undo.callback(engine.close)
        reranker = None if engine is None else build_scorer(engine, dataset.catalogue, config)
        weight = _weight(config, retriever, reranker)
        words = open_writer(config, dataset.catalogue, scorer=reranker, given=writer)
        undo.pop_all()
    explain = config.explain.told(config.serializer)
    explainer = Explainer(dataset.catalogue, writer=words, config=explain)
    decision = Decision(
        retriever=retriever, reranker=reranker, weight=weight, n_reranked=config.candidates
    )
    pipeline = Pipeline(
        retriever=retriever,
        decision=decision,
        explainer=explainer,
        n_candidates=config.candidates,
        seen=config.seen,
        index=_index(config, retriever),
        engine=engine,
    )
    return pipeline, dataset


def open_reranker(config: RecommenderConfig, dataset: Dataset) -> Reranker:
    """Open the configuration's LLM as a reranker of candidates that come from elsewhere.

    Raises:
        ConfigError: The configuration names no LLM.
    """
    if config.engine is None:
        raise ConfigError("reranking needs an LLM, but the engine is none")
    return build_scorer(open_engine(config.engine), dataset.catalogue, config)


def _retriever(config: RecommenderConfig, dataset: Dataset, train: pl.LazyFrame) -> Retriever:
    if isinstance(config.retriever, Path):
        return _saved(config.retriever, config, dataset, train)
    if config.retriever == "popularity":
        return PopularityRetriever(dataset.catalogue, train)
    path = config.index_path
    if not path.exists():
        raise ArtifactError(
            f"no index at {path}",
            remedy=f"llmrec index build {config.dataset} {path}",
        )
    if config.retriever == "mean":
        return MeanRetriever(ItemIndex.load(path, catalogue=dataset.catalogue))
    encoder = _encoder(config, path)
    index = ItemIndex.load(path, catalogue=dataset.catalogue, encoder=encoder)
    return TextRetriever(index, encoder)


def _index(config: RecommenderConfig, retriever: Retriever) -> ItemIndex | None:
    """Return the vectors that tell how alike items are: the retriever's, else those named."""
    if isinstance(retriever, VectorRetriever):
        return retriever.index
    if config.index is None:
        return None
    return ItemIndex.load(config.index, catalogue=retriever.catalogue)


def _saved(
    path: Path, config: RecommenderConfig, dataset: Dataset, train: pl.LazyFrame
) -> Retriever:
    """Load a trained retriever; a word that is neither a name nor a folder is taken for a typo."""
    if not path.exists():
        raise ConfigError(
            f"retriever: {str(path)!r} is no folder, and no retriever is called so",
            remedy=did_you_mean(path.name, RETRIEVERS),
        )
    encoder = None if config.encoder is None else open_encoder(config.encoder)
    return load_retriever(path, catalogue=dataset.catalogue, interactions=train, encoder=encoder)


def _encoder(config: RecommenderConfig, index: Path) -> Encoder:
    """Return the configured encoder, else the one whose name the index's recipe holds."""
    if config.encoder is not None:
        return open_encoder(config.encoder)
    return encoder_of(ItemIndex.load(index), index)


def _weight(config: RecommenderConfig, retriever: Retriever, reranker: Reranker | None) -> float:
    """Return the LLM's share: fitted for exactly these parts, set by hand, or the small default."""
    if reranker is None:
        return 0.0
    if config.weight is not None:
        if config.fusion is not None:
            raise ConfigError("weight and fusion are both given; keep one of them")
        return config.weight
    if config.fusion is None:
        return default_weight()
    path = SAMPLE_FUSION if config.fusion == "sample" else config.fusion
    key = fusion_key(
        retriever=retriever.identity,
        reranker=reranker,
        candidates=config.candidates,
        seen=config.seen,
    )
    return FusionArtifact.load(path, key).weight
