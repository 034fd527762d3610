"""The benchmark measures what it says, at a size for tests."""

from __future__ import annotations

from llmrec.evaluation.benchmark import measure_metrics, measure_sizes


def test_a_small_size_is_measured():
    found = measure_metrics(users=50, items=200, seen=5, draws=20)
    assert found["figures"] == 7 * 6 + 1
    assert found["seconds"]["all"] >= found["seconds"]["rank"]
    assert found["users_per_s"] > 0
    assert found["peak_gib"] > 0


def test_every_size_is_measured_in_a_process_of_its_own():
    found = measure_sizes([(20, 600), (40, 500)], draws=5)
    assert [(row["users"], row["items"]) for row in found] == [(20, 600), (40, 500)]
