"""Scoring out of vLLM reads, in process or over HTTP: the prefix is computed once, by its cache.

What vLLM does, as read in its source and measured (0.32):

- ``logprob_token_ids`` reads at most 128 tokens after the prompt's end, over the full vocabulary.
- ``prompt_logprobs=0`` reads each prompt token, but by default ignores the prefix cache. With
  ``skip_reading_prefix_cache=False`` it uses the cache; the rows of cached positions are then
  uninitialised memory (V1 runner, CPU) or absent (V2 runner, GPU). So rows are counted from the
  prompt's end, and only those behind the cached part are taken.
- The cache works in whole blocks, and a continuation's tokens are cached like any others: asked
  again, or after another continuation that begins alike, some of its rows may be cached and thus
  missing. Those few are read one by one at the end of shorter prompts.
- A prompt's last token is never taken from the cache, so a read at the end always has a value.
- Rows hold the prompt's own tokens, so other tokens inside a prompt (no runner but V2 on a GPU
  reads them there) are read at the ends of its beginnings. Once the whole prompt is cached, each of
  those runs at most one block.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.llm.checks import MAX_LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from llmrec.llm.base import LogProbs
    from llmrec.types import TokenIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One request: run ``ids`` and read log-probabilities."""

    ids: TokenIds
    labels: TokenIds
    """Tokens read after the end, at least one."""
    rows: int = 0
    """How many of the last tokens of ``ids`` are read as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a request gave."""

    labels: LogProbs
    """``(n_labels,) float32``."""
    rows: LogProbs
    """``(rows,) float32``; the first ``missing`` values mean nothing."""
    missing: int = 0


def read_rows(read: Read, cached: int, value: Callable[[int, int], float]) -> tuple[LogProbs, int]:
    """Take the rows of a read out of an answer.

    Args:
        read: What was asked.
        cached: Tokens of the prompt that came from the prefix cache: their rows mean nothing.
        value: From a row's place, counted from the end (-1 is the last), and the token that must
            stand there, to its log-probability.

    Returns:
        ``(rows,) float32`` with NaN where missing, and how many of the first are missing.
    """
    first = len(read.ids) - read.rows
    missing = min(read.rows, max(0, cached - (first - 1)))
    rows = np.full(read.rows, np.nan, dtype=np.float32)
    for row in range(missing, read.rows):
        rows[row] = value(row - read.rows, read.ids[first + row])
    return rows, missing


def score_continuations(
    ask: Callable[[Sequence[Read]], list[Reading]],
    prefixes: Sequence[TokenIds],
    continuations: Sequence[Sequence[TokenIds]],
    *,
    cache_tokens: int,
    row_reads: bool,
) -> list[list[LogProbs]]:
    """Score continuations of prefixes through a vLLM that caches prefixes.

    Args:
        ask: Sends requests, all at once.
        prefixes: Token ids.
        continuations: Per prefix its continuations.
        cache_tokens: Tokens that the prefix cache surely holds; prefixes are worked through in
            groups of this size, so that none is evicted before its continuations came.
        row_reads: Whether ``Read.rows`` is available; without it every token of a continuation is
            a request of its own (each with a cached prefix).

    Returns:
        Per prefix and continuation ``(n_tokens,) float32``.
    """
    scores = [[np.empty(len(c), dtype=np.float32) for c in some] for some in continuations]
    for group in _groups(prefixes, continuations, cache_tokens):
        paths = _Paths(ask, prefixes, continuations, scores)
        paths.read([(p, c, 0) for p in group for c in range(len(continuations[p]))])
        longer = [(p, c) for p in group for c, ids in enumerate(continuations[p]) if len(ids) > 1]
        if row_reads:
            paths.read(_read_rows(ask, prefixes, continuations, scores, longer))
        else:
            paths.read([(p, c, t) for p, c in longer for t in range(1, len(continuations[p][c]))])
    return scores


