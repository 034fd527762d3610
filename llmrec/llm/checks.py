"""What every engine refuses before it computes anything."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import TokenIds

MAX_LABELS = 128
"""Labels of one prompt, at most; vLLM reads no more at one position."""


def check_prompts(prompts: Sequence[TokenIds], context_length: int, *, answer: int = 0) -> None:
    """Refuse an empty prompt, or one too long with ``answer`` further tokens.

    Raises:
        EngineError: Names the prompt's place in the batch and both lengths.
    """
    for place, prompt in enumerate(prompts):
        if not prompt:
            raise EngineError(f"prompt {place} of {len(prompts)} is empty")
        if len(prompt) + answer > context_length:
            extra = f" and {answer} more to come" if answer else ""
            raise EngineError(
                f"prompt {place} of {len(prompts)} has {len(prompt)} tokens{extra}, "
                f"but the context holds {context_length}",
                remedy="Shorten the history, list fewer candidates, or use a longer context.",
            )


def check_labels(
    prompts: Sequence[TokenIds], labels: Sequence[TokenIds], context_length: int
) -> None:
    """Refuse prompts and labels that do not belong together.

    Raises:
        EngineError: Counts differ, labels are none or too many, or a prompt does not fit.
    """
    if len(prompts) != len(labels):
        raise EngineError(f"{len(prompts)} prompts but {len(labels)} lists of labels")
    check_prompts(prompts, context_length, answer=1)
    for place, ids in enumerate(labels):
        if not 0 < len(ids) <= MAX_LABELS:
            raise EngineError(
                f"prompt {place} has {len(ids)} labels; 1 to {MAX_LABELS} can be scored at once"
            )


def check_positions(
    prompts: Sequence[TokenIds],
    positions: Sequence[Sequence[int]],
    labels: Sequence[TokenIds],
    context_length: int,
) -> None:
    """Refuse prompts, positions and labels that do not belong together.

    Raises:
        EngineError: As ``check_labels``; or positions are none, do not rise, or lie outside.
    """
    check_labels(prompts, labels, context_length)
    if len(prompts) != len(positions):
        raise EngineError(f"{len(prompts)} prompts but {len(positions)} lists of positions")
    for place, (prompt, some) in enumerate(zip(prompts, positions, strict=True)):
        rising = all(a < b for a, b in itertools.pairwise(some))
        if not (some and rising and some[0] >= 0 and some[-1] < len(prompt)):
            raise EngineError(
                f"prompt {place} of {len(prompts)} has {len(prompt)} tokens, but positions "
                f"{list(some)}; they must rise from 0 or later and lie inside"
            )


def check_continuations(
    prefixes: Sequence[TokenIds],
    continuations: Sequence[Sequence[TokenIds]],
    context_length: int,
) -> None:
    """Refuse prefixes and continuations that do not belong together.

    Raises:
        EngineError: Counts differ, a continuation is empty, or one does not fit.
    """
    if len(prefixes) != len(continuations):
        raise EngineError(f"{len(prefixes)} prefixes but {len(continuations)} continuation lists")
    check_prompts(prefixes, context_length)
    for place, (prefix, options) in enumerate(zip(prefixes, continuations, strict=True)):
        if any(not option for option in options):
            raise EngineError(f"a continuation of prefix {place} is empty")
        longest = max(map(len, options), default=0)
        if len(prefix) + longest > context_length:
            raise EngineError(
                f"prefix {place} has {len(prefix)} tokens and its longest continuation {longest}, "
                f"but the context holds {context_length}",
                remedy="Shorten the history or use a longer context.",
            )


def check_generation(
    prompts: Sequence[TokenIds], context_length: int, max_tokens: int, temperature: float
) -> None:
    """Refuse generation settings out of range, and prompts that leave no room for an answer.

    Raises:
        EngineError: ``max_tokens`` below 1, a negative temperature, or a prompt too long.
    """
    if max_tokens < 1:
        raise EngineError(f"max_tokens must be at least 1, not {max_tokens}")
    if not temperature >= 0:
        raise EngineError(f"temperature must not be negative, got {temperature}")
    check_prompts(prompts, context_length, answer=1)
