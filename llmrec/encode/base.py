"""What every text encoder does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderCard:
    """Which encoder made a vector."""

    name: str
    weights_sha256: str
    dimension: int
    max_tokens: int
    """Tokens of a text that are read, special tokens not counted (as ``count_tokens`` counts).

    Longer texts are cut on the right, so queries must be fitted before.
    """

    @property
    def identity(self) -> str:
        """Name and weights, in one string."""
        return f"{self.name}@{self.weights_sha256[:12]}"


class Encoder(Protocol):
    """Texts in, unit vectors out. Safe to call from several threads."""

    @property
    def card(self) -> EncoderCard:
        """Which encoder this is."""
        ...

    @property
    def control_strings(self) -> frozenset[str]:
        """Every string that the tokenizer turns into a control token (``[SEP]``, ...)."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return each text's tokens by the encoder's own tokenizer, without special tokens."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return ``(n_texts, dimension) float32, L2-normalised``; no texts give ``(0, dim)``.

        A text without a token (empty, or white space) gives one fixed unit vector: every such
        text is like every other, and like nothing in particular.
        """
        ...
