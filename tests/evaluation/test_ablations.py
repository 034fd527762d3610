"""Ablations: names become variants of a row, each compared with it on the same queries."""

from __future__ import annotations

import json
import re

import pytest

from llmrec.errors import ConfigError
from llmrec.evaluation import EvaluateConfig, LlmRows, RerankSpec, RunFolder, evaluate, plan
from llmrec.evaluation.ablations import ABLATIONS, variant_records, with_variants
from llmrec.evaluation.ablations.variants import OWN_TEMPLATE
from llmrec.evaluation.report.ablations import place_curves
from llmrec.llm import ScriptedEngine
from llmrec.recommender import build_scorer

QUICK = EvaluateConfig(batch=16, resamples=50)
FILM = re.compile(r"Film (\d+)")


def spec_of(**values):
    chosen = {"name": "llm", "source": "last-item", "scorer": "labels", "candidates": 8}
    return RerankSpec(**{**chosen, "fusion_queries": 0, **values})


def rows_of(*ablations, engine=None, **values):
    return LlmRows(
        engine=engine or ScriptedEngine(), specs=(spec_of(**values),), ablations=ablations
    )


def run_it(log, card, out, llm):
    return evaluate(log, card, out=out, rows=("last-item", "random"), config=QUICK, llm=llm)


def first_place():
    """A model that likes the first label and reads nothing."""

    def scores(prompt, labels):
        del prompt
        return [-0.5 * n - 1.0 for n in range(len(labels))]

    return ScriptedEngine(label_scores=scores)


class TestVariants:
    def test_each_name_changes_one_choice_and_no_variant_is_the_row_itself(self, loo):
        llm = rows_of(*(name for name in ABLATIONS if name != "prompt-version"))
        base = spec_of().under(loo)
        specs = with_variants(llm, loo).specs[1:]
        for record, spec in zip(variant_records(llm, loo), specs, strict=True):
            assert (record["row"], record["base"]) == (spec.name, "llm")
            mine, its = base.model_dump(), spec.model_dump()
            mine["serializer"], its["serializer"] = (
                {f"serializer.{name}": value for name, value in part["serializer"].items()}
                for part in (mine, its)
            )
            flat = [{**part.pop("serializer"), **part} for part in (mine, its)]
            differ = {name for name in flat[0] if flat[0][name] != flat[1][name]} - {"name"}
            assert differ
            assert differ <= set(record["changes"])

    @pytest.mark.parametrize("kind", ["labels", "markers", "likelihood", "pointwise"])
    def test_the_prompt_that_others_are_versions_of_is_the_scorer_s_own(self, log, kind):
        scorer = build_scorer(ScriptedEngine(), log.catalogue, spec_of(scorer=kind))
        assert scorer.made_of["template"].startswith(OWN_TEMPLATE.format(kind=kind))

    def test_places_go_from_the_first_to_the_last(self, loo):
        records = variant_records(rows_of("candidate-order", candidates=20), loo)
        places = [record["changes"].get("target_place") for record in records]
        assert places == [0, 5, 10, 14, 19, None]
        assert records[-1]["label"] == "retriever"

    @pytest.mark.parametrize(
        ("name", "kind", "message"),
        [
            ("tme-style", "labels", "no ablation 'tme-style'\n  Did you mean 'time-style'"),
            ("candidate-order", "likelihood", r"varies nothing of llm \(likelihood\)"),
            ("n-orders", "pointwise", r"varies nothing of llm \(pointwise\)"),
            ("prompt-version", "labels", "need a second version"),
        ],
    )
    def test_what_cannot_be_varied_is_told_before_any_work(
        self, log, loo, tmp_path, name, kind, message
    ):
        with pytest.raises(ConfigError, match=message):
            run_it(log, loo, tmp_path / "run", rows_of(name, scorer=kind))
        assert not (tmp_path / "run").exists()


