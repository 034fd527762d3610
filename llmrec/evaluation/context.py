"""What a run consists of, for every module that makes rows of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from pydantic import Field

from llmrec.config import Settings
from llmrec.evaluation.baselines import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llmrec.data import Split, SplitProtocol
    from llmrec.evaluation.folder import RunFolder
    from llmrec.types import Catalogue, Query

T = TypeVar("T")


class EvaluateConfig(Settings):
    """What a run is, beside its dataset, card and rows."""

    sample: int | None = Field(default=None, ge=1)
    """How many test queries are asked, drawn by the seed; None: all."""
    validation_sample: int = Field(default=5000, ge=1)
    """How many validation queries settings are chosen on, at most."""
    seed: int = 0
    """Of samples, of rows that draw, and of all intervals and tests."""
    batch: int = Field(default=BATCH, ge=1)
    """Queries ranked and kept at once."""
    list_length: int = Field(default=50, ge=1)
    """How many of the best items of each query are kept."""
    resamples: int = Field(default=1000, ge=1)
    """Bootstrap draws."""
    trec: bool = True
    """Whether TREC files are written too; where an item's id is not one word they cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run under way."""

    folder: RunFolder
    parts: Sequence[Split]
    asked: Sequence[tuple[int, Query]]
    """(window, test query) in order; a query's number is its place here."""
    config: EvaluateConfig
    index: Path | None = None
    halved: bool = False
    """Whether rows are tuned on one half of the validation's users only, since the other half is
    for what is fitted beside an LLM. A card with a calibration period needs no halves."""

    @property
    def card(self) -> SplitProtocol:
        """The protocol."""
        return self.parts[0].protocol

    @property
    def catalogue(self) -> Catalogue:
        """The items that are ranked."""
        return self.parts[0].dataset.catalogue

    def for_tuning(self) -> list[Query]:
        """Return the validation queries that settings are chosen on, at most so many as asked."""
        queries = self.parts[0].validation
        if self.halved:
            queries = [query for query in queries if not in_second_half(query.history.user_id)]
        return drawn(queries, self.config.validation_sample, self.config.seed)

    def for_fitting(self, n: int) -> list[Query]:
        """Return up to ``n`` queries that no setting was chosen on, for weights and temperatures.

        They are those of the card's calibration period, or of the second half of the validation.
        """
        queries = self.parts[0].calibration or [
            query for query in self.parts[0].validation if in_second_half(query.history.user_id)
        ]
        return drawn(queries, n, self.config.seed)


def in_second_half(user_id: str) -> bool:
    """Return whether a user is in the half of the validation that no setting is chosen on."""
    return bool(hashlib.sha256(user_id.encode()).digest()[0] & 1)


def drawn(items: Sequence[T], n: int | None, seed: int) -> list[T]:
    """Return up to ``n`` of the items in their order; the same ones for the same seed."""
    if n is None or n >= len(items):
        return list(items)
    chosen = np.random.default_rng(seed).choice(len(items), n, replace=False)
    return [items[int(place)] for place in sorted(chosen)]
