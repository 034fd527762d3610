"""One suite over every engine: what the Protocol promises, and that engines agree."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.errors import EngineError
from llmrec.llm.checks import MAX_LABELS
from tests.contracts.engine_prompts import FILMS, film_prompts, label_ids, title_ids

real = pytest.mark.engine
slow = pytest.mark.slow
TOLERANCE = 2e-4
"""In fp32, between two ways of computing the same."""
CACHE_BLOCK = 32
"""Tokens; vLLM's prefix cache holds whole blocks of this size on a CPU."""


def ids_of(engine, text):
    return engine.tokenizer.encode(text)


def test_the_card_names_who_answers(engine):
    assert engine.card.engine in {"transformers", "vllm", "server", "scripted"}
    assert engine.card.context_length >= 2048
    assert len(engine.card.weights_sha256) == 64
    assert engine.card.dtype == "float32"


def test_an_empty_batch_gives_an_empty_list(engine):
    assert engine.score_labels([], []) == []
    assert engine.score_continuations([], []) == []
    assert engine.generate([]) == []


def test_a_prefix_may_have_no_continuations(engine, prompts):
    (scores,) = engine.score_continuations(prompts[:1], [[]])
    assert scores == []


def test_labels_get_log_probabilities_over_the_whole_vocabulary(engine, prompts):
    labels = [label_ids(engine.tokenizer), (5,), label_ids(engine.tokenizer)[:3]]
    scores = engine.score_labels(prompts, labels)
    assert [score.shape for score in scores] == [(20,), (1,), (3,)]
    assert all(score.dtype == np.float32 for score in scores)
    assert all(np.exp(score).sum() <= 1.0 + 1e-6 for score in scores)
    assert all((score < 0).all() for score in scores)


def test_the_most_labels_allowed_are_all_scored(engine, prompts):
    (scores,) = engine.score_labels(prompts[:1], [tuple(range(MAX_LABELS))])
    assert scores.shape == (MAX_LABELS,)
    assert np.isfinite(scores).all()


def test_a_batch_gives_what_single_prompts_give(engine, prompts):
    labels = label_ids(engine.tokenizer)
    together = engine.score_labels(prompts, [labels] * len(prompts))
    for prompt, scores in zip(prompts, together, strict=True):
        (alone,) = engine.score_labels([prompt], [labels])
        np.testing.assert_allclose(scores, alone, atol=TOLERANCE)


def test_a_continuation_is_scored_token_by_token(engine, prompts):
    """Each token's score is what a label read after the tokens before it gives."""
    option = title_ids(engine.tokenizer)[4][:6]
    ((scores,),) = engine.score_continuations(prompts[:1], [[option]])
    stems = [(*prompts[0], *option[:k]) for k in range(len(option))]
    expected = engine.score_labels(stems, [(token,) for token in option])
    np.testing.assert_allclose(scores, np.concatenate(expected), atol=TOLERANCE)


def test_continuations_of_a_batch_keep_their_order(engine, prompts):
    options = title_ids(engine.tokenizer)
    lists = [options[:3], options[2:6], options[:1]]
    together = engine.score_continuations(prompts, lists)
    assert [len(some) for some in together] == [3, 4, 1]
    for prompt, some, scores in zip(prompts, lists, together, strict=True):
        (alone,) = engine.score_continuations([prompt], [some])
        for option, one, other in zip(some, scores, alone, strict=True):
            assert one.shape == (len(option),)
            assert one.dtype == np.float32
            np.testing.assert_allclose(one, other, atol=TOLERANCE)


def test_continuations_that_begin_alike_or_are_long_or_come_again(engine, prompts):
    """A cache in blocks must not swallow the scores of tokens that it holds."""
    story = ids_of(engine, " and then they watched ".join(FILMS))[: 3 * CACHE_BLOCK]
    options = [story, story[: 2 * CACHE_BLOCK], (*story[:-1], 9), story[:1], story]
    (first,) = engine.score_continuations(prompts[:1], [options])
    (again,) = engine.score_continuations(prompts[:1], [options])
    for one, other in zip(first, again, strict=True):
        np.testing.assert_allclose(one, other, atol=TOLERANCE)
    for scores in first[1:4]:
        size = min(len(scores), len(story) - 1)
        np.testing.assert_allclose(scores[:size], first[0][:size], atol=TOLERANCE)
    (end,) = engine.score_labels([(*prompts[0], *story[:-1])], [(story[-1], 9)])
    np.testing.assert_allclose([first[0][-1], first[2][-1]], end, atol=TOLERANCE)


