"""Users by groups: ages in bands, small groups shown but not judged, unknowns left out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from llmrec.data import load, write_dataset
from llmrec.evaluation import EvaluateConfig, RunFolder, evaluate
from llmrec.evaluation.groups import compare_groups, group_labels, groupings_of

from .conftest import N_USERS

QUICK = EvaluateConfig(batch=16, resamples=50)


def users_table():
    """Facts about the walkers; nothing is known of the last five."""
    known = range(N_USERS - 5)
    return pl.DataFrame(
        {
            "user_id": [f"u{n:02}" for n in known],
            "age": [17 + n for n in known],
            "gender": ["F" if n % 2 else "M" for n in known],
            "town": [f"town {n}" for n in known],
        }
    )


@pytest.fixture(scope="module")
def known(log, tmp_path_factory):
    path = tmp_path_factory.mktemp("known") / "walkers"
    write_dataset(
        path,
        items=log.catalogue,
        interactions=log.interactions,
        made_from={},
        users=users_table(),
    )
    return load(path)


def test_ages_become_bands_and_many_valued_attributes_none():
    labels = group_labels(users_table())
    assert labels.columns == ["user_id", "age", "gender"]
    assert labels["age"][0] == "under 18"
    assert labels["age"][1] == "18-24"
    assert labels["age"][7] == "18-24"
    assert labels["age"][8] == "25-34"
    assert labels["age"][44] == "56 and over"


def test_a_run_shows_groups_and_gaps_and_keeps_labels_alone(known, loo, tmp_path):
    out = tmp_path / "run"
    results = evaluate(known, loo, out=out, rows=["popularity", "last-item"], config=QUICK)
    [first, _] = results["rows"]
    by_gender = [group for group in first["groups"] if group["by"] == "gender"]
    assert [(group["group"], group["users"]) for group in by_gender] == [("F", 22), ("M", 23)]
    ages = [group["group"] for group in first["groups"] if group["by"] == "age"]
    assert ages[0] == "under 18"
    assert ages[-1] == "56 and over"
    assert {gap["by"] for gap in results["gaps"]} == {"age", "gender"}  # histories are equally long
    assert all(gap["p_holm"] >= gap["p_value"] for gap in results["gaps"])
    by_age = next(gap for gap in results["gaps"] if gap["by"] == "age")
    assert by_age["groups"] == 2  # the other bands have fewer than ten users
    assert "Gaps between groups of users" in (out / "report.md").read_text()
    assert "town 3" not in str(RunFolder.open(out).user_groups().rows())


def test_a_gap_that_was_planted_is_found():
    queries = pl.DataFrame(
        {"user_id": [f"u{n}" for n in range(60)], "history": [[0] * (n + 1) for n in range(60)]}
    )
    labels = pl.DataFrame({"user_id": queries["user_id"], "sex": ["F", "M"] * 30})
    values = {"row": np.tile([0.2, 0.8], 30), "flat": np.full(60, 0.5)}
    groups, gaps = compare_groups(
        values, groupings_of(queries, labels), np.arange(60), seed=0, resamples=50
    )
    found = {(gap["row"], gap["by"]): gap for gap in gaps}
    planted = found["row", "sex"]
    assert (planted["best"], planted["worst"]) == ("M", "F")
    assert planted["difference"] == pytest.approx(0.6)
    assert planted["p_holm"] < 0.05
    assert found["flat", "sex"]["p_value"] == 1
    assert [group["group"] for group in groups["row"][:3]] == [
        "few events (1 to 20)",
        "some events (21 to 40)",
        "many events (41 to 60)",
    ]
