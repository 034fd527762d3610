"""Scores and text from vLLM in this process."""

from __future__ import annotations

import gc
import multiprocessing
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import EngineError
from llmrec.llm.answers import AnswerText, control_ids
from llmrec.llm.base import EngineCard, EngineStats, LogProbs
from llmrec.llm.checks import (
    check_continuations,
    check_generation,
    check_labels,
    check_positions,
)
from llmrec.llm.models import obtain, weights_sha256
from llmrec.llm.reads import Read, Reading, read_rows, score_continuations, score_positions
from llmrec.llm.tokenizer import ChatTokenizer
from llmrec.llm.vllm_start import answer_settings, import_vllm, start, vllm_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from llmrec.types import TokenIds, Tokenizer


class VllmEngine:
    """vLLM in this process, on CPU or GPU.

    Logits are computed by an fp32 head whatever the dtype (``head_dtype``), as the Transformers
    engine does, since bf16 logits tie. Prefixes are cached; see ``llm/reads.py`` for how that
    is used and what vLLM's peculiarities are.

    On a CPU the engine runs inside this process (``VLLM_ENABLE_V1_MULTIPROCESSING=0`` unless that
    is set): it starts in a quarter of the time, pins no threads, needs no
    ``if __name__ == "__main__":``, and leaves no processes behind. On a GPU vLLM spawns a worker
    process: there a script must guard its entry with ``if __name__ == "__main__":``.

    Args:
        model: An embedded name, a folder or a hub id.
        dtype: ``bfloat16``, ``float16`` or ``float32``.
        max_model_len: Context length; None takes the model's own.
        kv_cache_gib: Memory for the key-value cache. Default: 1 GiB on a CPU; on a GPU what
            ``gpu_memory_utilization`` leaves.
        gpu_memory_utilization: Share of the GPU's memory; None takes vLLM's default.
        options: Any further vLLM engine arguments (``tensor_parallel_size``, ``quantization``,
            ...); they win over what is chosen here. Those that may change answers are part of
            the card.
        verbose: Let vLLM log.

    Raises:
        MissingExtraError: vLLM is not installed.
        ModelNotFoundError: No such model.
        EngineError: vLLM cannot start with these settings.
        ConfigError: ``options`` names the model or the dtype a second time.
    """

    def __init__(  # noqa: PLR0913 - what vLLM's users set by name
        self,
        model: str | Path,
        *,
        dtype: str = "bfloat16",
        max_model_len: int | None = None,
        kv_cache_gib: float | None = None,
        gpu_memory_utilization: float | None = None,
        options: Mapping[str, Any] | None = None,
        verbose: bool = False,
    ) -> None:
        answering = answer_settings(options or {})
        folder = obtain(str(model))
        self._vllm = import_vllm(verbose=verbose)
        settings: dict[str, Any] = {
            "model": str(folder),
            "dtype": dtype,
            "max_model_len": max_model_len,
        }
        if kv_cache_gib is not None:
            settings["kv_cache_memory_bytes"] = int(kv_cache_gib * 2**30)
        if gpu_memory_utilization is not None:
            settings["gpu_memory_utilization"] = gpu_memory_utilization
        self._llm: Any = start(self._vllm, {**settings, **(options or {})})
        self._requests = 0
        config = self._llm.llm_engine.vllm_config
        self._cache_tokens = _cache_tokens(config.cache_config)
        self._tokenizer = ChatTokenizer.load(folder)
        self._control_ids = control_ids(self._tokenizer)
        self._stats = EngineStats()
        self._card = EngineCard(
            engine="vllm",
            model=str(model),
            weights_sha256=weights_sha256(folder),
            dtype=dtype,
            context_length=int(config.model_config.max_model_len),
            settings=answering,
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
        """Running counts; tokens found in the prefix cache are not computed ones."""
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
        """Score continuations; the prefix cache holds each prefix after its first request."""
        check_continuations(prefixes, continuations, self._card.context_length)
        self._stats.prompts += len(prefixes)
        self._stats.prompt_tokens += sum(map(len, prefixes))
        self._stats.prompt_tokens += sum(len(ids) for some in continuations for ids in some)
        return score_continuations(
            self._ask, prefixes, continuations, cache_tokens=self._cache_tokens, row_reads=True
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
        """Write answers; vLLM batches them as its memory allows."""
        check_generation(prompts, self._card.context_length, max_tokens, temperature)
        if not prompts:
            return []
        params = self._sampling(max_tokens, temperature, seed, stop)
        answers = []
        for output in self._run([(prompt, params) for prompt in prompts]):
            text = AnswerText(self._tokenizer, self._control_ids, stop)
            ids = output.outputs[0].token_ids
            answers.append(text.add(ids) + text.end())
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
        """Yield the answer to one prompt as vLLM's steps bring its tokens.

        The engine answers nothing else meanwhile; leaving the loop early cancels the request.
        """
        check_generation([prompt], self._card.context_length, max_tokens, temperature)
        params = self._sampling(max_tokens, temperature, seed, stop)
        text = AnswerText(self._tokenizer, self._control_ids, stop)
        self._stats.prompts += 1
        self._stats.prompt_tokens += len(prompt)
        done = 0
        for output in self._steps(prompt, params):
            ids = output.outputs[0].token_ids[done:]
            done += len(ids)
            self._stats.generated_tokens += len(ids)
            if piece := text.add(ids) + (text.end() if output.finished else ""):
                yield piece

    def close(self) -> None:
        """Free the model and end vLLM's worker processes."""
        if self._llm is None:
            return
        self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        gc.collect()
        multiprocessing.active_children()  # reaps those that have ended

    def _ask(self, reads: Sequence[Read]) -> list[Reading]:
        outputs = self._run([(read.ids, self._scoring(read)) for read in reads])
        return [_reading(read, output) for read, output in zip(reads, outputs, strict=True)]

    def _scoring(self, read: Read) -> Any:  # noqa: ANN401 - vLLM is an optional package
        rows = {"prompt_logprobs": 0, "skip_reading_prefix_cache": False} if read.rows else {}
        return self._vllm.SamplingParams(
            max_tokens=1,
            temperature=0.0,
            logprob_token_ids=list(read.labels),
            detokenize=False,
            **rows,
        )

    def _sampling(self, max_tokens: int, temperature: float, seed: int, stop: Sequence[str]) -> Any:  # noqa: ANN401
        return self._vllm.SamplingParams(
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            stop=list(stop) or None,
            detokenize=bool(stop),
        )

    def _run(self, requests: Sequence[tuple[TokenIds, Any]]) -> list[Any]:
        """Run requests to their end, in order, and count what was computed for them."""
        if self._llm is None:
            raise EngineError("this engine is closed", remedy="Open it again.")
        if not requests:
            return []
        prompts = [{"prompt_token_ids": list(ids)} for ids, _ in requests]
        try:
            outputs = self._llm.generate(prompts, [p for _, p in requests], use_tqdm=False)
        except (ValueError, RuntimeError, vllm_errors()) as error:
            raise EngineError(f"vLLM refused a batch of {len(prompts)}: {error}") from error
        self._stats.forward_passes += len(outputs)
        for (ids, _), output in zip(requests, outputs, strict=True):
            self._stats.computed_tokens += len(ids) - (output.num_cached_tokens or 0)
        return list(outputs)

    def _steps(self, prompt: TokenIds, params: Any) -> Iterator[Any]:  # noqa: ANN401
        if self._llm is None:
            raise EngineError("this engine is closed", remedy="Open it again.")
        engine = self._llm.llm_engine
        self._requests += 1
        name = f"llmrec-stream-{self._requests}"
        engine.add_request(name, {"prompt_token_ids": list(prompt)}, params)
        self._stats.forward_passes += 1
        counted = finished = False
        try:
            while not finished:
                for output in engine.step():
                    if not counted:
                        cached = output.num_cached_tokens or 0
                        self._stats.computed_tokens += len(prompt) - cached
                    counted, finished = True, output.finished
                    yield output
        finally:
            if not finished:
                engine.abort_request([name])


def _cache_tokens(config: Any) -> int:  # noqa: ANN401
    """Return half of what the key-value cache holds: the rest is for what is being run."""
    blocks = int(config.num_gpu_blocks or 0)
    return max(1, blocks * int(config.block_size) // 2)


def _reading(read: Read, output: Any) -> Reading:  # noqa: ANN401
    """Take what was asked for out of a vLLM output, and refuse one that lacks a label."""
    found = output.outputs[0].logprobs[0] if output.outputs[0].logprobs else {}
    lost = [token for token in read.labels if token not in found]
    if lost:
        raise EngineError(
            f"vLLM gave no log-probability for {len(lost)} of {len(read.labels)} tokens, "
            f"first {lost[0]}; is it in the model's vocabulary?"
        )

    def row(place: int, token: int) -> float:
        entry = output.prompt_logprobs[place]
        if token not in entry:
            raise EngineError(f"vLLM's row {place} from the prompt's end is of another token")
        return float(entry[token].logprob)

    rows, missing = read_rows(read, output.num_cached_tokens or 0, row)
    labels = np.array([found[token].logprob for token in read.labels], dtype=np.float32)
    return Reading(labels=labels, rows=rows, missing=missing)
