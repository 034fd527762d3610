"""Where the targets of queries stand among all items: found block by block, ties kept as ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmrec.types import Scores

    Integers = NDArray[np.int64]

Block = NDArray[np.floating[Any]]
"""Scores of a block of queries: ``(n_queries, n_items)``, float32 or float64."""
Ties = Literal["expected", "pessimistic"]
BLOCK_BYTES = 32 * 2**20
"""How much of the score table is made at once, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Item positions per query, as one flat array: query n's are ``items[ends[n]:ends[n + 1]]``."""

    items: Integers
    """``(n_pairs,) int64``; each query's are sorted and occur once."""
    ends: Integers
    """``(n_queries + 1,) int64``, from 0."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | Integers]) -> Self:
        """Return rows of item positions; what occurs twice in a row counts once."""
        unique = [np.unique(np.asarray(row, dtype=np.int64)) for row in rows]
        items = np.concatenate(unique) if unique else np.zeros(0, dtype=np.int64)
        ends = np.concatenate([[0], np.cumsum([len(row) for row in unique])]).astype(np.int64)
        return cls(items=items, ends=ends)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def __getitem__(self, rows: slice) -> Self:
        """Return a run of queries."""
        start, stop, _ = rows.indices(len(self))
        ends = self.ends[start : max(start, stop) + 1]
        return type(self)(items=self.items[ends[0] : ends[-1]], ends=ends - ends[0])

    @property
    def counts(self) -> Integers:
        """How many items each query has: ``(n_queries,) int64``."""
        return np.diff(self.ends)

    @property
    def queries(self) -> Integers:
        """Which query each item belongs to: ``(n_pairs,) int64``."""
        return np.repeat(np.arange(len(self)), self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRanks:
    """Where each target of each query stands; the targets of a query stand together, best first.

    A target that is tied with others has no single place: it stands anywhere on the places from
    ``ahead + 1`` to ``ahead + tied``. Metrics take their expectation over all orders of tied items
    (McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the
    Presence of Tied Scores", ECIR 2008); ``pessimistic`` puts targets last in their tie instead.
    Neither can flatter a ranker that gives many items the same score.
    """

    query: Integers
    """``(n_targets,)``: the query it belongs to, not falling."""
    ahead: Scores
    """``(n_targets,) float64``: how many items score higher; infinity where it is not ranked."""
    tied: Integers
    """``(n_targets,)``: how many items score the same, itself included."""
    targets_ahead: Integers
    """``(n_targets,)``: how many of ``ahead`` are targets too."""
    targets_tied: Integers
    """``(n_targets,)``: how many of ``tied`` are targets too, itself included."""
    n_ranked: Integers
    """``(n_queries,)``: how many items are ranked; 0 where that is not known."""

    def __len__(self) -> int:
        return len(self.n_ranked)

    @property
    def n_targets(self) -> Integers:
        """Targets per query: ``(n_queries,)``."""
        return np.bincount(self.query, minlength=len(self)).astype(np.int64)

    @property
    def first(self) -> Integers:
        """Row of each query's best target; meaningless for a query without targets."""
        starts = np.searchsorted(self.query, np.arange(len(self)))
        return np.minimum(starts, max(0, len(self.query) - 1)).astype(np.int64)

    @classmethod
    def of_ranks(cls, ranks: Sequence[int | float | None] | Scores | Integers) -> Self:
        """Return queries of one target each, from ranks that start at 1.

        Args:
            ranks: ``(n_queries,)``; None or infinity = not ranked.

        Raises:
            ConfigError: A rank is below 1 or NaN.
        """
        if not isinstance(ranks, np.ndarray):
            ranks = np.array([np.inf if rank is None else rank for rank in ranks], dtype=np.float64)
        places = ranks.astype(np.float64)
        wrong = ~(places >= 1.0)  # NaN is wrong too
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise ConfigError(
                f"rank {places[first]} of query {first} is not a rank",
                remedy="Ranks count from 1; use None or infinity for a target that is not there.",
            )
        one, none = np.ones(len(places), dtype=np.int64), np.zeros(len(places), dtype=np.int64)
        return cls(
            query=np.arange(len(places)),
            ahead=places - 1.0,
            tied=one,
            targets_ahead=none,
            targets_tied=one,
            n_ranked=none,
        )

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """Return the queries of several parts, one after the other."""
        sizes = np.cumsum([0, *(len(part) for part in parts)])
        shifted = [part.query + size for part, size in zip(parts, sizes, strict=False)]
        names = ("ahead", "tied", "targets_ahead", "targets_tied", "n_ranked")
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in (names if parts else ())
        }
        empty = np.zeros(0, dtype=np.int64)
        if not parts:
            joined = dict.fromkeys(names, empty) | {"ahead": np.zeros(0)}
        return cls(query=np.concatenate([empty, *shifted]), **joined)

    def pessimistic(self) -> Self:
        """Return the same with every tie broken against the targets."""
        new = (np.diff(self.query, prepend=-1) != 0) | (self.ahead != np.roll(self.ahead, 1))
        same_tie = np.flatnonzero(new)
        begins = np.zeros(len(self.query), dtype=np.int64)
        begins[same_tie] = same_tie
        nth = np.arange(len(self.query)) - np.maximum.accumulate(begins)
        return type(self)(
            query=self.query,
            ahead=self.ahead + (self.tied - self.targets_tied) + nth,
            tied=np.ones_like(self.tied),
            targets_ahead=self.targets_ahead + nth,
            targets_tied=np.ones_like(self.tied),
            n_ranked=self.n_ranked,
        )