def test_a_prefix_is_computed_once(engine):
    """Counted in tokens: vLLM computes again at most the prefix's last, part-filled block."""
    (prompt,) = film_prompts(engine.tokenizer, 1, seed=77)
    options = title_ids(engine.tokenizer)
    before = engine.stats.computed_tokens, engine.stats.prompt_tokens
    engine.score_continuations([prompt], [options])
    computed = engine.stats.computed_tokens - before[0]
    tails = sum(map(len, options))
    assert engine.stats.prompt_tokens - before[1] == len(prompt) + tails
    if engine.card.engine == "scripted":
        assert computed == len(prompt) + tails
    elif engine.card.engine == "transformers":
        assert computed == len(prompt) + tails - len(options)
    else:
        requests = len(options) if engine.card.engine == "vllm" else tails
        assert computed < len(prompt) + requests * (CACHE_BLOCK + max(map(len, options)))
        assert computed < 2 * len(prompt) + requests * CACHE_BLOCK / 2 + tails * 4


def test_prompts_are_counted(engine, prompts):
    before = engine.stats.prompts, engine.stats.prompt_tokens
    fresh = [(*prompt, 7) for prompt in prompts]
    engine.score_labels(fresh, [(5, 6)] * len(fresh))
    assert engine.stats.prompts - before[0] == len(fresh)
    assert engine.stats.prompt_tokens - before[1] == sum(map(len, fresh))


def test_a_prompt_that_does_not_fit_is_refused_with_both_lengths(engine):
    length = engine.card.context_length
    message = rf"{length + 5} tokens.*holds {length}"
    with pytest.raises(EngineError, match=message):
        engine.score_labels([(5,) * (length + 5)], [(6,)])
    with pytest.raises(EngineError, match=message):
        engine.score_continuations([(5,) * (length + 5)], [[(6,)]])
    with pytest.raises(EngineError, match=message):
        engine.generate([(5,) * (length + 5)])


@pytest.mark.parametrize(
    ("prompts_", "labels", "fault"),
    [
        ([(5, 6)], [()], "has 0 labels"),
        ([(5, 6)], [tuple(range(MAX_LABELS + 1))], "129 labels"),
        ([()], [(5,)], "prompt 0 of 1 is empty"),
        ([(5, 6)], [(5,), (6,)], "1 prompts but 2 lists"),
        ([(5, 6)], [(10**7,)], "(?i)vocab"),
    ],
)
def test_labels_that_cannot_be_scored_are_refused(engine, prompts_, labels, fault):
    with pytest.raises(EngineError, match=fault):
        engine.score_labels(prompts_, labels)


def test_an_empty_continuation_is_refused(engine):
    with pytest.raises(EngineError, match="continuation of prefix 0 is empty"):
        engine.score_continuations([(5, 6)], [[(7,), ()]])


@pytest.mark.parametrize(
    ("settings", "fault"), [({"max_tokens": 0}, "max_tokens"), ({"temperature": -1}, "negative")]
)
def test_generation_settings_out_of_range_are_refused(engine, settings, fault):
    with pytest.raises(EngineError, match=fault):
        engine.generate([(5, 6)], **settings)


def test_a_greedy_answer_is_the_same_alone_in_a_batch_and_streamed(engine, prompts):
    together = engine.generate(prompts[:2], max_tokens=12)
    assert together[0]
    assert together == [engine.generate([prompt], max_tokens=12)[0] for prompt in prompts[:2]]
    assert "".join(engine.stream(prompts[0], max_tokens=12)) == together[0]


def test_an_answer_shows_no_control_tokens(engine, prompts):
    for answer in engine.generate(prompts[:2], max_tokens=16, temperature=1.5, seed=4):
        assert not any(control in answer for control in engine.tokenizer.control_strings)


