"""Engines against the bare model: the same prompts, in one run.

    python eval/bench_engines.py [--engine transformers] [--engine vllm] [--prompts 12]

Prints the ratio of our engine's time to that of a plain forward pass (Transformers) or of
``vllm.LLM.generate`` with one token (vLLM). Prompts have random tokens, so that nothing is cached.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = 500
LABELS = tuple(range(100, 120))
MODEL = "smollm2-135m"
Prompts = list[tuple[int, ...]]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", action="append", choices=sorted(ENGINES))
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", default="bfloat16")
    options = parser.parse_args()
    for name in options.engine or sorted(ENGINES):
        ours, bare = ENGINES[name](options.dtype)
        times = [
            (
                _seconds(ours, _prompts(options.prompts, seed=2 * n)),
                _seconds(bare, _prompts(options.prompts, seed=2 * n + 1)),
            )
            for n in range(options.rounds + 1)
        ][1:]  # the first round warms up
        mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        print(
            f"{name} {options.dtype}: {options.prompts} prompts of {LENGTH} tokens, "
            f"{len(LABELS)} labels: ours {mine:.2f} s, bare {theirs:.2f} s, "
            f"ratio {mine / theirs:.3f} (median of {options.rounds} rounds)"
        )


def _transformers(dtype: str) -> tuple[Callable[[Prompts], object], Callable[[Prompts], object]]:
    import torch
    from transformers import AutoModelForCausalLM

    from llmrec.llm import TransformersEngine
    from llmrec.llm.models import obtain

    engine = TransformersEngine(MODEL, dtype=dtype)
    model: Any = AutoModelForCausalLM.from_pretrained(obtain(MODEL), dtype=getattr(torch, dtype))
    model.eval()

    def bare(prompts: Prompts) -> None:
        with torch.inference_mode():
            for start in range(0, len(prompts), 8):
                model(input_ids=torch.tensor(prompts[start : start + 8]), logits_to_keep=1)

    return lambda prompts: engine.score_labels(prompts, [LABELS] * len(prompts)), bare


def _vllm(dtype: str) -> tuple[Callable[[Prompts], object], Callable[[Prompts], object]]:
    from vllm import SamplingParams

    from llmrec.llm import VllmEngine

    engine = VllmEngine(MODEL, dtype=dtype)
    plain: Any = engine._llm  # the same vLLM, without our engine around it
    params = SamplingParams(max_tokens=1, temperature=0.0, detokenize=False)

    def bare(prompts: Prompts) -> None:
        plain.generate([{"prompt_token_ids": list(p)} for p in prompts], params, use_tqdm=False)

    return lambda prompts: engine.score_labels(prompts, [LABELS] * len(prompts)), bare


ENGINES = {"transformers": _transformers, "vllm": _vllm}


def _prompts(n: int, *, seed: int) -> Prompts:
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return [tuple(draw.randrange(100, 40_000) for _ in range(LENGTH)) for _ in range(n)]


def _seconds(function: Callable[[Prompts], object], prompts: Prompts) -> float:
    start = time.perf_counter()
    function(prompts)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
