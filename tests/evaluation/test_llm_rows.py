"""LLM rows: chance is chance, perfect is the ceiling, nothing leaks, nothing is asked twice."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from llmrec.data import SplitProtocol, splits
from llmrec.errors import ArtifactError, ConfigError, LeakageError, TemplateError
from llmrec.evaluation import (
    EvaluateConfig,
    LlmRows,
    RerankSpec,
    RowSpec,
    RunFolder,
    evaluate,
    plan,
)
from llmrec.evaluation.context import Run
from llmrec.evaluation.ranking import ranks_of
from llmrec.llm import ScriptedEngine
from llmrec.metrics import ndcg

QUICK = EvaluateConfig(batch=16, resamples=50)
KINDS = ("labels", "markers", "likelihood", "pointwise")
FILM = re.compile(r"Film (\d+)")


def walker(better):
    """A model that knows how people walk: ``better`` is what the next film's title scores."""

    def engine():
        tokenizer = ScriptedEngine().tokenizer

        def scores(prefix, continuation):
            seen = [int(n) for n in FILM.findall(tokenizer.decode(prefix))]
            step = (seen[-1] - seen[-2]) % 40 if len(seen) > 1 else 1
            wanted = (seen[-1] + step) % 40 if seen else 0
            title = FILM.search(tokenizer.decode(continuation))
            right = title is not None and int(title.group(1)) == wanted
            return [(better if right else 0.0) / len(continuation)] * len(continuation)

        return ScriptedEngine(continuation_scores=scores)

    return engine()


def spec_of(**values):
    chosen = {"name": "llm", "source": "last-item", "scorer": "likelihood", "normalise": "sum"}
    return RerankSpec(**{**chosen, **values})


def run_it(log, card, out, engine, *specs, rows=("last-item", "popularity"), **options):
    llm = LlmRows(engine=engine, specs=specs or (spec_of(),), **options)
    return evaluate(log, card, out=out, rows=rows, config=QUICK, llm=llm)


def by_name(results):
    return {found["name"]: found for found in results["rows"]}


def test_a_perfect_model_reaches_the_ceiling_exactly(log, loo, tmp_path):
    spec = spec_of(source="popularity", candidates=10, fusion_queries=0)
    results = run_it(log, loo, tmp_path / "run", walker(9.0), spec)
    [entry] = results["llm"]
    found = by_name(results)["llm"]
    assert 0 < entry["retrieved"] < 50
    assert found["metrics"]["recall@1"]["value"] == entry["retrieved"] / 50
    assert found["metrics"]["ndcg@10"]["value"] > entry["random_order"]["value"]
    assert entry["funnel"][2] == {"stage": "among the candidates", "queries": entry["retrieved"]}
    assert any("llm gains over popularity" in note for note in results["notes"])
    [cost] = [note for note in results["notes"] if note.startswith("Asking llm took")]
    assert cost.endswith("tokens a query.")


def test_weight_and_temperatures_follow_a_model_that_knows(log, loo, tmp_path):
    results = run_it(log, loo, tmp_path / "run", walker(2.0))
    [entry] = results["llm"]
    assert entry["fit"]["n_queries"] == 23
    for role in ("LLM alone", "fusion"):
        found = entry["calibration"][role]
        assert found["after"]["log_loss"]["value"] < found["before"]["log_loss"]["value"]
        assert found["after"]["log_loss"]["value"] < found["chance"]["log_loss"]
        assert found["after"]["brier"]["value"] < found["chance"]["brier"]
    assert entry["calibration"]["LLM alone"]["after"]["temperature"] < 1


def test_a_model_without_information_is_at_chance_on_the_candidates(log, loo, tmp_path):
    specs = [spec_of(name=f"{kind}", scorer=kind) for kind in KINDS]
    results = run_it(log, loo, tmp_path / "run", ScriptedEngine(), *specs)
    for entry in results["llm"]:
        gap = entry["random_order"]["llm_alone_less_it"]
        assert gap["low"] <= 0 <= gap["high"]
        beside = by_name(results)[entry["source"]]["metrics"]["ndcg@10"]["value"]
        assert by_name(results)[entry["name"]]["metrics"]["ndcg@10"]["value"] < beside


