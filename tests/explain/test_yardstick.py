"""The checker against texts it did not write: what it catches, and what it wrongly refuses.

``corpus/README.md`` says who wrote them and what has been tuned on. Run this file with ``-s`` to
read each misjudged text; those of ``unseen`` are never shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest

from llmrec.explain import Checker, stands
from llmrec.explain.citations import resolve_citations
from llmrec.world.films import catalogue
from tests.explain.corpus import reading

CATCH, FALSE_ALARM = 0.95, 0.02
REACHED = {
    "corpus": (0.971, 0.058),
    "first": (0.990, 0.114),
    "second": (0.990, 0.083),
    "third": (1.000, 0.071),
    "unseen": (0.898, 0.306),
}
"""Shares of false texts caught and of true ones refused, as last measured."""
MARGIN = 0.01


@dataclass(frozen=True)
class Reading:
    caught: float
    refused: float
    n_false: int
    n_true: int


@cache
def read(name: str) -> Reading:
    """Check every text of a source, its citations resolved as a person sees them."""
    corpus = name == "corpus"
    texts = [*reading.corpus("dev"), *reading.corpus("test")] if corpus else reading.free(name)
    told = reading.scenarios() if corpus else reading.scenarios(reading.HERE / "free" / name)
    checker = Checker(catalogue())
    asked, wrong = Counter(), Counter()
    for row in texts:
        case = told[row["scenario"]]
        text = resolve_citations(row["text"], case["evidence"], language="en", time_zone="UTC")
        findings = checker.check(text, **case)
        asked[row["label"]] += 1
        if stands(findings) == (row["label"] == "true"):
            continue
        wrong[row["label"]] += 1
        if name != "unseen":
            faults = [(f.category, f.detail) for f in findings if not f.ok]
            print(row["label"], row["category"], repr(text), faults)  # noqa: T201
    return Reading(
        caught=1 - wrong["false"] / asked["false"],
        refused=wrong["true"] / asked["true"],
        n_false=asked["false"],
        n_true=asked["true"],
    )


@pytest.mark.parametrize("name", REACHED)
def test_false_texts_are_caught_and_true_ones_pass(name, request):
    if REACHED[name][0] < CATCH or REACHED[name][1] > FALSE_ALARM:
        caught, refused = REACHED[name]
        reason = f"caught {caught:.1%}, and refused {refused:.1%} of true texts"
        request.applymarker(pytest.mark.xfail(reason=reason))
    found = read(name)
    assert found.n_false >= 100
    assert (found.caught >= CATCH, found.refused <= FALSE_ALARM) == (True, True), found


@pytest.mark.parametrize("name", REACHED)
def test_what_is_reached_is_not_lost(name):
    caught, refused = REACHED[name]
    found = read(name)
    assert found.caught >= caught - MARGIN, found
    assert found.refused <= refused + MARGIN, found


def test_planted_corruption_is_caught_in_the_corpora_together():
    """At least 500 texts of every category, in wording that is not our templates'."""
    found = [read(name) for name in REACHED]
    n_false = sum(f.n_false for f in found)
    assert n_false >= 500
    assert sum(f.caught * f.n_false for f in found) / n_false >= CATCH
