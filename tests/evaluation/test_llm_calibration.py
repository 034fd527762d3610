"""Temperatures make probabilities true where that is possible, and say nothing where nothing is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.evaluation.llm_rows.calibration import (
    HIGHEST,
    calibration_of,
    chance_of,
    fit_temperature,
    probabilities,
)


def made(n, temperature, seed=0, size=20):
    """Return scores, and targets drawn from their softmax at a temperature."""
    rng = np.random.default_rng(seed)
    scores = [rng.normal(0.0, 2.0, size) for _ in range(n)]
    places = [int(rng.choice(size, p=probabilities(row, temperature))) for row in scores]
    return scores, places


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_made_the_targets_is_found(temperature):
    scores, places = made(3000, temperature)
    assert fit_temperature(scores, places) == pytest.approx(temperature, rel=0.1)


def test_scores_without_information_get_equal_probabilities():
    scores, _ = made(300, 1.0)
    fitted = fit_temperature(scores, [0] * 300)
    after = calibration_of(scores, [0] * 300, np.arange(300), fitted, seed=0)
    assert fitted > 10
    assert after["log_loss"]["value"] == pytest.approx(chance_of(scores)["log_loss"], abs=0.02)
    constant = [np.zeros(5)] * 10
    assert fit_temperature(constant, [0] * 10) <= HIGHEST * (1 + 1e-9)


@given(st.integers(1, 40), st.floats(0.05, 20.0), st.integers(0, 9))
def test_no_other_temperature_does_better(n, other, seed):
    scores, places = made(n, 1.0, seed, size=6)
    clusters = np.arange(n)
    best = fit_temperature(scores, places)
    losses = [
        calibration_of(scores, places, clusters, t, seed=0)["log_loss"]["value"]
        for t in (best, other)
    ]
    assert losses[0] <= losses[1] + 1e-9


def test_true_probabilities_stay_within_noise_and_false_ones_do_not():
    scores, places = made(400, 1.0)
    clusters = np.arange(400)
    true, sharp = (calibration_of(scores, places, clusters, t, seed=0) for t in (1.0, 0.25))
    assert true["ece"]["value"] < true["ece"]["noise"]
    assert sharp["ece"]["value"] > sharp["ece"]["noise"]
    assert true["brier"]["value"] < sharp["brier"]["value"]
    assert sum(b["count"] for b in true["bins"]) == 400 * 20
    for name in ("log_loss", "brier"):
        assert true[name]["low"] <= true[name]["value"] <= true[name]["high"]


def test_huge_scores_overflow_nothing():
    scores = [np.array([1e6, 0.0, -1e6])]
    found = calibration_of(scores, [2], np.arange(1), 1.0, seed=0)
    assert found["log_loss"]["value"] == pytest.approx(2e6)
    assert math.isfinite(found["brier"]["value"])