def test_a_model_that_says_the_same_of_all_is_chance_itself(log, loo, tmp_path):
    results = run_it(log, loo, tmp_path / "run", walker(0.0))
    [entry] = results["llm"]
    gap = entry["random_order"]["llm_alone_less_it"]
    assert gap["difference"] == pytest.approx(0.0, abs=1e-12)
    assert by_name(results)["llm-fusion"]["fit"]["weight"] == 0.0
    assert entry["rows"][2]["against_retriever"]["n_different"] == 0
    assert any("llm-fusion is last-item: the fitted weight is 0" in n for n in results["notes"])
    unpaid = "and no gain of llm-fusion over last-item is proven."
    assert any(n.startswith("Asking llm took") and n.endswith(unpaid) for n in results["notes"])
    assert "llm-fusion has the figures of last-item on every query." in results["notes"]


def test_what_was_not_retrieved_costs_nothing_and_differs_by_nothing(log, loo, tmp_path):
    engine = walker(9.0)
    spec = spec_of(source="popularity", candidates=5, fusion_queries=0)
    results = run_it(log, loo, tmp_path / "run", engine, spec)
    [entry] = results["llm"]
    assert sum(len(call.prompts) for call in engine.calls) == entry["retrieved"] < 40
    assert entry["cost"]["test"]["calls"] == entry["retrieved"]
    assert entry["rows"][1]["against_retriever"]["n_different"] <= entry["retrieved"]
    assert entry["fusion"] is None
    folder = RunFolder.open(tmp_path / "run")
    llm, source = folder.ranked("llm"), folder.ranked("popularity")
    lists = source["items"].list.head(5).to_list()
    targets = folder.table("queries.parquet")["target"].to_list()
    behind = [
        n for n, (some, target) in enumerate(zip(lists, targets, strict=True)) if target not in some
    ]
    assert len(behind) == 50 - entry["retrieved"]
    assert all(llm["ahead"][n] >= 5 for n in behind)
    assert [llm["items"][n].to_list() for n in behind] == [
        source["items"][n].to_list() for n in behind
    ]


def test_a_target_that_was_never_seen_keeps_no_chance_of_a_seen_place(log, loo, tmp_path):
    class Constant:
        identity = "constant"

        def scores(self, histories):
            return np.zeros((len(histories), 40), dtype=np.float32)

    rows = {"constant": RowSpec(name="constant", what="t", fit=lambda *_: Constant(), learns=False)}
    spec = spec_of(source="constant", candidates=10, fusion_queries=0)
    results = run_it(log, loo, tmp_path / "run", walker(0.0), spec, rows=rows)
    folder = RunFolder.open(tmp_path / "run")
    table = folder.ranked("llm")
    shares = {(row["ahead"], row["tied"] > 10) for row in table.iter_rows(named=True)}
    assert shares == {(0.0, False), (10.0, True)}
    [entry] = results["llm"]
    assert entry["rows"][1]["against_retriever"]["n_different"] == 0
    inside = table.filter(pl.col("ahead") == 0.0).height
    expected = inside / 50 * ndcg(np.arange(1, 11), 10).mean()
    assert ndcg(ranks_of(table), 10).mean() == pytest.approx(expected)


