"""Reliability against scikit-learn, ECE and Brier by hand."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.errors import ConfigError, DataError
from llmrec.metrics import brier, reliability


@pytest.mark.parametrize("spacing", ["uniform", "quantile"])
def test_bins_are_those_of_scikit_learn(spacing):
    curve = pytest.importorskip("sklearn.calibration").calibration_curve
    loss = pytest.importorskip("sklearn.metrics").brier_score_loss
    rng = np.random.default_rng(2)
    p = rng.beta(0.5, 3, 500)
    happened = rng.random(500) < p**1.3
    observed, predicted = curve(happened, p, n_bins=10, strategy=spacing)
    found = reliability(p, happened, spacing=spacing)
    assert found.predicted == pytest.approx(predicted, abs=1e-6)
    assert found.observed == pytest.approx(observed, abs=1e-6)
    assert found.counts.sum() == 500
    assert brier(p, happened) == pytest.approx(loss(happened, p), abs=1e-6)


def test_ece_by_hand():
    p, happened = np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 1, 1, 1])
    assert reliability(p, happened, bins=2).ece == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)
    assert reliability(np.array([0.0, 1.0]), np.array([0, 1])).ece == 0.0


@pytest.mark.parametrize(
    ("p", "happened", "message"),
    [
        ([0.5, 1.5], [0, 1], "probability 1.5 of prediction 1"),
        ([np.nan], [0], "probability nan"),
        ([], [], "do not pair up"),
        ([0.5], [0, 1], "do not pair up"),
    ],
)
def test_what_is_no_probability_is_refused(p, happened, message):
    with pytest.raises(DataError, match=message):
        reliability(np.array(p), np.array(happened))


def test_no_bins_are_refused():
    with pytest.raises(ConfigError, match="bins is 0"):
        reliability(np.array([0.5]), np.array([1]), bins=0)
