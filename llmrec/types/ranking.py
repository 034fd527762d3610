"""Candidates, rankings and the scorer that makes the whole decision."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping  # noqa: TC003 - schemas are read at run time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from llmrec.errors import ConfigError, UnknownItemError
from llmrec.types.catalogue import Item  # noqa: TC001 - schemas are read at run time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types.history import History

Scores = NDArray[np.float64]
Seen = Literal["mask", "allow", "only"]
"""What becomes of the items of a history: left out, proposed like any other, or the only ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that a retriever proposed."""

    item: Item
    score: float
    """The retriever's score, in its own unit; higher is better."""
    rank: int
    """From 1."""
    source: str
    """The retriever's name."""
    sources: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Of a hybrid retriever: each source's own score and rank, from 1, by the source's name."""


ScoreKind = Literal["retrieval", "labels", "likelihood", "markers", "pointwise", "fusion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A permutation of candidates, best first, with a score for every one.

    Raises:
        ConfigError: Lengths differ, a score is not finite, scores rise, or an item occurs twice.
    """

    candidates: tuple[Candidate, ...]
    scores: tuple[float, ...]
    kind: ScoreKind
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Other scores of the same candidates, in the same order (``retrieval``, ``llm``, ...)."""
    notes: Mapping[str, float] = field(default_factory=dict)
    """Figures about the ranking as a whole (``label_mass``, ``fusion_weight``, ...)."""
    n_after: int = 0
    """How many candidates at the end were not reranked and only follow: a score of theirs compares
    with another of theirs, and says no more than "after" beside the rest."""
    shown: tuple[int, ...] | None = None
    """Places, from 0, of the items that a list shows, in its order, where caps or diversity chose
    them; None: the first ones."""

    def __post_init__(self) -> None:
        sizes = {len(self.scores), *(len(part) for part in self.parts.values())}
        if sizes - {len(self.candidates)}:
            raise ConfigError(f"{len(self.candidates)} candidates but {sorted(sizes)} scores")
        if not all(map(math.isfinite, self.scores)):
            raise ConfigError(f"a score is not finite: {self.scores}")
        if any(b > a for a, b in itertools.pairwise(self.scores)):
            raise ConfigError("scores must not rise from the first candidate to the last")
        ids = [candidate.item.item_id for candidate in self.candidates]
        if len(set(ids)) != len(ids):
            raise ConfigError("an item occurs twice among the candidates")
        shown = self.shown or ()
        if len(set(shown)) != len(shown) or not set(shown) <= set(range(len(ids))):
            raise ConfigError(f"{shown} are not different places of {len(ids)} candidates")

    @classmethod
    def of(
        cls,
        candidates: Sequence[Candidate],
        scores: Sequence[float] | Scores,
        kind: ScoreKind,
        *,
        parts: Mapping[str, Sequence[float] | Scores] | None = None,
        notes: Mapping[str, float] | None = None,
    ) -> Ranking:
        """Sort candidates by score; ties go to the better retrieval rank."""
        if len(candidates) != len(scores):
            raise ConfigError(f"{len(candidates)} candidates but {len(scores)} scores")
        order = sorted(range(len(candidates)), key=lambda n: (-scores[n], candidates[n].rank))
        return cls(
            candidates=tuple(candidates[n] for n in order),
            scores=tuple(float(scores[n]) for n in order),
            kind=kind,
            parts={
                name: tuple(float(part[n]) for n in order) for name, part in (parts or {}).items()
            },
            notes=dict(notes or {}),
        )

    @property
    def reranked(self) -> tuple[Candidate, ...]:
        """The candidates whose scores were made alike: all but those that only follow."""
        return self.candidates[: len(self.candidates) - self.n_after]

    def first(self, k: int) -> tuple[int, ...]:
        """Return the places, from 0, of the ``k`` items that a list shows first."""
        places = range(len(self.candidates)) if self.shown is None else self.shown
        return tuple(places[:k])

    def position(self, item_id: str) -> int:
        """Return the item's place in the ranking, from 0."""
        for place, candidate in enumerate(self.candidates):
            if candidate.item.item_id == item_id:
                return place
        raise UnknownItemError(f"item {item_id!r} is not among the candidates of this ranking")

    def log_odds(self, item_id: str) -> float:
        """Return the log-odds of one item against the others: log p - log(1 - p), p a softmax.

        The others are those whose scores compare: the reranked, or the candidates after them.
        Infinite where there are none.
        """
        place = self.position(item_id)
        n_before = len(self.reranked)
        low, high = (0, n_before) if place < n_before else (n_before, len(self.scores))
        scores = np.asarray(self.scores, dtype=np.float64)
        others = np.concatenate([scores[low:place], scores[place + 1 : high]])
        if not others.size:
            return math.inf
        top = others.max()
        return float(scores[place] - top - np.log(np.exp(others - top).sum()))


class Scorer(Protocol):
    """The whole decision for fixed candidates: retriever, LLM and fusion scored again."""

    @property
    def order_matters(self) -> bool:
        """Whether another candidate order can change the scores."""
        ...

    def __call__(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        """Return one ranking of exactly the given candidates per history."""
        ...