def test_a_sampled_answer_depends_on_its_seed_alone(engine, prompts):
    settings = {"max_tokens": 12, "temperature": 1.2}
    first = engine.generate(prompts[:2], seed=1, **settings)
    assert engine.generate(prompts[1:2], seed=1, **settings) == first[1:]
    assert "".join(engine.stream(prompts[0], seed=1, **settings)) == first[0]
    if engine.card.engine != "scripted":
        answers = {engine.generate(prompts[:1], seed=n, **settings)[0] for n in range(4)}
        assert len(answers) > 1


def test_an_answer_ends_before_the_stop_string(engine, prompts):
    (whole,) = engine.generate(prompts[:1], max_tokens=12)
    stop = whole[len(whole) // 2 :]
    (cut,) = engine.generate(prompts[:1], max_tokens=12, stop=[stop, "never said"])
    assert cut == whole[: whole.index(stop)]
    assert "".join(engine.stream(prompts[0], max_tokens=12, stop=[stop])) == cut


def test_max_tokens_is_heeded_and_counted(engine, prompts):
    before = engine.stats.generated_tokens
    (answer,) = engine.generate([(*prompts[0], 8)], max_tokens=3)
    assert 1 <= engine.stats.generated_tokens - before <= 3
    assert len(engine.tokenizer.encode(answer)) <= 3


@pytest.fixture(scope="module")
def twenty(transformers_engine):
    return film_prompts(transformers_engine.tokenizer, 20, seed=5)


def tau(one, other):
    """Kendall's tau-a of two score vectors."""
    signs = [np.sign(np.subtract.outer(scores, scores)) for scores in (one, other)]
    n = len(one)
    return float((signs[0] * signs[1]).sum() / (n * (n - 1)))


@real
def test_transformers_and_vllm_agree_in_fp32(transformers_engine_fp32, vllm_engine_fp32, twenty):
    assert all(300 <= len(prompt) <= 620 for prompt in twenty)
    labels = [label_ids(transformers_engine_fp32.tokenizer)] * 20
    one = transformers_engine_fp32.score_labels(twenty, labels)
    other = vllm_engine_fp32.score_labels(twenty, labels)
    np.testing.assert_allclose(one, other, atol=1e-3)
    np.testing.assert_array_equal(np.argsort(one, axis=1), np.argsort(other, axis=1))


@real
def test_transformers_and_vllm_agree_on_continuations(
    transformers_engine_fp32, vllm_engine_fp32, twenty
):
    options = [title_ids(transformers_engine_fp32.tokenizer, FILMS[-6:])] * 4
    one = transformers_engine_fp32.score_continuations(twenty[:4], options)
    other = vllm_engine_fp32.score_continuations(twenty[:4], options)
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(np.concatenate(left), np.concatenate(right), atol=1e-3)


@real
@slow
def test_transformers_and_vllm_agree_in_bf16(transformers_engine, vllm_engine, twenty):
    labels = [label_ids(transformers_engine.tokenizer)] * 20
    one = transformers_engine.score_labels(twenty, labels)
    other = vllm_engine.score_labels(twenty, labels)
    pairs = list(zip(one, other, strict=True))
    assert sum(left.argmax() == right.argmax() for left, right in pairs) >= 18
    assert np.mean([tau(left, right) for left, right in pairs]) >= 0.9


@real
@slow
def test_a_server_gives_what_the_engine_in_process_gives(server_engine, vllm_engine_fp32, twenty):
    labels = [label_ids(server_engine.tokenizer)] * 4
    one = server_engine.score_labels(twenty[:4], labels)
    other = vllm_engine_fp32.score_labels(twenty[:4], labels)
    np.testing.assert_allclose(one, other, atol=1e-3)
    np.testing.assert_array_equal(np.argsort(one, axis=1), np.argsort(other, axis=1))
    options = [title_ids(server_engine.tokenizer)[:4]]
    (left,) = server_engine.score_continuations(twenty[:1], options)
    (right,) = vllm_engine_fp32.score_continuations(twenty[:1], options)
    np.testing.assert_allclose(np.concatenate(left), np.concatenate(right), atol=1e-3)
    assert server_engine.generate(twenty[:2], max_tokens=8) == vllm_engine_fp32.generate(
        twenty[:2], max_tokens=8
    )
    assert server_engine.card.identity == vllm_engine_fp32.card.identity
