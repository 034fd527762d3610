"""The hybrid as a row: tuned and weighted on validation, told whole, and as good as it says."""

from __future__ import annotations

from llmrec.data import split
from llmrec.encode import HashEncoder
from llmrec.evaluation import ROWS, EvaluateConfig, Fitting, evaluate
from llmrec.evaluation.baselines import tune
from llmrec.retrieval import ItemIndex

QUICK = EvaluateConfig(batch=16, resamples=50)


def test_a_run_tells_how_sources_were_fused_and_what_each_is_worth(log, loo, tmp_path):
    results = evaluate(log, loo, out=tmp_path / "run", rows=["hybrid", "transitions"], config=QUICK)
    rows = {row["name"]: row for row in results["rows"]}
    trials = rows["hybrid"]["trials"]
    ways = {t["settings"]["fused-by"]: t["value"] for t in trials if "fused-by" in t["settings"]}
    assert {
        "likeliest-weights",
        "climbed-weights",
        "reciprocal-rank",
        "ease",
        "ease-long",
        "transitions",
    } <= set(ways)
    weights = rows["hybrid"]["settings"]["weights"]
    lost = [t["settings"] for t in trials if "without" in t["settings"]]
    assert all(part["low"] <= part["difference"] <= part["high"] for part in lost)
    if weights is not None:
        assert set(weights) == set(rows["hybrid"]["settings"]["sources"])
    assert rows["hybrid"]["metrics"]["recall@5"]["value"] > 0.9
    assert rows["transitions"]["metrics"]["recall@5"]["value"] > 0.9
    report = (tmp_path / "run" / "report.md").read_text()
    assert "sources (" in report


def test_without_validation_sources_are_fused_by_rank(log, loo):
    part = split(log, loo)
    fitting = Fitting(catalogue=log.catalogue, events=part.train)
    settings, trials = tune(ROWS["hybrid"], fitting, [], loo)
    assert settings["weights"] is None
    assert [trial.value for trial in trials] == [None]
    fitted = ROWS["hybrid"].fit(fitting, settings)
    assert fitted.scores([part.test[0].history]).shape == (1, len(log.catalogue))


def test_with_an_index_the_text_vectors_are_a_source_too(log, loo, tmp_path):
    ItemIndex.build(log.catalogue, HashEncoder()).save(tmp_path / "index")
    part = split(log, loo)
    fitting = Fitting(catalogue=log.catalogue, events=part.train, index=tmp_path / "index")
    _, trials = tune(ROWS["hybrid"], fitting, part.validation, loo)
    assert "mean" in {trial.settings.get("fused-by") for trial in trials}
