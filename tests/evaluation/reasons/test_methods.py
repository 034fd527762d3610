"""The ways to find evidence, compared on the same items."""

from __future__ import annotations

import polars as pl
import pytest

from llmrec.cli.reasons import world_truth
from llmrec.errors import ConfigError
from llmrec.evaluation.reasons import ReasonsConfig, measure_reasons, reason_tables
from llmrec.evaluation.reasons.methods import METHODS, method_figures, score_methods
from llmrec.explain import EvidenceConfig
from llmrec.types import Candidate, Item, Ranking
from tests.evaluation.reasons.cases import FEW, evidence_at, history_of

HEADING = "How evidence is found"


def test_the_methods_are_those_that_evidence_can_be_found_by():
    for method in METHODS:
        assert EvidenceConfig(level=method).level == method
    with pytest.raises(ConfigError, match="'auto', 'session' or 'event'"):
        EvidenceConfig.of({"level": "year"}, source="a test")


class Counts:
    """A decision in which every event lifts the first candidate by 1."""

    order_matters = False

    def __call__(self, histories, candidates, *, order_seed=0):
        del order_seed
        return [
            Ranking.of(row, [len(history.interactions) - len(history.omitted), 0.0], "likelihood")
            for history, row in zip(histories, candidates, strict=True)
        ]


def test_falls_and_costs_are_those_of_each_method():
    history, decision = history_of(5), Counts()
    candidates = tuple(
        Candidate(item=Item(item_id=i, title=i), score=0.0, rank=n, source="hand")
        for n, i in enumerate("ab", start=1)
    )
    (ranking,) = decision([history], [candidates])
    positions = {"auto": (3, 1), "session": (), "event": (0,)}

    def find(method, scorer):
        n_asked = 1 + len(positions[method])
        scorer([history] * n_asked, [candidates] * n_asked)
        return [evidence_at(history, *positions[method])]

    (found,) = score_methods(history, ranking, decision, find, orders=[0])
    assert [tuple(row.values()) for row in found] == [
        ("auto", [3, 1], 2.0, 3),
        ("session", [], 0.0, 1),
        ("event", [0], 1.0, 2),
    ]


def line(cited, removed, scored):
    return [
        {"method": method, "cited": c, "removed": r, "scored": s}
        for method, c, r, s in zip(METHODS, cited, removed, scored, strict=True)
    ]


def test_the_method_in_use_is_compared_with_every_other(table):
    lines = [
        {
            "user_id": f"u{n}",
            "truth": [1.0, 0.0, 0.0],
            "methods": line([[0], [1, 2], [0, 1]], [2.0, 1.0, 1.5], [5, 3, 9]),
        }
        for n in range(4)
    ]
    silent = {"user_id": "s", "truth": [0.0], "methods": line([[], [], []], [0.0] * 3, [1] * 3)}
    found = method_figures(table(*lines, silent), "auto", 0.5, **FEW)
    assert [way["value"] for way in found["removed"]["ways"]] == [1.6, 0.8, pytest.approx(1.2)]
    leads = {row["against"]: row["difference"] for row in found["removed"]["differences"]}
    assert leads == {"session": pytest.approx(0.8), "event": pytest.approx(0.4)}
    assert [way["value"] for way in found["precision@2"]["ways"]] == [1.0, 0.0, 0.5]
    assert [way["n"] for way in found["precision@2"]["ways"]] == [4, 4, 4]
    assert [way["value"] for way in found["cites"]["ways"]] == [0.8] * 3


def test_without_variation_nothing_is_told(table):
    assert method_figures(table({"user_id": "u"}), "auto", 0.5, **FEW) is None


def test_a_run_varies_what_it_was_asked_to(open_line, index, card, film_world, tmp_path):
    config = ReasonsConfig(users=2, k=2, resamples=50, vary_evidence=True)
    truth = world_truth(film_world)
    line = open_line(engine=None, weight=None)
    results = measure_reasons(line, card, index, out=tmp_path / "run", config=config, truth=truth)
    assert results["methods"]["base"] == "auto"
    lines = pl.read_parquet(tmp_path / "run" / "reasons.parquet").to_dicts()
    for row in lines:
        [auto] = [found for found in row["methods"] if found["method"] == "auto"]
        assert auto["cited"] == row["cited"]
        whole = [
            trial["removed"]
            for trial in row["trials"]
            if trial["way"] == "cited" and trial["events"] == len(row["cited"])
        ]
        assert auto["removed"] == pytest.approx(whole[0] if whole else 0.0)
    assert HEADING in [heading for heading, _, _ in reason_tables(results)]
    assert HEADING in (tmp_path / "run" / "reasons.html").read_text()
