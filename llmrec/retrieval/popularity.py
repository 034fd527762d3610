"""What most people had taken by the moment in question: no history needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from llmrec.artifacts import check_made_from, read_manifest, sha256_of, write_artifact
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval.bounds import bounds_of
from llmrec.retrieval.checks import check_batch, check_k
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.metrics import Block
    from llmrec.types import Catalogue, History, Scores, Seen

KIND = "popularity"
_DAY_S = 86_400
_BLOCK = 65_536  # events, at least, between two remembered counts


class PopularityRetriever:
    """Proposes the items with the most events before a history's moment.

    The score is ``log(1 + count)``; ties go to the item that stands first in the catalogue. What
    counts for a history are the events of everybody before its ``as_of``, whenever it is asked
    about, so nothing comes from the future. An event in the second of ``as_of`` is not before it.

    Args:
        catalogue: The items; those without a count count 0.
        interactions: Everybody's events with ``item_id`` and ``timestamp_s`` (int64 seconds).
        half_life_days: After how many days before the newest counted event one counts half; None
            counts all alike.
        window_days: Count only what lies at most so many days before the newest counted event.

    Raises:
        ConfigError: The half-life or the window is not above 0, or both are given.
        UnknownItemError: An event's item is not in the catalogue.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        interactions: pl.LazyFrame,
        *,
        half_life_days: float | None = None,
        window_days: float | None = None,
    ) -> None:
        for what, days in (("half_life_days", half_life_days), ("window_days", window_days)):
            if days is not None and not days > 0:
                raise ConfigError(f"{what} is {days}; it must be above 0, or None")
        if half_life_days is not None and window_days is not None:
            raise ConfigError(
                "half_life_days and window_days are two ways to forget",
                remedy="Set one of them.",
            )
        self._catalogue = catalogue
        self._ids = list(catalogue)
        self._half_life_days, self._window_days = half_life_days, window_days
        self._rows, self._times_s = _by_time(catalogue, interactions)
        self._block = max(_BLOCK, len(catalogue))
        self._known = self._forgotten = (0, np.zeros(len(catalogue)))

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        return KIND

    @property
    def identity(self) -> str:
        """Kind, settings and catalogue.

        The events are no part of it: like histories they grow, and are what it is asked with.
        """
        settings = {"half_life_days": self._half_life_days}
        if self._window_days is not None:
            settings["window_days"] = self._window_days
        return f"{KIND}:{sha256_of(settings)[:12]}@{self._catalogue.sha256[:12]}"

    @property
    def catalogue(self) -> Catalogue:
        """The items it can propose: all."""
        return self._catalogue

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the settings to a folder; see ``Retriever``. The events are not part of it.

        Raises:
            ArtifactError: The folder holds something that is not such an artifact.
        """
        made_from = {
            "catalogue_sha256": self._catalogue.sha256,
            "half_life_days": self._half_life_days,
            "window_days": self._window_days,
        }
        with write_artifact(path, KIND, made_from=made_from, metrics=metrics):
            pass  # the manifest says it all

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue, interactions: pl.LazyFrame) -> Self:
        """Load saved settings, to count the given events.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue.
            UnknownItemError: An event's item is not in the catalogue.
        """
        manifest = read_manifest(path, KIND)
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        made = manifest.made_from
        days = {name: made.get(name) for name in ("half_life_days", "window_days")}
        try:
            return cls(catalogue, interactions, **days)
        except (TypeError, ConfigError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", remedy="Train the retriever again."
            ) from error

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
        found: list[list[Candidate]] = [[] for _ in histories]
        bounds = [bounds_of(history, seen=seen, among=among) for history in histories]
        for places, scores in self._at_moments(histories):
            first = _first(scores, k + max(len(bounds[n].left_out) for n in places))
            for n in places:
                allowed, left_out = bounds[n].among, bounds[n].left_out
                best = first if allowed is None else self._ordered(allowed, scores)
                rows = [row for row in best if self._ids[row] not in left_out][:k]
                found[n] = [
                    self._candidate(row, rank, scores) for rank, row in enumerate(rows, start=1)
                ]
        return found

    def score(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[Scores]:
        """Return the candidates' scores at each history's moment; see ``Retriever``.

        Raises:
            UnknownItemError: A candidate is not in the catalogue.
        """
        check_batch(histories, candidates)
        position = self._catalogue.position
        result: list[Scores] = [np.empty(0)] * len(histories)
        for places, scores in self._at_moments(histories):
            for n in places:
                rows = [position(candidate.item.item_id) for candidate in candidates[n]]
                result[n] = scores[np.array(rows, dtype=np.int64)]
        return result

    def scores(self, histories: Sequence[History]) -> Block:
        """Score every item at each history's moment: ``(n_histories, n_items) float64``, fresh."""
        block = np.empty((len(histories), len(self._ids)))
        for places, scores in self._at_moments(histories):
            block[places] = scores
        return block

    def _at_moments(self, histories: Sequence[History]) -> Iterator[tuple[list[int], Scores]]:
        """Yield the places of histories that see the same events, and every item's score then.

        Moments are taken in order, so that a batch of any size reads the events once.
        """
        moments_s = [math.floor(history.as_of.timestamp()) for history in histories]
        cuts = np.searchsorted(self._times_s, moments_s).tolist()
        places: dict[int, list[int]] = {}
        for place, cut in enumerate(cuts):
            places.setdefault(cut, []).append(place)
        for cut in sorted(places):
            yield places[cut], np.log1p(self._counts_at(cut))

    def _counts_at(self, cut: int) -> Scores:
        """Return what counts when the oldest ``cut`` events have been, ``(n_items,) float64``."""
        self._known, counts = self._first_counted(cut, self._known)
        if self._window_days is None or cut == 0:
            return counts
        oldest_s = self._times_s[cut - 1] - self._window_days * _DAY_S
        start = int(np.searchsorted(self._times_s, oldest_s))
        self._forgotten, before = self._first_counted(start, self._forgotten)
        return counts - before  # whole numbers, so nothing is lost

    def _first_counted(
        self, cut: int, known_counts: tuple[int, Scores]
    ) -> tuple[tuple[int, Scores], Scores]:
        """Return what to remember, and what the oldest ``cut`` events add up to.

        Counts are remembered at whole blocks only, so that the sum is made in the same steps
        whatever was asked before, and comes out the same to the last digit.
        """
        known, counts = known_counts
        if known > cut:
            known, counts = 0, np.zeros(len(self._ids))
        while cut - known >= self._block:
            counts = self._counted(counts, known, known + self._block)
            known += self._block
        return (known, counts), self._counted(counts, known, cut)

    def _counted(self, counts: Scores, start: int, stop: int) -> Scores:
        """Return the counts of the first ``stop`` events from those of the first ``start``."""
        if start == stop:
            return counts
        rows, times_s = self._rows[start:stop], self._times_s
        if self._half_life_days is None:
            return counts + np.bincount(rows, minlength=len(counts))
        half_life_s = self._half_life_days * _DAY_S
        newest_s = times_s[stop - 1]
        weights = 0.5 ** ((newest_s - times_s[start:stop]) / half_life_s)
        faded = 0.5 ** ((newest_s - times_s[max(start - 1, 0)]) / half_life_s)
        return np.asarray(counts * faded + np.bincount(rows, weights, minlength=len(counts)))

    def _ordered(self, item_ids: Collection[str], scores: Scores) -> list[int]:
        """Return the rows of those items that are in the catalogue, best first."""
        known = [item_id for item_id in item_ids if item_id in self._catalogue]
        rows = np.array(sorted(map(self._catalogue.position, known)), dtype=np.int64)
        ordered: list[int] = rows[np.argsort(-scores[rows], kind="stable")].tolist()
        return ordered

    def _candidate(self, row: int, rank: int, scores: Scores) -> Candidate:
        item = self._catalogue[self._ids[row]]
        return Candidate(item=item, score=float(scores[row]), rank=rank, source=self.name)


def _by_time(
    catalogue: Catalogue, interactions: pl.LazyFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return events oldest first: their items' catalogue positions, and their seconds.

    Events of one second stand in the catalogue's order, so that the log's own does not matter.
    """
    table = interactions.select("item_id", "timestamp_s").collect()
    ids = table["item_id"].unique()
    places = [catalogue.position(item_id) for item_id in ids]
    rows = table["item_id"].replace_strict(ids, places, return_dtype=pl.Int64).to_numpy()
    times_s = table["timestamp_s"].to_numpy().astype(np.int64)
    order = np.lexsort((rows, times_s))
    return rows[order], times_s[order]


def _first(scores: Scores, n: int) -> list[int]:
    """Return the rows of the ``n`` highest scores, best first, ties in the catalogue's order."""
    rows = np.arange(len(scores))
    if n < len(scores):
        rows = np.flatnonzero(scores >= np.partition(scores, -n)[-n])
    first: list[int] = rows[np.argsort(-scores[rows], kind="stable")][:n].tolist()
    return first
