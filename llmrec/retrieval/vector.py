"""What every retriever does that searches one item index with one vector a history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from llmrec.artifacts import write_artifact
from llmrec.retrieval.bounds import bounds_of
from llmrec.retrieval.checks import check_batch, check_k
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from llmrec.encode.base import Vectors
    from llmrec.metrics import Block
    from llmrec.retrieval.index import ItemIndex
    from llmrec.types import Catalogue, History, Scores, Seen

INDEX_FOLDER = "index"
"""Where a saved retriever keeps its index."""
Found = list[tuple[str, float]]
"""Item ids with their scores, best first."""


class VectorRetriever(ABC):
    """Turns histories into query vectors; the index does the rest.

    Args:
        index: The items' vectors.
        name: The source that candidates carry.
    """

    kind: ClassVar[str]
    """Of the artifact that ``save`` writes."""

    def __init__(self, index: ItemIndex, *, name: str) -> None:
        self._index = index
        self._name = name

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        return self._name

    @property
    @abstractmethod
    def identity(self) -> str:
        """Kind, settings and index: what a fusion artifact is keyed by."""

    @property
    @abstractmethod
    def _settings(self) -> Mapping[str, Any]:
        """What a saved retriever says of itself, in JSON values, beside name and index."""

    @property
    def index(self) -> ItemIndex:
        """The items' vectors."""
        return self._index

    @property
    def catalogue(self) -> Catalogue:
        """The index's catalogue."""
        return self._index.catalogue

    @abstractmethod
    def queries(self, histories: Sequence[History]) -> Vectors:
        """Return ``(n_histories, dimension) float32, L2-normalised``."""

    def retrieve(
        self,
        histories: Sequence[History],
        k: int,
        *,
        seen: Seen = "mask",
        among: Collection[str] | None = None,
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first; see ``Retriever``."""
        check_k(k)
        if not histories:
            return []
        bounds = [bounds_of(history, seen=seen, among=among) for history in histories]
        queries = self.queries(histories)
        if seen == "only":
            found = self._ranked(queries, k, [bound.among or () for bound in bounds])
        else:
            left_out = None if seen == "allow" else [bound.left_out for bound in bounds]
            found = self._nearest(queries, k, left_out, among)
        catalogue = self._index.catalogue
        return [
            [
                Candidate(item=catalogue[item_id], score=score, rank=rank, source=self._name)
                for rank, (item_id, score) in enumerate(row, start=1)
            ]
            for row in found
        ]

    def _nearest(
        self,
        queries: Vectors,
        k: int,
        left_out: Sequence[Collection[str]] | None,
        among: Collection[str] | None,
    ) -> list[Found]:
        """Search the index: the allowed items, less what each history leaves out."""
        hits = self._index.search(queries, k, exclude=left_out, only=among)
        ids = self._index.item_ids
        return [
            [(ids[row], score) for row, score in zip(rows, scores, strict=True) if row >= 0]
            for rows, scores in zip(hits.rows.tolist(), hits.scores.tolist(), strict=True)
        ]

    def _ranked(self, queries: Vectors, k: int, wanted: Sequence[Collection[str]]) -> list[Found]:
        """Score each history's own few items; equal scores stand in the index's order."""
        known = [
            sorted((i for i in ids if i in self._index), key=self._index.row) for ids in wanted
        ]
        found = []
        for ids, scores in zip(known, self._index.scores(queries, known), strict=True):
            best = np.argsort(-scores, kind="stable")[:k].tolist()
            found.append([(ids[place], float(scores[place])) for place in best])
        return found

    def score(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[Scores]:
        """Score given candidates afresh, whoever proposed them; see ``Retriever``."""
        check_batch(histories, candidates)
        if not histories:
            return []
        ids = [[candidate.item.item_id for candidate in row] for row in candidates]
        return self._index.scores(self.queries(histories), ids)

    def scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items) float64``, minus infinity without a vector."""
        ids, catalogue = self._index.item_ids, self._index.catalogue
        block = np.full((len(histories), len(catalogue)), -np.inf)
        if histories and ids:
            columns = [catalogue.position(item_id) for item_id in ids]
            vectors = self._index.vectors(ids).astype(np.float64)
            block[:, columns] = self.queries(histories).astype(np.float64) @ vectors.T
        return block

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write settings and index to a folder; see ``Retriever``.

        Raises:
            ArtifactError: The folder holds something that is not such an artifact.
        """
        made_from = {
            "name": self._name,
            "catalogue_sha256": self.catalogue.sha256,
            "settings": dict(self._settings),
        }
        with write_artifact(path, self.kind, made_from=made_from, metrics=metrics) as folder:
            self._index.save(folder / INDEX_FOLDER)