def test_variants_stand_apart_from_the_rows_and_differ_from_their_own(log, loo, tmp_path):
    llm = rows_of("candidate-count", "n-orders", engine=first_place())
    results = run_it(log, loo, tmp_path / "run", llm)
    assert {row["name"] for row in results["rows"]} == {"last-item", "random", "llm"}
    assert len(results["comparisons"]) == 3
    found = {entry["ablation"]: entry for entry in results["ablations"]}
    assert [v["label"] for v in found["candidate-count"]["variants"]] == ["5", "10", "20", "50"]
    assert [v["label"] for v in found["n-orders"]["variants"]] == ["2", "4"]
    base = next(row for row in results["rows"] if row["name"] == "llm")
    for entry in found.values():
        assert entry["base_value"] == pytest.approx(base["metrics"]["ndcg@10"]["value"])
        for variant in entry["variants"]:
            gap = variant["value"] - entry["base_value"]
            assert variant["difference"] == pytest.approx(gap)
            assert variant["p_holm"] >= variant["p_value"]
    assert json.loads((tmp_path / "run" / "results.json").read_text()) == results
    page, text = ((tmp_path / "run" / f"report.{end}").read_text() for end in ("html", "md"))
    for report in (page, text):
        assert "n-orders of llm: how many listed orders are averaged" in report
    assert any("Ablation n-orders of llm" in note for note in results["notes"])


def test_a_model_that_likes_the_first_place_is_found_out(log, loo, tmp_path):
    results = run_it(log, loo, tmp_path / "run", rows_of("candidate-order", engine=first_place()))
    [entry] = results["ablations"]
    curve = entry["places"]
    values = [point["value"] for point in curve["points"]]
    assert [point["place"] for point in curve["points"]] == [0, 2, 4, 5, 7]
    assert values == sorted(values, reverse=True)
    assert values[0] == 1.0
    assert values[-1] < curve["shuffled"] < values[0]
    assert entry["variants"][0]["p_holm"] < 0.05
    [plot] = place_curves(results)
    assert all(0 <= p["low"] <= p["value"] <= p["high"] <= 1 >= p["x"] for p in plot["points"])
    assert "by the target's place in the list" in (tmp_path / "run/report.html").read_text()
    retrieved = next(e for e in results["llm"] if e["name"] == "llm")["retrieved"]
    assert curve["queries"] == retrieved


def test_a_model_that_reads_titles_alone_gives_a_level_curve(log, loo, tmp_path):
    def scores(prompt, labels):
        text = ScriptedEngine().tokenizer.decode(prompt)
        lines = dict(re.findall(r"^\W*([A-Z])\W+Film (\d+)", text, flags=re.MULTILINE))
        assert lines
        decoded = [ScriptedEngine().tokenizer.decode([label]).strip() for label in labels]
        return [-1.0 - (int(lines.get(label, 0)) * 7 % 40) / 40 for label in decoded]

    llm = rows_of("candidate-order", engine=ScriptedEngine(label_scores=scores))
    [entry] = run_it(log, loo, tmp_path / "run", llm)["ablations"]
    values = {point["value"] for point in entry["places"]["points"]}
    assert len(values) == 1
    assert all(variant["n_different"] == 0 for variant in entry["variants"])


def test_a_run_goes_on_without_asking_again_and_keeps_its_variants_apart(log, loo, tmp_path):
    out, engine = tmp_path / "run", first_place()
    whole = run_it(log, loo, out, rows_of("candidate-order", engine=engine))
    asked = len(engine.calls)
    again = run_it(log, loo, out, rows_of("candidate-order", engine=engine))
    assert len(engine.calls) == asked
    assert again["ablations"] == whole["ablations"]
    plain = evaluate(log, loo, out=out, rows=("popularity",), config=QUICK)
    assert {row["name"] for row in plain["rows"]} == {"last-item", "random", "llm", "popularity"}
    more = run_it(log, loo, out, rows_of("n-orders", engine=engine))
    assert [entry["ablation"] for entry in more["ablations"]] == ["candidate-order", "n-orders"]


def test_a_plan_counts_the_variants_too(log, loo, tmp_path):
    llm = rows_of("n-orders")
    found = plan(log, loo, out=tmp_path / "run", rows=("last-item",), config=QUICK, llm=llm)
    assert [line["row"] for line in found] == ["llm", "llm-n-orders-2", "llm-n-orders-4"]
    names = [record["row"] for record in RunFolder.open(tmp_path / "run").ablations()]
    assert names == ["llm-n-orders-2", "llm-n-orders-4"]
