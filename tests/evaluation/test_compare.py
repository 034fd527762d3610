"""Two runs beside each other: paired, corrected, and refused where they cannot be paired."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser

import polars as pl
import pytest
from typer.testing import CliRunner

from llmrec.cli.app import app
from llmrec.errors import ArtifactError, ConfigError
from llmrec.evaluation import EvaluateConfig, evaluate
from llmrec.evaluation.compare import compare_runs
from llmrec.evaluation.report.comparison import RENDERERS, comparison_notes, whiskers

from .conftest import walkers

QUICK = EvaluateConfig(batch=16, resamples=50)


@pytest.fixture(scope="module")
def runs(log, tmp_path_factory):
    """One run of three rows, another of two, on the same queries."""
    from llmrec.data import SplitProtocol

    card = SplitProtocol.named("leave-one-out.v1")
    folder = tmp_path_factory.mktemp("runs")
    rows = {"a": ["popularity", "last-item", "random"], "b": ["popularity", "item-knn"]}
    for name, chosen in rows.items():
        evaluate(log, card, out=folder / name, rows=chosen, config=QUICK)
    return folder


@pytest.fixture
def copy(runs, tmp_path):
    """A copy of the second run, to be spoilt."""
    return shutil.copytree(runs / "b", tmp_path / "copy")


def edit(file, **changes):
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_rows_of_one_name_are_paired_and_others_named(runs):
    found = compare_runs(runs / "a", runs / "b", resamples=50)
    [pair] = found["pairs"]
    assert (pair["first"], pair["second"]) == ("popularity", "popularity")
    assert pair["headline"]["n_different"] == 0
    assert pair["headline"]["p_value"] == 1
    assert found["only_first"] == ["last-item", "random"]
    assert found["only_second"] == ["item-knn"]


def test_a_pair_of_rows_agrees_with_the_comparison_inside_a_run(runs):
    both = compare_runs(runs / "a", runs / "a", rows=[("last-item", "random")], resamples=50)
    results = json.loads((runs / "a" / "results.json").read_text())
    inside = next(
        pair
        for pair in results["comparisons"]
        if {pair["first"], pair["second"]} == {"last-item", "random"}
    )
    [pair] = both["pairs"]
    for name in ("difference", "low", "high", "p_value", "smallest_detectable", "n_different"):
        assert pair["headline"][name] == inside[name]
    assert {"recall@1", "ndcg@10", "auc", "ceiling@20"} <= set(pair["metrics"])


def test_turned_round_every_difference_changes_its_sign(runs):
    rows = [("last-item", "item-knn"), ("random", "popularity")]
    found = compare_runs(runs / "a", runs / "b", rows=rows, resamples=50)
    turned = compare_runs(runs / "b", runs / "a", rows=[(b, a) for a, b in rows], resamples=50)
    for one, other in zip(found["pairs"], turned["pairs"], strict=True):
        for name, figure in one["metrics"].items():
            assert figure["difference"] == -other["metrics"][name]["difference"]
            assert figure["p_value"] == other["metrics"][name]["p_value"]


def test_holm_counts_all_pairs_and_all_figures(runs):
    rows = [("last-item", "popularity"), ("random", "popularity"), ("last-item", "item-knn")]
    found = compare_runs(runs / "a", runs / "b", rows=rows, resamples=50)
    least = min(pair["headline"]["p_value"] for pair in found["pairs"])
    assert min(pair["headline"]["p_holm"] for pair in found["pairs"]) == pytest.approx(3 * least)
    figures = [figure for pair in found["pairs"] for figure in pair["metrics"].values()]
    least = min(figure["p_value"] for figure in figures)
    corrected = min(figure["p_holm"] for figure in figures)
    assert corrected == pytest.approx(len(figures) * least)


class TestRefused:
    def test_what_is_no_run(self, runs, tmp_path):
        with pytest.raises(ArtifactError, match="Is this a folder of `llmrec evaluate`"):
            compare_runs(runs / "a", tmp_path)

    def test_a_run_that_is_not_finished(self, runs, copy):
        (copy / "results.json").unlink()
        with pytest.raises(ArtifactError, match="goes on where it stopped"):
            compare_runs(runs / "a", copy)

    def test_a_run_of_another_format(self, runs, copy):
        edit(copy / "run.json", format_version=0)
        with pytest.raises(ArtifactError, match="is a run of format 0"):
            compare_runs(runs / "a", copy)

    def test_a_damaged_run(self, runs, copy):
        file = copy / "rows" / "popularity" / "batch-00000.parquet"
        file.write_bytes(file.read_bytes()[:-20])
        with pytest.raises(ArtifactError, match="cannot be read"):
            compare_runs(runs / "a", copy)

    @pytest.mark.parametrize(
        ("field", "message"),
        [
            ("protocol_sha256", "runs of another card: leave-one-out.v1"),
            ("dataset_sha256", "runs of another dataset: walkers"),
            ("catalogue_sha256", "runs of another catalogue"),
        ],
    )
    def test_runs_of_another_make(self, runs, copy, field, message):
        edit(copy / "run.json", **{field: "0" * 64})
        with pytest.raises(ArtifactError, match=message):
            compare_runs(runs / "a", copy)

    def test_other_queries(self, log, loo, runs, tmp_path):
        some = QUICK.model_copy(update={"sample": 20, "seed": 3})
        evaluate(log, loo, out=tmp_path / "some", rows=["popularity"], config=some)
        with pytest.raises(
            ArtifactError, match=r"50 queries .* and 20 queries \(sample 20, seed 3"
        ):
            compare_runs(runs / "a", tmp_path / "some")

    def test_rows_that_are_not_there(self, runs):
        with pytest.raises(
            ConfigError, match="no finished row 'item-kn'\n  Did you mean 'item-knn"
        ):
            compare_runs(runs / "a", runs / "b", rows=[("random", "item-kn")])

    def test_a_row_that_has_only_begun(self, runs, copy):
        shutil.copytree(copy / "rows" / "item-knn", copy / "rows" / "begun")
        (copy / "rows" / "begun" / "batch-00001.parquet").unlink()
        assert compare_runs(runs / "a", copy)["only_second"] == ["item-knn"]
        with pytest.raises(ConfigError, match="no finished row 'begun'"):
            compare_runs(runs / "a", copy, rows=[("random", "begun")])

    def test_runs_without_a_row_in_common(self, log, loo, runs, tmp_path):
        evaluate(log, loo, out=tmp_path / "other", rows=["last-item"], config=QUICK)
        with pytest.raises(ConfigError, match="have no row in common"):
            compare_runs(runs / "b", tmp_path / "other")


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        assert not {name for name, _ in attrs} & {"src", "href"}
        self.tags.add(tag)


def test_reports_escape_names_and_load_nothing(loo, tmp_path):
    data = walkers(tmp_path / "<b>walkers | x")
    evaluate(data, loo, out=tmp_path / "run", rows=["random", "popularity"], config=QUICK)
    found = compare_runs(
        tmp_path / "run", tmp_path / "run", rows=[("popularity", "random")], resamples=50
    )
    page = Text()
    page.feed(RENDERERS[".html"](found))
    assert "b" not in page.tags
    assert "svg" in page.tags
    assert "&lt;b>walkers \\| x" in RENDERERS[".md"](found)
    for line in whiskers(found)["rows"]:
        assert 0 <= line["low"] <= line["difference"] <= line["high"] <= 1


def test_one_name_for_two_things_is_said(runs, copy):
    edit(copy / "rows" / "popularity" / "row.json", what="what most people took last year")
    notes = comparison_notes(compare_runs(runs / "b", copy, resamples=50))
    assert any(n.startswith("popularity is not the same thing in both runs") for n in notes)
    assert not any("same thing" in n for n in comparison_notes(compare_runs(copy, copy)))


@pytest.mark.parametrize(
    ("low", "p_holm", "said"),
    [
        (0.01, 0.01, "a of the first run is better than b of the second by ndcg@10: "),
        (0.01, 0.20, "by ndcg@10, though not beyond what so many comparisons may show by chance"),
        (-0.01, 0.20, "are not told apart by ndcg@10"),
    ],
)
def test_a_difference_is_worded_as_sure_as_it_is(runs, low, p_holm, said):
    found = compare_runs(runs / "a", runs / "a", rows=[("last-item", "random")], resamples=50)
    pair = found["pairs"][0] | {"first": "a", "second": "b"}
    figures = {"difference": 0.02, "low": low, "high": 0.03, "p_holm": p_holm}
    pair["headline"] |= figures
    [note] = comparison_notes({**found, "pairs": [pair], "only_first": [], "only_second": []})
    assert said in note


def test_the_command_prints_writes_and_answers_in_json(runs, tmp_path):
    words = ["compare", str(runs / "a"), str(runs / "b"), "--rows", "last-item:item-knn,popularity"]
    out = tmp_path / "report.html"
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "popularity of the second have the same ndcg@10 on every query" in said
    assert "<svg" in out.read_text()
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert [pair["second"] for pair in found["pairs"]] == ["item-knn", "popularity"]
    assert found == json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--rows", "a:b:c"], "'a:b:c' is no row and no pair"),
        (["--rows", " , "], "names no row"),
        (["--out", "report.pdf"], "unknown ending '.pdf'"),
    ],
)
def test_wrong_options_are_told(runs, more, message):
    done = CliRunner().invoke(app, ["compare", str(runs / "a"), str(runs / "b"), *more])
    assert isinstance(done.exception, ConfigError)
    assert message in str(done.exception)


def test_figures_of_one_query_have_no_smallest_difference_in_json(log, loo, tmp_path):
    one = QUICK.model_copy(update={"sample": 1})
    evaluate(log, loo, out=tmp_path / "run", rows=["random", "popularity"], config=one)
    queries = pl.read_parquet(tmp_path / "run" / "queries.parquet")
    assert queries.height == 1
    found = compare_runs(tmp_path / "run", tmp_path / "run", rows=[("random", "popularity")])
    assert found["pairs"][0]["headline"]["smallest_detectable"] is None
