"""What training gives: a model that knows what comes next, on bad days an error by name."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from llmrec.errors import (
    ArtifactError,
    ConfigError,
    DataError,
    EngineError,
    LeakageError,
    UnknownItemError,
)
from llmrec.retrieval import ItemIndex
from llmrec.retrieval.sequence import SequenceRetriever, fit_sequence, fit_sequence_on_all
from llmrec.retrieval.sequence import training as training_module
from llmrec.retrieval.sequence.checkpoint import read_checkpoint
from llmrec.retrieval.sequence.holdout import last_events_out
from llmrec.types import Catalogue, History, Interaction, Item
from tests.retrieval.sequence.conftest import N_ITEMS, START_S, walks

START = datetime.fromtimestamp(START_S, tz=UTC)


def history(numbers, *, weights=None):
    weights = weights or [1.0] * len(numbers)
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=START + timedelta(days=t), rating=3.0, weight=weight)
        for t, (n, weight) in enumerate(zip(numbers, weights, strict=True))
    )
    return History(user_id="u", as_of=START + timedelta(days=99), interactions=events)


def rank_of_next(retriever, numbers, wanted):
    [row] = retriever.retrieve([history(numbers)], N_ITEMS, seen="allow")
    return [candidate.item.item_id for candidate in row].index(f"i{wanted}") + 1


@pytest.fixture(scope="module")
def fitted(ring, small):
    return fit_sequence(ring, walks(), small)


def same_weights(one, other):
    return one.identity == other.identity


def test_it_learns_which_way_somebody_walks(fitted):
    ahead = [rank_of_next(fitted, [n, n + 1, n + 2], n + 3) for n in range(20)]
    back = [rank_of_next(fitted, [n + 3, n + 2, n + 1], n) for n in range(20)]
    assert np.mean([*ahead, *back]) < 3


def test_drawn_negatives_teach_the_same(ring, small):
    drawn = small.model_copy(update={"full_softmax_items": 0, "negatives": 8})
    retriever = fit_sequence(ring, walks(), drawn)
    assert np.mean([rank_of_next(retriever, [n, n + 1, n + 2], n + 3) for n in range(20)]) < 4


@pytest.mark.parametrize(
    "change",
    [
        {"block": "plain", "positions": "learned"},
        {"positions": "none"},
        {"positions": "decay"},
        {"gaps": "after"},
    ],
)
def test_every_form_of_the_model_learns(ring, small, change):
    retriever = fit_sequence(ring, walks(), small.model_copy(update=change))
    assert np.mean([rank_of_next(retriever, [n, n + 1, n + 2], n + 3) for n in range(20)]) < 5


def test_the_same_seed_gives_the_same_model_and_another_another(ring, small):
    few = small.model_copy(update={"epochs": 2})
    one = fit_sequence(ring, walks(), few)
    shuffled = walks().collect().sample(fraction=1, shuffle=True, seed=5).lazy()
    assert same_weights(one, fit_sequence(ring, shuffled, few))
    other = fit_sequence(ring, walks(), few.model_copy(update={"seed": 1}))
    assert not same_weights(one, other)


def test_an_event_that_weighs_nothing_is_not_there_and_half_a_weight_lies_between(fitted):
    whole, none, half = (
        fitted.queries([history([3, 4, 5, 12], weights=[1, 1, 1, weight])])[0]
        for weight in (1.0, 0.0, 0.5)
    )
    omitted = fitted.queries([history([3, 4, 5, 12]).without([3])])[0]
    assert np.array_equal(none, omitted)
    assert not np.allclose(half, whole, atol=1e-3)
    assert not np.allclose(half, none, atol=1e-3)


def test_unknown_items_are_passed_over_and_a_history_of_them_alone_is_an_empty_one(fitted):
    known = history([3, 4, 5])
    unknown = dataclasses.replace(known.interactions[0], item_id="i77")
    mixed = dataclasses.replace(known, interactions=(unknown, *known.interactions))
    assert fitted.retrieve([mixed], 5) == fitted.retrieve([known], 5)
    assert fitted.retrieve([history([77, 88])], 5) == fitted.retrieve([history([])], 5)
    assert len(fitted.retrieve([history([])], 50)[0]) == N_ITEMS


def test_only_the_newest_events_are_read(ring, small):
    short = small.model_copy(update={"max_events": 3, "epochs": 3, "gaps": "none"})
    retriever = fit_sequence(ring, walks(), short)
    one, other = history([1, 9, 5, 6, 7]), history([20, 2, 5, 6, 7])
    assert np.array_equal(retriever.queries([one]), retriever.queries([other]))


def test_leaving_an_event_out_brings_nothing_older_back(ring, small):
    short = small.model_copy(update={"max_events": 3, "epochs": 3, "gaps": "none"})
    retriever = fit_sequence(ring, walks(), short)
    one, other = history([1, 5, 6, 7]).without([2]), history([20, 5, 6, 7]).without([2])
    assert np.array_equal(retriever.queries([one]), retriever.queries([other]))


def test_validation_decides_which_epoch_is_kept(ring, small):
    rest, queries = last_events_out(ring, walks(), seed=0)
    impatient = small.model_copy(update={"patience": 2})
    retriever = fit_sequence(ring, rest, impatient, validation=queries)
    values = retriever.metrics["validation_ndcg@10"]
    assert retriever.metrics["epochs"] == 1 + int(np.argmax(values))
    assert len(values) <= min(small.epochs, retriever.metrics["epochs"] + 3)


def test_who_takes_the_same_again_can_be_validated_on(ring, small):
    twice = pl.concat([walks(), walks().with_columns(pl.col("timestamp_s") + 30 * 86_400)])
    rest, queries = last_events_out(ring, twice, seed=0)
    short = small.model_copy(update={"epochs": 6})
    values = fit_sequence(ring, rest, short, validation=queries).metrics["validation_ndcg@10"]
    assert max(values) > 0.5


def test_held_out_events_are_the_last_and_are_not_trained_on(ring):
    rest, queries = last_events_out(ring, walks(), seed=0, n_users=7)
    whole, kept = walks().collect(), rest.collect()
    assert len(queries) == 7
    assert kept.height == whole.height - 7
    for query in queries:
        events = whole.filter(pl.col("user_id") == query.history.user_id).sort("timestamp_s")
        assert query.target.item_id == events["item_id"][-1]
        assert [e.item_id for e in query.history.interactions] == events["item_id"].to_list()[:-1]


def test_training_on_all_ends_after_as_many_epochs_as_stopping_said(ring, small, tmp_path):
    short = small.model_copy(update={"epochs": 4})
    retriever = fit_sequence_on_all(ring, walks(), short, folder=tmp_path)
    assert 1 <= retriever.config.epochs <= 4
    assert len(retriever.metrics["losses"]) == retriever.config.epochs
    assert retriever.metrics["validation_ndcg@10"] == []


def test_items_never_trained_on_are_found_by_their_texts(ring, ring_texts, small):
    new = (6, 18)
    config = small.model_copy(update={"id_dropout": 0.5})
    retriever = fit_sequence(ring, walks(without=new), config, texts=ring_texts)
    ranks = [rank_of_next(retriever, [n - 3, n - 2, n - 1], n) for n in new]
    ranks += [rank_of_next(retriever, [n + 3, n + 2, n + 1], n) for n in new]
    assert max(ranks) <= N_ITEMS / 3
    plain = fit_sequence(ring, walks(without=new), small)
    blind = [rank_of_next(plain, [n - 3, n - 2, n - 1], n) for n in new]
    assert np.mean(ranks) < np.mean(blind)


def test_an_item_that_joins_the_index_is_found_and_read(ring, ring_texts, small):
    old = Catalogue([ring[f"i{n}"] for n in range(N_ITEMS) if n != 6])
    texts = ItemIndex(old, list(old), ring_texts.vectors(list(old)))
    config = small.model_copy(update={"id_dropout": 0.5})
    retriever = fit_sequence(old, walks(without=(6,)), config, texts=texts)
    before = retriever.queries([history([5, 6])])
    added = retriever.text_vectors(ring_texts.vectors(["i6"]))
    retriever.index.add(["i6"], added, catalogue=ring)
    assert rank_of_next(retriever, [3, 4, 5], 6) <= N_ITEMS / 3
    assert not np.allclose(before, retriever.queries([history([5, 6])]), atol=1e-3)
    assert retriever.scores([history([3])]).shape == (1, N_ITEMS)


def test_text_vectors_of_another_dimension_or_of_no_model_are_refused(
    ring, ring_texts, small, fitted
):
    with pytest.raises(ConfigError, match="without texts"):
        fitted.text_vectors(np.ones((1, 6), dtype=np.float32))
    short = small.model_copy(update={"epochs": 1})
    retriever = fit_sequence(ring, walks(), short, texts=ring_texts)
    with pytest.raises(ConfigError, match=r"\(1, 5\).*\(n, 6\)"):
        retriever.text_vectors(np.ones((1, 5), dtype=np.float32))


def test_bad_input_is_named(ring, ring_texts, small):
    with pytest.raises(DataError, match="catalogue is empty"):
        fit_sequence(Catalogue([]), walks(), small)
    with pytest.raises(DataError, match="there are none"):
        fit_sequence(ring, walks().head(0), small)
    few = Catalogue(list(ring.values())[:5])
    with pytest.raises(UnknownItemError, match="'i"):
        fit_sequence(few, walks(), small)
    texts = ItemIndex(ring, ["i0"], ring_texts.vectors(["i0"]))
    with pytest.raises(DataError, match=r"'i1'.*no text vector"):
        fit_sequence(ring, walks(), small, texts=texts)
    with pytest.raises(ConfigError, match="3 heads"):
        type(small).of({"dimension": 64, "heads": 3})


def test_one_item_can_be_learnt(small):
    one = Catalogue([Item(item_id="i0", title="All there is")])
    events = walks().with_columns(item_id=pl.lit("i0"))
    retriever = fit_sequence(one, events, small.model_copy(update={"epochs": 1}))
    [row] = retriever.retrieve([history([])], 5)
    assert [candidate.item.item_id for candidate in row] == ["i0"]


def test_a_loss_that_is_no_number_ends_training_and_leaves_the_last_good_state(
    ring, small, tmp_path
):
    wild = small.model_copy(update={"learning_rate": 1e30, "warmup_steps": 0})
    with pytest.raises(EngineError, match=r"loss is (nan|inf).*step") as caught:
        fit_sequence(
            ring, walks(), wild.model_copy(update={"checkpoint_steps": 1}), folder=tmp_path
        )
    assert str(tmp_path) in str(caught.value)
    progress, _ = read_checkpoint(tmp_path / "checkpoint", {})
    assert np.isfinite(progress.loss_sum)
    assert progress.step >= 1


def test_a_history_from_before_the_log_s_end_is_refused(ring, small):
    retriever = fit_sequence(
        ring, walks(), small.model_copy(update={"epochs": 1}), before=START + timedelta(days=200)
    )
    with pytest.raises(LeakageError, match="sequence counts events up to"):
        retriever.retrieve([history([1, 2])], 3)


def test_saved_and_loaded_it_is_the_same_and_belongs_to_its_catalogue(
    ring, ring_texts, small, tmp_path
):
    config = small.model_copy(update={"epochs": 2})
    end = START - timedelta(days=1)
    retriever = fit_sequence(ring, walks(), config, texts=ring_texts, before=end)
    retriever.save(tmp_path / "model")
    again = SequenceRetriever.load(tmp_path / "model", catalogue=ring)
    past = [history([3, 4, 5]), history([])]
    assert again.identity == retriever.identity
    assert again.retrieve(past, 5) == retriever.retrieve(past, 5)
    assert again.metrics == retriever.metrics
    other = Catalogue([Item(item_id=f"i{n}", title="Another") for n in range(N_ITEMS)])
    with pytest.raises(ArtifactError, match="catalogue_sha256"):
        SequenceRetriever.load(tmp_path / "model", catalogue=other)
    file = tmp_path / "model" / "model.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-3] ^= 4
    file.write_bytes(raw)
    with pytest.raises(ArtifactError, match="damaged"):
        SequenceRetriever.load(tmp_path / "model", catalogue=ring)


@pytest.mark.parametrize("kept", [1, 2, 4, 7])
def test_training_goes_on_where_it_was_stopped_and_ends_the_same(
    ring, small, tmp_path, monkeypatch, kept
):
    config = small.model_copy(update={"epochs": 3, "checkpoint_steps": 2})
    rest, queries = last_events_out(ring, walks(), seed=0)
    whole = fit_sequence(ring, rest, config, validation=queries)
    real, calls = training_module.write_checkpoint, []

    def write(*args):
        real(*args)
        calls.append(args)
        if len(calls) == kept:
            raise KeyboardInterrupt

    monkeypatch.setattr(training_module, "write_checkpoint", write)
    with pytest.raises(KeyboardInterrupt):
        fit_sequence(ring, rest, config, validation=queries, folder=tmp_path)
    monkeypatch.undo()
    resumed = fit_sequence(ring, rest, config, validation=queries, folder=tmp_path)
    assert same_weights(resumed, whole)
    assert resumed.metrics == whole.metrics


def test_a_finished_training_is_not_trained_again(ring, small, tmp_path):
    config = small.model_copy(update={"epochs": 2})
    once = fit_sequence(ring, walks(), config, folder=tmp_path)
    again = fit_sequence(ring, walks(), config, folder=tmp_path)
    assert same_weights(once, again)
    assert again.metrics == once.metrics


def test_another_training_s_checkpoint_is_refused(ring, small, tmp_path):
    fit_sequence(ring, walks(), small.model_copy(update={"epochs": 1}), folder=tmp_path)
    with pytest.raises(ArtifactError, match="config"):
        fit_sequence(ring, walks(), small.model_copy(update={"epochs": 2}), folder=tmp_path)
    with pytest.raises(ArtifactError, match="events_sha256"):
        fit_sequence(ring, walks(39), small.model_copy(update={"epochs": 1}), folder=tmp_path)


def test_a_full_disk_is_said_and_the_older_checkpoint_stands(ring, small, tmp_path, monkeypatch):
    config = small.model_copy(update={"epochs": 3, "checkpoint_steps": 2})
    real, written = Path.write_bytes, []

    def write(path, raw):
        written.append(path)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        return real(path, raw)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(ArtifactError, match="No space left"):
        fit_sequence(ring, walks(), config, folder=tmp_path)
    monkeypatch.undo()
    resumed = fit_sequence(ring, walks(), config, folder=tmp_path)
    assert same_weights(resumed, fit_sequence(ring, walks(), config))


RING = """
import json, sys
from pathlib import Path
from llmrec.retrieval.sequence import SequenceConfig, fit_sequence
from llmrec.types import Catalogue, Item
from tests.retrieval.sequence.conftest import N_ITEMS, walks

