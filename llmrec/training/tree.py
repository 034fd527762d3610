"""Questions as one tree of tokens: what they share is run once, and each still reads as served.

A question is what a scorer asks of the model: for each option a prompt and an answer behind it.
Prompts of one user at successive moments, and titles behind one prompt, begin alike. A tree holds
every beginning once; a token attends to its own ancestors and to nothing else, and its position is
its depth, so its hidden state is that of the plain prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmrec.llm.causal_model import shared_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import TokenIds

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Options of which one is right; with a single option, its likelihood alone is asked for."""

    options: tuple[tuple[TokenIds, TokenIds], ...]
    """Prompt and answer of each; neither is empty."""
    target: int
    """Which is right, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Questions that are run together."""

    tokens: Ints
    """``(n_tokens,)``, every token behind its ancestors."""
    parents: Ints
    """``(n_tokens,)`` the place of the token before; -1 for a first one."""
    depths: Ints
    """``(n_tokens,)`` how many tokens stand before it in its own prompt."""
    reads: Ints
    """``(n_reads, 3)``: the place that is read, the token whose probability is read there, and the
    option that it belongs to."""
    questions: Ints
    """``(n_options,)`` the question of each option, rising."""
    targets: Ints
    """``(n_questions,)`` the right option of each question, among all options."""

    def __len__(self) -> int:
        return len(self.tokens)

    def ancestors(self) -> NDArray[np.bool_]:
        """Return which tokens each one attends to: ``(n_tokens, n_tokens) bool``."""
        sees = np.zeros((len(self), len(self)), dtype=np.bool_)
        for place, parent in enumerate(self.parents.tolist()):
            if parent >= 0:
                sees[place] = sees[parent]
            sees[place, place] = True
        return sees


def build_tree(questions: Sequence[Question]) -> Tree:
    """Join questions into a tree.

    An answer's last token is only read, never run.

    Args:
        questions: At least one.
    """
    options = [option for question in questions for option in question.options]
    rows = [(*prompt, *answer[:-1]) for prompt, answer in options]
    tokens: list[int] = []
    parents: list[int] = []
    paths: list[list[int]] = [[] for _ in rows]
    before: tuple[TokenIds, list[int]] = ((), [])
    for number in sorted(range(len(rows)), key=rows.__getitem__):
        row = rows[number]
        shared = shared_length(before[0], row)
        path = before[1][:shared]
        for token in row[shared:]:
            parents.append(path[-1] if path else -1)
            path.append(len(tokens))
            tokens.append(token)
        paths[number] = path
        before = (row, path)
    depths = np.zeros(len(tokens), dtype=np.int64)
    for path in paths:
        depths[path] = np.arange(len(path))
    reads = [
        (paths[number][len(prompt) - 1 + k], token, number)
        for number, (prompt, answer) in enumerate(options)
        for k, token in enumerate(answer)
    ]
    sizes = [len(question.options) for question in questions]
    starts = np.cumsum([0, *sizes[:-1]])
    return Tree(
        tokens=np.array(tokens, dtype=np.int64),
        parents=np.array(parents, dtype=np.int64),
        depths=depths,
        reads=np.array(reads, dtype=np.int64),
        questions=np.repeat(np.arange(len(sizes)), sizes),
        targets=starts + np.array([question.target for question in questions]),
    )