def score_positions(
    ask: Callable[[Sequence[Read]], list[Reading]],
    prompts: Sequence[TokenIds],
    positions: Sequence[Sequence[int]],
    labels: Sequence[TokenIds],
    *,
    cache_tokens: int,
) -> list[LogProbs]:
    """Score tokens at positions of prompts: the last one first, the others out of the cache.

    Args:
        ask: Sends requests, all at once.
        prompts: Token ids.
        positions: Per prompt rising places.
        labels: Per prompt the tokens to read.
        cache_tokens: As in ``score_continuations``.

    Returns:
        Per prompt ``(n_positions, n_labels) float32``.
    """
    shapes = [(len(some), len(ids)) for some, ids in zip(positions, labels, strict=True)]
    scores = [np.empty(shape, dtype=np.float32) for shape in shapes]
    for group in _groups(prompts, [()] * len(prompts), cache_tokens):
        last = [(n, len(positions[n]) - 1) for n in group]
        before = [(n, k) for n in group for k in range(len(positions[n]) - 1)]
        for some in filter(None, (last, before)):
            reads = [Read(ids=prompts[n][: positions[n][k] + 1], labels=labels[n]) for n, k in some]
            for (n, k), reading in zip(some, ask(reads), strict=True):
                scores[n][k] = reading.labels
    return scores


class _Paths:
    """Reads single tokens of continuations at the end of prompts, each distinct prompt once."""

    def __init__(
        self,
        ask: Callable[[Sequence[Read]], list[Reading]],
        prefixes: Sequence[TokenIds],
        continuations: Sequence[Sequence[TokenIds]],
        scores: list[list[LogProbs]],
    ) -> None:
        self._ask, self._prefixes = ask, prefixes
        self._continuations, self._scores = continuations, scores

    def read(self, tokens: Sequence[tuple[int, int, int]]) -> None:
        """Fill in the scores of tokens given as (prefix, continuation, place in it)."""
        wanted: dict[tuple[int, TokenIds], list[tuple[int, int, int]]] = defaultdict(list)
        for p, c, t in tokens:
            wanted[p, tuple(self._continuations[p][c][:t])].append((p, c, t))
        rounds = itertools.zip_longest(*(self._requests(*node) for node in wanted.items()))
        for batch in rounds:
            # A prompt with over 128 tokens to read comes again in the next round, cached by then.
            requests = [request for request in batch if request]
            readings = self._ask([read for read, _ in requests])
            for (read, places), reading in zip(requests, readings, strict=True):
                found = dict(zip(read.labels, reading.labels, strict=True))
                for p, c, t in places:
                    self._scores[p][c][t] = found[self._continuations[p][c][t]]

    def _requests(
        self, node: tuple[int, TokenIds], places: Sequence[tuple[int, int, int]]
    ) -> Iterator[tuple[Read, list[tuple[int, int, int]]]]:
        prefix, stem = node
        ids = (*self._prefixes[prefix], *stem)
        by_token = defaultdict(list)
        for p, c, t in places:
            by_token[self._continuations[p][c][t]].append((p, c, t))
        tokens = list(by_token)
        for start in range(0, len(tokens), MAX_LABELS):
            some = tuple(tokens[start : start + MAX_LABELS])
            yield Read(ids=ids, labels=some), [place for token in some for place in by_token[token]]


def _read_rows(
    ask: Callable[[Sequence[Read]], list[Reading]],
    prefixes: Sequence[TokenIds],
    continuations: Sequence[Sequence[TokenIds]],
    scores: list[list[LogProbs]],
    chosen: Sequence[tuple[int, int]],
) -> list[tuple[int, int, int]]:
    """Read all but the first token of continuations; return the tokens that stay missing.

    The last token of a continuation is not run: it is read after the one before it.
    """
    reads = []
    for p, c in chosen:
        ids = continuations[p][c]
        reads.append(
            Read(ids=(*prefixes[p], *ids[:-1]), labels=(ids[-1],), rows=max(0, len(ids) - 2))
        )
    missing = []
    for (p, c), reading in zip(chosen, ask(reads) if reads else [], strict=True):
        scores[p][c][1:-1] = reading.rows
        scores[p][c][-1] = reading.labels[0]
        missing += [(p, c, 1 + row) for row in range(reading.missing)]
    return missing


def _groups(
    prefixes: Sequence[TokenIds], continuations: Sequence[Sequence[TokenIds]], limit: int
) -> Iterator[list[int]]:
    """Yield runs of prefixes whose tokens, continuations included, stay within the limit."""
    group: list[int] = []
    total = 0
    for n, (prefix, options) in enumerate(zip(prefixes, continuations, strict=True)):
        size = len(prefix) + sum(map(len, options))
        if group and total + size > limit:
            yield group
            group, total = [], 0
        group.append(n)
        total += size
    if group:
        yield group