def rank_targets(scores: Block, targets: Pairs, seen: Pairs | None = None) -> TargetRanks:
    """Find the targets among all items of a block of queries.

    Args:
        scores: ``(n_queries, n_items)``; higher is better; minus infinity = not ranked. Where
            ``seen`` is given, its places are overwritten with minus infinity.
        targets: The items that each query looks for.
        seen: The items that are not ranked; none of them can be found.

    Raises:
        DataError: A score is NaN, or targets and scores do not belong together.
    """
    _check_block(scores, targets, seen)
    n_items = scores.shape[1]
    n_ranked = np.full(len(targets), n_items, dtype=np.int64)
    if seen is not None:
        scores[seen.queries, seen.items] = -np.inf
        n_ranked -= seen.counts
    query = targets.queries
    own = scores[query, targets.items].astype(np.float64)
    ahead, tied = _counted(scores, targets)
    order = np.lexsort((-own, query))
    query, ahead, tied = query[order], ahead[order].astype(np.float64), tied[order]
    targets_ahead, targets_tied = _among_targets(query, own[order], targets.ends)
    ahead[np.isneginf(own[order])] = np.inf
    return TargetRanks(
        query=query,
        ahead=ahead,
        tied=tied,
        targets_ahead=targets_ahead,
        targets_tied=targets_tied,
        n_ranked=n_ranked,
    )


def stream_targets(
    score: Callable[[slice], Block],
    targets: Pairs,
    *,
    n_items: int,
    seen: Pairs | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> TargetRanks:
    """Find the targets of any number of queries, never holding more than a block of scores.

    Args:
        score: Returns the scores of a run of queries, ``(stop - start, n_items) float32`` or
            ``float64``, freshly made: masking writes into it.
        targets: The items that each query looks for.
        n_items: Items in the catalogue.
        seen: The items that are not ranked, by query.
        block_bytes: How large a float32 block may be; some small arrays of its shape come on top.

    Raises:
        DataError: As for ``rank_targets``.
    """
    rows = max(1, block_bytes // (4 * max(1, n_items)))
    parts = []
    for start in range(0, len(targets), rows):
        run = slice(start, min(start + rows, len(targets)))
        parts.append(rank_targets(score(run), targets[run], None if seen is None else seen[run]))
    return TargetRanks.concat(parts)


def _counted(scores: Block, targets: Pairs) -> tuple[Integers, Integers]:
    """Count, for each target, the items that score higher and those that score the same."""
    ahead = np.zeros(len(targets.items), dtype=np.int64)
    same = np.zeros(len(targets.items), dtype=np.int64)
    counts = targets.counts
    for nth in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > nth)
        which = targets.ends[rows] + nth
        block = scores if len(rows) == len(scores) else scores[rows]
        own = block[np.arange(len(rows)), targets.items[which]][:, None]
        ahead[which] = np.count_nonzero(block > own, axis=1)
        same[which] = np.count_nonzero(block == own, axis=1)
    return ahead, same


def _among_targets(query: Integers, own: Scores, ends: Integers) -> tuple[Integers, Integers]:
    """Count, for each target, the targets of its query that score higher, and the same."""
    if not len(query):
        return query, query
    new = (np.diff(query, prepend=-1) != 0) | (own != np.roll(own, 1))
    group = np.cumsum(new) - 1
    begins, sizes = np.flatnonzero(new), np.bincount(group)
    return begins[group] - ends[query], sizes[group].astype(np.int64)


def _check_block(scores: Block, targets: Pairs, seen: Pairs | None) -> None:
    """Refuse what cannot be ranked; a NaN would count as behind everything, or ahead of nothing."""
    if scores.ndim != 2 or len(scores) != len(targets) or len(seen or targets) != len(targets):
        raise DataError(
            f"scores of shape {scores.shape}, targets of {len(targets)} queries and seen items of "
            f"{len(targets) if seen is None else len(seen)} do not belong together"
        )
    if scores.size and np.isnan(scores.max()):
        row, column = np.argwhere(np.isnan(scores))[0]
        raise DataError(
            f"the score of item {column} for query {row} of this block is NaN",
            remedy="A ranker must give every item a number, or minus infinity to leave it out.",
        )
    for pairs in (targets, seen):
        if pairs is not None and len(pairs.items) and pairs.items.max() >= scores.shape[1]:
            raise DataError(f"item {pairs.items.max()} is beyond the {scores.shape[1]} scored ones")
