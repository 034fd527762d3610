"""Continuations out of a block cache that loses rows, as vLLM's does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.llm import ScriptedEngine
from llmrec.llm.reads import Reading, read_rows, score_continuations

BLOCK = 4


class BlockCache:
    """Answers reads with made-up scores; keeps whole blocks, and garbage in their rows."""

    def __init__(self):
        self.engine = ScriptedEngine()
        self.blocks = set()
        self.computed = 0

    def ask(self, reads):
        return [self.one(read) for read in reads]

    def one(self, read):
        cached = 0
        while cached + BLOCK < len(read.ids) and read.ids[: cached + BLOCK] in self.blocks:
            cached += BLOCK
        self.computed += len(read.ids) - cached
        self.blocks |= {read.ids[:end] for end in range(BLOCK, len(read.ids) + 1, BLOCK)}
        (labels,) = self.engine.score_labels([read.ids], [read.labels])
        scores = np.empty(0, dtype=np.float32)
        if len(read.ids) > 1:
            ((scores,),) = self.engine.score_continuations([read.ids[:1]], [[read.ids[1:]]])
        scores[: max(0, cached - 1)] = 1e30  # the row of token n is read at the one before it
        rows, missing = read_rows(read, cached, lambda place, _: scores[place])
        assert not (rows[missing:] > 0).any()
        return Reading(labels=labels, rows=rows, missing=missing)


tokens = st.lists(st.integers(0, 3), min_size=1, max_size=9).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(tokens, st.lists(tokens, max_size=5)), max_size=4),
    st.booleans(),
    st.integers(1, 60),
)
def test_every_score_is_right_however_rows_go_missing(questions, row_reads, cache_tokens):
    cache = BlockCache()
    prefixes = [prefix for prefix, _ in questions]
    continuations = [options for _, options in questions]
    expected = ScriptedEngine().score_continuations(prefixes, continuations)
    for _ in range(2):  # the second time everything is cached
        given_ = score_continuations(
            cache.ask,
            prefixes,
            continuations,
            cache_tokens=cache_tokens,
            row_reads=row_reads,
        )
        for some, right in zip(given_, expected, strict=True):
            for one, other in zip(some, right, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("row_reads", [True, False])
def test_over_128_first_tokens_are_read_in_rounds(row_reads):
    cache = BlockCache()
    options = [(token, token) for token in range(200)]
    (scores,) = score_continuations(
        cache.ask, [(1, 2, 3)], [options], cache_tokens=10**6, row_reads=row_reads
    )
    (expected,) = ScriptedEngine().score_continuations([(1, 2, 3)], [options])
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_the_prefix_is_computed_once():
    cache = BlockCache()
    prefix = tuple(range(40))
    options = [(100 + n, 5, 6) for n in range(10)]
    score_continuations(cache.ask, [prefix], [options], cache_tokens=10**6, row_reads=True)
    # The last block is computed again, since a prompt's last token is never cached.
    assert cache.computed <= len(prefix) + len(options) * (2 + BLOCK)
