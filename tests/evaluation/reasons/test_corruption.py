"""Planted texts are false in exactly one place, and the checker is held against them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.evaluation.reasons.corruption import KINDS, plant
from llmrec.explain import Checker, stands
from llmrec.explain.template import template_sentences
from llmrec.types import Catalogue, Evidence, History, Interaction, Item
from tests.evaluation.reasons.cases import day

FILMS = Catalogue(
    [
        Item(
            item_id=f"f{n}",
            title=title,
            attributes={"director": director, "genres": genres, "year": 1990 + n},
        )
        for n, (title, director, genres) in enumerate(
            [
                ("Heat", "Michael Mann", ("Crime", "Drama")),
                ("Collateral", "Michael Mann", ("Crime", "Thriller")),
                ("Alien", "Ridley Scott", ("Horror", "Sci-Fi")),
                ("Airplane!", "Jim Abrahams", ("Comedy",)),
                ("Fargo", "Joel Coen", ("Crime", "Comedy")),
            ]
        )
    ]
)


def case(times=1):
    events = tuple(
        Interaction(item_id="f0", timestamp=day(40 * n), rating=4.0) for n in range(times)
    )
    history = History(user_id="u", as_of=day(200), interactions=events)
    cited = Evidence(
        position=0, interaction=events[0], item=FILMS["f0"], effect=1.0, noise=0.0, group=(0,)
    )
    return {"item": FILMS["f1"], "evidence": (cited,), "history": history}


def told(given_case):
    checker = Checker(FILMS)
    facts = checker.facts(given_case["item"], given_case["evidence"], given_case["history"])
    return checker, facts, " ".join(template_sentences(facts, "en"))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_every_kind_is_planted_in_one_place_and_refused(seed):
    given_case = case()
    checker, facts, text = told(given_case)
    assert stands(checker.check(text, **given_case))
    planted = plant(text, facts, FILMS, np.random.default_rng(seed), of_template=True)
    assert set(planted) == set(KINDS)
    for false in planted.values():
        assert false != text
        assert not stands(checker.check(false, **given_case)), false
    assert planted == plant(text, facts, FILMS, np.random.default_rng(seed), of_template=True)


def test_what_may_be_true_all_the_same_is_not_planted():
    _, facts, text = told(case(times=2))  # another date of the same film is another true date
    planted = plant(text, facts, FILMS, np.random.default_rng(0), of_template=True)
    assert not {"number", "time"} & set(planted)
    assert {"title", "person", "attribute"} <= set(planted)


@pytest.mark.parametrize("text", ["", "You like films.", "Because of [1]."])
def test_a_text_without_a_place_has_nothing_planted(text):
    _, facts, _ = told(case())
    assert plant(text, facts, FILMS, np.random.default_rng(0), of_template=False) == {}
