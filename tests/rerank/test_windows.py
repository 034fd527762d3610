"""Windows: more candidates than one prompt lists, each scored once, on one scale."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.llm import ScriptedEngine
from llmrec.rerank.windows import ANCHORS, joined, windows_of


def liking(title):
    """How much a model likes a title, wherever it stands: -6 to 0."""
    return -6.0 * hashlib.sha256(title.encode()).digest()[0] / 255


def text_of(prompt):
    return bytes(token for token in prompt if token < 256).decode()


def likes_lines(prompt, ids):
    """A model without preference for places: it looks at one candidate's line at a time.

    Asked for letters it finds each letter's line; asked for Yes and No it reads the last line.
    """
    lines = text_of(prompt).splitlines()
    if bytes(ids) == b"YN":
        return [liking(lines[-1].split("”")[0]), 0.0]
    found = {line[0]: line[3:] for line in lines if line[1:3] == ". "}
    return [liking(found[chr(label)].split("”")[0]) for label in ids]


def expected_scores(candidates):
    """Renormalised likings by item id."""
    raw = np.array([liking(f"“{c.item.title}") for c in candidates])
    scores = raw - np.log(np.exp(raw).sum())
    return {c.item.item_id: score for c, score in zip(candidates, scores, strict=True)}


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(["labels", "markers"]),
    n=st.integers(1, 60),
    window=st.integers(2, 26),
    n_orders=st.integers(1, 3),
    order_seed=st.integers(0, 5),
)
def test_windows_change_nothing_for_a_model_that_prefers_no_place(
    kit, kind, n, window, n_orders, order_seed
):
    engine = ScriptedEngine(label_scores=likes_lines)
    scorer = getattr(kit, kind)(engine, window=window, n_orders=n_orders)
    some = kit.candidates_of([f"i{k}" for k in range(n)])
    (ranking,) = scorer.rerank([kit.history_of()], [some], order_seed=order_seed)
    assert sorted(kit.ids_of(ranking)) == sorted(c.item.item_id for c in some)
    scores = dict(zip(kit.ids_of(ranking), ranking.scores, strict=True))
    assert scores == pytest.approx(expected_scores(some), abs=1e-5)


@pytest.mark.parametrize("kind", ["labels", "markers"])
def test_every_prompt_lists_at_most_a_window_with_the_same_history(kit, kind):
    engine = ScriptedEngine(label_scores=likes_lines)
    scorer = getattr(kit, kind)(engine, window=10)
    some = kit.candidates_of([f"i{k}" for k in range(30, 60)])
    scorer.rerank([kit.history_of()], [some])
    (call,) = engine.calls
    listed = [[c.item.title for c in some if c.item.title in text_of(p)] for p in call.prompts]
    assert len(listed) == 5  # 26 others, six beside four anchors
    assert max(map(len, listed)) <= 10
    times = [sum(c.item.title in titles for titles in listed) for c in some]
    assert sorted(times) == [1] * 26 + [5] * 4
    histories = {text_of(prompt).split("\n\n")[0] for prompt in call.prompts}
    assert len(histories) == 1


def test_anchors_stand_at_other_places_in_every_window(kit):
    engine = ScriptedEngine(label_scores=likes_lines)
    some = kit.candidates_of([f"i{k}" for k in range(60)])
    kit.labels(engine, window=10).rerank([kit.history_of(n_events=0)], [some])
    texts = [text_of(prompt) for prompt in engine.calls[0].prompts]
    (anchor, *others) = [
        c.item.title for c in some if all(f". “{c.item.title}”" in text for text in texts)
    ]
    assert len(others) == ANCHORS - 1
    places = {text[: text.index(f". “{anchor}”")][-1] for text in texts}
    assert len(places) > 3


def test_the_retrievers_order_and_the_user_change_no_window(kit):
    engine = ScriptedEngine()
    some = kit.candidates_of([f"i{k}" for k in range(40)])
    backwards = kit.candidates_of([f"i{k}" for k in reversed(range(40))])
    scorer = kit.markers(engine, window=12)
    first = scorer.rerank([kit.history_of()], [some])[0]
    second = scorer.rerank([kit.history_of()], [backwards])[0]
    assert engine.calls[0].prompts == engine.calls[1].prompts
    assert (kit.ids_of(first), first.scores) == (kit.ids_of(second), second.scores)


@given(n=st.integers(1, 100), size=st.integers(2, 30))
def test_windows_share_their_anchors_and_nothing_else(n, size):
    windows = windows_of(range(n), size)
    assert all(len(window) <= size for window in windows)
    assert max(map(len, windows)) - min(map(len, windows)) <= 1
    anchors = set(range(min(ANCHORS, size // 2))) if len(windows) > 1 else set()
    assert all(anchors <= set(window) for window in windows)
    once = [position for window in windows for position in window if position not in anchors]
    assert sorted(once) == sorted(set(range(n)) - anchors)


@given(
    shifts=st.lists(st.floats(-100, 100), min_size=1, max_size=6), seed=st.integers(0, 2**32 - 1)
)
def test_a_windows_level_does_not_count(shifts, seed):
    rng = np.random.default_rng(seed)
    n = 4 + 5 * len(shifts) if len(shifts) > 1 else 9
    scores = rng.normal(size=n)
    orders = [rng.permutation(window) for window in windows_of(range(n), 9)]
    assert len(orders) == len(shifts)
    shifted = [scores[order] + shift for order, shift in zip(orders, shifts, strict=True)]
    found = joined(shifted, orders)
    np.testing.assert_allclose(found - found[0], scores - scores[0], atol=1e-9)
