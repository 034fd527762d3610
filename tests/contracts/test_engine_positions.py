"""Positions inside a prompt: what each engine reads there is what it reads at a prompt's end."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.errors import EngineError
from tests.contracts.engine_prompts import film_prompts, label_ids

TOLERANCE = 2e-4
"""In fp32, between two ways of computing the same."""
CACHE_BLOCK = 32
"""Tokens; vLLM's prefix cache holds whole blocks of this size on a CPU."""


def places_of(prompt, n=5):
    """The first token's place, the last one's, and some between."""
    return [int(place) for place in np.linspace(0, len(prompt) - 1, n)]


def test_a_position_is_read_as_the_end_of_the_prompt_up_to_it(engine, prompts):
    places = [places_of(prompts[0]), [len(prompts[1]) - 9], [100, 140]]
    labels = [label_ids(engine.tokenizer)[:4], (5,), (6, 7)]
    together = engine.score_positions(prompts, places, labels)
    assert [rows.shape for rows in together] == [(5, 4), (1, 1), (2, 2)]
    for prompt, some, ids, rows in zip(prompts, places, labels, together, strict=True):
        beginnings = [prompt[: place + 1] for place in some]
        expected = engine.score_labels(beginnings, [ids] * len(some))
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows, expected, atol=TOLERANCE)


def test_positions_of_prompts_that_share_their_beginning(engine, prompts):
    """Whoever keeps what prompts share must still read the positions that lie in it."""
    prompt = prompts[0]
    alike = [prompt, (*prompt[:-20], *prompt[-10:]), prompt[:-30]]
    places = [places_of(some, 4)[1:] for some in alike]
    together = engine.score_positions(alike, places, [(5, 6)] * 3)
    for row, some, rows in zip(alike, places, together, strict=True):
        (alone,) = engine.score_positions([row], [some], [(5, 6)])
        np.testing.assert_allclose(rows, alone, atol=TOLERANCE)


def test_a_prompt_is_computed_once_for_all_its_positions(engine):
    (prompt,) = film_prompts(engine.tokenizer, 1, seed=78)
    places = places_of(prompt, 9)[1:-1]
    before = engine.stats.prompts, engine.stats.prompt_tokens, engine.stats.computed_tokens
    engine.score_positions([prompt], [places], [(5, 6)])
    read = places[-1] + 1  # what stands behind the last position is not run
    assert engine.stats.prompts - before[0] == 1
    assert engine.stats.prompt_tokens - before[1] == read
    computed = engine.stats.computed_tokens - before[2]
    blocks = 0 if engine.card.engine in {"scripted", "transformers"} else CACHE_BLOCK
    assert read <= computed <= read + blocks * (len(places) - 1)


def test_no_prompts_have_no_positions(engine):
    assert engine.score_positions([], [], []) == []


@pytest.mark.parametrize("places", [[], [3], [-1], [1, 1], [2, 0]])
def test_positions_that_are_none_or_outside_or_do_not_rise_are_refused(engine, places):
    with pytest.raises(EngineError, match="prompt 1 of 2 has 3 tokens, but positions"):
        engine.score_positions([(5, 6), (5, 6, 7)], [[1], places], [(5,), (5,)])


def test_every_prompt_needs_its_positions(engine):
    with pytest.raises(EngineError, match="2 prompts but 1 lists of positions"):
        engine.score_positions([(5, 6), (5, 6)], [[1]], [(5,), (5,)])
