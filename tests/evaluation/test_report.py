"""Reports hold the figures, escape what stands in titles, and load nothing."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

from llmrec.evaluation import EvaluateConfig, evaluate
from llmrec.evaluation.report import llm, render_markdown
from llmrec.evaluation.report.html import bars, lines
from llmrec.evaluation.report.sections import sections_of
from llmrec.evaluation.report.tables import comparison_tables, number

from .conftest import walkers

HOSTILE = "<script>alert({})</script> | x"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    from llmrec.data import SplitProtocol

    folder = tmp_path_factory.mktemp("report")
    results = evaluate(
        walkers(folder / "walkers", HOSTILE),
        SplitProtocol.named("leave-one-out.v1"),
        out=folder / "run",
        rows=["popularity", "last-item", "random"],
        config=EvaluateConfig(resamples=50),
    )
    return results, (folder / "run" / "report.html").read_text(encoding="utf-8")


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_startendtag(self, tag, attrs):
        del attrs
        self.seen.append(tag)

    def handle_starttag(self, tag, attrs):
        del attrs
        self.seen.append(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_escaped_and_loads_nothing(report):
    _, page = report
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert "script" not in tags.seen
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert page.count("<article>") == 20


def test_the_page_shows_every_row_and_its_interval(report):
    results, page = report
    for row in results["rows"]:
        assert f">{row['name']}</text>" in page
        assert f"{row['metrics']['ndcg@10']['value']:.4f}" in page


def test_plots_stay_inside_their_axes(report):
    results, _ = report
    for bar in bars(results)["rows"]:
        assert 0 <= bar["low"] <= bar["share"] <= bar["high"] <= 1
    for line in lines(results)["rows"]:
        heights = [y for _, y in line["points"]]
        assert heights == sorted(heights)
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in line["points"])


def test_every_table_says_how_to_read_it(report):
    results, page = report
    text = render_markdown(results)
    for part in sections_of(results):
        assert part.text
        if part.rows:
            assert f"<h2>{part.title}</h2>" in html.unescape(page)
            assert part.text in html.unescape(page)
            assert part.text in text


def test_means_over_lists_and_over_retrieved_targets_have_intervals(report):
    results, page = report
    for row in results["rows"]:
        lists = row["lists"]
        assert {"novelty_bits", "popularity", "popularity_of_histories"} <= lists[
            "intervals"
        ].keys()
        for name, interval in lists["intervals"].items():
            assert interval["low"] <= lists[name] <= interval["high"]
        found = row["retrieved"]
        assert found["low"] <= found["ndcg@10"] <= found["high"]
    assert f"({number(interval['low'])} to {number(interval['high'])})" in page


def test_no_two_of_many_rows_are_drawn_alike(report):
    results, _ = report
    many = {**results, "rows": [results["rows"][0]] * 20}
    drawn = [(row["colour"], row["dash"]) for row in lines(many)["rows"]]
    assert len(set(drawn)) == 20


def test_the_best_row_comes_first_and_no_pair_is_lost(report):
    results, _ = report
    of_best, others = comparison_tables(results)
    assert [line["first"] for line in of_best] == [results["rows"][0]["name"]] * 2
    assert len(of_best) + len(others) == len(results["comparisons"]) == 3


def test_markdown_tables_keep_their_columns(report):
    results, _ = report
    text = render_markdown(results)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) > 10
    assert results["run"]["protocol_sha256"] in text


def test_notes_say_what_is_at_chance_and_what_cannot_be_told_apart(report):
    results, _ = report
    notes = " ".join(results["notes"])
    assert "last-item is best by ndcg@10" in notes
    assert "It differs from every other row" in notes
    assert "popularity is not told apart from chance" in notes or (
        results["rows"][1]["metrics"]["ndcg@10"]["low"] > results["chance"]["ndcg@10"]
    )


@pytest.fixture(scope="module")
def llm_report(tmp_path_factory):
    from llmrec.data import SplitProtocol
    from llmrec.evaluation import LlmRows, RerankSpec
    from llmrec.llm import ScriptedEngine

    folder = tmp_path_factory.mktemp("llm-report")
    results = evaluate(
        walkers(folder / "walkers", HOSTILE),
        SplitProtocol.named("leave-one-out.v1"),
        out=folder / "run",
        rows=["popularity", "last-item"],
        config=EvaluateConfig(resamples=50),
        llm=LlmRows(engine=ScriptedEngine(), specs=(RerankSpec(name="llm", source="last-item"),)),
    )
    return results, (folder / "run" / "report.html").read_text(encoding="utf-8")


def test_the_page_of_an_llm_shows_all_three_rows_and_stays_whole(llm_report):
    results, page = llm_report
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert "script" not in tags.seen
    text = render_markdown(results)
    for words in ("What the LLM adds", "LLM alone", "random order of the same"):
        assert words in page
        assert words in text
    assert f"{results['llm'][0]['fit']['weight']:.2f} (fitted)" in page
    assert "-0.0000" not in page


def test_plots_of_an_llm_stay_inside_their_axes(llm_report):
    [entry] = llm_report[0]["llm"]
    shares = [stage["share"] for stage in llm.funnel(entry)]
    assert shares[:3] == sorted(shares[:3], reverse=True)
    assert all(0 <= share <= shares[2] for share in shares[3:])
    found = llm.curves(entry)
    assert len(found["curves"]) == 4
    assert all(0 <= v <= 1 for c in found["curves"] for point in c["points"] for v in point)
    parts = llm.latency(entry)
    assert [part["stage"] for part in parts] == ["retrieve", "serialize and render", "score"]
    assert sum(part["width"] for part in parts) == pytest.approx(1.0)
