"""From a ranking to the list that is shown: caps per attribute value, and diversity."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.recommender.filters import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from llmrec.retrieval import ItemIndex
    from llmrec.types import Item, MovedBy, Ranking, Scores

    Likeness = Callable[[int], Scores]
    """A place -> how like its item the item of every place is, ``(n_places,) float64``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """How a list is made from a ranking."""

    caps: tuple[tuple[str, int], ...] = ()
    """Attributes, each with how many items of the list may share a value of it. Items without the
    attribute are never too many."""
    diversity: float = 0.0
    """0 to 1: how much an item's likeness to those above it counts against its score."""


PLAIN = Arrangement()
"""The ranking's own beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One place of the list."""

    place: int
    """The item's place in the ranking, from 0."""
    moved_by: tuple[MovedBy, ...] = ()
    """Why it stands elsewhere in the list than in the ranking; empty where it does not."""


def arrange(
    ranking: Ranking, k: int, how: Arrangement, likeness: Likeness | None = None
) -> list[Pick]:
    """Choose up to ``k`` items of a ranking, one after the other.

    Each time the item is chosen, of those that no cap forbids, with the highest maximal marginal
    relevance ``(1 - diversity) * relevance - diversity * likeness``, where likeness is that to the
    most similar item chosen before (Carbonell and Goldstein, "The Use of MMR, Diversity-Based
    Reranking for Reordering Documents and Producing Summaries", SIGIR 1998). Relevance is the
    ranking's score, brought to 0 to 1 over the reranked candidates. Of equally good items the one
    that is ranked better is chosen, so without caps and diversity the ranking's order stays.

    Args:
        ranking: What is chosen from.
        k: How many; fewer come where the caps leave fewer.
        how: Caps and diversity.
        likeness: How alike the ranking's items are; needed where there is diversity.
    """
    if how == PLAIN:
        return [Pick(place=place) for place in ranking.first(k)]
    relevance = _relevance(ranking)
    caps = _Caps([candidate.item for candidate in ranking.candidates], how)
    n_items = len(ranking.candidates)
    nearest, left = np.zeros(n_items), np.ones(n_items, dtype=np.bool_)
    passed = np.zeros(n_items, dtype=np.bool_)  # by an item ranked worse
    picks: list[Pick] = []
    while len(picks) < k and (free := np.flatnonzero(left & ~caps.full)).size:
        worth = (1.0 - how.diversity) * relevance[free] - how.diversity * nearest[free]
        place = int(free[np.argmax(worth)])
        ahead = left[:place]
        why: list[MovedBy] = ["cap"] if (ahead & caps.full[:place]).any() else []
        if passed[place] or (ahead & ~caps.full[:place]).any():
            why.append("diversity")
        picks.append(Pick(place=place, moved_by=tuple(why) if place != len(picks) else ()))
        passed[:place] |= ahead & ~caps.full[:place]
        left[place] = False
        caps.count(place)
        if how.diversity and likeness is not None:
            nearest = np.maximum(nearest, likeness(place))
    return picks


def fitting(items: Sequence[Item], k: int, how: Arrangement) -> list[int]:
    """Return the places, from 0, of the first ``k`` items that fit under the caps together."""
    caps = _Caps(items, how)
    kept: list[int] = []
    for place in range(len(items)):
        if len(kept) < k and not caps.full[place]:
            kept.append(place)
            caps.count(place)
    return kept


def likeness_of(items: Sequence[Item], index: ItemIndex | None) -> Likeness:
    """Return how alike items are: the cosine of their vectors, or what their lists share.

    Without an index two items are as alike as the values of their lists (genres, cast) that both
    have, among those that either has (Jaccard). Items that say nothing are like no other.
    """
    if index is None:
        said = [
            {(name, v) for name, vs in item.attributes.items() if isinstance(vs, tuple) for v in vs}
            for item in items
        ]
        return lambda place: np.array([_shared(said[place], other) for other in said])
    known = [n for n, item in enumerate(items) if item.item_id in index]
    vectors = np.zeros((len(items), index.dimension))
    vectors[known] = index.vectors([items[n].item_id for n in known])
    vectors[known] /= np.linalg.norm(vectors[known], axis=1, keepdims=True)
    return lambda place: np.asarray(vectors @ vectors[place])


def _shared(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float:
    return len(one & other) / max(1, len(one | other))


def _relevance(ranking: Ranking) -> Scores:
    """Return the scores on a scale of 0 to 1; candidates that were not reranked get 0 or less."""
    scores = np.array(ranking.scores, dtype=np.float64)
    if not scores.size:
        return scores
    low = scores[max(0, len(ranking.reranked) - 1)]
    return np.asarray((scores - low) / (scores[0] - low if scores[0] > low else 1.0))


class _Caps:
    """Which places are full: another item of theirs would exceed a cap."""

    def __init__(self, items: Sequence[Item], how: Arrangement) -> None:
        self.full: NDArray[np.bool_] = np.zeros(len(items), dtype=np.bool_)
        self._limits = dict(how.caps)
        self._said = [
            {(name, v) for name in self._limits for v in values_of(item.attributes.get(name, ()))}
            for item in items
        ]
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, place: int) -> None:
        """Count a chosen item, and mark what may not follow it."""
        self._counts.update(self._said[place])
        spent = {said for said in self._said[place] if self._counts[said] >= self._limits[said[0]]}
        if spent:
            self.full |= np.array([not spent.isdisjoint(said) for said in self._said])