class TestLongRuns:
    def test_a_killed_run_scores_nothing_twice(self, log, loo, tmp_path):
        class Dies(ScriptedEngine):
            def score_continuations(self, prefixes, continuations):
                if len(self.calls) == 3:
                    raise KeyboardInterrupt
                return super().score_continuations(prefixes, continuations)

        dies, goes_on, whole = Dies(), ScriptedEngine(), ScriptedEngine()
        with pytest.raises(KeyboardInterrupt):
            run_it(log, loo, tmp_path / "run", dies)
        results = run_it(log, loo, tmp_path / "run", goes_on, batch=5)
        again = run_it(log, loo, tmp_path / "whole", whole)
        prompts = [
            sum(len(call.prompts) for call in engine.calls) for engine in (dies, goes_on, whole)
        ]
        assert prompts[0] + prompts[1] == prompts[2]
        for name in ("llm", "llm-fusion"):
            assert by_name(results)[name]["metrics"] == by_name(again)[name]["metrics"]
        assert by_name(results)["llm"]["cost"]["test"]["calls"] == results["llm"][0]["retrieved"]

    def test_a_finished_row_asks_nothing_and_another_can_be_added(self, log, loo, tmp_path):
        run_it(log, loo, tmp_path / "run", ScriptedEngine())
        engine = ScriptedEngine()
        spec = spec_of(name="short", history_tokens=64, fusion_queries=0)
        results = run_it(log, loo, tmp_path / "run", engine, spec_of(), spec)
        assert set(by_name(results)) == {"last-item", "popularity", "llm", "llm-fusion", "short"}
        retrieved = {entry["name"]: entry["retrieved"] for entry in results["llm"]}
        assert sum(len(call.prompts) for call in engine.calls) == retrieved["short"]
        plain = evaluate(log, loo, out=tmp_path / "run", rows=["random"], config=QUICK)
        assert "random" in by_name(plain)
        assert len(plain["llm"]) == 2

    def test_a_row_stopped_partway_keeps_no_other_row_from_its_tables(self, log, loo, tmp_path):
        class Dies(ScriptedEngine):
            def score_continuations(self, prefixes, continuations):
                if len(self.calls) == 2:
                    raise KeyboardInterrupt
                return super().score_continuations(prefixes, continuations)

        with pytest.raises(KeyboardInterrupt):
            run_it(log, loo, tmp_path / "run", Dies())
        said = "llm was stopped partway and stands in no table; the command that began it goes on"
        others = evaluate(log, loo, out=tmp_path / "run", rows=["random"], config=QUICK)
        assert set(by_name(others)) == {"last-item", "popularity", "random"}
        assert others["unfinished"] == ["llm"]
        assert any(note.startswith(said) for note in others["notes"])
        assert not (tmp_path / "run" / "trec" / "llm.trec").exists()
        results = run_it(log, loo, tmp_path / "run", ScriptedEngine())
        assert set(by_name(results)) == {*by_name(others), "llm", "llm-fusion"}
        assert results["unfinished"] == []
        assert not any("stopped partway" in note for note in results["notes"])

    @pytest.mark.parametrize("what", ["batch-00002.parquet", "calibration"])
    def test_a_fusion_without_its_llm_stands_in_no_table(self, log, loo, tmp_path, what):
        run_it(log, loo, tmp_path / "run", ScriptedEngine())
        folder = RunFolder.open(tmp_path / "run")
        if what == "calibration":
            row = folder.row("llm")
            del row["calibration"]
            folder.write_row("llm", row)
        else:
            (tmp_path / "run" / "rows" / "llm" / what).unlink()
        others = evaluate(log, loo, out=tmp_path / "run", rows=["random"], config=QUICK)
        assert others["unfinished"] == ["llm", "llm-fusion"]
        assert others["llm"] == []

    def test_a_simple_row_stopped_partway_is_named_too(self, log, loo, tmp_path):
        rows = ["last-item", "popularity"]
        whole = evaluate(log, loo, out=tmp_path / "run", rows=rows, config=QUICK)
        (tmp_path / "run" / "rows" / "popularity" / "batch-00001.parquet").unlink()
        others = evaluate(log, loo, out=tmp_path / "run", rows=["random"], config=QUICK)
        assert others["unfinished"] == ["popularity"]
        again = evaluate(log, loo, out=tmp_path / "run", rows=["popularity"], config=QUICK)
        assert by_name(again)["popularity"]["metrics"] == by_name(whole)["popularity"]["metrics"]

    def test_another_model_under_the_same_name_is_refused(self, log, loo, tmp_path):
        run_it(log, loo, tmp_path / "run", ScriptedEngine())
        with pytest.raises(
            ArtifactError, match=r"a row 'llm' with engine scripted-0.*, not scripted-1"
        ):
            run_it(log, loo, tmp_path / "run", ScriptedEngine(seed=1))
        with pytest.raises(ArtifactError, match="with candidates 20, not 5"):
            run_it(log, loo, tmp_path / "run", ScriptedEngine(), spec_of(candidates=5))

    def test_a_run_tuned_on_the_whole_validation_takes_no_llm(self, log, loo, tmp_path):
        evaluate(log, loo, out=tmp_path / "run", rows=["last-item"], config=QUICK)
        with pytest.raises(ArtifactError, match="tuned_on 'all of the validation', not 'half"):
            run_it(log, loo, tmp_path / "run", ScriptedEngine())


