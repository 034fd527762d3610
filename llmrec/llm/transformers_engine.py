"""Scores and text from Transformers, on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.errors import EngineError
from llmrec.llm.adapter import load_merged
from llmrec.llm.answers import AnswerText, choose_token, control_ids
from llmrec.llm.base import EngineCard, EngineStats, LogProbs
from llmrec.llm.batching import alike, packs
from llmrec.llm.causal_model import CausalModel, Decoding, PrefixReader
from llmrec.llm.checks import (
    check_continuations,
    check_generation,
    check_labels,
    check_positions,
)
from llmrec.llm.hidden_states import hidden_states
from llmrec.llm.models import obtain, weights_sha256
from llmrec.llm.tokenizer import ChatTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llmrec.types import TokenIds, Tokenizer


class TransformersEngine:
    """A causal language model in PyTorch, on CPU or GPU.

    Logits are computed in fp32 from the last hidden state, and only where they are read.
    ``score_labels`` runs prompts of like length together, or one after the other where they share
    much (short ends packed behind what they share); ``score_continuations`` runs each prefix once
    and then all of its continuations packed behind it; nothing is kept from one call to the next.
    A batch gives what single calls give, up to the rounding of the dtype (fp32: 1e-4; bf16: some
    hundredths, since matrix products of another shape round differently).

    Args:
        model: An embedded name, a folder or a hub id.
        adapter: The folder of an adapter of this model, which is merged into it.
        dtype: ``bfloat16``, ``float16`` or ``float32``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ...
        batch_tokens: Tokens (padding included) that one pass takes, at most, beyond a single
            prompt; bounds the memory. Default 4,096 on a CPU and 32,768 on a GPU.

    Raises:
        ModelNotFoundError: No such model.
        EngineError: Dtype, device or the model's head is not supported.
        ArtifactError: The adapter is damaged, or of another base.
        MissingExtraError: PyTorch, Transformers or PEFT is not installed.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        adapter: str | Path | None = None,
        dtype: str = "bfloat16",
        device: str = "auto",
        batch_tokens: int | None = None,
    ) -> None:
        loaded, added = load_merged(str(model), adapter, dtype=dtype, device=device)
        folder = obtain(str(model))
        self._stand_on(CausalModel(loaded), ChatTokenizer.load(folder), batch_tokens)
        self._card = EngineCard(
            engine="transformers",
            model=str(model),
            weights_sha256=weights_sha256(folder),
            dtype=dtype,
            context_length=self._running.context_length,
            adapter_sha256=None if added is None else added.sha256,
            adapter_prompts=None if added is None else added.prompts,
        )

    @classmethod
    def around(
        cls,
        model: Any,  # noqa: ANN401 - Transformers is an optional package
        tokenizer: ChatTokenizer,
        card: EngineCard,
    ) -> Self:
        """Return an engine that asks a model in memory, as it is at each question.

        Args:
            model: A Transformers causal language model, which is put into evaluation mode.
            tokenizer: Its tokenizer.
            card: What the engine is to say of it.

        Raises:
            EngineError: The model's head is not supported.
        """
        engine = cls.__new__(cls)
        engine._stand_on(CausalModel(model), tokenizer, None)
        engine._card = card
        return engine

    def _stand_on(
        self, network: CausalModel, tokenizer: ChatTokenizer, batch_tokens: int | None
    ) -> None:
        """Take the parts that every engine has, however they were made."""
        self._network: CausalModel | None = network
        on_cpu = network.device.type == "cpu"
        self._batch_tokens = batch_tokens or (4_096 if on_cpu else 32_768)
        self._tokenizer = tokenizer
        self._control_ids = control_ids(tokenizer)
        self._stats = EngineStats()

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
        """Running counts; padding is not counted, and a prefix once."""
        return self._stats

    def score_labels(
        self, prompts: Sequence[TokenIds], labels: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score single tokens at the end of each prompt, in one pass a batch."""
        check_labels(prompts, labels, self._card.context_length)
        self._count(prompts, sum(map(len, prompts)))
        ends = [(len(prompt) - 1,) for prompt in prompts]
        return [rows[0] for rows in self._read_at(prompts, ends, labels)]

    def score_positions(
        self,
        prompts: Sequence[TokenIds],
        positions: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Score single tokens at several positions of each prompt, in one pass a batch."""
        check_positions(prompts, positions, labels, self._card.context_length)
        run = [prompt[: some[-1] + 1] for prompt, some in zip(prompts, positions, strict=True)]
        self._count(prompts, sum(map(len, run)))
        return self._read_at(run, positions, labels)

    def score_continuations(
        self, prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]]
    ) -> list[list[LogProbs]]:
        """Score continuations: each prefix is run once, then its tails packed behind it.

        What a prefix shares with another one of the call is run once as well.
        """
        check_continuations(prefixes, continuations, self._card.context_length)
        sent = sum(len(option) for options in continuations for option in options)
        self._count(prefixes, sum(map(len, prefixes)) + sent)
        scores: list[list[LogProbs]] = [[] for _ in prefixes]
        reader = PrefixReader(self._running)
        for n in sorted(range(len(prefixes)), key=lambda n: tuple(prefixes[n])):
            if continuations[n]:
                scores[n] = self._score_after(reader, prefixes[n], continuations[n])
        return scores

    def generate(
        self,
        prompts: Sequence[TokenIds],
        *,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
    ) -> list[str]:
        """Write answers, prompts that begin alike together, the others by length.

        Every prompt draws from its own random stream of the same seed: an answer does not depend
        on the others of its batch (beyond rounding, which can turn a near tie).
        """
        check_generation(prompts, self._card.context_length, max_tokens, temperature)
        answers = [""] * len(prompts)
        lengths = [len(prompt) + max_tokens for prompt in prompts]
        for batch in alike(prompts, lengths, self._batch_tokens):
            texts = [AnswerText(self._tokenizer, self._control_ids, stop) for _ in batch]
            pieces: list[list[str]] = [[] for _ in batch]
            chosen = [prompts[n] for n in batch]
            for place, piece in self._write(chosen, texts, max_tokens, temperature, seed):
                pieces[place].append(piece)
            for n, parts in zip(batch, pieces, strict=True):
                answers[n] = "".join(parts)
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
        """Yield the answer to one prompt as its tokens are decided."""
        check_generation([prompt], self._card.context_length, max_tokens, temperature)
        text = AnswerText(self._tokenizer, self._control_ids, stop)
        for _, piece in self._write([prompt], [text], max_tokens, temperature, seed):
            if piece:
                yield piece

    def close(self) -> None:
        """Free the model."""
        self._network = None

    @property
    def _running(self) -> CausalModel:
        if self._network is None:
            raise EngineError("this engine is closed", remedy="Open it again.")
        return self._network

    def _read_at(
        self,
        prompts: Sequence[TokenIds],
        places: Sequence[Sequence[int]],
        labels: Sequence[TokenIds],
    ) -> list[LogProbs]:
        """Return each prompt's labels after each of its places: ``(n_places, n_labels)``."""
        network = self._running
        scores: list[LogProbs] = [np.empty(0, dtype=np.float32)] * len(prompts)
        runs = hidden_states(network, prompts, places, limit=self._batch_tokens, ran=self._ran)
        for members, hidden in runs:
            targets = [labels[n] for n in members for _ in places[n]]
            read = iter(network.head.log_probs(hidden, targets))
            for n in members:
                scores[n] = np.stack([next(read) for _ in places[n]])
        return scores

    def _score_after(
        self, reader: PrefixReader, prefix: TokenIds, options: Sequence[TokenIds]
    ) -> list[LogProbs]:
        """Score one prefix's continuations; their last tokens need no pass, only a reading."""
        network = self._running
        last, computed = reader.read(prefix)
        self._ran(computed)
        firsts = network.head.log_probs(last, [[option[0] for option in options]])[0]
        scores = [firsts[n : n + 1] for n in range(len(options))]
        longer = [n for n, option in enumerate(options) if len(option) > 1]
        for pack in packs([len(options[n]) - 1 for n in longer], self._batch_tokens):
            chosen = [longer[n] for n in pack]
            tails = [options[n][:-1] for n in chosen]
            hidden = network.hidden_after(reader.cache, len(prefix), tails)
            self._ran(sum(map(len, tails)))
            targets = [[token] for n in chosen for token in options[n][1:]]
            read = iter(network.head.log_probs(hidden, targets))
            for n in chosen:
                rest = [next(read) for _ in options[n][1:]]
                scores[n] = np.concatenate([scores[n], *rest])
        return scores

    def _write(
        self,
        prompts: Sequence[TokenIds],
        texts: Sequence[AnswerText],
        max_tokens: int,
        temperature: float,
        seed: int,
    ) -> Iterator[tuple[int, str]]:
        """Decode a batch; yield (place in the batch, piece of text), ends included."""
        network = self._running
        decoding = Decoding(network, prompts)
        draws = [np.random.Generator(np.random.PCG64(seed)) for _ in prompts]
        room = [min(max_tokens, self._card.context_length - len(prompt)) for prompt in prompts]
        self._count(prompts, sum(map(len, prompts)))
        self._stats.computed_tokens += decoding.computed_tokens
        self._stats.forward_passes += decoding.passes
        writing = set(range(len(prompts)))
        for step in range(max(room)):
            logits = decoding.step()
            tokens = [
                choose_token(row, temperature, draw)
                for row, draw in zip(logits, draws, strict=True)
            ]
            self._stats.forward_passes += 1
            self._stats.generated_tokens += len(writing)
            for place in sorted(writing):
                ended = tokens[place] in network.end_ids
                piece = "" if ended else texts[place].add([tokens[place]])
                if ended or texts[place].stopped or step + 1 >= room[place]:
                    writing.remove(place)
                    piece += texts[place].end()
                yield place, piece
            if not writing:
                return
            decoding.feed(tokens)

    def _count(self, prompts: Sequence[TokenIds], sent: int) -> None:
        self._stats.prompts += len(prompts)
        self._stats.prompt_tokens += sent

    def _ran(self, tokens: int) -> None:
        self._stats.forward_passes += 1
        self._stats.computed_tokens += tokens
