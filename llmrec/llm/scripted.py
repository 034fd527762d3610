"""An engine that answers as scripted: for tests, examples and dry runs. Needs NumPy only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import EngineError
from llmrec.llm.answers import AnswerText, control_ids
from llmrec.llm.base import EngineCard, EngineStats, LogProbs
from llmrec.llm.byte_tokenizer import ByteTokenizer
from llmrec.llm.checks import (
    check_continuations,
    check_generation,
    check_labels,
    check_positions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from llmrec.types import TokenIds, Tokenizer

WIDTH = 12.0
"""Made-up logits lie evenly in [0, WIDTH): some tokens are then far likelier than others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an engine's method, with exactly what was sent."""

    method: str
    prompts: tuple[TokenIds, ...]
    options: tuple[Any, ...] = ()
    """Labels or continuations, one entry per prompt."""
    settings: Mapping[str, Any] = field(default_factory=dict)


class ScriptedEngine:
    """Answers from functions, or else with reproducible made-up log-probabilities.

    Without functions every token's log-probability is a full-vocabulary log-softmax of numbers
    drawn from a hash of (seed, ids before it): it depends on every token before it, on no batch,
    machine or NumPy version, and carries no information.

    Args:
        seed: Another seed is another model.
        label_scores: From (prompt ids, label ids) to one log-probability per label.
        continuation_scores: From (prefix ids, continuation ids) to one per token.
        reply: From the prompt's text (control strings included) to the answer's.
        tokenizer: Instead of ``ByteTokenizer``; then ``vocabulary_size`` must be given.
        vocabulary_size: Number of token ids.
        context_length: Tokens of prompt and answer together, at most.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing that can be scripted
        self,
        *,
        seed: int = 0,
        label_scores: Callable[[TokenIds, TokenIds], Sequence[float]] | None = None,
        continuation_scores: Callable[[TokenIds, TokenIds], Sequence[float]] | None = None,
        reply: Callable[[str], str] | None = None,
        tokenizer: Tokenizer | None = None,
        vocabulary_size: int = ByteTokenizer.vocabulary_size,
        context_length: int = 32_768,
    ) -> None:
        self._seed = hashlib.sha256(f"llmrec scripted {seed}".encode()).digest()
        self._label_scores = label_scores or self._made_up_labels
        self._continuation_scores = continuation_scores or self._made_up_continuation
        self._reply = reply or _default_reply
        self._tokenizer = tokenizer or ByteTokenizer()
        self._vocabulary_size = vocabulary_size
        self._stats = EngineStats()
        self._card = EngineCard(
            engine="scripted",
            model=f"scripted-{seed}",
            weights_sha256=self._seed.hex(),
            dtype="float32",
            context_length=context_length,
        )
        self.calls: list[Call] = []
        """Every call so far, oldest first."""

    @property
    def card(self) -> EngineCard:
        """Who answers."""
        return self._card

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that was given, else a ``ByteTokenizer``."""
        return self._tokenizer

    @property
    def stats(self) -> EngineStats:
        """Running counts; every prompt counts as computed, a shared prefix once."""
        return self._stats

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score labels by the given function, or make scores up."""
        check_labels(prompts, labels, self._card.context_length)
        self._record("score_labels", prompts, labels)
        self._count(prompts, sum(map(len, prompts)))
        return [
            _as_scores(self._label_scores(tuple(prompt), tuple(ids)), len(ids))
            for prompt, ids in zip(prompts, labels, strict=True)
        ]

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score labels after each beginning of a prompt, as at the end of a prompt."""
        check_positions(prompts, positions, labels, self._card.context_length)
        self._record(
            "score_positions", prompts, labels, {"positions": tuple(map(tuple, positions))}
        )
        self._count(prompts, sum(some[-1] + 1 for some in positions))
        return [
            np.stack(
                [
                    _as_scores(self._label_scores(tuple(prompt[: n + 1]), tuple(ids)), len(ids))
                    for n in some
                ]
            )
            for prompt, some, ids in zip(prompts, positions, labels, strict=True)
        ]

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score continuations by the given function, or make scores up."""
        check_continuations(prefixes, continuations, self._card.context_length)
        self._record("score_continuations", prefixes, continuations)
        tails = sum(len(ids) for options in continuations for ids in options)
        self._count(prefixes, sum(map(len, prefixes)) + tails)
        return [
            [_as_scores(self._continuation_scores(tuple(prefix), tuple(c)), len(c)) for c in some]
            for prefix, some in zip(prefixes, continuations, strict=True)
        ]

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Answer with the reply function's text, cut at ``stop`` and ``max_tokens``."""
        check_generation(prompts, self._card.context_length, max_tokens, temperature)
        settings = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        self._record("generate", prompts, (), {**settings, "stop": tuple(stop)})
        self._count(prompts, sum(map(len, prompts)))
        return ["".join(self._pieces(prompt, max_tokens, stop)) for prompt in prompts]

    def stream(
        self,
        prompt: TokenIds,
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Yield the reply token by token."""
        check_generation([prompt], self._card.context_length, max_tokens, temperature)
        settings = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        self._record("stream", [prompt], (), {**settings, "stop": tuple(stop)})
        self._count([prompt], len(prompt))
        yield from self._pieces(prompt, max_tokens, stop)

    def close(self) -> None:
        """Do nothing: there is no model to free."""

    def _pieces(self, prompt: TokenIds, max_tokens: int, stop: Sequence[str]) -> Iterator[str]:
        text = AnswerText(self._tokenizer, control_ids(self._tokenizer), stop)
        answer = self._tokenizer.encode(self._reply(self._tokenizer.decode(prompt)))
        for token in answer[: min(max_tokens, self._card.context_length - len(prompt))]:
            self._stats.generated_tokens += 1
            if piece := text.add([token]):
                yield piece
            if text.stopped:
                return
        if piece := text.end():
            yield piece

    def _record(
        self,
        method: str,
        prompts: Sequence[TokenIds],
        options: Sequence[Any],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        call = Call(
            method=method,
            prompts=tuple(map(tuple, prompts)),
            options=tuple(map(tuple, options)),
            settings=dict(settings or {}),
        )
        self.calls.append(call)

    def _count(self, prompts: Sequence[TokenIds], tokens: int) -> None:
        self._stats.prompts += len(prompts)
        self._stats.prompt_tokens += tokens
        self._stats.computed_tokens += tokens
        self._stats.forward_passes += len(prompts)

    def _made_up_labels(self, prompt: TokenIds, ids: TokenIds) -> LogProbs:
        return self._drawn(hashlib.shake_128(self._seed + _bytes(prompt)), ids)

    def _made_up_continuation(self, prefix: TokenIds, ids: TokenIds) -> LogProbs:
        digest = hashlib.shake_128(self._seed + _bytes(prefix))
        scores = np.empty(len(ids), dtype=np.float32)
        for place, token in enumerate(ids):
            scores[place] = self._drawn(digest, (token,))[0]
            digest.update(_bytes((token,)))
        return scores

    def _drawn(self, digest: Any, ids: TokenIds) -> LogProbs:  # noqa: ANN401 - has no public type
        """Return ``(n_ids,) float32`` out of log-probabilities whose sum is one."""
        if any(not 0 <= token < self._vocabulary_size for token in ids):
            raise EngineError(
                f"a token id in {list(ids)} is not in the vocabulary of {self._vocabulary_size}",
                remedy="Another tokenizer needs its vocabulary_size.",
            )
        raw = np.frombuffer(digest.digest(4 * self._vocabulary_size), dtype="<u4")
        logits = raw * (WIDTH / 2**32)
        normaliser = np.log(np.exp(logits).sum())
        return np.asarray(logits[list(ids)] - normaliser, dtype=np.float32)


def _bytes(ids: Sequence[int]) -> bytes:
    return np.asarray(ids, dtype="<u4").tobytes()


def _as_scores(scores: Sequence[float] | LogProbs, expected: int) -> LogProbs:
    array = np.asarray(scores, dtype=np.float32)
    if array.shape != (expected,):
        raise EngineError(f"a scripted function gave {array.shape} scores for {expected} tokens")
    return array


def _default_reply(prompt: str) -> str:
    del prompt
    return "It fits what you chose before."