ring = Catalogue([Item(item_id=f"i{n}", title=f"Place {n}") for n in range(N_ITEMS)])
config = SequenceConfig.of(json.loads(sys.argv[1]))
"""


def in_a_process(code, config, folder, *launcher):
    script = folder / "train.py"
    script.write_text(RING + code)
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "ACCELERATE_USE_CPU": "true"}
    command = [sys.executable, *launcher, str(script), config.model_dump_json(), str(folder)]
    return subprocess.Popen(command, cwd=root, env=environment)  # noqa: S603


@pytest.mark.slow
def test_a_killed_process_s_training_is_finished_by_the_next_to_the_same_model(
    ring, small, tmp_path
):
    config = small.model_copy(update={"epochs": 12, "checkpoint_steps": 3})
    code = "fit_sequence(ring, walks(), config, folder=Path(sys.argv[2]))\n"
    process = in_a_process(code, config, tmp_path)
    progress = tmp_path / "checkpoint" / "progress.json"
    deadline = time.monotonic() + 120
    while not progress.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert json.loads(progress.read_text())["epoch"] < 12
    resumed = fit_sequence(ring, walks(), config, folder=tmp_path)
    assert same_weights(resumed, fit_sequence(ring, walks(), config))


@pytest.mark.slow
def test_two_processes_train_one_model(ring, small, tmp_path):
    code = """
import os
retriever = fit_sequence(ring, walks(), config, folder=Path(sys.argv[2]))
retriever.save(Path(sys.argv[2]) / f"by-{os.environ['RANK']}")
"""
    config = small.model_copy(update={"batch_events": 60, "epochs": 15})
    two = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert in_a_process(code, config, tmp_path, *two).wait(timeout=240) == 0
    one, other = (
        SequenceRetriever.load(tmp_path / name, catalogue=ring) for name in ("by-0", "by-1")
    )
    assert same_weights(one, other)
    assert np.mean([rank_of_next(one, [n, n + 1, n + 2], n + 3) for n in range(20)]) < 5


def test_curves_are_drawn_for_tensorboard(ring, small, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    rest, queries = last_events_out(ring, walks(), seed=0)
    config = small.model_copy(update={"epochs": 3})
    retriever = fit_sequence(ring, rest, config, validation=queries, folder=tmp_path)
    drawn = EventAccumulator(str(tmp_path / "curves")).Reload()
    for tag, name in (("loss", "losses"), ("validation NDCG@10", "validation_ndcg@10")):
        values = [event.value for event in drawn.Scalars(tag)]
        assert values == pytest.approx(retriever.metrics[name], rel=1e-5)
