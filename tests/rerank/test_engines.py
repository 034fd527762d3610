"""The scorers on real models: the history is computed once a user, and the engines agree."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.rerank import LabelScorer, LikelihoodScorer, MarkerScorer, PointwiseScorer
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.templates import load_template, render
from llmrec.types import Candidate, Catalogue, History, Interaction, Item

NOW = datetime(2024, 6, 1, 20, tzinfo=UTC)
SEEN = ["Alien", "Aliens", "Blade Runner", "The Terminator", "Predator", "The Thing", "The Fly"]
OFFERED = ["RoboCop", "Notting Hill", "Toy Story", "Heat", "映画の夜", "Amélie", "Alien 3", "Up"]
CATALOGUE = Catalogue(
    [Item(item_id=f"i{n}", title=title) for n, title in enumerate([*SEEN, *OFFERED])]
)
CANDIDATES = [
    Candidate(item=CATALOGUE[f"i{n + len(SEEN)}"], score=-float(n), rank=n + 1, source="test")
    for n in range(len(OFFERED))
]
KINDS = [LabelScorer, MarkerScorer, LikelihoodScorer, PointwiseScorer]
CACHE_BLOCK = 32
"""Tokens; vLLM's prefix cache holds whole blocks of this size on a CPU."""


def history_of(shift):
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=NOW - timedelta(days=90 - 10 * n, hours=shift))
        for n in range(len(SEEN))
    )
    return History(user_id=f"user-{shift}", as_of=NOW, interactions=events)


def scorer_of(kind, engine, **options):
    def count(texts):
        return [len(ids) for ids in engine.tokenizer.encode_batch(texts)]

    controls = engine.tokenizer.control_strings
    return kind(
        engine, HistorySerializer(SerializerConfig(), CATALOGUE, count, controls), **options
    )


def prompts_of(scorer, histories):
    """The prompts that a scorer sends, rendered apart from it."""
    return [
        render(
            scorer.template,
            scorer.context.variables(history, CANDIDATES),
            tokenizer=scorer.engine.tokenizer,
            as_of=history.as_of,
        ).token_ids
        for history in histories
    ]


def title_lengths(engine):
    end = len(engine.tokenizer.encode("<|im_end|>"))
    return [len(engine.tokenizer.encode(title)) + end for title in OFFERED]


def spent(engine, action):
    """Return what an action gives, and (tokens sent in, tokens computed) by it."""
    sent, computed = engine.stats.prompt_tokens, engine.stats.computed_tokens
    result = action()
    return result, engine.stats.prompt_tokens - sent, engine.stats.computed_tokens - computed


@pytest.fixture(scope="module")
def transformers():
    from llmrec.llm import TransformersEngine

    engine = TransformersEngine("smollm2-135m", dtype="float32")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def vllm():
    pytest.importorskip("vllm", reason="vLLM is not installed")
    from llmrec.llm.vllm_engine import VllmEngine

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # vLLM's own, at its start
        engine = VllmEngine("smollm2-135m", dtype="float32", max_model_len=2048)
    yield engine
    engine.close()


@pytest.mark.engine
def test_labels_run_each_prompt_once(transformers):
    scorer = scorer_of(LabelScorer, transformers)
    histories = [history_of(0), history_of(1)]
    before = transformers.stats.forward_passes
    rankings, sent, computed = spent(
        transformers, lambda: scorer.rerank(histories, [CANDIDATES] * 2)
    )
    expected = sum(map(len, prompts_of(scorer, histories)))
    assert (sent, computed) == (expected, expected)
    assert transformers.stats.forward_passes - before == 1  # both users in one pass
    for ranking in rankings:
        assert len(ranking.scores) == len(OFFERED)
        assert 0.2 < ranking.notes["label_mass"] <= 1.0


@pytest.mark.engine
def test_likelihood_runs_the_history_once_then_the_titles(transformers):
    scorer = scorer_of(LikelihoodScorer, transformers)
    tails = sum(length - 1 for length in title_lengths(transformers))  # the last token is read
    for shifts in ([0], [1, 2]):
        histories = [history_of(shift) for shift in shifts]
        lists = [CANDIDATES] * len(shifts)
        _, sent, computed = spent(transformers, lambda h=histories, c=lists: scorer.rerank(h, c))
        prefixes = sum(map(len, prompts_of(scorer, histories)))
        assert sent == prefixes + len(shifts) * sum(title_lengths(transformers))
        # What two users' prompts begin with alike may be run once for both.
        assert computed <= prefixes + len(shifts) * tails
        assert computed == prefixes + tails or len(shifts) > 1


@pytest.mark.engine
def test_markers_run_each_prompt_once_for_all_its_lines(transformers):
    scorer = scorer_of(MarkerScorer, transformers)
    histories = [history_of(0), history_of(1)]
    before = transformers.stats.forward_passes
    rankings, sent, computed = spent(
        transformers, lambda: scorer.rerank(histories, [CANDIDATES] * 2)
    )
    assert transformers.stats.forward_passes - before == 1  # both users in one pass
    assert sent == computed
    labelled = sum(map(len, prompts_of(scorer_of(LabelScorer, transformers), histories)))
    assert computed < 1.1 * labelled
    assert all(len(ranking.scores) == len(OFFERED) for ranking in rankings)


@pytest.mark.engine
def test_pointwise_runs_the_history_once_then_each_candidate(transformers):
    scorer = scorer_of(PointwiseScorer, transformers)
    before = transformers.stats.forward_passes
    (ranking,), sent, computed = spent(
        transformers, lambda: scorer.rerank([history_of(0)], [CANDIDATES])
    )
    whole = sent / len(OFFERED)
    tail = max(title_lengths(transformers)) + 40  # the question and the chat format
    assert computed <= whole + len(OFFERED) * tail < 0.5 * sent
    assert transformers.stats.forward_passes - before == 2  # the history, then all candidates
    assert 0.2 < ranking.notes["label_mass"] <= 1.0


