"""One contract for every retriever."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmrec.errors import ConfigError, UnknownItemError
from llmrec.types import Candidate, Item
from tests.contracts.retrievers import (
    CATALOGUE,
    KINDS,
    LOADED,
    N,
    history,
    loaded,
    make,
    need_minilm,
)


@pytest.fixture(
    scope="module",
    params=[
        *KINDS,
        *(kind + LOADED for kind in KINDS),
        pytest.param("text-minilm", marks=pytest.mark.engine),
    ],
)
def kind(request):
    if request.param.endswith("minilm"):
        need_minilm()
    return request.param


@pytest.fixture(scope="module")
def retriever(kind):
    return make(kind)


HISTORIES = [
    history([3, 9, 15, 21], user="western lover"),
    history([5, 11, 17, 23, 5, 5, 5], user="again and again"),
    history([], user="newcomer"),
    history(range(N - 2), user="has seen nearly all"),
    history(range(N), user="has seen all"),
    history([1, 40], rating=1.0, user="hater"),
]


def ids(rows):
    return [[candidate.item.item_id for candidate in row] for row in rows]


def test_candidates_come_best_first_with_ranks_from_one_and_carry_their_source(retriever):
    for row in retriever.retrieve(HISTORIES, 10):
        scores = [candidate.score for candidate in row]
        assert scores == sorted(scores, reverse=True)
        assert all(np.isfinite(scores))
        assert [candidate.rank for candidate in row] == list(range(1, len(row) + 1))
        assert {candidate.source for candidate in row} <= {retriever.name}
        assert len({candidate.item.item_id for candidate in row}) == len(row)
        assert all(CATALOGUE[c.item.item_id] == c.item for c in row)


def allowed(past, seen, among=None):
    """The ids that a retriever may propose."""
    met = {event.item_id for event in past.interactions}
    known = {"mask": set(CATALOGUE) - met, "allow": set(CATALOGUE), "only": met}[seen]
    return known if among is None else known & set(among)


SEEN = ["mask", "allow", "only"]
ODD = [f"i{n}" for n in range(1, N, 2)]


@pytest.mark.parametrize("seen", SEEN)
def test_seen_items_are_masked_or_allowed_or_the_only_ones(retriever, seen):
    rows = ids(retriever.retrieve(HISTORIES, N, seen=seen))
    assert [set(row) for row in rows] == [allowed(past, seen) for past in HISTORIES]


def test_a_setting_of_seen_items_that_does_not_exist_is_refused(retriever):
    with pytest.raises(ConfigError, match="Did you mean 'mask'"):
        retriever.retrieve(HISTORIES, 3, seen="masked")


@pytest.mark.parametrize("among", [None, ODD, ["i3", "i40"], ["x9", "i7"], []])
@pytest.mark.parametrize("seen", SEEN)
def test_bounds_take_items_out_and_change_nothing_else(retriever, seen, among):
    bound = retriever.retrieve(HISTORIES, 7, seen=seen, among=among)
    whole = retriever.retrieve(HISTORIES, N, seen="allow")
    for few, all_, past in zip(bound, whole, HISTORIES, strict=True):
        rest = [c for c in all_ if c.item.item_id in allowed(past, seen, among)][:7]
        assert ids([few]) == ids([rest])
        assert [c.rank for c in few] == list(range(1, len(few) + 1))
        assert [c.score for c in few] == pytest.approx([c.score for c in rest], abs=1e-6)


def test_k_is_a_cap(retriever):
    first = ids(retriever.retrieve(HISTORIES, 3))
    assert [len(row) for row in first] == [3, 3, 3, 2, 0, 3]
    more = ids(retriever.retrieve(HISTORIES, 10_000))
    assert [row[:3] for row in more] == first
    with pytest.raises(ConfigError, match="k is 0"):
        retriever.retrieve(HISTORIES, 0)


def test_a_batch_equals_single_calls(kind, retriever):
    batch = retriever.retrieve(HISTORIES, 12)
    fresh = make(kind)  # nothing remembered from the batch
    for row, past in zip(batch, HISTORIES, strict=True):
        [alone] = fresh.retrieve([past], 12)
        assert ids([alone]) == ids([row])
        assert [c.score for c in alone] == pytest.approx([c.score for c in row], abs=1e-6)


def test_the_order_of_users_does_not_matter(kind, retriever):
    order = [4, 2, 0, 5, 3, 1]
    shuffled = make(kind).retrieve([HISTORIES[n] for n in order], 12)
    straight = retriever.retrieve(HISTORIES, 12)
    assert ids(shuffled) == ids([straight[n] for n in order])


def test_who_the_user_is_does_not_matter(retriever):
    named = [dataclasses.replace(past, user_id="somebody else") for past in HISTORIES]
    assert retriever.retrieve(named, 12) == retriever.retrieve(HISTORIES, 12)


def test_scores_of_what_was_retrieved_are_the_same_afresh(kind, retriever):
    found = retriever.retrieve(HISTORIES, 15)
    fresh = make(kind)
    for row, past in zip(found, HISTORIES, strict=True):
        [again] = fresh.score([past], [row[::-1]])
        assert again.dtype == np.float64
        assert again.shape == (len(row),)
        assert again[::-1] == pytest.approx([c.score for c in row], abs=1e-6)


def test_candidates_of_others_are_scored_too_seen_ones_included(retriever):
    given_ = [Candidate(item=CATALOGUE[i], score=0, rank=1, source="file") for i in ("i3", "i50")]
    [scores] = retriever.score([HISTORIES[0]], [given_])
    assert np.isfinite(scores).all()
    by_id = {c.item.item_id: c.score for c in retriever.retrieve(HISTORIES[:1], N, seen="allow")[0]}
    assert scores == pytest.approx([by_id["i3"], by_id["i50"]], abs=1e-6)


def test_a_candidate_of_another_catalogue_is_named(retriever):
    alien = Candidate(item=Item(item_id="x9", title="X"), score=0, rank=1, source="file")
    with pytest.raises(UnknownItemError, match="'x9'"):
        retriever.score(HISTORIES[:1], [[alien]])


def test_histories_and_candidates_must_pair_up(retriever):
    with pytest.raises(ConfigError, match="2 histories but 1"):
        retriever.score(HISTORIES[:2], [[]])


def test_nothing_in_nothing_out(retriever):
    assert retriever.retrieve([], 5) == []
    assert retriever.score([], []) == []
    [none] = retriever.score(HISTORIES[:1], [[]])
    assert none.shape == (0,)


def test_omitted_events_count_as_seen_and_for_nothing_else(kind, retriever):
    past = history([3, 9, 15, 20])
    less = past.without([1, 3])
    found = retriever.retrieve([less], N)[0]
    assert not {"i3", "i9", "i15", "i20"} & set(ids([found])[0])
    everything = retriever.retrieve([past], N, seen="allow")[0]
    again = retriever.retrieve([less], N, seen="only")[0]
    assert {"i3", "i9", "i15", "i20"} == set(ids([again])[0])
    [whole], [left] = retriever.score([past], [everything]), retriever.score([less], [everything])
    if "popularity" in kind:
        assert np.array_equal(whole, left)
        return
    assert np.abs(whole - left).max() > 1e-3
    [again] = make(kind).score([less], [found])
    assert again == pytest.approx([c.score for c in found], abs=1e-6)


def test_what_is_omitted_leaves_no_trace_in_the_scores(retriever):
    """Two histories that differ only in the item of an omitted event score alike."""
    one, other = history([3, 9, 15, 20]).without([1]), history([3, 40, 15, 20]).without([1])
    candidates = retriever.retrieve([one], 10, seen="allow")
    [first] = retriever.score([one], candidates)
    [second] = retriever.score([other], candidates)
    assert first == pytest.approx(second, abs=1e-6)


def test_the_identity_is_stable(kind, retriever):
    assert make(kind).identity == retriever.identity
    assert retriever.identity.startswith(retriever.name)
    assert retriever.catalogue.sha256 == CATALOGUE.sha256


def test_the_whole_catalogue_is_scored_as_candidates_are(retriever):
    everything = [
        Candidate(item=item, score=0, rank=n, source="all")
        for n, item in enumerate(CATALOGUE.values(), start=1)
    ]
    block = retriever.scores(HISTORIES)
    afresh = retriever.score(HISTORIES, [everything] * len(HISTORIES))
    assert block == pytest.approx(np.stack(afresh), abs=1e-6)
    block[:] = np.nan  # the caller's own: nothing that is asked later changes
    assert retriever.score(HISTORIES[:1], [everything[:5]])[0] == pytest.approx(afresh[0][:5])
    assert retriever.scores([]).shape == (0, N)


def test_what_is_loaded_answers_as_what_was_saved(retriever):
    again = loaded(retriever)
    assert again.identity == retriever.identity
    assert again.retrieve(HISTORIES, 12) == retriever.retrieve(HISTORIES, 12)


def test_identities_tell_retrievers_apart():
    assert len({make(kind).identity for kind in KINDS}) == len(KINDS)


@pytest.fixture(scope="module")
def all_retrievers():
    return [make(kind) for kind in KINDS]


@given(
    numbers=st.lists(st.integers(0, N - 1), max_size=30),
    data=st.data(),
    k=st.integers(1, N + 5),
    seen=st.sampled_from(SEEN),
    among=st.none() | st.sets(st.sampled_from([*CATALOGUE, "x9"])),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_history_gives_what_is_left_each_once(all_retrievers, numbers, data, k, seen, among):
    omitted = data.draw(st.sets(st.integers(0, len(numbers) - 1)) if numbers else st.just(set()))
    past = history(numbers).without(sorted(omitted))
    left = allowed(past, seen, among)
    for retriever in all_retrievers:
        [row] = retriever.retrieve([past], k, seen=seen, among=among)
        assert len(row) == min(k, len(left))
        assert len(set(ids([row])[0]) & left) == len(row)
        [scores] = retriever.score([past], [row])
        assert scores == pytest.approx([c.score for c in row], abs=1e-6)
