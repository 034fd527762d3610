"""What every retriever does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import Candidate, Catalogue, History, Scores


class Retriever(Protocol):
    """Histories in, candidates out; omitted events of a history count for nothing."""

    @property
    def name(self) -> str:
        """The source that its candidates carry."""
        ...

    @property
    def identity(self) -> str:
        """What fusion artifacts are keyed by: kind, settings and what it was made from."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The items it can propose."""
        ...

    def retrieve(
        self, histories: Sequence[History], k: int, *, mask_seen: bool = True
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first, ranks from 1.

        Args:
            histories: Any number; no histories give an empty list.
            k: How many; capped by the catalogue (less the seen items where they are masked).
            mask_seen: Leave out items of the history (omitted events count as seen here, so that
                a counterfactual never changes which items may be proposed).
        """
        ...

    def score(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[Scores]:
        """Score given candidates afresh: ``(n_candidates,) float64`` per history.

        For the candidates that ``retrieve`` returned and the same history, the scores are equal
        to theirs (within 1e-6).
        """
        ...
