"""What every language-model engine does: token ids in, log-probabilities or text out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmrec.types import TokenIds, Tokenizer

LogProbs = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCard:
    """Who answers: what the cache, the fusion artifact and every result are keyed by."""

    engine: str
    """``transformers``, ``vllm``, ``server`` or ``scripted``."""
    model: str
    """The name a person knows it by."""
    weights_sha256: str
    """Of the weights' files; of the names that a server gives where ``weights_proven`` is off."""
    dtype: str
    context_length: int
    """Tokens of prompt and answer together, at most."""
    adapter_sha256: str | None = None
    adapter_prompts: str | None = None
    """The template and serializer that the adapter was trained on, where that is known; ranking
    with others is refused."""
    weights_proven: bool = True
    """Off where the weights (or the adapter's) lie elsewhere, so that nobody here hashed them."""
    settings: str = ""
    """What else changes its answers, e.g. ``quantization=fp8``."""
    probe: tuple[float, ...] = ()
    """What a server answered to a fixed question when it was opened: log-probabilities that tell
    apart what goes by the same names. Nothing for an engine whose weights are its own."""

    @property
    def identity(self) -> str:
        """Model, weights, dtype, adapter and settings; not the engine: engines agree."""
        weights = f"{'' if self.weights_proven else 'unproven-'}{self.weights_sha256[:12]}"
        adapter = f"+{self.adapter_sha256[:12]}" if self.adapter_sha256 else ""
        settings = f";{self.settings}" if self.settings else ""
        return f"{self.model}@{weights}:{self.dtype}{adapter}{settings}"


@dataclass(slots=True, kw_only=True)
class EngineStats:
    """Running counts of what an engine was asked and what it computed."""

    prompts: int = 0
    """Prompts scored or answered (a prefix with its continuations is one)."""
    prompt_tokens: int = 0
    """Tokens sent in, every shared prefix counted once a call."""
    computed_tokens: int = 0
    """Tokens that went through the model (sent in, less what a prefix cache held)."""
    generated_tokens: int = 0
    forward_passes: int = 0
    """Batched passes of the Transformers engine; requests of the others."""
    cache_hits: int = 0
    """Questions answered from the disk cache."""


class Engine(Protocol):
    """A language model. Prompts are token ids; nothing is added to them.

    Every method takes a batch and keeps its order; an empty batch gives an empty list. A prompt
    longer than ``card.context_length`` raises ``EngineError`` naming both lengths.
    """

    @property
    def card(self) -> EngineCard:
        """Who answers."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        ...

    @property
    def stats(self) -> EngineStats:
        """Running counts since the engine was made."""
        ...

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score single tokens at the end of each prompt.

        Args:
            prompts: Token ids, one prompt each.
            labels: For each prompt the ids of its labels (at most 128).

        Returns:
            Per prompt ``(n_labels,) float32``: natural-log probabilities over the FULL vocabulary.
        """
        ...

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score single tokens at several positions of each prompt; a prompt is computed once.

        Args:
            prompts: Token ids, one prompt each; what stands behind the last position is not run.
            positions: For each prompt the places of the tokens after which its labels are read:
                at least one, from 0, rising.
            labels: For each prompt the ids of its labels (at most 128), the same at every place.

        Returns:
            Per prompt ``(n_positions, n_labels) float32``: in each row what ``score_labels`` gives
            for the prompt up to and including that position.
        """
        ...

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score several continuations of each prefix; a prefix is computed once.

        Args:
            prefixes: Token ids, one shared prefix each.
            continuations: For each prefix its continuations, each of at least one token.

        Returns:
            Per prefix and continuation ``(n_tokens,) float32``: each token's natural-log
            probability given the prefix and the continuation's tokens before it.
        """
        ...

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Write an answer to each prompt, ended by the model, ``stop`` or ``max_tokens``.

        Temperature 0 is greedy. The text is without control tokens and without the stop string.
        """
        ...

    def stream(
        self,
        prompt: TokenIds,
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Yield the answer to one prompt piece by piece; joined, it equals ``generate``'s."""
        ...

    def close(self) -> None:
        """Free the model; calling it twice is allowed."""
        ...
