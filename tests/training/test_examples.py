"""Examples are what serving will ask; who proposes candidates has not seen the answer."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from llmrec.data import SplitProtocol, split
from llmrec.errors import ConfigError, DataError
from llmrec.llm import ScriptedEngine
from llmrec.recommender import build_scorer
from llmrec.training.card import DataCard
from llmrec.training.examples import make_examples
from llmrec.training.listwise import make_choices
from llmrec.training.positions import queries_of, training_sizes
from llmrec.training.proposals import honest_positions, with_folds
from llmrec.training.validation import halves


@pytest.fixture
def learnt(monkeypatch):
    """The events that each retriever was fitted on."""
    events = []
    place = "llmrec.training.proposals.fit_retriever"
    monkeypatch.setattr(place, lambda _, log, __: events.append(log.collect()))
    return events


def scorer_of(recipe, dataset):
    return build_scorer(ScriptedEngine(), dataset.catalogue, recipe.serving)


def empty_card(objective="listwise"):
    return DataCard(objective=objective, dataset_sha256="", protocol="")


def test_every_training_event_but_a_users_first_is_a_target_once(folds, make_recipe):
    recipe = make_recipe(stage={"max_examples": None})
    _, card = make_examples(folds, recipe, recipe.stages[0], scorer_of(recipe, folds.dataset))
    sizes = training_sizes(folds)
    assert card.targets == sum(n - 1 for n in sizes.values()) == card.positions
    assert card.users == len(sizes)


def test_positions_stay_within_what_may_be_learnt_from(folds):
    held_out = {(q.history.user_id, q.target.timestamp) for q in folds.validation + folds.test}
    for user, n_events in training_sizes(folds).items():
        for query in queries_of(folds, user, n_events):
            assert (user, query.target.timestamp) not in held_out


def test_a_long_history_is_cut_into_windows_that_fit(folds, make_recipe):
    recipe = make_recipe(stage={"max_tokens": 1500, "max_examples": None})
    trees, card = make_examples(folds, recipe, recipe.stages[0], scorer_of(recipe, folds.dataset))
    assert card.longest <= 1500
    assert card.targets + card.too_long == card.positions
    assert len(trees) > card.users  # several windows a user


@pytest.mark.parametrize("scorer", ["likelihood", "labels"])
def test_a_listwise_example_asks_what_the_scorer_asks(folds, make_recipe, scorer):
    recipe = make_recipe("listwise", scorer=scorer)
    serving = scorer_of(recipe, folds.dataset)
    trees, card = make_examples(folds, recipe, recipe.stages[0], serving)
    assert card.injected == 0
    assert card.found >= card.examples == len(trees)
    sizes = [len(tree.questions) for tree in trees]
    assert {3, 6} <= set(sizes) <= {3, 4, 5, 6}  # the count is drawn, from least to most
    assert len({int(tree.targets[0]) for tree in trees}) > 1


def test_a_user_of_a_fold_is_unknown_to_the_retriever_that_proposes_for_them(
    folds, make_recipe, learnt
):
    settings = make_recipe("listwise").candidates
    asked = [queries for _, queries, _ in honest_positions(folds, settings, seed=0)]
    assert len(asked) == len(learnt) == 2
    for queries, events in zip(asked, learnt, strict=True):
        users = {query.history.user_id for query in queries}
        assert users
        assert not users & set(events["user_id"])
    assert len({q.history.user_id for queries in asked for q in queries}) == 120


def test_under_periods_positions_are_later_than_all_that_the_retriever_learnt(
    walkers, make_recipe, learnt
):
    parts = split(walkers, SplitProtocol.named("global-temporal.v1"))
    settings = make_recipe("listwise").candidates
    ((_, queries, _),) = honest_positions(parts, settings, seed=0)
    newest_learnt = learnt[0].select(pl.col("timestamp_s").max()).item()
    times = [query.target.timestamp for query in queries]
    assert min(times).timestamp() > newest_learnt
    assert max(times) < parts.validation_from


def test_a_card_that_parts_nothing_is_refused_and_leave_one_out_gets_two_folds(
    walkers, make_recipe
):
    card = SplitProtocol.named("leave-one-out.v1")
    settings = make_recipe("listwise").candidates
    with pytest.raises(DataError, match="folds: 2"):
        list(honest_positions(split(walkers, card), settings, seed=0))
    assert with_folds(card).folds == 2
    periods = SplitProtocol.named("global-temporal.v1")
    assert with_folds(periods) is periods


def test_injected_targets_stay_within_their_share_and_are_counted(folds, make_recipe):
    candidates = {"most": 3, "least": 3, "retriever": "popularity", "retriever_settings": {}}
    choices = {}
    for share in (0.0, 0.2):
        recipe = make_recipe("listwise", candidates={**candidates, "injected_share": share})
        card = empty_card()
        choices[share] = make_choices(folds, recipe, card)
        assert card.found + card.injected == len(choices[share])
        assert card.injected <= share * len(choices[share])
        assert (card.injected > 0) == (share > 0)
    for choice in choices[0.2]:
        right = choice.candidates[choice.target].item.item_id
        assert right == choice.query.target.item_id
        assert len({c.item.item_id for c in choice.candidates}) == len(choice.candidates)


def test_validation_halves_share_no_user(folds, make_recipe):
    first, second, _ = halves(folds, make_recipe())
    one, other = ({q.history.user_id for q in half.queries} for half in (first, second))
    assert one
    assert other
    assert not one & other
    for half in (first, second):
        for n in half.asked:
            found = half.candidates[n][half.places[n]].item.item_id
            assert found == half.queries[n].target.item_id


def test_too_small_a_dataset_is_refused_with_what_is_missing(folds, make_recipe):
    few = folds.train.filter(pl.col("user_id") < "u004")
    recipe = make_recipe()
    with pytest.raises(DataError, match="gives 36 targets for the dense objective; 50 are needed"):
        make_examples(
            dataclasses.replace(folds, train=few),
            recipe,
            recipe.stages[0],
            scorer_of(recipe, folds.dataset),
        )
    with pytest.raises(DataError, match="half A have their target"):
        halves(dataclasses.replace(folds, validation=folds.validation[:10]), recipe)


def test_a_row_that_proposes_nothing_is_refused_by_name(folds, make_recipe):
    recipe = make_recipe(candidates={"retriever": "ease-recent"})
    with pytest.raises(ConfigError, match="Did you mean 'ease-recency'"):
        halves(folds, recipe)


def test_equal_seeds_give_equal_examples(folds, make_recipe):
    recipe = make_recipe("listwise")
    serving = scorer_of(recipe, folds.dataset)
    first, second = (make_examples(folds, recipe, recipe.stages[0], serving)[0] for _ in range(2))
    assert [t.tokens.tolist() for t in first] == [t.tokens.tolist() for t in second]
