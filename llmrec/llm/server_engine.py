"""Scores and text from a vLLM server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.llm import served
from llmrec.llm.answers import AnswerText, control_ids
from llmrec.llm.base import EngineCard, EngineStats, LogProbs
from llmrec.llm.checks import (
    check_continuations,
    check_generation,
    check_labels,
    check_positions,
)
from llmrec.llm.reads import Read, Reading, score_continuations, score_positions
from llmrec.llm.server_client import ServerClient
from llmrec.llm.server_reads import (
    COMPLETIONS,
    cached_tokens,
    offers_rows,
    probe_labels,
    send,
    served_model,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llmrec.types import TokenIds, Tokenizer

UNKNOWN_LENGTH = 2**31
PLAIN_SAMPLING = {
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}
"""A server otherwise takes these from the model's generation config."""


class ServerEngine:
    """A model on a vLLM server, over HTTP.

    Labels are read by ``/v1/completions`` with token ids and ``logprob_token_ids``. Continuations
    are read by rows on a GPU server that ``llmrec vllm up`` started (``--enable-scale-out``,
    ``--enable-prompt-tokens-details``), and token by token elsewhere; the prefix cache is used
    both ways. (A CPU server with LoRA and the token route must leave the head out of
    ``--lora-target-modules``, as ``up`` does: see ``vllm_start.LORA_LAYERS``.)

    A server tells the names of what it serves, not the weights. They are hashed where they lie on
    this machine; else the card says that they are unproven, and is of those names. Whatever the
    names, the card holds what the server answered to a fixed question, so that a disk cache knows
    another model behind the same URL when an engine is opened.

    Args:
        url: ``http://host:port``.
        model: The served name; None takes the only base model.
        tokenizer: A model name or folder whose tokenizer the server uses; None takes the one that
            the server names as its root, else the one of its served name.
        dtype: What the server runs in: it does not tell.
        quantization: How the server quantises; only ``llmrec vllm up`` makes it tell.
        weights: SHA-256 of the server's weights, for who knows them.
        api_key: The server's; None takes ``VLLM_API_KEY``, else ``OPENAI_API_KEY``, from the
            environment.
        client: How to reach the server, instead of ``ServerClient(url, api_key=api_key)``.
        cache_tokens: Tokens that the server's prefix cache surely holds.

    Raises:
        EngineError: No server answers, or it does not serve this model.
        CannotScoreError: It is no server that scores given tokens.
        ModelNotFoundError: The tokenizer is not here.
    """

    def __init__(  # noqa: PLR0913 - what a server cannot tell of itself
        self,
        url: str,
        model: str | None = None,
        *,
        tokenizer: str | Path | None = None,
        dtype: str = "bfloat16",
        quantization: str | None = None,
        weights: str | None = None,
        api_key: str | None = None,
        client: ServerClient | None = None,
        cache_tokens: int = 32_768,
    ) -> None:
        self._client = client or ServerClient(url, api_key=api_key)
        entry, base = served_model(self._client, model)
        self._model = str(entry["id"])
        self._cache_tokens = cache_tokens
        self._stats = EngineStats()
        probe = probe_labels(self._client, self._model)
        context_length = int(base.get("max_model_len") or UNKNOWN_LENGTH)
        self._rows = offers_rows(self._client, self._model, context_length)
        named = None if tokenizer is None else str(tokenizer)
        self._tokenizer = served.load_tokenizer(named, base, self._client.url)
        self._control_ids = control_ids(self._tokenizer)
        known, proven = (weights, True) if weights else served.weights(base)
        adapter, same = (None, True) if base is entry else served.adapter(entry)
        quantization = quantization or served.quantization(self._client, base)
        self._card = EngineCard(
            engine="server",
            model=served.model_name(base),
            weights_sha256=known,
            weights_proven=proven and same,
            dtype=dtype,
            context_length=context_length,
            adapter_sha256=adapter,
            settings=f"quantization={quantization}" if quantization else "",
            probe=tuple(map(float, probe)),
        )

    @property
    def card(self) -> EngineCard:
        """Who answers."""
        return self._card

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return self._tokenizer

    @property
    def stats(self) -> EngineStats:
        """Running counts; cached tokens are subtracted where the server tells them."""
        return self._stats

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score single tokens at the end of each prompt; every label is scored, or it raises."""
        check_labels(prompts, labels, self._card.context_length)
        self._stats.prompts += len(prompts)
        self._stats.prompt_tokens += sum(map(len, prompts))
        reads = [Read(ids=ids, labels=some) for ids, some in zip(prompts, labels, strict=True)]
        return [reading.labels for reading in self._ask(reads)]

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score positions, one request each; all but a prompt's last find it in the cache."""
        check_positions(prompts, positions, labels, self._card.context_length)
        self._stats.prompts += len(prompts)
        self._stats.prompt_tokens += sum(some[-1] + 1 for some in positions)
        return score_positions(
            self._ask, prompts, positions, labels, cache_tokens=self._cache_tokens
        )

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score continuations; the server's prefix cache holds each prefix after one request."""
        check_continuations(prefixes, continuations, self._card.context_length)
        self._stats.prompts += len(prefixes)
        self._stats.prompt_tokens += sum(map(len, prefixes))
        self._stats.prompt_tokens += sum(len(ids) for some in continuations for ids in some)
        return score_continuations(
            self._ask,
            prefixes,
            continuations,
            cache_tokens=self._cache_tokens,
            row_reads=self._rows,
        )

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Write answers; the server batches what arrives together."""
        check_generation(prompts, self._card.context_length, max_tokens, temperature)
        bodies = [self._writing(p, max_tokens, temperature, seed, stop) for p in prompts]
        given = self._client.each(lambda body: self._client.post(COMPLETIONS, body), bodies)
        answers = []
        for prompt, answer in zip(prompts, given, strict=True):
            ids = answer["choices"][0]["token_ids"]
            text = AnswerText(self._tokenizer, self._control_ids, stop)
            answers.append(text.add(ids) + text.end())
            self._count_run(prompt, cached_tokens(answer))
            self._stats.generated_tokens += len(ids)
        self._stats.prompts += len(prompts)
        self._stats.prompt_tokens += sum(map(len, prompts))
        return answers

    def stream(
        self,
        prompt: TokenIds,
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Yield the answer to one prompt as the server sends it."""
        check_generation([prompt], self._card.context_length, max_tokens, temperature)
        body = self._writing(prompt, max_tokens, temperature, seed, stop)
        text = AnswerText(self._tokenizer, self._control_ids, stop)
        self._stats.prompts += 1
        self._stats.prompt_tokens += len(prompt)
        options = {"stream": True, "stream_options": {"include_usage": True}}
        for event in self._client.events(COMPLETIONS, {**body, **options}):
            if event.get("usage"):
                self._count_run(prompt, cached_tokens(event))
            for choice in event["choices"]:
                self._stats.generated_tokens += len(choice.get("token_ids") or ())
                if piece := text.add(choice.get("token_ids") or ()):
                    yield piece
        if piece := text.end():
            yield piece

    def close(self) -> None:
        """Close the connections; the server goes on."""
        self._client.close()

    def _writing(
        self,
        prompt: TokenIds,
        max_tokens: int,
        temperature: float,
        seed: int,
        stop: Sequence[str],
    ) -> dict[str, Any]:
        return {
            "model": self._model,
            "prompt": list(prompt),
            "max_tokens": min(max_tokens, self._card.context_length - len(prompt)),
            "temperature": temperature,
            "seed": seed,
            "stop": list(stop),
            "return_token_ids": True,
            **PLAIN_SAMPLING,
        }

    def _ask(self, reads: Sequence[Read]) -> list[Reading]:
        answers = self._client.each(lambda read: send(self._client, self._model, read), reads)
        for read, (_, cached) in zip(reads, answers, strict=True):
            self._count_run(read.ids, cached)
        return [reading for reading, _ in answers]

    def _count_run(self, ids: TokenIds, cached: int | None) -> None:
        self._stats.forward_passes += 1
        self._stats.computed_tokens += len(ids) - (cached or 0)