def test_a_plan_counts_what_the_run_then_asks(log, loo, tmp_path):
    engine = ScriptedEngine()
    llm = LlmRows(engine=engine, specs=(spec_of(),), batch=4)
    [said] = plan(log, loo, out=tmp_path / "run", rows=["last-item"], config=QUICK, llm=llm)
    probed = sum(len(call.prompts) for call in engine.calls)
    assert probed == said["probed_queries"] == 8
    results = run_it(log, loo, tmp_path / "run", engine, rows=["last-item"])
    asked = sum(len(call.prompts) for call in engine.calls)
    assert asked == said["queries_with_a_call"] == probed + said["calls_left"]
    cost = results["llm"][0]["cost"]
    sent = sum(cost[purpose]["prompt_tokens"] for purpose in ("test", "fitting"))
    assert said["prompt_tokens_left"] == pytest.approx(sent * said["queries_left"] / asked, rel=0.2)
    assert said["seconds_left"] >= 0


class TestLeaks:
    def test_a_candidate_that_the_source_did_not_propose(self, log, loo, tmp_path):
        spec = spec_of(source="popularity", candidates=5, fusion_queries=0)
        run_it(log, loo, tmp_path / "run", ScriptedEngine(), spec)
        folder = RunFolder.open(tmp_path / "run")
        targets = folder.table("queries.parquet")["target"].to_list()
        lists = folder.ranked("popularity")["items"].to_list()
        missed = next(n for n, target in enumerate(targets) if target not in lists[n][:5])
        planted = pl.DataFrame(
            {
                "query": [missed],
                "items": [[targets[missed], *lists[missed][:4]]],
                "llm": [[-0.1, -3.0, -3.0, -3.0, -3.0]],
                "label_mass": [None],
            },
            schema=pl.read_parquet(next((tmp_path / "run/rows/llm/test").glob("*.parquet"))).schema,
        )
        planted.write_parquet(tmp_path / "run/rows/llm/test/scored-9999999.parquet")
        with pytest.raises(LeakageError, match="the scored candidates are not those of popularity"):
            run_it(log, loo, tmp_path / "run", ScriptedEngine(), spec)

    def test_no_prompt_shows_the_target_but_as_one_of_the_candidates(self, log, loo, tmp_path):
        engine = ScriptedEngine()
        specs = [spec_of(name=kind, scorer=kind, fusion_queries=0) for kind in KINDS[::2]]
        run_it(log, loo, tmp_path / "run", engine, *specs)
        folder = RunFolder.open(tmp_path / "run")
        queries = folder.table("queries.parquet")
        prompts = {
            method: [
                engine.tokenizer.decode(p)
                for c in engine.calls
                if c.method == method
                for p in c.prompts
            ]
            for method in ("score_labels", "score_continuations")
        }
        among = folder.ranked("labels").with_columns(queries["target"]).filter(pl.col("ahead") < 20)
        assert len(prompts["score_labels"]) == len(prompts["score_continuations"]) == among.height
        for target, listed, alone in zip(among["target"], *prompts.values(), strict=True):
            shown = [FILM.findall(text).count(str(target)) for text in (listed, alone)]
            assert shown == [1, 0]

    def test_no_fitting_query_was_used_for_settings_and_none_is_of_the_test(self, log, loo):
        parts = splits(log, loo)
        run = Run(folder=None, parts=parts, asked=[], config=QUICK, halved=True)
        tuning, fitting = run.for_tuning(), run.for_fitting(1000)
        users = [{query.history.user_id for query in some} for some in (tuning, fitting)]
        assert not users[0] & users[1]
        assert len(tuning) + len(fitting) == len(parts[0].validation)
        events = {(q.history.user_id, q.target.item_id) for q in parts[0].test}
        assert not events & {(q.history.user_id, q.target.item_id) for q in fitting}


