"""Gaps between groups: by hand, at chance where groups are by lot, seen where they are real."""

from __future__ import annotations

import numpy as np
import pytest

from llmrec.errors import ConfigError
from llmrec.metrics import group_gaps

QUICK = {"resamples": 200, "shuffles": 199}


def test_the_gap_is_that_of_the_means_over_queries():
    values = np.array([[1.0], [0.0], [0.5], [0.1], [0.3]])
    groups, users = np.array([0, 0, 1, 2, 2]), np.array([7, 7, 8, 9, 5])
    [gap] = group_gaps(values, groups, clusters=users, **QUICK)
    assert gap.difference == pytest.approx(0.5 - 0.2)
    assert (gap.best, gap.worst) in {(0, 2), (1, 2)}
    assert gap.low <= gap.difference <= gap.high


def test_no_gap_has_no_evidence():
    [gap] = group_gaps(np.ones((20, 1)), np.arange(20) % 2, clusters=np.arange(20), **QUICK)
    assert (gap.difference, gap.p_value) == (0.0, 1.0)


def test_groups_by_lot_are_rarely_told_apart_however_many_there_are():
    """Choosing the best and the worst of eight groups by looking does not make them significant."""
    rng = np.random.default_rng(3)
    values, groups = rng.normal(size=(160, 150)), np.arange(160) % 8
    found = group_gaps(values, groups, clusters=np.arange(160), **QUICK)
    rejected = np.mean([gap.p_value < 0.05 for gap in found])
    assert rejected < 0.11  # three standard errors above .05


def test_several_queries_of_one_user_count_as_one_user():
    rng = np.random.default_rng(4)
    of_user = rng.normal(size=(40, 150))
    values, users = np.repeat(of_user, 25, axis=0), np.repeat(np.arange(40), 25)
    found = group_gaps(values, users % 2, clusters=users, **QUICK)
    assert np.mean([gap.p_value < 0.05 for gap in found]) < 0.11


def test_a_real_gap_is_seen():
    rng = np.random.default_rng(5)
    groups = np.repeat([0, 1, 2], 60)
    values = rng.normal(size=(180, 1)) + (groups == 1)[:, None]
    [gap] = group_gaps(values, groups, clusters=np.arange(180), **QUICK)
    assert gap.best == 1
    assert gap.p_value == pytest.approx(1 / 200)
    assert gap.low > 0


@pytest.mark.parametrize(
    ("groups", "users", "message"),
    [
        ([0, 0, 0], [1, 2, 3], "all 3 users are in one"),
        ([0, 1, 1], [1, 1, 2], "user 1 is in groups 0 and 1"),
        ([0, 1], [1, 2], "do not belong together"),
    ],
)
def test_what_has_no_gap_is_refused(groups, users, message):
    with pytest.raises(ConfigError, match=message):
        group_gaps(np.ones((3, 1)), np.array(groups), clusters=np.array(users))