@pytest.mark.engine
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_single_queries_give(transformers, kind):
    scorer = scorer_of(kind, transformers)
    histories = [history_of(0), history_of(5).without([6, 5, 4])]
    together = scorer.rerank(histories, [CANDIDATES, CANDIDATES[:3]])
    alone = [
        scorer.rerank([history], [some])[0]
        for history, some in zip(histories, [CANDIDATES, CANDIDATES[:3]], strict=True)
    ]
    for one, other in zip(together, alone, strict=True):
        assert one.candidates == other.candidates
        assert one.scores == pytest.approx(other.scores, abs=1e-3)


@pytest.mark.engine
def test_titles_are_scored_as_the_model_reads_them(transformers):
    """Against the model's answer to each title as a prompt of its own, without the scorer."""
    nobody = History(user_id="", as_of=datetime(2000, 1, 1, tzinfo=UTC))
    mean = scorer_of(LikelihoodScorer, transformers)
    titles = [transformers.tokenizer.encode(f"{title}<|im_end|>") for title in OFFERED]
    (after, prior) = (
        np.array(
            [
                answer[0].sum(dtype=np.float64)
                for answer in transformers.score_continuations(
                    [prefix] * len(titles), [[title] for title in titles]
                )
            ]
        )
        for prefix in prompts_of(mean, [history_of(0), nobody])
    )
    expected = {"sum": after, "mean": after / list(map(len, titles)), "prior": after - prior}
    for normalise, figures in expected.items():
        scorer = scorer_of(LikelihoodScorer, transformers, normalise=normalise)
        (ranking,) = scorer.rerank([history_of(0)], [CANDIDATES])
        scores = dict(zip([c.item.title for c in ranking.candidates], ranking.scores, strict=True))
        wanted = figures - np.log(np.exp(figures).sum())
        assert [scores[title] for title in OFFERED] == pytest.approx(wanted.tolist(), abs=2e-3)


@pytest.mark.engine
@pytest.mark.slow
def test_vllm_computes_the_history_once_a_user_and_explaining_reuses_it(vllm):
    scorer = scorer_of(LikelihoodScorer, vllm)
    history = history_of(11)
    (ranking,), sent, computed = spent(vllm, lambda: scorer.rerank([history], [CANDIDATES]))
    (prefix,) = prompts_of(scorer, [history])
    lengths = title_lengths(vllm)
    assert len(ranking.scores) == len(OFFERED)
    assert sent == len(prefix) + sum(lengths)
    # Behind the cached blocks every title runs what is left of the last block and itself.
    assert len(prefix) <= computed <= len(prefix) + sum(CACHE_BLOCK + n for n in lengths)
    assert computed < 0.5 * len(prefix) * len(OFFERED)

    reason = load_template("explain/reason.v1")
    variables = scorer.context.variables(history, CANDIDATES)
    prompt = render(
        reason,
        {**variables, "item": "RoboCop", "evidence": (), "language": "English"},
        tokenizer=vllm.tokenizer,
        as_of=history.as_of,
    )
    same = next(n for n, (a, b) in enumerate(zip(prefix, prompt.token_ids, strict=False)) if a != b)
    _, _, computed = spent(vllm, lambda: vllm.generate([prompt.token_ids], max_tokens=4))
    assert computed <= len(prompt.token_ids) - same + CACHE_BLOCK


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("kind", [MarkerScorer, PointwiseScorer])
def test_vllm_computes_the_history_once_for_all_candidates(vllm, kind):
    scorer = scorer_of(kind, vllm)
    (ranking,), sent, computed = spent(vllm, lambda: scorer.rerank([history_of(31)], [CANDIDATES]))
    whole = sent if kind is MarkerScorer else sent / len(OFFERED)
    tail = 0 if kind is MarkerScorer else max(title_lengths(vllm)) + 40
    assert len(ranking.scores) == len(OFFERED)
    assert computed <= whole + len(OFFERED) * (tail + CACHE_BLOCK)


@pytest.mark.engine
@pytest.mark.slow
def test_vllm_runs_each_label_prompt_once(vllm):
    scorer = scorer_of(LabelScorer, vllm)
    histories = [history_of(21), history_of(22)]
    before = vllm.stats.forward_passes
    _, sent, computed = spent(vllm, lambda: scorer.rerank(histories, [CANDIDATES] * 2))
    expected = sum(map(len, prompts_of(scorer, histories)))
    assert sent == expected
    assert computed <= expected
    assert vllm.stats.forward_passes - before == 2  # one request a user
    # Another order of the same candidates shares the history.
    _, _, again = spent(vllm, lambda: scorer.rerank(histories, [CANDIDATES] * 2, order_seed=1))
    listed = sum(len(vllm.tokenizer.encode(f"A. {title}\n")) for title in OFFERED)
    tail = 40  # the task's last line and the chat format
    assert again <= 2 * (listed + tail + CACHE_BLOCK + 4 * len(OFFERED))


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_rank_alike(transformers, vllm, kind):
    histories = [history_of(n) for n in range(3)]
    ours = scorer_of(kind, transformers).rerank(histories, [CANDIDATES] * 3)
    theirs = scorer_of(kind, vllm).rerank(histories, [CANDIDATES] * 3)
    for one, other in zip(ours, theirs, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=5e-3)
        assert one.candidates[0] == other.candidates[0]
