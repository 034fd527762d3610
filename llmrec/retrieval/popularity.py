"""What most people take: no history needed."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from llmrec.artifacts import check_made_from, read_manifest, sha256_of, write_artifact
from llmrec.errors import ArtifactError, ConfigError, DataError
from llmrec.retrieval.checks import check_batch, check_k, check_moments
from llmrec.retrieval.vector import seen_ids
from llmrec.types import Candidate, as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History, Scores

KIND = "popularity"
COUNTS_FILE = "counts.parquet"
_DAY_S = 86_400
_UNIT = 2**32  # parts that an event's weight is counted in


class PopularityRetriever:
    """Proposes the items with the most events, to everyone the same (less what they have seen).

    The score is ``log(1 + count)``; ties go to the item that stands first in the catalogue.

    Args:
        catalogue: The items; those without a count count 0.
        counts: Events by item id, not below 0; recent ones may count more than old ones.
        before: The moment that all counted events lie before. Histories from earlier moments
            are refused then: what they would be told had not happened yet. None where the
            caller's split keeps past and future apart.
        settings: What the counts were made with, for the identity.

    Raises:
        UnknownItemError: An item is not in the catalogue.
        DataError: A count is below 0 or not finite.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        counts: Mapping[str, float],
        *,
        before: datetime | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._ids = list(catalogue)
        self._counts = np.zeros(len(catalogue))
        for item_id, count in counts.items():
            if not (math.isfinite(count) and count >= 0):
                raise DataError(f"the count of item {item_id!r} is {count}")
            self._counts[catalogue.position(item_id)] = count
        self._before = None if before is None else as_utc(before, what="before")
        self._settings = dict(settings or {})
        self._scores = np.log1p(self._counts)
        self._order = np.lexsort((np.arange(len(catalogue)), -self._scores)).tolist()

    @classmethod
    def fit(
        cls,
        catalogue: Catalogue,
        interactions: pl.LazyFrame,
        *,
        before: datetime | None = None,
        half_life_days: float | None = None,
        window_days: float | None = None,
    ) -> Self:
        """Count a log's events.

        Args:
            catalogue: The items.
            interactions: Training events with ``item_id`` and ``timestamp_s`` (int64 seconds).
            before: Count only what lies before this moment.
            half_life_days: After how many days before the newest counted event one counts half.
            window_days: Count only so many days up to the newest event.

        Raises:
            ConfigError: The half-life or the window is not above 0.
            UnknownItemError: An event's item is not in the catalogue.
        """
        for name, days in (("half_life_days", half_life_days), ("window_days", window_days)):
            if days is not None and not days > 0:
                raise ConfigError(f"{name} is {days}; it must be above 0, or None")
        events = interactions
        if before is not None:
            limit_s = math.ceil(as_utc(before, what="before").timestamp())
            events = events.filter(pl.col("timestamp_s") < limit_s)
        age_s = pl.col("timestamp_s").max() - pl.col("timestamp_s")
        if window_days is not None:
            events = events.filter(age_s <= window_days * _DAY_S)
        weight = pl.lit(1.0)
        if half_life_days is not None:
            weight = pl.lit(0.5).pow(age_s / (half_life_days * _DAY_S))
        # Whole numbers add up to the same in any order of rows; floats do not.
        whole = (weight * _UNIT).round().cast(pl.Int64)
        table = (
            events.with_columns(whole.alias("weight"))
            .group_by("item_id")
            .agg(pl.col("weight").sum() / _UNIT)
            .collect()
        )
        counts = dict(table.iter_rows())
        settings = {"half_life_days": half_life_days}
        if window_days is not None:
            settings["window_days"] = window_days
        return cls(catalogue, counts, before=before, settings=settings)

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        return KIND

    @property
    def identity(self) -> str:
        """Kind and what it was made from, counts included."""
        return f"{KIND}@{sha256_of([self._made_from, self._counts.tolist()])[:12]}"

    @property
    def catalogue(self) -> Catalogue:
        """The items it can propose: all."""
        return self._catalogue

    @property
    def counts(self) -> dict[str, float]:
        """Every item's count."""
        return dict(zip(self._ids, self._counts.tolist(), strict=True))

    def retrieve(
        self, histories: Sequence[History], k: int, *, mask_seen: bool = True
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first; see ``Retriever``.

        Raises:
            LeakageError: A history's moment lies before events that were counted.
        """
        check_k(k)
        check_moments(histories, self._before, what=KIND)
        return [self._best(history, k, mask_seen=mask_seen) for history in histories]

    def score(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[Scores]:
        """Return the candidates' scores, which no history changes; see ``Retriever``.

        Raises:
            UnknownItemError: A candidate is not in the catalogue.
            LeakageError: A history's moment lies before events that were counted.
        """
        check_batch(histories, candidates)
        check_moments(histories, self._before, what=KIND)
        position = self._catalogue.position
        return [self._scores[[position(c.item.item_id) for c in row]] for row in candidates]

    def scores(self, histories: Sequence[History]) -> Block:
        """Score every item, the same for everyone: ``(n_histories, n_items) float64``, fresh.

        Raises:
            LeakageError: A history's moment lies before events that were counted.
        """
        check_moments(histories, self._before, what=KIND)
        return np.tile(self._scores, (len(histories), 1))

    def save(self, path: str | Path) -> None:
        """Write the counts to a folder, whole or not at all.

        Raises:
            ArtifactError: The folder holds something that is not an artifact.
        """
        with write_artifact(Path(path), KIND, made_from=self._made_from) as folder:
            table = pl.DataFrame(
                {"item_id": self._ids, "count": self._counts},
                schema={"item_id": pl.String, "count": pl.Float64},
            )
            table.write_parquet(folder / COUNTS_FILE)

    @classmethod
    def load(cls, path: str | Path, *, catalogue: Catalogue) -> Self:
        """Load saved counts.

        Args:
            path: Their folder.
            catalogue: The one in use; counts of another are refused.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue.
        """
        path = Path(path)
        manifest = read_manifest(path, KIND)
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        try:
            table = pl.read_parquet(path / COUNTS_FILE, glob=False, columns=["item_id", "count"])
            before = manifest.made_from["before"]
            return cls(
                catalogue,
                dict(table.iter_rows()),
                before=None if before is None else datetime.fromisoformat(before),
                settings=manifest.made_from["settings"],
            )
        except (pl.exceptions.PolarsError, OSError, KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read: {error}") from error

    @property
    def _made_from(self) -> dict[str, Any]:
        return {
            "catalogue_sha256": self._catalogue.sha256,
            "before": None if self._before is None else self._before.isoformat(),
            "settings": self._settings,
        }

    def _best(self, history: History, k: int, *, mask_seen: bool) -> list[Candidate]:
        seen = seen_ids(history) if mask_seen else frozenset()
        first = [n for n in self._order[: k + len(seen)] if self._ids[n] not in seen][:k]
        return [
            Candidate(
                item=self._catalogue[self._ids[n]],
                score=float(self._scores[n]),
                rank=rank,
                source=self.name,
            )
            for rank, n in enumerate(first, start=1)
        ]