def test_a_calibration_period_is_what_weights_are_fitted_on(log, tmp_path):
    card = SplitProtocol.named("three-periods.v1").model_copy(
        update={"validation_share": 0.1, "calibration_share": 0.1}
    )
    results = run_it(log, card, tmp_path / "run", walker(2.0), spec_of(candidates=30))
    part = splits(log, card)[0]
    assert results["run"]["tuned_on"] == "all of the validation"
    assert by_name(results)["last-item"]["validation_queries"] == len(part.validation)
    assert results["llm"][0]["fit"]["n_queries"] == len(part.calibration)


class TestBadInput:
    @pytest.mark.parametrize(
        ("values", "error", "message"),
        [
            ({"source": "last-itm"}, ConfigError, "'last-itm', which is no row.*\n.*'last-item'"),
            ({"name": "popularity"}, ConfigError, "two rows are called 'popularity'"),
            ({"template": "rank/likelihod.v1"}, TemplateError, "rank/likelihod.v1"),
            ({"candidates": 60}, ConfigError, "60 candidates are wanted, but .* hold 8"),
            ({"n_orders": 2}, ConfigError, "n_orders is 2, but the likelihood scorer"),
        ],
    )
    def test_specifications_that_cannot_run(self, log, loo, tmp_path, values, error, message):
        config = QUICK.model_copy(update={"list_length": 8})
        llm = LlmRows(engine=ScriptedEngine(), specs=(spec_of(**{"candidates": 5, **values}),))
        rows = ["last-item", "popularity"]
        with pytest.raises(error, match=message):
            evaluate(log, loo, out=tmp_path / "run", rows=rows, config=config, llm=llm)
        assert not llm.engine.calls

    def test_too_few_retrieved_targets_are_told_before_any_call(self, log, loo, tmp_path):
        engine = ScriptedEngine()
        spec = spec_of(source="popularity", candidates=1)
        with pytest.raises(
            ConfigError, match="their target among the 1 candidates of popularity; 20 are needed"
        ):
            run_it(log, loo, tmp_path / "run", engine, spec)
        assert not engine.calls


def test_the_target_can_be_listed_at_any_place(log, loo, tmp_path):
    def likes_the_third(prompt, labels):
        del prompt
        return [-1.0 if place == 2 else -9.0 for place in range(len(labels))]

    specs = [
        spec_of(name=f"at-{place}", scorer="labels", target_place=place, fusion_queries=0)
        for place in (0, 2)
    ]
    engine = ScriptedEngine(label_scores=likes_the_third)
    results = run_it(log, loo, tmp_path / "run", engine, *specs)
    found = {entry["name"]: entry for entry in results["llm"]}
    rows = by_name(results)
    assert rows["at-2"]["metrics"]["recall@1"]["value"] == found["at-2"]["retrieved"] / 50
    assert rows["at-0"]["metrics"]["recall@1"]["value"] == 0.0
    assert found["at-2"]["target_place"] == 2
    assert "the target listed at place 2" in rows["at-2"]["what"]
    assert results["rows"][0]["name"] == "at-2"
    assert results["notes"][0].startswith("last-item is best")
    assert not any("at-2" in note and "no result" not in note for note in results["notes"])


def test_llm_rows_run_where_nothing_may_be_learnt(log, tmp_path):
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
        llm=LlmRows(engine=walker(9.0), specs=(spec_of(source="mean", fusion_queries=0),)),
    )
    [entry] = results["llm"]
    assert by_name(results)["llm"]["metrics"]["recall@1"]["value"] == entry["retrieved"] / 50
