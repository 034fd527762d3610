"""The list that is shown: no cap is exceeded, diversity only reorders, and every move is said."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import ConfigError
from llmrec.recommender.arrange import Arrangement, arrange, fitting, likeness_of
from llmrec.retrieval import ItemIndex
from llmrec.types import Candidate, Catalogue, Item, Ranking

DIRECTORS = ["Ann", "Bea", "Cleo"]
GENRES = ["Comedy", "Horror", "Drama"]


def ranking_of(rows, scores=None, n_after=0):
    """A ranking of items that are (director, genres); scores fall by one where none are given."""
    items = [
        Item(
            item_id=f"i{n}",
            title=f"Film {n}",
            attributes={
                **({} if director is None else {"director": director}),
                **({"genres": tuple(sorted(genres))} if genres else {}),
            },
        )
        for n, (director, genres) in enumerate(rows)
    ]
    return Ranking(
        candidates=tuple(
            Candidate(item=item, score=0.0, rank=n, source="x") for n, item in enumerate(items, 1)
        ),
        scores=tuple(-float(n) for n in range(len(rows))) if scores is None else tuple(scores),
        kind="fusion",
        n_after=n_after,
    )


def items_of(ranking):
    return [candidate.item for candidate in ranking.candidates]


def arranged(ranking, k, **how):
    return arrange(ranking, k, Arrangement(**how), likeness_of(items_of(ranking), None))


def places(picks):
    return [pick.place for pick in picks]


films = st.lists(
    st.tuples(st.none() | st.sampled_from(DIRECTORS), st.sets(st.sampled_from(GENRES))),
    max_size=12,
)
caps = st.lists(
    st.tuples(st.sampled_from(["director", "genres"]), st.integers(1, 3)),
    max_size=2,
    unique_by=lambda cap: cap[0],
).map(tuple)
shares = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])


@given(rows=films, k=st.integers(1, 14), caps=caps, diversity=shares, data=st.data())
def test_no_cap_is_exceeded_and_the_list_is_as_long_as_it_can_be(rows, k, caps, diversity, data):
    n_after = data.draw(st.integers(0, len(rows)))
    ranking = ranking_of(rows, n_after=n_after)
    picks = arranged(ranking, k, caps=caps, diversity=diversity)
    items = items_of(ranking)
    assert len(set(places(picks))) == len(picks) <= k
    for name, most in caps:
        counts = Counter(v for p in picks for v in said(items[p.place], name))
        assert max(counts.values(), default=0) <= most
        if len(picks) < k and len(caps) == 1:  # each item left out would be one too many
            left = set(range(len(items))) - set(places(picks))
            assert all(any(counts[v] == most for v in said(items[n], name)) for n in left)
    assert arranged(ranking, k, caps=caps, diversity=diversity) == picks


def said(item, name):
    value = item.attributes.get(name, ())
    return value if isinstance(value, tuple) else (value,)


@given(rows=films, k=st.integers(1, 14), diversity=shares)
def test_diversity_only_reorders_and_none_of_it_changes_nothing(rows, k, diversity):
    ranking = ranking_of(rows)
    whole = places(arranged(ranking, len(rows) or 1, diversity=diversity))
    assert sorted(whole) == list(range(len(rows)))
    assert places(arranged(ranking, k, diversity=diversity)) == whole[:k]
    assert whole[:1] == [0][: len(rows)]  # the best comes first, whatever follows
    if not diversity:
        assert whole == sorted(whole)


@given(rows=films, k=st.integers(1, 14), caps=caps, diversity=shares)
def test_whatever_stands_elsewhere_says_what_moved_it(rows, k, caps, diversity):
    for n, pick in enumerate(arranged(ranking_of(rows), k, caps=caps, diversity=diversity)):
        assert bool(pick.moved_by) == (pick.place != n)
        allowed = {"cap"} if caps else set()
        assert set(pick.moved_by) <= allowed | ({"diversity"} if diversity else set())


@given(rows=films, k=st.integers(1, 14), caps=caps)
def test_what_fits_is_what_caps_alone_leave(rows, k, caps):
    ranking = ranking_of(rows)
    assert fitting(items_of(ranking), k, Arrangement(caps=caps)) == places(
        arranged(ranking, k, caps=caps, diversity=0.0)
    )


def test_at_most_two_of_one_director():
    rows = [("Ann", ()), ("Ann", ()), ("Ann", ()), ("Bea", ()), (None, ()), ("Ann", ())]
    picks = arranged(ranking_of(rows), 4, caps=(("director", 2),))
    assert [(pick.place, pick.moved_by) for pick in picks] == [
        (0, ()),
        (1, ()),
        (3, ("cap",)),
        (4, ("cap",)),
    ]


def test_an_item_of_two_values_counts_for_both():
    rows = [(None, {"Comedy", "Drama"}), (None, {"Drama"}), (None, {"Horror"})]
    assert places(arranged(ranking_of(rows), 3, caps=(("genres", 1),))) == [0, 2]


def test_a_like_item_gives_way_to_another_kind():
    rows = [(None, {"Comedy"}), (None, {"Comedy"}), (None, {"Horror"})]
    ranking = ranking_of(rows, scores=(3.0, 2.9, 1.0))
    assert places(arranged(ranking, 3, diversity=0.3)) == [0, 1, 2]
    moved = arranged(ranking, 3, diversity=0.6)
    assert [(p.place, p.moved_by) for p in moved] == [
        (0, ()),
        (2, ("diversity",)),
        (1, ("diversity",)),
    ]


def test_candidates_that_were_not_reranked_do_not_stretch_the_scale():
    rows = [(None, {"Comedy"}), (None, {"Comedy"}), (None, {"Horror"}), (None, {"Drama"})]
    near, far = (
        places(arranged(ranking_of(rows, scores=(1.0, 0.6, 0.0, low), n_after=1), 4, diversity=0.3))
        for low in (-0.1, -100.0)
    )
    assert near[:3] == far[:3]


def test_an_index_says_how_alike_items_are():
    ranking = ranking_of([("Ann", {"Comedy"})] * 4)
    items = items_of(ranking)
    vectors = np.array([[2, 0], [3, 0.1], [0, 1]], dtype=np.float32)
    index = ItemIndex(Catalogue(items), ["i0", "i1", "i2"], vectors)
    likeness = likeness_of(items, index)
    assert likeness(0) == pytest.approx([1, 0.99945, 0, 0], abs=1e-5)
    assert likeness(3) == pytest.approx([0, 0, 0, 0])
    picks = arrange(ranking, 3, Arrangement(diversity=0.9), likeness)
    assert places(picks) == [0, 2, 3]


def test_a_ranking_shows_only_places_that_it_has():
    ranking = ranking_of([("Ann", ())] * 2)
    for shown in ((0, 0), (2,), (-1,)):
        with pytest.raises(ConfigError, match="not different places"):
            type(ranking)(
                candidates=ranking.candidates, scores=ranking.scores, kind="fusion", shown=shown
            )
