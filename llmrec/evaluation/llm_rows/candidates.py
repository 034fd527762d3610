"""The first items of a row's lists as candidates, and ties that lie across the last of them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.evaluation.variety import padded
from llmrec.types import Candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.metrics import TargetRanks
    from llmrec.types import Catalogue, Item, Query, Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What a row proposed for queries, straight from its lists; nothing is ever added."""

    source: str
    """The row."""
    queries: Sequence[Query]
    ranked: pl.DataFrame
    """The row's figures of these queries, as ``RANKED``."""
    n_candidates: int
    catalogue: Sequence[Item]
    """All items, by position."""
    items: NDArray[np.int64]
    """``(n_queries, list_length)`` catalogue positions, best first, -1 where a list has ended."""
    scores: Scores
    """``(n_queries, list_length) float64``, the row's own."""
    place: NDArray[np.int64]
    """``(n_queries,)`` the target's place among the candidates, from 0; -1 where it is not."""

    @classmethod
    def of(
        cls,
        source: str,
        ranked: pl.DataFrame,
        queries: Sequence[Query],
        catalogue: Catalogue,
        n_candidates: int,
    ) -> Lists:
        """Read a row's figures.

        Raises:
            ConfigError: Its lists are shorter than the candidates wanted.
        """
        length = ranked["items"].list.len().max() if ranked.height else n_candidates
        if isinstance(length, int) and length < min(n_candidates, len(catalogue)):
            raise ConfigError(
                f"{n_candidates} candidates are wanted, but the lists of {source} hold {length}",
                remedy="Ask for fewer candidates, or run with --list-length "
                f"{n_candidates} into another folder.",
            )
        items = padded(ranked["items"], int(str(length)))
        targets = np.array([catalogue.position(query.target.item_id) for query in queries])
        found = items[:, :n_candidates] == targets[:, None]
        return cls(
            source=source,
            queries=queries,
            ranked=ranked,
            n_candidates=n_candidates,
            catalogue=list(catalogue.values()),
            items=items,
            scores=_padded_scores(ranked["scores"], items.shape[1]),
            place=np.where(found.any(axis=1), found.argmax(axis=1), -1),
        )

    @property
    def asked(self) -> list[int]:
        """The queries whose target is among the candidates; the others cost no model call."""
        return [int(n) for n in np.flatnonzero(self.place >= 0)]

    def n_here(self, number: int) -> int:
        """Return how many candidates a query has; fewer where the source ranks fewer items."""
        return int((self.items[number, : self.n_candidates] >= 0).sum())

    def candidates(self, number: int) -> list[Candidate]:
        """Return what of a query's list is reranked, best first."""
        return self._all(number)[: self.n_candidates]

    def rest(self, number: int) -> list[Candidate]:
        """Return what follows the candidates, best first."""
        return self._all(number)[self.n_candidates :]

    def _all(self, number: int) -> list[Candidate]:
        return [
            Candidate(item=self.catalogue[item], score=float(score), rank=rank, source=self.source)
            for rank, (item, score) in enumerate(
                zip(self.items[number], self.scores[number], strict=True), start=1
            )
            if item >= 0
        ]


def _padded_scores(column: pl.Series, length: int) -> Scores:
    table = np.zeros((len(column), length))
    there = np.arange(length)[None, :] < column.list.len().to_numpy()[:, None]
    table[there] = column.explode().drop_nulls().to_numpy()
    return table


def split_at(ranks: TargetRanks, n_candidates: int, among: NDArray[np.bool_]) -> TargetRanks:
    """Return the ranks with ties across the last candidate broken as the candidates were.

    Of items tied across that place the catalogue's order decides which are candidates. Whoever is
    among them then stands on a place up to ``n_candidates``, and whoever is not, behind it: a
    target that the LLM never saw must not keep a chance of a place that the LLM's items take.

    Args:
        ranks: One target per query.
        n_candidates: How many were taken.
        among: ``(n_queries,) bool``, whether the target is one of them.
    """
    across = (ranks.ahead < n_candidates) & (ranks.ahead + ranks.tied > n_candidates)
    inside = np.where(across, n_candidates - ranks.ahead, 0).astype(np.int64)
    tied = np.where(across, np.where(among, inside, ranks.tied - inside), ranks.tied)
    return dataclasses.replace(
        ranks, ahead=np.where(across & ~among, float(n_candidates), ranks.ahead), tied=tied
    )
