"""The recency-weighted mean of what a user has met."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field

from llmrec.artifacts import check_made_from, read_manifest, sha256_of
from llmrec.config import Settings
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval.checks import MIN_LENGTH, check_moments
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.vector import INDEX_FOLDER, VectorRetriever
from llmrec.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors
    from llmrec.types import Catalogue, History, Interaction


class MeanConfig(Settings):
    """How much each past event counts."""

    half_life_events: float | None = Field(default=2.0, gt=0)
    """After how many later events an event counts half; None: no decay by events."""
    half_life_days: float | None = Field(default=None, gt=0)
    """After how many days before the newest event one counts half; None: no decay by time."""
    disliked_below: float | None = None
    """Events rated below this count ``disliked_weight`` as much; None: ratings are not read."""
    disliked_weight: float = Field(default=0.0, ge=-1, le=1)
    """0 ignores what was disliked; below 0 moves away from it."""


class MeanRetriever(VectorRetriever):
    """Looks for items near the weighted mean of the history's item vectors.

    An event's weight is its own ``weight`` times ``0.5 ** (age / half-life)`` for each half-life
    that is set, times ``disliked_weight`` where it was disliked. An event's age in events counts
    all later events, omitted ones too: leaving one out changes no other one's weight. Events of
    items without a vector (no longer sold, removed from the index) count for nothing.

    A history that leaves nothing to average (empty, all omitted, all ignored, or events that
    cancel out) is looked up at the mean of all item vectors: what is most like the whole
    catalogue comes first. A popularity retriever is the better choice for people without a past.

    Args:
        index: The items' vectors.
        config: How much each past event counts.
        name: The source that candidates carry.
        before: The moment that all events lie before that the vectors were learnt from, if they
            were. Histories from earlier moments are refused then.
    """

    kind = "mean"

    def __init__(
        self,
        index: ItemIndex,
        config: MeanConfig | None = None,
        *,
        name: str = "mean",
        before: datetime | None = None,
    ) -> None:
        super().__init__(index, name=name)
        self._config = config or MeanConfig()
        self._before = None if before is None else as_utc(before, what="before")

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue) -> Self:
        """Load a saved retriever.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue.
        """
        manifest = read_manifest(path, cls.kind)
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        try:
            name, settings = str(manifest.made_from["name"]), dict(manifest.made_from["settings"])
            moment = settings.pop("before", None)
            before = None if moment is None else datetime.fromisoformat(moment)
            config = MeanConfig.of(settings, source=str(path))
        except (KeyError, TypeError, ValueError, ConfigError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", remedy="Train the retriever again."
            ) from error
        index = ItemIndex.load(path / INDEX_FOLDER, catalogue=catalogue)
        return cls(index, config, name=name, before=before)

    @property
    def identity(self) -> str:
        """Kind, settings and index."""
        return f"{self._name}:{sha256_of(self._settings)[:12]}@{self._index.sha256[:12]}"

    @property
    def _settings(self) -> Mapping[str, Any]:
        told = {} if self._before is None else {"before": self._before.isoformat()}
        return {**self._config.model_dump(), **told}

    def queries(self, histories: Sequence[History]) -> Vectors:
        """Return the histories' weighted means, ``(n_histories, dimension) float32``, unit.

        Raises:
            LeakageError: A history's moment lies before events that were learnt from.
        """
        check_moments(histories, self._before, what=self._name)
        queries = np.empty((len(histories), self._index.dimension), dtype=np.float32)
        for row, history in enumerate(histories):
            queries[row] = self._query(history)
        return queries

    def _query(self, history: History) -> NDArray[np.float64]:
        weighed = [
            (event.item_id, self._weight(history, position, event))
            for position, event in enumerate(history.interactions)
            if position not in history.omitted and event.item_id in self._index
        ]
        ids = [item_id for item_id, weight in weighed if weight]
        weights = np.array([weight for _, weight in weighed if weight])
        mean = weights @ self._index.vectors(ids).astype(np.float64)
        length = np.linalg.norm(mean)
        if length <= MIN_LENGTH * max(1.0, float(np.abs(weights).sum())):
            return self._index.centre().astype(np.float64)
        return np.asarray(mean / length)

    def _weight(self, history: History, position: int, event: Interaction) -> float:
        config = self._config
        weight = event.weight
        if config.half_life_events is not None:
            age_events = len(history.interactions) - 1 - position
            weight *= 0.5 ** (age_events / config.half_life_events)
        if config.half_life_days is not None:
            # Only ratios count, so ages need not reach to ``as_of``, where they would underflow.
            age_s = (history.interactions[-1].timestamp - event.timestamp).total_seconds()
            weight *= 0.5 ** (age_s / 86_400 / config.half_life_days)
        if config.disliked_below is not None and event.rating is not None:
            weight *= config.disliked_weight if event.rating < config.disliked_below else 1.0
        return weight
