"""Whole runs on the film world: every figure is there, nothing finished is asked twice."""

from __future__ import annotations

import dataclasses
import json

import polars as pl
import pytest

from llmrec.cli.reasons import world_truth
from llmrec.errors import ArtifactError, ConfigError, DataError, UnknownUserError
from llmrec.evaluation.reasons import ReasonsConfig, measure_reasons, reason_tables
from llmrec.recommender import Recommender
from tests.evaluation.reasons.cases import Script

QUICK = ReasonsConfig(users=3, k=2, resamples=50)


def figures(value):
    """Yield every figure with an interval, however deep."""
    if isinstance(value, dict):
        if {"value", "low", "high"} <= value.keys():
            yield value
        for part in value.values():
            yield from figures(part)
    elif isinstance(value, list):
        for part in value:
            yield from figures(part)


def test_a_run_measures_everything_and_writes_it(open_line, index, card, film_world, tmp_path):
    results = measure_reasons(
        open_line(Script("The critics loved it, says [1].")),
        card,
        index,
        out=tmp_path / "run",
        config=QUICK,
        truth=world_truth(film_world),
    )
    assert json.loads((tmp_path / "run" / "results.json").read_text()) == results
    table = pl.read_parquet(tmp_path / "run" / "reasons.parquet")
    assert table.height == results["items"] == 6
    assert table["user_id"].n_unique() == results["run"]["users"] == 3
    for found in figures(results):
        assert found["value"] is None or found["low"] <= found["value"] <= found["high"]
    grounded = results["groundedness"]
    assert grounded["before"][0]["value"] < 1.0
    assert grounded["after"][0]["value"] == 1.0
    assert results["form"]["authors"]["template"]["value"] == 1.0
    assert results["truth"]["items"] == 6
    assert results["judge"] is None
    page = (tmp_path / "run" / "reasons.html").read_text()
    for heading, _, rows in reason_tables(results):
        assert heading in page
        assert rows
    assert page.count("<svg") == 2
    cited = results["faithfulness"]["curve"][0]["items"]
    assert f"the {cited} items that cite at least 1" in page


def test_the_curves_begin_and_end_at_what_was_cited(open_line, index, card, tmp_path):
    results = measure_reasons(open_line(), card, index, out=tmp_path / "run", config=QUICK)
    table = pl.read_parquet(tmp_path / "run" / "reasons.parquet")
    for row in table.to_dicts():
        for way in {trial["way"] for trial in row["trials"]}:
            events = [t["events"] for t in row["trials"] if t["way"] == way]
            assert events == list(range(1, len(row["cited"]) + 1))
    found = results["faithfulness"]
    most = found["curve"][0]
    assert most["items"] == found["items"]


def test_a_folder_of_older_measures_is_refused(open_line, index, card, tmp_path):
    config = QUICK.model_copy(update={"users": 1})
    measure_reasons(open_line(), card, index, out=tmp_path / "run", config=config)
    file = tmp_path / "run" / "run.json"
    told = json.loads(file.read_text())
    del told["table_format"]
    file.write_text(json.dumps(told))
    with pytest.raises(ArtifactError, match="table_format None, not 3"):
        measure_reasons(open_line(), card, index, out=tmp_path / "run", config=config)


def test_every_event_has_a_similarity_and_an_effect(open_line, index, card, film_world, tmp_path):
    truth = world_truth(film_world)
    measure_reasons(open_line(), card, index, out=tmp_path / "run", config=QUICK, truth=truth)
    for row in pl.read_parquet(tmp_path / "run" / "reasons.parquet").to_dicts():
        history = film_world.history(row["user_id"], as_of=row["as_of"])
        assert len(row["similarity"]) == len(row["truth"]) == len(history.interactions)
        assert all(0 <= position < len(row["truth"]) for position in row["cited"])


def test_a_killed_run_goes_on_without_asking_again(open_line, index, card, tmp_path):
    dies, goes_on, whole = Script(dies_after=2), Script(), Script()
    with pytest.raises(KeyboardInterrupt):
        measure_reasons(open_line(dies), card, index, out=tmp_path / "run", config=QUICK)
    assert dies.asked == 2
    results = measure_reasons(open_line(goes_on), card, index, out=tmp_path / "run", config=QUICK)
    expected = measure_reasons(open_line(whole), card, index, out=tmp_path / "all", config=QUICK)
    assert goes_on.asked < whole.asked
    assert results == expected


