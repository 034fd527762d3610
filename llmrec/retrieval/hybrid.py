"""Several retrievers as one: their scores are put on one scale and added."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import sha256_of, write_artifact
from llmrec.errors import ConfigError, DataError
from llmrec.retrieval.dense import DenseRetriever

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from llmrec.metrics import Block
    from llmrec.retrieval.base import Retriever
    from llmrec.types import Candidate, History, Scores, Seen

KIND = "hybrid"
SOURCES_FOLDER = "sources"
"""Where a saved hybrid keeps its sources, each under its name."""
RRF_K = 60
"""What reciprocal rank fusion adds to every rank (Cormack et al., SIGIR 2009)."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


class HybridRetriever(DenseRetriever):
    """Adds up what its sources say of every item of the catalogue.

    With weights, an item's score is the weighted sum of ``on_one_scale`` of its sources' scores.
    Without, it is the sum of 1 / (60 + rank) over the sources (reciprocal rank fusion), where a
    rank is 1 and the number of items that the source scores higher. Both look at the whole
    catalogue, seen items included, so that neither masking nor what others propose changes a
    score. An item stands once in a list, and remembers each source's score and rank.

    Args:
        sources: By names of lower-case letters, digits and hyphens, over one catalogue.
        weights: One for each source, none below 0; None fuses by ranks.
        name: The source that candidates carry.

    Raises:
        ConfigError: No sources, catalogues that differ, or names or weights that are unfit.
    """

    def __init__(
        self,
        sources: Mapping[str, Retriever],
        weights: Mapping[str, float] | None = None,
        *,
        name: str = KIND,
    ) -> None:
        _check_sources(sources)
        _check_weights(sources, weights)
        super().__init__(next(iter(sources.values())).catalogue)
        self._name = name
        # In one order whoever names them, so that sums come out the same to the last digit.
        self._sources = dict(sorted(sources.items()))
        self._weights = None if weights is None else {n: float(weights[n]) for n in self._sources}

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        return self._name

    @property
    def sources(self) -> Mapping[str, Retriever]:
        """The retrievers behind it, by name."""
        return self._sources

    @property
    def weights(self) -> Mapping[str, float] | None:
        """How much each source counts; None: fused by ranks."""
        return self._weights

    @property
    def identity(self) -> str:
        """Weights and sources, each with what it was made from."""
        return f"{self._name}@{sha256_of(self._made_from)[:12]}"

    @property
    def _made_from(self) -> dict[str, Any]:
        return {
            "name": self._name,
            "catalogue_sha256": self._catalogue.sha256,
            "weights": self._weights,
            "sources": {name: source.identity for name, source in self._sources.items()},
        }

    def retrieve(
        self,
        histories: Sequence[History],
        k: int,
        *,
        seen: Seen = "mask",
        among: Collection[str] | None = None,
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, with what each source says of them.

        Arguments and errors as for ``Retriever``.
        """
        rows = super().retrieve(histories, k, seen=seen, among=among)
        found: list[list[Candidate]] = []
        for run in self._runs(histories):
            blocks = {name: self._asked(name, run) for name in self._sources}
            for place in range(len(run)):
                said = {name: block[place] for name, block in blocks.items()}
                found.append([self._with_sources(c, said) for c in rows[len(found)]])
        return found

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write weights and all sources to a folder; see ``Retriever``.

        Raises:
            ArtifactError: The folder holds something that is not such an artifact.
        """
        with write_artifact(path, KIND, made_from=self._made_from, metrics=metrics) as folder:
            for name, source in self._sources.items():
                source.save(folder / SOURCES_FOLDER / name)

    def _scores(self, histories: Sequence[History]) -> Block:
        total = np.zeros((len(histories), len(self._ids)))
        for name in self._sources:
            block = self._asked(name, histories)
            if self._weights is None:
                total += reciprocal_ranks(block)
            elif self._weights[name]:
                total += self._weights[name] * on_one_scale(block)
        return total

    def _asked(self, name: str, histories: Sequence[History]) -> Scores:
        return source_scores(name, self._sources[name], histories)

    def _with_sources(self, candidate: Candidate, said: Mapping[str, Scores]) -> Candidate:
        item = self._catalogue.position(candidate.item.item_id)
        sources = {
            name: (float(row[item]), 1 + int(np.count_nonzero(row > row[item])))
            for name, row in said.items()
        }
        return dataclasses.replace(candidate, sources=sources)


def source_scores(name: str, source: Retriever, histories: Sequence[History]) -> Scores:
    """Return a source's scores, ``(n_histories, n_items) float64``, all of them finite.

    An item that the source cannot propose gets the lowest of the history's other scores.

    Raises:
        DataError: A score is NaN or plus infinity.
    """
    block = source.scores(histories).astype(np.float64)
    bad = np.argwhere(np.isnan(block) | np.isposinf(block))
    if bad.size:
        row, item = bad[0].tolist()
        raise DataError(
            f"source {name!r} of a hybrid gives item {list(source.catalogue)[item]!r} the score "
            f"{block[row, item]} for user {histories[row].user_id!r}",
            remedy="A retriever must give every item a number, or minus infinity.",
        )
    missing = np.isneginf(block)
    if missing.any():
        lowest = np.min(block, axis=1, where=~missing, initial=np.inf)
        lowest = np.where(np.isinf(lowest), 0.0, lowest)
        block = np.where(missing, lowest[:, None], block)
    return block


def on_one_scale(block: Scores) -> Scores:
    """Return log(1 + (score - lowest) / deviation) of each history's scores.

    The deviation is the standard deviation over the catalogue, so units drop out; the logarithm
    keeps single items with huge scores from drowning what other sources say. A source that says
    the same of all items says nothing: 0.

    Args:
        block: ``(n_histories, n_items) float64``, finite.
    """
    if not block.size:
        return block
    above = block - block.min(axis=1, keepdims=True)
    deviation = block.std(axis=1, keepdims=True)
    units = np.divide(above, deviation, out=np.zeros_like(above), where=deviation > 0)
    return np.asarray(np.log1p(units))


def reciprocal_ranks(block: Scores) -> Scores:
    """Return 1 / (60 + rank) of each history's scores; tied items share the best of their ranks.

    Args:
        block: ``(n_histories, n_items) float64``, finite.
    """
    ranks = np.empty_like(block)
    for row, scores in zip(ranks, block, strict=True):
        row[:] = 1 + np.searchsorted(np.sort(-scores), -scores)
    return 1.0 / (RRF_K + ranks)


def _check_sources(sources: Mapping[str, Retriever]) -> None:
    if not sources:
        raise ConfigError("a hybrid retriever needs sources, and there are none")
    for name in sources:
        if _NAME.fullmatch(name) is None:
            raise ConfigError(
                f"source name {name!r} cannot name a folder",
                remedy="Use lower-case letters, digits and hyphens.",
            )
    known = {source.catalogue.sha256: name for name, source in sources.items()}
    if len(known) > 1:
        raise ConfigError(
            f"the sources {' and '.join(map(repr, known.values()))} have different catalogues"
        )


def _check_weights(sources: Mapping[str, Retriever], weights: Mapping[str, float] | None) -> None:
    if weights is None:
        return
    if weights.keys() != sources.keys():
        raise ConfigError(f"weights of {sorted(weights)} for sources {sorted(sources)}")
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0.0):
            raise ConfigError(f"the weight of source {name!r} is {weight}; it must be 0 or above")
    if not any(weights.values()):
        raise ConfigError("all weights are 0, so nothing is left to rank by")
