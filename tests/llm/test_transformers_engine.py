"""What the Transformers engine computes, counted exactly on the embedded model."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contracts.engine_prompts import film_prompts, label_ids, title_ids

pytestmark = pytest.mark.engine


@pytest.fixture
def spent(transformers_engine_fp32):
    """Run a function; return what it gives, and (tokens computed, passes) by it."""
    stats = transformers_engine_fp32.stats

    def run(function, *arguments, **options):
        before = stats.computed_tokens, stats.forward_passes
        result = function(*arguments, **options)
        return result, stats.computed_tokens - before[0], stats.forward_passes - before[1]

    return run


def variants(tokenizer):
    """A prompt, and two that differ from it only near their ends."""
    (prompt,) = film_prompts(tokenizer, 1, seed=3)
    return [prompt, (*prompt[:-20], *prompt[-15:]), (*prompt[:-9], 11, *prompt[-9:])]


def test_prompts_that_share_nothing_are_one_pass(transformers_engine_fp32, spent):
    prompts = [prompt[n * 40 :][:90] for n, prompt in enumerate(film_prompts_of(2))]
    _, computed, passes = spent(transformers_engine_fp32.score_labels, prompts, [(5,)] * 2)
    assert (computed, passes) == (180, 1)


def film_prompts_of(n):
    return [tuple(range(100 + 300 * k, 400 + 300 * k)) for k in range(n)]


def test_what_prompts_share_is_computed_once(transformers_engine_fp32, spent):
    prompts = variants(transformers_engine_fp32.tokenizer)
    labels = [label_ids(transformers_engine_fp32.tokenizer)] * 3
    together, computed, _ = spent(transformers_engine_fp32.score_labels, prompts, labels)
    assert computed < len(prompts[0]) + 3 * 20 + 10
    for prompt, scores in zip(prompts, together, strict=True):
        (alone,) = transformers_engine_fp32.score_labels([prompt], labels[:1])
        np.testing.assert_allclose(scores, alone, atol=2e-4)


def test_short_ends_behind_a_shared_beginning_are_one_pass(transformers_engine_fp32, spent):
    (prompt,) = film_prompts(transformers_engine_fp32.tokenizer, 1, seed=4)
    prompts = [(*prompt, *range(100 + n, 120 + 2 * n)) for n in range(6)]
    places = [[len(prompt) + 3, len(row) - 1] for row in prompts]
    labels = [(5, 6)] * 6
    together, computed, passes = spent(
        transformers_engine_fp32.score_positions, prompts, places, labels
    )
    assert passes == 2
    assert computed == len(prompt) + sum(len(row) - len(prompt) for row in prompts)
    for row, some, scores in zip(prompts, places, together, strict=True):
        (alone,) = transformers_engine_fp32.score_positions([row], [some], labels[:1])
        np.testing.assert_allclose(scores, alone, atol=2e-4)


def test_what_prefixes_share_is_computed_once(transformers_engine_fp32, spent):
    prefixes = variants(transformers_engine_fp32.tokenizer)
    options = title_ids(transformers_engine_fp32.tokenizer)[:3]
    tails = 3 * sum(len(option) - 1 for option in options)
    together, computed, passes = spent(
        transformers_engine_fp32.score_continuations, prefixes, [options] * 3
    )
    assert computed < len(prefixes[0]) + 3 * 20 + 10 + tails
    assert passes == 6  # each prefix, and each prefix's continuations packed
    (alone,) = transformers_engine_fp32.score_continuations(prefixes[1:2], [options])
    for one, other in zip(together[1], alone, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_answers_to_prompts_that_share_are_written_together(transformers_engine_fp32, spent):
    prompts = variants(transformers_engine_fp32.tokenizer)
    together, computed, passes = spent(transformers_engine_fp32.generate, prompts, max_tokens=6)
    assert computed < len(prompts[0]) + 3 * 40
    assert passes <= 1 + 6
    assert together == [
        transformers_engine_fp32.generate([prompt], max_tokens=6)[0] for prompt in prompts
    ]


def test_continuations_beyond_the_memory_bound_take_further_passes(
    transformers_engine_fp32, spent, monkeypatch
):
    monkeypatch.setattr(transformers_engine_fp32, "_batch_tokens", 12)
    prefix = tuple(range(100, 160))
    options = [(5, 6, 7, 8, n) for n in range(7)]
    scores, computed, passes = spent(
        transformers_engine_fp32.score_continuations, [prefix], [options]
    )
    assert computed == 60 + 7 * 4
    assert passes == 1 + 3  # three tails of four tokens at a time
    assert all(np.allclose(one[:4], scores[0][0][:4], atol=2e-4) for one in scores[0])
