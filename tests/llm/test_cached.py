"""The disk cache: only new questions are asked, by any process, and damage is said."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3

import numpy as np
import pytest

from llmrec.errors import ArtifactError
from llmrec.llm import CachedEngine, ScriptedEngine

PROMPTS = [(1, 2, n) for n in range(10)]


def asked(engine):
    return [len(call.prompts) for call in engine.calls]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "answers.sqlite"


def test_the_second_asking_costs_nothing(path):
    inner = ScriptedEngine()
    first = CachedEngine(inner, path)
    labels = first.score_labels(PROMPTS, [(5, 6)] * 10)
    continuations = first.score_continuations(PROMPTS, [[(7, 8), (9,)]] * 10)
    texts = first.generate(PROMPTS, max_tokens=9)
    calls = len(inner.calls)
    first.close()
    again = CachedEngine(inner, path)
    np.testing.assert_array_equal(again.score_labels(PROMPTS, [(5, 6)] * 10), labels)
    for one, other in zip(
        again.score_continuations(PROMPTS, [[(7, 8), (9,)]] * 10), continuations, strict=True
    ):
        np.testing.assert_array_equal(np.concatenate(one), np.concatenate(other))
    assert again.generate(PROMPTS, max_tokens=9) == texts
    assert "".join(again.stream(PROMPTS[0], max_tokens=9)) == texts[0]
    assert len(inner.calls) == calls
    assert again.stats.cache_hits == 10 + 20 + 10 + 1


def test_only_what_is_missing_is_asked_and_order_is_kept(path):
    inner = ScriptedEngine()
    engine = CachedEngine(inner, path)
    engine.score_labels(PROMPTS[::2], [(5, 6)] * 5)
    scores = engine.score_labels(PROMPTS, [(5, 6)] * 10)
    assert asked(inner) == [5, 5]
    np.testing.assert_array_equal(scores, ScriptedEngine().score_labels(PROMPTS, [(5, 6)] * 10))
    engine.score_continuations([PROMPTS[0]], [[(7, 8), (9,)]])
    (both,) = engine.score_continuations([PROMPTS[0]], [[(9,), (4, 4), (7, 8)]])
    assert inner.calls[-1].options == (((4, 4),),)
    assert [len(scores) for scores in both] == [1, 2, 2]


def test_a_question_asked_twice_in_one_batch_is_asked_once(path):
    inner = ScriptedEngine()
    engine = CachedEngine(inner, path)
    one, other = engine.score_labels([(1, 2), (1, 2)], [(5, 6), (5, 6)])
    assert asked(inner) == [1]
    np.testing.assert_array_equal(one, other)


def test_positions_are_known_by_the_prompt_up_to_them(path):
    inner = ScriptedEngine()
    engine = CachedEngine(inner, path)
    (rows,) = engine.score_positions([(1, 2, 3, 4)], [[1, 2]], [(5, 6)])
    again = engine.score_positions([(1, 2, 3, 9), (1, 2)], [[1, 2], [1]], [(5, 6), (5, 6)])
    np.testing.assert_array_equal(again[0], rows)
    np.testing.assert_array_equal(again[1], rows[:1])
    np.testing.assert_array_equal(engine.score_labels([(1, 2, 3)], [(5, 6)])[0], rows[1])
    assert len(inner.calls) == 1


@pytest.mark.parametrize("value", [b"", b"12345678", b"\xff" * 5])
def test_a_row_of_another_length_is_damage(path, value):
    engine = CachedEngine(ScriptedEngine(), path)
    engine.score_labels([(1, 2)], [(5, 6, 7)])
    engine.score_continuations([(1, 2)], [[(7, 8, 9)]])
    engine.close()
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE answers SET value = ?", (value,))
    engine = CachedEngine(ScriptedEngine(), path)
    with pytest.raises(ArtifactError, match="is damaged") as caught:
        engine.score_labels([(1, 2)], [(5, 6, 7)])
    assert "Remove the file" in caught.value.remedy
    with pytest.raises(ArtifactError, match="is damaged"):
        engine.score_continuations([(1, 2)], [[(7, 8, 9)]])
    engine.close()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"prompts": [(1, 3)]},
        {"labels": [(6, 5)]},
    ],
)
def test_another_model_prompt_or_label_order_is_another_question(path, change):
    engine = CachedEngine(ScriptedEngine(), path)
    engine.score_labels([(1, 2)], [(5, 6)])
    engine.close()
    inner = ScriptedEngine(seed=change.get("seed", 0))
    CachedEngine(inner, path).score_labels(
        change.get("prompts", [(1, 2)]), change.get("labels", [(5, 6)])
    )
    assert len(inner.calls) == 1


@pytest.mark.parametrize(
    "settings", [{"max_tokens": 8}, {"seed": 1}, {"temperature": 0.5}, {"stop": ["x"]}]
)
def test_other_settings_of_writing_are_another_question(path, settings):
    inner = ScriptedEngine()
    engine = CachedEngine(inner, path)
    engine.generate([(1, 2)], max_tokens=9)
    engine.generate([(1, 2)], **{"max_tokens": 9, **settings})
    assert len(inner.calls) == 2


def test_an_interrupted_run_resumes_where_it_stopped(path):
    class StoppedError(Exception):
        pass

    def fail(prompt, labels):
        if prompt == PROMPTS[7]:
            raise StoppedError
        return [-1.0] * len(labels)

    broken = CachedEngine(ScriptedEngine(label_scores=fail), path, commit_every=2)
    with pytest.raises(StoppedError):
        broken.score_labels(PROMPTS, [(5,)] * 10)
    inner = ScriptedEngine()
    CachedEngine(inner, path, commit_every=2).score_labels(PROMPTS, [(5,)] * 10)
    assert [prompt for call in inner.calls for prompt in call.prompts] == PROMPTS[6:]


def test_a_stream_left_early_is_not_kept(path):
    inner = ScriptedEngine()
    engine = CachedEngine(inner, path)
    stream = engine.stream((1, 2))
    next(stream)
    stream.close()
    whole = "".join(engine.stream((1, 2)))
    assert engine.generate([(1, 2)]) == [whole]
    assert [call.method for call in inner.calls] == ["stream", "stream"]


def write_many(path, seed):
    engine = CachedEngine(ScriptedEngine(), path, commit_every=1)
    order = np.random.default_rng(seed).permutation(60)
    engine.score_labels([(1, int(n)) for n in order], [(5, 6)] * 60)
    engine.close()


def test_several_processes_share_a_file(path):
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=write_many, args=(path, seed)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    inner = ScriptedEngine()
    prompts = [(1, n) for n in range(60)]
    scores = CachedEngine(inner, path).score_labels(prompts, [(5, 6)] * 60)
    assert inner.calls == []
    np.testing.assert_array_equal(scores, inner.score_labels(prompts, [(5, 6)] * 60))


def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.parent.mkdir()
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(ArtifactError, match=r"answers\.sqlite is damaged(?s:.*)Remove the file"):
        CachedEngine(ScriptedEngine(), path)
    assert path.read_bytes() == b"something else entirely" * 100


def test_a_database_of_something_else_is_refused(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE accounts (id INTEGER)")
    other.close()
    with pytest.raises(ArtifactError, match="database of something else"):
        CachedEngine(ScriptedEngine(), path)


def test_damage_found_later_is_said(path):
    engine = CachedEngine(ScriptedEngine(), path)
    engine.score_labels(PROMPTS, [(5, 6)] * 10)
    engine.close()
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="Remove the file"):
        CachedEngine(ScriptedEngine(), path).score_labels(PROMPTS, [(5, 6)] * 10)


def test_closing_twice_is_allowed(path):
    engine = CachedEngine(ScriptedEngine(), path)
    engine.close()
    engine.close()
