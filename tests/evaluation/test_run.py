"""Whole runs: what is learnt shows, chance is chance, a killed run goes on, leaks stop it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from llmrec.artifacts import read_manifest
from llmrec.data import SplitProtocol
from llmrec.errors import ArtifactError, ConfigError, DataError, LeakageError
from llmrec.evaluation import ROWS, EvaluateConfig, RowSpec, RunFolder, evaluate, run

QUICK = EvaluateConfig(batch=16, resamples=50)


class Constant:
    """Says the same of every item."""

    identity = "constant"

    def __init__(self, n_items, value=0.0):
        self.n_items, self.value = n_items, value

    def scores(self, histories):
        return np.full((len(histories), self.n_items), self.value, dtype=np.float32)


def row(name, make):
    return {name: RowSpec(name=name, what="of a test", fit=make, learns=False)}


def by_name(results):
    return {found["name"]: found for found in results["rows"]}


def test_what_can_be_learnt_shows_and_everything_is_written(log, loo, tmp_path):
    results = evaluate(log, loo, out=tmp_path / "run", config=QUICK)
    found = by_name(results)
    assert found["last-item"]["metrics"]["recall@5"]["value"] > 0.9
    assert found["popularity"]["metrics"]["recall@5"]["value"] < 0.6
    assert found["ease-recency"]["settings"]["decay"] < 1
    assert len(found["item-knn"]["trials"]) == len(ROWS["item-knn"].grid)
    for figures in found.values():
        for figure in figures["metrics"].values():
            assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert results["run"]["protocol_sha256"] == loo.sha256
    assert len(results["comparisons"]) == 6 * 5 // 2
    assert all(pair["p_holm"] >= pair["p_value"] for pair in results["comparisons"])
    assert read_manifest(tmp_path / "run", "evaluation").made_from["protocol"] == loo.id
    assert json.loads((tmp_path / "run" / "results.json").read_text()) == results
    assert "last-item" in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize("ties", ["expected", "pessimistic"])
def test_a_scorer_without_information_is_at_chance_or_below(log, loo, tmp_path, ties):
    card = loo.model_copy(update={"metric_ties": ties})
    rows = row("constant", lambda fitting, _: Constant(len(fitting.catalogue)))
    results = evaluate(log, card, out=tmp_path / "run", rows=rows, config=QUICK)
    [found] = results["rows"]
    assert found["tied"] == (50 if ties == "expected" else 0)
    for name, chance in results["chance"].items():
        value = found["metrics"][name]["value"]
        assert value == pytest.approx(chance) if ties == "expected" else value <= chance
    assert found["metrics"]["auc"]["value"] == pytest.approx(0.5 if ties == "expected" else 0.0)


def test_random_scores_are_at_chance(log, loo, tmp_path):
    values = []
    for seed in range(8):
        config = QUICK.model_copy(update={"seed": seed})
        results = evaluate(log, loo, out=tmp_path / f"{seed}", rows=["random"], config=config)
        values.append(results["rows"][0]["metrics"]["recall@10"]["value"])
    chance = results["chance"]["recall@10"]
    error = np.sqrt(chance * (1 - chance) / (8 * 50))
    assert abs(np.mean(values) - chance) < 3.5 * error


class TestLongRuns:
    def test_a_killed_run_goes_on_where_it_stopped(self, log, loo, tmp_path):
        asked = []

        class Dies(Constant):
            def scores(self, histories):
                if len(asked) == 2:
                    raise KeyboardInterrupt
                asked.append(len(histories))
                return super().scores(histories)

        rows = row("dies", lambda fitting, _: Dies(len(fitting.catalogue)))
        with pytest.raises(KeyboardInterrupt):
            evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        asked.clear()
        rows = row("dies", lambda fitting, _: Constant(len(fitting.catalogue)))
        results = evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        assert results["queries"]["queries"] == 50
        whole = evaluate(log, loo, out=tmp_path / "whole", rows=rows, config=QUICK)
        assert by_name(whole)["dies"]["metrics"] == by_name(results)["dies"]["metrics"]

    def test_finished_rows_are_not_ranked_again_and_others_can_be_added(self, log, loo, tmp_path):
        first = evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)

        def never(*_):
            raise AssertionError("it was ranked before")

        rows = row("popularity", never) | {"last-item": ROWS["last-item"]}
        both = evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        assert by_name(both)["popularity"] == by_name(first)["popularity"]
        assert set(by_name(both)) == {"popularity", "last-item"}

    def test_an_unfinished_row_is_told(self, log, loo, tmp_path):
        evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        (tmp_path / "run" / "rows" / "popularity" / "batch-00001.parquet").unlink()
        with pytest.raises(ArtifactError, match="has 34 of 50 queries"):
            RunFolder.open(tmp_path / "run").ranked("popularity")

    @pytest.mark.parametrize("kept", [0, 20, 200, -20])
    def test_a_damaged_batch_is_named(self, log, loo, tmp_path, kept):
        evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        file = tmp_path / "run" / "rows" / "popularity" / "batch-00001.parquet"
        file.write_bytes(file.read_bytes()[:kept])
        for rows in (["popularity"], ["random"]):
            with pytest.raises(ArtifactError, match=r"batch-00001.parquet cannot be read"):
                evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        file.unlink()
        again = evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        assert again["unfinished"] == []

    def test_a_run_of_another_make_or_format_is_refused(self, log, loo, tmp_path):
        evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        other = QUICK.model_copy(update={"sample": 10})
        with pytest.raises(ArtifactError, match="is a run with"):
            evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=other)
        file = tmp_path / "run" / "run.json"
        values = json.loads(file.read_text())
        file.write_text(json.dumps({**values, "format_version": 0}))
        with pytest.raises(ArtifactError, match="is a run of format 0; this version reads 1"):
            evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        file.write_text("{")
        with pytest.raises(ArtifactError, match="cannot be read"):
            RunFolder.open(tmp_path / "run")
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("years of work")
        with pytest.raises(ArtifactError, match="is no evaluation run"):
            evaluate(log, loo, out=tmp_path / "mine", rows=["popularity"], config=QUICK)

    def test_a_sample_is_the_same_each_time(self, log, loo, tmp_path):
        config = QUICK.model_copy(update={"sample": 20})
        names = ("a", "b")
        one, other = (
            evaluate(log, loo, out=tmp_path / name, rows=["popularity"], config=config)
            for name in names
        )
        assert one["queries"]["queries"] == 20
        assert one["rows"][0]["metrics"] == other["rows"][0]["metrics"]
        users = [RunFolder.open(tmp_path / n).table("queries.parquet")["user_id"] for n in names]
        assert users[0].equals(users[1])


class TestBadInput:
    def test_unknown_rows_metrics_and_rows_that_cannot_run(self, log, loo, tmp_path):
        out = tmp_path / "run"
        with pytest.raises(ConfigError, match="'eese'\n  Did you mean 'ease'"):
            evaluate(log, loo, out=out, rows=["eese"])
        with pytest.raises(ConfigError, match="no metric 'ndgc'\n  Did you mean 'ndcg'"):
            evaluate(log, loo.model_copy(update={"metrics": ("ndgc",)}), out=out)
        with pytest.raises(ConfigError, match="no rows to evaluate"):
            evaluate(log, loo, out=out, rows=[])
        with pytest.raises(ConfigError, match=r"row name '\.\./x' cannot name a folder"):
            evaluate(log, loo, out=out, rows=row("../x", lambda *_: Constant(1)))
        with pytest.raises(ConfigError, match="row 'mean' needs an item index"):
            evaluate(log, loo, out=out, rows=["mean"])
        with pytest.raises(ConfigError, match="row 'ease' learns from events"):
            evaluate(log, SplitProtocol.named("new-domain.v1"), out=out, rows=["ease"])
        assert not out.exists()

    @pytest.mark.parametrize(
        ("ranker", "message"),
        [
            (lambda n: Constant(n, np.nan), "is NaN"),
            (lambda n: Constant(n - 1), r"constant gave scores of shape \(16, 39\)"),
        ],
    )
    def test_scores_that_are_none(self, log, loo, tmp_path, ranker, message):
        rows = row("bad", lambda fitting, _: ranker(len(fitting.catalogue)))
        with pytest.raises(DataError, match=message):
            evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)

    def test_the_guard_runs_before_any_number(self, log, loo, tmp_path, monkeypatch):
        sound = run.splits(log, loo)[0]
        leaky = dataclasses.replace(sound, train_for_test=log.interactions)
        monkeypatch.setattr(run, "splits", lambda *_: [leaky])
        ranked = []
        rows = row("spy", lambda fitting, _: ranked.append(1) or Constant(len(fitting.catalogue)))
        with pytest.raises(LeakageError, match="training events are not before"):
            evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        assert not ranked
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "name",
    [
        "last-m.v1",
        "global-temporal.v1",
        "sliding-windows.v1",
        "llamarec.v1",
        "cold-users.v1",
        "cold-items.v1",
    ],
)
def test_every_card_runs_or_says_what_is_missing(log, name, tmp_path):
    def run_it():
        card, rows = SplitProtocol.named(name), ["popularity", "random"]
        return evaluate(log, card, out=tmp_path / "run", rows=rows, config=QUICK)

    if name.startswith("cold"):  # everybody and everything is there from the first days on
        with pytest.raises(DataError, match=r"leaves no event of .* to ask in the test"):
            run_it()
        return
    results = run_it()
    assert results["queries"]["queries"] > 0
    if name == "sliding-windows.v1":
        assert results["queries"]["windows"] == 4
        assert set(by_name(results)["popularity"]["identities"]) == {"0", "1", "2", "3"}
    if name == "last-m.v1":
        assert results["queries"]["queries"] == 5 * results["queries"]["users"]


def test_rows_of_text_vectors_run_where_nothing_may_be_learnt(log, tmp_path):
    pytest.importorskip("faiss")
    from llmrec.encode import HashEncoder
    from llmrec.retrieval import ItemIndex

    ItemIndex.build(log.catalogue, HashEncoder()).save(tmp_path / "index")
    results = evaluate(
        log,
        SplitProtocol.named("new-domain.v1"),
        out=tmp_path / "run",
        rows=["mean", "random"],
        config=QUICK,
        index=tmp_path / "index",
    )
    assert by_name(results)["mean"]["settings"]["half_life_events"] in (1, 2, 5, 10)
