"""What an LLM row is: whose candidates it reranks, and every choice that can change a score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from llmrec.config import Settings
from llmrec.recommender import ScorerSettings

if TYPE_CHECKING:
    from llmrec.data import SplitProtocol

FUSION = "-fusion"
"""What is added to a row's name for the row that fuses it with its source."""


class RerankSpec(ScorerSettings):
    """An LLM that reranks the first items of another row of the same run.

    It makes the row ``name`` (the LLM alone: those items in its order, the others behind them in
    the source's), and with ``fusion_queries`` the row ``name-fusion`` (with the source's scores,
    by a fitted weight).
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """The row's name, which is also its folder's."""
    source: str
    """The row whose first items are reranked."""
    candidates: int | None = Field(default=None, ge=1)
    """How many items are reranked; None: as many as the card says."""
    candidate_order: Literal["shuffled", "retriever"] | None = None
    """How they are listed, where the scorer lists them; None: as the card says."""
    target_place: int | None = Field(default=None, ge=0)
    """List the target at this place, from 0. The prompt then depends on the answer: this measures
    how much a model prefers places, and is never a result. There is no fusion row."""
    fusion_queries: int = Field(default=300, ge=0)
    """Validation queries that weight and temperatures are fitted on, at most; queries whose target
    is not among the candidates count, though they ask the LLM nothing. 0: no fusion row."""

    @model_validator(mode="after")
    def _placed_targets_fit_nothing(self) -> Self:
        if self.target_place is None:
            return self
        if self.fusion_queries:
            raise ValueError("target_place shows the answer's place, so it needs fusion_queries: 0")
        if self.candidate_order == "retriever":
            raise ValueError("target_place and candidate_order: retriever exclude each other")
        if self.candidates is not None and self.target_place >= self.candidates:
            raise ValueError(f"place {self.target_place} is not among {self.candidates} candidates")
        return self

    @property
    def fusion_name(self) -> str | None:
        """The name of the row that fuses it with its source; None where there is none."""
        return self.name + FUSION if self.fusion_queries else None

    def under(self, card: SplitProtocol) -> RerankSpec:
        """Return the same with nothing left to the card.

        Raises:
            ConfigError: ``target_place`` is not among the card's candidates.
        """
        values = self.model_dump()
        values["candidates"] = self.candidates or card.candidates
        if self.candidate_order is None:
            placed = self.target_place is not None
            values["candidate_order"] = "shuffled" if placed else card.candidate_order
        return type(self).of(values, source=f"row {self.name!r} under {card.id}")


class RerankFile(Settings):
    """Several LLM rows as YAML."""

    rows: tuple[RerankSpec, ...] = Field(min_length=1)
