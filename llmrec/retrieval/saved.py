"""One way to load any retriever that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.artifacts import check_made_from, kind_of, read_manifest
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval import hybrid, matrix, popularity
from llmrec.retrieval.hybrid import HybridRetriever
from llmrec.retrieval.matrix import ItemMatrixRetriever
from llmrec.retrieval.mean import MeanRetriever
from llmrec.retrieval.popularity import PopularityRetriever
from llmrec.retrieval.sequence import SequenceRetriever
from llmrec.retrieval.text import TextRetriever

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from llmrec.encode.base import Encoder
    from llmrec.retrieval.base import Retriever
    from llmrec.types import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class _InUse:
    """What a saved retriever is loaded beside."""

    catalogue: Catalogue
    interactions: pl.LazyFrame | None
    encoder: Encoder | None


def load_retriever(
    path: str | Path,
    *,
    catalogue: Catalogue,
    interactions: pl.LazyFrame | None = None,
    encoder: Encoder | None = None,
) -> Retriever:
    """Load a retriever of any kind from the folder that its ``save`` wrote.

    Args:
        path: The folder.
        catalogue: The one in use; a retriever made from another is refused.
        interactions: Everybody's events with ``item_id`` and ``timestamp_s``, which popularity
            counts, each before the moment asked about only; other kinds have no use for them.
        encoder: What reads text queries; default: the one that made the index.

    Raises:
        ArtifactError: Missing, damaged, no retriever, of an older format, or made from another
            catalogue or encoder.
        ConfigError: It counts events, and none are given.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind not in _LOADERS:
        raise ArtifactError(
            f"{path} is an artifact of kind {kind!r}, which is no retriever",
            remedy=f"Retrievers are of kind {', '.join(_LOADERS)}; `llmrec retriever train` "
            "makes one.",
        )
    in_use = _InUse(catalogue=catalogue, interactions=interactions, encoder=encoder)
    return _LOADERS[kind](path, in_use)


def _item_matrix(path: Path, in_use: _InUse) -> Retriever:
    return ItemMatrixRetriever.load(path, catalogue=in_use.catalogue)


def _popularity(path: Path, in_use: _InUse) -> Retriever:
    if in_use.interactions is None:
        raise ConfigError(
            f"{path} counts how popular items are, and no events to count are given",
            remedy="Load it with interactions=dataset.interactions.",
        )
    return PopularityRetriever.load(
        path, catalogue=in_use.catalogue, interactions=in_use.interactions
    )


def _mean(path: Path, in_use: _InUse) -> Retriever:
    return MeanRetriever.load(path, catalogue=in_use.catalogue)


def _sequence(path: Path, in_use: _InUse) -> Retriever:
    return SequenceRetriever.load(path, catalogue=in_use.catalogue)


def _text(path: Path, in_use: _InUse) -> Retriever:
    return TextRetriever.load(path, catalogue=in_use.catalogue, encoder=in_use.encoder)


def _hybrid(path: Path, in_use: _InUse) -> Retriever:
    """Load a hybrid; its sources check their own files."""
    manifest = read_manifest(path, hybrid.KIND, verify=False)
    check_made_from(path, manifest, catalogue_sha256=in_use.catalogue.sha256)
    made = manifest.made_from
    named = made.get("sources")
    sources = {
        name: load_retriever(
            path / hybrid.SOURCES_FOLDER / name,
            catalogue=in_use.catalogue,
            interactions=in_use.interactions,
            encoder=in_use.encoder,
        )
        for name in (named if isinstance(named, dict) else {})
    }
    for name, source in sources.items():
        if source.identity != made["sources"][name]:
            raise ArtifactError(
                f"{path}: source {name!r} is {source.identity}, not {made['sources'][name]}",
                remedy="Train the retriever again.",
            )
    try:
        return HybridRetriever(sources, made["weights"], name=made["name"])
    except (KeyError, TypeError, AttributeError, ConfigError) as error:
        raise ArtifactError(
            f"{path} cannot be read: {error}", remedy="Train the retriever again."
        ) from error


_LOADERS: dict[str, Callable[[Path, _InUse], Retriever]] = {
    hybrid.KIND: _hybrid,
    matrix.KIND: _item_matrix,
    popularity.KIND: _popularity,
    MeanRetriever.kind: _mean,
    SequenceRetriever.kind: _sequence,
    TextRetriever.kind: _text,
}
"""By the kind in the manifest."""
