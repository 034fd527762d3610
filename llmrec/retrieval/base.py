"""What every retriever does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from llmrec.metrics import Block
    from llmrec.types import Candidate, Catalogue, History, Scores, Seen


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
        self,
        histories: Sequence[History],
        k: int,
        *,
        seen: Seen = "mask",
        among: Collection[str] | None = None,
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates a history, best first, ranks from 1.

        Args:
            histories: Any number; no histories give an empty list.
            k: How many; fewer come only where fewer items may be proposed.
            seen: Whether items of the history are left out, proposed like any other, or the only
                ones that may be (omitted events count as seen here, so that a counterfactual
                never changes which items may be proposed).
            among: The only ids that may be proposed; ids that the retriever does not know are
                passed over. None: any item.

        Raises:
            ConfigError: ``k`` is below 1, or ``seen`` is none of its values.
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

    def scores(self, histories: Sequence[History]) -> Block:
        """Score the whole catalogue, seen items included: ``(n_histories, n_items)``, fresh.

        Items that it cannot propose have minus infinity. All others have the score that ``score``
        gives them (within 1e-6).
        """
        ...

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write it to a folder, whole or not at all; ``load_retriever`` reads it back.

        Args:
            path: The folder; an older retriever of the same kind there is replaced.
            metrics: JSON values about how it was made and how good it is, kept in the manifest.

        Raises:
            ArtifactError: The folder holds something else, or cannot be written.
        """
        ...
