"""Causes are what is said of them: the probability, with an event and without."""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError, DataError, UnknownItemError, UnknownUserError
from llmrec.world.belief import beliefs
from llmrec.world.causes import effects, without_each
from llmrec.world.evenings import day_of
from llmrec.world.oracle import WITHOUT
from llmrec.world.replay import mixture, remember
from llmrec.world.told import tell
from tests.world.reference import Reference
from tests.world.small import small

if TYPE_CHECKING:
    from llmrec.world.simulate import Lives

WORLDS = {label: small(label) for label in ("film.v2", "kitchen.v1")}
USERS = [f"p{number:04d}" for number in range(1, 13)]


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def last_event(world, user: str) -> tuple[str, datetime]:
    """The account's last item, and when it was chosen."""
    lives = world.life(user)
    item = world.shelf.entries[lives.item[-1]].item_id
    return item, moment(int(lives.evenings.starts_s[-1]))


@pytest.mark.parametrize("label", WORLDS)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_causes_agree_with_a_slow_removal_of_each_event(label, data):
    world = WORLDS[label]
    reference = Reference(world, data.draw(st.sampled_from(USERS)))
    user = f"p{reference.lives.people.numbers[0]:04d}"
    at = data.draw(st.integers(1, len(reference.events) - 1))
    later = data.draw(st.sampled_from([0, 600, 20_000, 86_400, 40 * 86_400]))
    moment_s = min(reference.events[at].starts_s + later, reference.first_s + 364 * 86_400)
    chosen = reference.events[at].item
    item = data.draw(st.sampled_from([chosen, *range(0, len(reference.entries), 7)]))
    found = world.causes(user, moment(moment_s), reference.entries[item].item_id)
    full = reference.probability(item, moment_s)
    assert math.exp(found.log_probability) == pytest.approx(full, rel=1e-9, abs=1e-300)
    past = [event for event in reference.events if event.starts_s < moment_s]
    assert len(found.events) == len(past)
    for place in {0, at // 2, len(past) - 2, len(past) - 1} & set(range(len(past))):
        without = reference.probability(item, moment_s, place)
        cause = found.events[place]
        assert cause.item_id == reference.entries[past[place].item].item_id
        assert cause.timestamp_s == past[place].starts_s
        if full == 0.0 or without == 0.0:
            assert cause.effect == (0.0 if full == without else -math.inf)
        else:
            assert cause.effect == pytest.approx(math.log(full / without), abs=1e-8)


@pytest.mark.parametrize("label", WORLDS)
def test_an_event_that_is_linked_with_nothing_only_gives_or_takes_room(label):
    world = WORLDS[label]
    item, as_of = last_event(world, "p0001")
    for cause in world.causes("p0001", as_of, item).events:
        if not cause.kinds:
            assert cause.effect < 0.3


@pytest.mark.parametrize("label", WORLDS)
@settings(max_examples=8, deadline=None)
@given(user=st.sampled_from(USERS), hours=st.integers(0, 24 * 300))
def test_probabilities_sum_to_one_whatever_is_known(label, user, hours):
    world = WORLDS[label]
    start = datetime.combine(world.settings.start, datetime.min.time(), UTC)
    for without in (None, *WITHOUT):
        found = world.probability(user, start + timedelta(hours=hours), without)
        assert min(found.values()) >= 0.0
        assert math.fsum(found.values()) == pytest.approx(1.0, abs=1e-9)


def test_the_simulators_choices_have_the_probability_it_names():
    """Over all choices, the mean of 1 / p over what was open is how much was open: p is honest."""
    world = WORLDS["film.v2"]
    inverse, opened = [], []
    for user in USERS:
        lives = world.life(user)
        for n in range(len(lives.item)):
            found = world.probability(user, moment(int(lives.evenings.starts_s[n])))
            values = np.array(list(found.values()))
            inverse.append(float(np.log(values[lives.item[n]])))
            opened.append(float((values * np.log(np.maximum(values, 1e-300))).sum()))
    spread = np.std(np.array(inverse) - np.array(opened)) / math.sqrt(len(inverse))
    assert abs(np.mean(inverse) - np.mean(opened)) < 4 * spread


NOTHING = {
    "noise": 0.0,
    "seasons": [],
    "weekdays": [],
    "waves": None,
    "satiation": [],
    "rewatch": None,
    "out_of_order": 1.0,
    "session": {},
    "household__share": 0.0,
}
RULE = {"by": "talk", "pull": 5.0, "half_life_days": 50}


@pytest.mark.parametrize("by", ["talk", "director", "cast", "next"])
def test_removing_all_causes_of_a_kind_removes_its_share(by):
    """Where one rule is all that the past does, without it the item is as likely as before."""
    world, bare = small(**NOTHING, follow=[RULE | {"by": by}]), small(**NOTHING, follow=[])
    checked = 0
    for user in USERS:
        item, as_of = last_event(world, user)
        reference = Reference(world, user)
        causes = [e.place for e in world.causes(user, as_of, item).events if e.kinds]
        if not causes:
            continue
        others = [e for n, e in enumerate(reference.events[:-1]) if n not in causes]
        moment_s, place = int(as_of.timestamp()), world._places[item]
        day = (moment_s - reference.first_s) // 86_400
        assert sum(reference.pull(others, n, day) for n in [place]) == 0.0
        kept = reference.weights(others, 0, moment_s, guests=False, goes_on=False)[place]
        room = 1.0 + sum(reference.pull(others, n, day) for n in range(len(reference.entries)))
        alone = Reference(bare, user).weights([], 0, moment_s, guests=False, goes_on=False)[place]
        assert kept * room == pytest.approx(alone)
        checked += 1
    assert checked > 3


def test_noise_causes_nothing():
    """Where everything is chance, no event and no trait has a part in anything."""
    world = small(**(NOTHING | {"noise": 1.0}), follow=[RULE])
    item, as_of = last_event(world, "p0003")
    found = world.causes("p0003", as_of, item)
    assert {round(cause.effect, 12) for cause in found.events} == {0.0}
    assert found.log_probability == pytest.approx(-math.log(len(world.shelf.entries)))


def test_parts_are_logarithms_against_the_mean_of_what_is_open():
    world = WORLDS["kitchen.v1"]
    item, as_of = last_event(world, "p0002")
    found = world.causes("p0002", as_of, item)
    assert set(found.parts) == {"taste", "drift", "known", "season", "weekday", "wave"}
    known = world.shelf.known
    assert found.parts["known"] == pytest.approx(
        math.log(known[world._places[item]]) - math.log(known.mean())
    )


def test_what_hardly_anything_else_makes_possible_keeps_its_last_bits():
    """In a household, what another member has left of an item may be far below the first's part."""
    child = {"household__share": 1.0, "household__child": 1.0, "household__child_other_factor": 0.0}
    world, tiny = small(seed=1, noise=0.0, **child), 0
    for user in USERS:
        _, as_of = last_event(world, user)
        lives, moment_s = world.life(user), int(as_of.timestamp())
        full, without = without_each(lives, 0, moment_s, world.shelf, world.settings)
        belief = beliefs(lives, np.array([moment_s]), world.settings)
        for place in range(len(without)):
            kept = np.arange(len(lives.item)) != place
            state, rank = remember(
                some(lives, kept), np.array([moment_s]), world.shelf, world.settings
            )
            days = np.array([day_of(world.settings, moment_s)])
            slow = mixture(state, rank, some(lives, kept), days, belief)[0]
            assert without[place] == pytest.approx(slow, rel=1e-9, abs=0.0)
            tiny += int(((slow > 0.0) & (slow < 1e-12 * full)).sum())
    assert tiny > 0


def some(lives: Lives, kept: np.ndarray) -> Lives:
    """Lives in which only some events happened."""
    evenings = {f.name: getattr(lives.evenings, f.name)[kept] for f in fields(lives.evenings)}
    return replace(
        lives,
        evenings=replace(lives.evenings, **evenings),
        item=lives.item[kept],
        rating=lives.rating[kept],
        cooked=lives.cooked[kept],
    )


def test_effects_of_the_impossible_are_named():
    with_, without = np.array([0.0, 0.0, 0.5]), np.array([0.0, 0.5, 0.25])
    assert effects(with_, without).tolist() == [0.0, -math.inf, math.log(2.0)]


def test_what_is_closed_is_told_with_what_closes_it():
    world = WORLDS["film.v2"]
    item, as_of = last_event(world, "p0001")
    after = as_of + timedelta(hours=2)
    told = tell(world, world.causes("p0001", after, item), after)
    assert "probability 0 %" in told
    assert re.search(r"ruled it out; it .*was the same", told)


def test_the_oracle_ranks_every_item_once_likeliest_first():
    world = WORLDS["film.v2"]
    item, as_of = last_event(world, "p0004")
    found = world.probability("p0004", as_of)
    for without in (None, *WITHOUT):
        ranking = world.oracle("p0004", as_of, without)
        assert sorted(ranking) == sorted(found)
    assert world.oracle("p0004", as_of)[0] == max(found, key=found.get)
    assert world.log_probability("p0004", as_of, item) == pytest.approx(math.log(found[item]))


@pytest.mark.parametrize("label", WORLDS)
def test_who_knows_less_ranks_worse(label):
    """The mean log-probability of what was chosen falls with everything that is left out."""
    world = WORLDS[label]
    means = {}
    for without in (None, *WITHOUT):
        logs = []
        for user in USERS:
            item, as_of = last_event(world, user)
            logs.append(math.log(max(world.probability(user, as_of, without)[item], 1e-9)))
        means[without] = sum(logs) / len(logs)
    assert all(means[None] > means[without] for without in WITHOUT)


@pytest.mark.parametrize("label", list(WORLDS))
def test_without_time_only_the_order_of_the_past_counts(label):
    world = WORLDS[label]
    _, last = last_event(world, "p0002")
    one, later = (last + timedelta(days=days, hours=2) for days in (1, 30))
    assert world.oracle("p0002", one, "time") == world.oracle("p0002", later, "time")
    assert world.oracle("p0002", one) != world.oracle("p0002", later)
    assert world.oracle("p0002", one, "time") != world.oracle("p0002", one, "order")


def test_answers_to_a_slate_follow_the_probabilities():
    world = WORLDS["film.v2"]
    _, as_of = last_event(world, "p0005")
    found = world.probability("p0005", as_of)
    slate = sorted(found, key=found.get)[-4:]
    answers = [world.respond("p0005", as_of, slate, seed=seed) for seed in range(1500)]
    total = sum(found[item] for item in slate) + world.settings.outside
    for item in slate:
        share = sum(answer.item_id == item for answer in answers) / len(answers)
        assert share == pytest.approx(found[item] / total, abs=0.05)
    assert {answer.rating is None for answer in answers if answer.item_id is None} == {True}
    rated = [answer.rating for answer in answers if answer.item_id is not None]
    assert all(1.0 <= rating <= 5.0 and rating * 2 == int(rating * 2) for rating in rated)
    assert answers[3] == world.respond("p0005", as_of, slate, seed=3)


def test_whoever_of_a_household_takes_an_item_rates_it():
    alone, shared = (
        small("film.v2", household__share=share, rating__noise_spread=0.0) for share in (0.0, 1.0)
    )
    for world, ratings in ((alone, {1}), (shared, {1, 2, 3})):
        counts = set()
        for user in ("p0001", "p0002", "p0003", "p0004"):
            _, as_of = last_event(world, user)
            slate = world.oracle(user, as_of)[:1]
            answers = [world.respond(user, as_of, slate, seed=seed) for seed in range(60)]
            counts.add(len({a.rating for a in answers if a.item_id is not None}))
        assert counts <= ratings
        assert max(counts) == 1 if world is alone else max(counts) > 1


def test_an_empty_slate_is_answered_with_nothing():
    world = WORLDS["film.v2"]
    _, as_of = last_event(world, "p0005")
    assert world.respond("p0005", as_of, [], seed=1).item_id is None


def test_what_the_world_does_not_have_is_refused_by_name():
    world, as_of = WORLDS["film.v2"], datetime(2022, 1, 1, tzinfo=UTC)
    for user in ("p0000", "p0013", "p1", "nobody"):
        with pytest.raises(UnknownUserError, match=f"'{user}'.*p0001 to p0012"):
            world.oracle(user, as_of)
    with pytest.raises(UnknownItemError, match="'d001'"):
        world.causes("p0001", as_of, "d001")
    with pytest.raises(UnknownUserError, match="p0001 to p0012"):
        world.oracle("p" + "9" * 5_000, as_of)
    with pytest.raises(ConfigError, match=r"without 'times'\n.*'time'"):
        world.oracle("p0001", as_of, "times")
    for place in (-1, 1_000):
        with pytest.raises(DataError, match=f"p0001 has no event {place} before 2022"):
            world.probability_without("p0001", as_of, place)
    with pytest.raises(DataError, match="twice"):
        world.respond("p0001", as_of, ["f001", "f001"], seed=1)
    with pytest.raises(DataError, match="no time zone"):
        world.oracle("p0001", datetime(2022, 1, 1))  # noqa: DTZ001
