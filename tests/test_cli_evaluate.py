"""``llmrec evaluate`` from the terminal."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest
from typer.testing import CliRunner

from llmrec.cli.app import app
from llmrec.data import load, write_sample
from llmrec.errors import ArtifactError, ConfigError, DataError, LlmrecError, UnknownUserError


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "film-world"
    write_sample(path)
    return path


def test_a_run_prints_a_table_and_writes_a_report(sample, tmp_path):
    words = ["evaluate", str(sample), "--rows", "popularity,last-item", "--sample", "60"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert "60 queries" in done.output
    assert "sample of 60 queries (seed 0)" in " ".join(done.output.split())
    assert (tmp_path / "run" / "report.html").is_file()
    again = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run"), "--json"])
    results = json.loads(again.output)
    assert {row["name"] for row in results["rows"]} == {"popularity", "last-item"}
    assert results["run"]["protocol"] == "leave-one-out.v1"


def test_a_place_that_cannot_be_written_is_refused_before_any_work(sample, tmp_path):
    (tmp_path / "file").write_text("")
    words = ["evaluate", str(sample), "--rows", "popularity", "--out", str(tmp_path / "file")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, ArtifactError)
    assert "file is not a folder" in str(done.exception)


def test_one_command_measures_rankings_and_reasons(sample, tmp_path):
    index, run = tmp_path / "index", tmp_path / "run"
    assert CliRunner().invoke(app, ["index", "build", str(sample), str(index), "--encoder", "hash"])
    words = ["evaluate", str(sample), "--rows", "popularity", "--sample", "30", "--explain", "2"]
    words += ["--ablate", "evidence-method"]
    words += ["--out", str(run), "--index", str(index)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "(chance)" in done.output
    assert (run / "trec" / "popularity.trec").is_file()
    reasons = tmp_path / "run-reasons"
    assert (reasons / "reasons.html").is_file()
    found = json.loads((reasons / "results.json").read_text())
    assert found["truth"]["items"] == found["items"] > 0, "the sample is a world's, so it is asked"
    removed = found["faithfulness"]["removed"]["differences"]
    assert {one["against"] for one in removed} == {"random", "recent", "similar"}
    assert {one["against"] for one in found["methods"]["removed"]["differences"]} == {
        "session",
        "event",
    }
    again = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert again["reasons"]["items"] == found["items"]
    assert len(again["rows"]) == 1


def test_reasons_are_measured_on_the_items_that_the_card_ranks(sample, tmp_path):
    from llmrec.cli.reasons import run_reasons
    from llmrec.evaluation.reasons import ReasonsConfig
    from llmrec.recommender import RecommenderConfig

    index = tmp_path / "index"
    assert CliRunner().invoke(app, ["index", "build", str(sample), str(index), "--encoder", "hash"])
    choices = RecommenderConfig(dataset=sample, index=index, engine=None)
    config, data = ReasonsConfig(users=2, resamples=10), load(sample)
    for card, again in (("leave-one-out.v1", False), ("repeats-only.v1", True)):
        run_reasons(choices, card, tmp_path / card, config, world=False)
        told = pl.read_parquet(tmp_path / card / "users" / "*.parquet")
        for user, moment, item_id in told.select("user_id", "as_of", "item_id").iter_rows():
            met = {event.item_id for event in data.history(user, as_of=moment).interactions}
            assert (item_id in met) == again


def test_an_unknown_card_is_told(sample, tmp_path):
    done = CliRunner().invoke(
        app, ["evaluate", str(sample), "--protocol", "llama.v1", "--out", str(tmp_path / "run")]
    )
    assert isinstance(done.exception, ConfigError)
    assert "llamarec.v1" in str(done.exception)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ("metrics: [recalls]", ConfigError, "no metric 'recalls'\n  Did you mean 'recall'"),
        ("min_user_events: 100000", DataError, "the filter of odd.v1 leaves nothing of"),
        ("leave_out_users: [nobody]", UnknownUserError, "user 'nobody' is not in"),
    ],
)
def test_a_card_that_does_not_fit_is_told_before_anything_is_written(
    sample, tmp_path, changes, error, message
):
    card = tmp_path / "odd.yaml"
    card.write_text(f"name: odd\nversion: 1\nkind: leave-one-out\n{changes}\n")
    words = ["evaluate", str(sample), "--protocol", str(card), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, error), done.exception
    assert message in str(done.exception)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (lambda _: ["x"], "another catalogue: item 'f001' .* is not in it"),
        (lambda sample: list(load(sample).catalogue), "is another there, 'Another film'"),
    ],
)
def test_an_index_of_another_catalogue_is_refused_by_name(sample, tmp_path, ids, message):
    pytest.importorskip("faiss")
    from llmrec.encode import HashEncoder
    from llmrec.retrieval import ItemIndex
    from llmrec.types import Catalogue, Item

    other = Catalogue([Item(item_id=name, title="Another film") for name in ids(sample)])
    ItemIndex.build(other, HashEncoder()).save(tmp_path / "index")
    words = ["evaluate", str(sample), "--rows", "mean", "--sample", "20"]
    places = ["--index", str(tmp_path / "index"), "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, [*words, *places])
    assert isinstance(done.exception, ArtifactError), done.exception
    assert re.search(message, str(done.exception))


LLM = ["--engine", "scripted", "--no-cache", "--rerank-row", "popularity", "--fusion-queries", "0"]


def asked(sample, tmp_path, *more):
    words = ["evaluate", str(sample), "--rows", "popularity", "--sample", "60"]
    return CliRunner().invoke(app, [*words, "--out", str(tmp_path / "run"), *more])


def test_llm_rows_are_priced_first_and_then_run(sample, tmp_path):
    priced = asked(sample, tmp_path, *LLM, "--scorer", "labels,likelihood", "--dry-run", "--json")
    plans = json.loads(priced.output)
    assert [plan["row"] for plan in plans] == ["scripted-0-labels", "scripted-0-likelihood"]
    assert all(plan["test_queries"] == 60 for plan in plans)
    assert not (tmp_path / "run" / "results.json").exists()
    done = asked(sample, tmp_path, *LLM, "--scorer", "labels,likelihood", "--json")
    results = json.loads(done.output)
    assert {entry["scorer"] for entry in results["llm"]} == {"labels", "likelihood"}
    assert results["llm"][0]["retrieved"] == plans[0]["queries_with_a_call"]


def test_a_plan_is_said_in_words(sample, tmp_path):
    done = asked(sample, tmp_path, *LLM, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "What is left to ask" in done.output
    assert "are kept" in " ".join(done.output.split())


def test_ablations_stand_beside_the_rows(sample, tmp_path):
    done = asked(sample, tmp_path, *LLM, "--scorer", "likelihood", "--ablate", "time-style")
    assert done.exit_code == 0, done.output
    assert "Ablation time-style of scripted-0-likelihood" in " ".join(done.output.split())
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    [entry] = results["ablations"]
    assert [v["label"] for v in entry["variants"]] == ["none", "relative", "both"]
    assert {row["name"] for row in results["rows"]} == {"popularity", "scripted-0-likelihood"}


def test_llm_rows_from_a_file(sample, tmp_path):
    file = tmp_path / "rows.yaml"
    file.write_text(
        "rows:\n"
        "- {name: short, source: popularity, history_tokens: 64, fusion_queries: 0}\n"
        "- name: timeless\n"
        "  source: popularity\n"
        "  serializer: {time_style: none}\n"
        "  fusion_queries: 0\n"
    )
    done = asked(sample, tmp_path, "--engine", "scripted", "--no-cache", "--llm-rows", str(file))
    assert done.exit_code == 0, done.output
    assert "timeless is not told apart" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scorer", "labels"], "Name the LLM with --llm"),
        (["--dry-run"], "Name the LLM with --llm"),
        (["--ablate", "time-style"], "Name the LLM with --llm"),
        ([*LLM, "--ablate", "evidence-method"], "how many users are explained with --explain"),
        ([*LLM, "--ablate", "weather"], "no ablation 'weather'"),
        ([*LLM, "--scorer", "letters"], "scorer: .* 'labels'"),
        (["--llm", "none"], "LLM rows need an LLM"),
        (["--llm", "no-such-model", "--no-cache"], "no-such-model"),
    ],
)
def test_options_that_cannot_be_meant(sample, tmp_path, words, message):
    done = asked(sample, tmp_path, *words)
    with pytest.raises(LlmrecError, match=message):
        raise done.exception