def test_a_larger_sample_keeps_the_users_of_a_smaller_one(open_line, index, card, tmp_path):
    few = QUICK.model_copy(update={"users": 2})
    first = measure_reasons(open_line(), card, index, out=tmp_path / "run", config=few)
    kept = {f: f.stat().st_mtime_ns for f in (tmp_path / "run" / "users").iterdir()}
    more = measure_reasons(open_line(), card, index, out=tmp_path / "run", config=QUICK)
    assert (first["items"], more["items"]) == (4, 6)
    assert {f: f.stat().st_mtime_ns for f in kept} == kept


def test_the_template_alone_speaks_for_users_beyond_the_drafted(open_line, index, card, tmp_path):
    writer = Script("It is the best film ever made, say the critics.")
    config = QUICK.model_copy(update={"drafted_users": 1})
    results = measure_reasons(open_line(writer), card, index, out=tmp_path / "run", config=config)
    table = pl.read_parquet(tmp_path / "run" / "reasons.parquet")
    assert table.filter(pl.col("drafts").list.len() > 0)["user_id"].n_unique() == 1
    assert results["groundedness"]["first_drafts_that_stand"]["value"] == 0.0
    assert results["groundedness"]["before"][0]["value"] < 1.0
    assert set(table["author"]) == {"template"}


def test_without_an_llm_the_retriever_is_measured_alone(open_line, index, card, tmp_path):
    line = open_line(engine=None, weight=None)
    results = measure_reasons(line, card, index, out=tmp_path / "run", config=QUICK)
    assert results["run"]["reranker"] is None
    assert results["groundedness"]["before"] == []
    assert results["faithfulness"]["items"] > 0


def test_orders_that_chose_the_evidence_do_not_measure_it(open_line, index, card, tmp_path):
    line = open_line(scorer="labels")
    config = QUICK.model_copy(update={"users": 1})
    results = measure_reasons(line, card, index, out=tmp_path / "run", config=config)
    assert results["run"]["order_matters"]
    n_orders = line.pipeline.explainer.config.evidence.n_orders
    assert results["run"]["orders"] == [n_orders + 1, n_orders + 2]


class TestBadInput:
    def test_an_unknown_user(self, open_line, index, card, tmp_path):
        with pytest.raises(UnknownUserError, match="asks user 'p00001' nothing"):
            measure_reasons(open_line(), card, index, out=tmp_path / "run", users=["p00001"])
        assert not (tmp_path / "run").exists()

    def test_a_recommender_without_a_dataset(self, open_line, index, card, tmp_path):
        bare = Recommender(open_line().pipeline)
        with pytest.raises(ConfigError, match="has no dataset"):
            measure_reasons(bare, card, index, out=tmp_path / "run")

    def test_a_run_of_another_make(self, open_line, index, card, tmp_path):
        config = QUICK.model_copy(update={"users": 1})
        measure_reasons(open_line(), card, index, out=tmp_path / "run", config=config)
        with pytest.raises(ArtifactError, match=r"is a run with weight 0\.3, not 0\.6"):
            measure_reasons(open_line(weight=0.6), card, index, out=tmp_path / "run", config=config)

    def test_the_truth_of_a_world_that_did_not_write_the_dataset(self, log):
        with pytest.raises(ConfigError, match="no simulated world of this version wrote"):
            world_truth(log)

    def test_the_truth_of_another_history(self, film_world):
        truth, history = world_truth(film_world), film_world.history("p0001")
        shorter = dataclasses.replace(history, interactions=history.interactions[1:])
        item_id = next(iter(film_world.catalogue))
        assert len(truth.of(history, item_id)) == len(history.interactions)
        with pytest.raises(DataError, match=r"they are not the \d+ that the world knows"):
            truth.of(shorter, item_id)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("1.", []),
        ("We recommend it because of [1], say 3 critics.", []),
        ("We recommend it because of [1].", [1.0]),
    ],
)
def test_only_claims_of_sentences_read_whole_hold(open_line, index, card, tmp_path, text, held):
    config = QUICK.model_copy(update={"users": 1, "k": 1})
    results = measure_reasons(
        open_line(Script(text)), card, index, out=tmp_path / "run", config=config
    )
    found = [row for row in results["groundedness"]["before"] if row["category"] == "citation"]
    assert [row["value"] for row in found] == held
