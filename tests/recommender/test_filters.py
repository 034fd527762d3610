"""Which items a request allows: the same as asking each item, and typos are named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmrec.errors import ConfigError, UnknownItemError
from llmrec.recommender.filters import AttributeTable, Filters
from llmrec.types import Catalogue, Item

GENRES = ["Comedy", "Horror", "Drama", "Western"]
YEARS = [1979, 1990, 1994.0, 1994.5]


def catalogue(rows):
    """Items of (genres, year), either of which may be None."""
    items = []
    for n, (genres, year) in enumerate(rows):
        said = {"genres": None if genres is None else tuple(genres), "year": year}
        attributes = {name: value for name, value in said.items() if value is not None}
        items.append(Item(item_id=f"i{n}", title=f"Film {n}", attributes=attributes))
    return Catalogue(items)


FILMS = catalogue([(GENRES[:2], 1990), (["Drama"], 1994), (None, 1979), (["Comedy"], None)])


def allowed(filters, items=FILMS):
    return AttributeTable(items).allowed(filters)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(), None),
        (Filters(any_of=(("genres", ("Comedy",)),)), {"i0", "i3"}),
        (Filters(any_of=(("genres", ("Comedy", "Drama")),)), {"i0", "i1", "i3"}),
        (Filters(any_of=(("year", ("1990",)),)), {"i0"}),
        (Filters(none_of=(("genres", ("Horror",)),)), {"i1", "i2", "i3"}),
        (Filters(at_least=(("year", 1990),)), {"i0", "i1"}),
        (Filters(at_most=(("year", 1990),)), {"i0", "i2"}),
        (Filters(leave_out=("i0", "i2")), {"i1", "i3"}),
    ],
)
def test_each_condition_means_what_it_says(filters, ids):
    assert allowed(filters) == ids


def test_conditions_that_no_item_meets_together_allow_none_and_are_said_once(caplog):
    table = AttributeTable(FILMS)
    filters = Filters(any_of=(("genres", ("Drama",)),), at_most=(("year", 1980),))
    assert [table.allowed(filters) for _ in range(3)] == [frozenset()] * 3
    said = "No item of the catalogue meets all of: genres is Drama, year is at most 1980."
    assert caplog.messages == [said]


@pytest.mark.parametrize(
    ("filters", "fault", "message"),
    [
        (Filters(any_of=(("genre", ("Comedy",)),)), ConfigError, "Did you mean 'genres'"),
        (Filters(none_of=(("genres", ("comedy",)),)), ConfigError, "Did you mean 'Comedy'"),
        (Filters(any_of=(("genres", ("dram",)),)), ConfigError, "Did you mean 'Drama'"),
        (Filters(any_of=(("genres", ("Sport",)),)), ConfigError, "Known: 'Comedy', 'Horror'"),
        (Filters(at_least=(("genres", 3),)), ConfigError, "holds no numbers"),
        (Filters(leave_out=("i99",)), UnknownItemError, "'i99'"),
    ],
)
def test_what_no_item_says_is_refused(filters, fault, message):
    with pytest.raises(fault, match=message):
        allowed(filters)


known_genres = st.sets(st.sampled_from(GENRES), min_size=1)
rows = st.lists(st.tuples(st.none() | known_genres, st.none() | st.sampled_from(YEARS)), min_size=1)


@given(rows=rows, wanted=known_genres, unwanted=known_genres, data=st.data())
def test_what_is_allowed_is_what_each_item_meets(rows, wanted, unwanted, data):
    films = catalogue(rows)
    said = {genre for genres, _ in rows for genre in genres or ()}
    wanted, unwanted = sorted(wanted & said), sorted(unwanted & said)
    numbers = any(year is not None for _, year in rows)
    limits = st.none() | st.floats(1970, 2000)
    least, most = (data.draw(limits) if numbers else None for _ in range(2))
    dropped = data.draw(st.sets(st.sampled_from(list(films))))
    found = allowed(
        Filters(
            any_of=(("genres", tuple(wanted)),) if wanted else (),
            none_of=(("genres", tuple(unwanted)),) if unwanted else (),
            at_least=() if least is None else (("year", least),),
            at_most=() if most is None else (("year", most),),
            leave_out=tuple(sorted(dropped)),
        ),
        films,
    )

    def meets(item):
        genres, year = item.attributes.get("genres", ()), item.attributes.get("year", math.nan)
        return (
            (not wanted or bool(set(genres) & set(wanted)))
            and not set(genres) & set(unwanted)
            and (least is None or year >= least)
            and (most is None or year <= most)
            and item.item_id not in dropped
        )

    assert (set(films) if found is None else found) == {i for i in films if meets(films[i])}
