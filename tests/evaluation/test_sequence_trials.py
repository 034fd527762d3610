"""The sequence retriever in evaluation: its row, and the log of its variants."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pytest

from llmrec.data import SplitProtocol, load, split
from llmrec.encode import HashEncoder
from llmrec.errors import ArtifactError, ConfigError, LeakageError
from llmrec.evaluation import evaluate
from llmrec.evaluation.baselines import ROWS
from llmrec.evaluation.retrievers import fit_again, train_retriever
from llmrec.evaluation.sequence_trials import SequenceTrials, run_sequence_trials
from llmrec.retrieval import ItemIndex, load_retriever
from llmrec.retrieval.sequence import SequenceConfig, fit_sequence

pytest.importorskip("torch")

BASE = {"dimension": 16, "epochs": 3, "batch_events": 200, "learning_rate": 0.01}


def test_the_row_learns_what_follows_what(log, loo, tmp_path):
    settings = {**BASE, "epochs": 20, "warmup_steps": 10}
    rows = {
        "popularity": ROWS["popularity"],
        "sequence": dataclasses.replace(ROWS["sequence"], grid=(settings,)),
    }
    results = evaluate(log, loo, out=tmp_path / "run", rows=rows)
    found = {row["name"]: row["metrics"]["ndcg@10"]["value"] for row in results["rows"]}
    assert found["sequence"] > 2 * found["popularity"]


def test_every_variant_is_tried_once_and_its_figures_are_kept(log, tmp_path):
    out = tmp_path / "trials.json"
    trials = SequenceTrials(base=BASE, variants={"default": {}, "texts": {"texts": True}})
    [only] = run_sequence_trials(log.path, "leave-one-out.v1", trials, out)
    assert only["variant"] == "default"
    assert 0 <= only["ndcg@10"] <= only["recall@10"] <= only["recall@20"] <= 1
    more = SequenceTrials(base=BASE, variants={"default": {}, "no gaps": {"gaps": "none"}})
    first, second = run_sequence_trials(log.path, "leave-one-out.v1", more, out)
    assert first == only
    assert second["settings"] == {**BASE, "gaps": "none"}
    assert json.loads(out.read_text())["trials"] == [first, second]


def test_the_figure_is_the_one_that_stopped_the_training(log, tmp_path):
    out = tmp_path / "trials.json"
    trials = SequenceTrials(base=BASE, variants={"default": {}})
    [trial] = run_sequence_trials(log.path, "leave-one-out.v1", trials, out)
    part = split(load(log.path), SplitProtocol.named("leave-one-out.v1"))
    retriever = fit_sequence(
        part.dataset.catalogue, part.train, SequenceConfig(**BASE), validation=part.validation
    )
    best = max(retriever.metrics["validation_ndcg@10"])
    assert trial["ndcg@10"] == pytest.approx(best, abs=1e-3)


def test_a_wrong_setting_or_a_broken_log_is_named(log, tmp_path):
    trials = SequenceTrials(base=BASE, variants={"odd": {"gapz": "none"}})
    with pytest.raises(ConfigError, match=r"odd.*gapz"):
        run_sequence_trials(log.path, "leave-one-out.v1", trials, tmp_path / "trials.json")
    (tmp_path / "trials.json").write_text("[")
    with pytest.raises(ArtifactError, match="cannot be read"):
        run_sequence_trials(log.path, "leave-one-out.v1", trials, tmp_path / "trials.json")


def test_it_is_trained_saved_and_loaded_with_text_vectors_or_without(log, loo, tmp_path):
    ItemIndex.build(log.catalogue, HashEncoder()).save(tmp_path / "index")
    settings = {**BASE, "dropout": 0.1}
    known = log.history("u00", as_of=log.last_moment + timedelta(seconds=1))
    for name, index in (("plain", None), ("with texts", tmp_path / "index")):
        trained = train_retriever(log, "sequence", loo, settings=settings, index=index)
        trained.save(tmp_path / name)
        again = load_retriever(tmp_path / name, catalogue=log.catalogue)
        assert again.retrieve([known], 5) == trained.retriever.retrieve([known], 5)
        with pytest.raises(LeakageError, match="sequence counts events up to"):
            again.retrieve([log.history("u00", as_of=log.last_moment - timedelta(days=3))], 5)
    assert fit_again(tmp_path / "plain", log, log.interactions).name == "sequence"
    with pytest.raises(ConfigError, match="without its index"):
        fit_again(tmp_path / "with texts", log, log.interactions)
