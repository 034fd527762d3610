"""Popularity: what is counted, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from llmrec.errors import ConfigError, UnknownItemError
from llmrec.retrieval import PopularityRetriever
from llmrec.types import Candidate, Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=i, title=i.upper()) for i in "abcd"])
EVERYTHING = [Candidate(item=i, score=0, rank=1, source="test") for i in CATALOGUE.values()]


def log(*rows):
    """Rows of (item, day) as a dataset's interactions."""
    seconds = [int((START + timedelta(days=day)).timestamp()) for _, day in rows]
    return pl.LazyFrame(
        {"item_id": [item for item, _ in rows], "timestamp_s": seconds},
        schema={"item_id": pl.String, "timestamp_s": pl.Int64},
    )


def at(day, *items):
    events = tuple(Interaction(item_id=i, timestamp=START - timedelta(days=99)) for i in items)
    return History(user_id="u", as_of=START + timedelta(days=day), interactions=events)


def counts(retriever, *histories):
    scores = retriever.score(histories, [EVERYTHING] * len(histories))
    return [np.expm1(row).tolist() for row in scores]


LOG = log(("b", 0), ("b", 1), ("c", 1), ("b", 2), ("c", 30), ("c", 30), ("c", 30), ("a", 30))


def test_the_most_taken_come_first_and_ties_in_catalogue_order():
    [row] = PopularityRetriever(CATALOGUE, LOG).retrieve([at(40)], 9)
    assert [c.item.item_id for c in row] == ["c", "b", "a", "d"]
    assert [c.score for c in row] == pytest.approx(np.log1p([4, 3, 1, 0]))
    tied = PopularityRetriever(CATALOGUE, log(("d", 0), ("b", 0), ("c", 0)))
    assert [c.item.item_id for c in tied.retrieve([at(40)], 3)[0]] == ["b", "c", "d"]


def test_only_what_lies_before_each_historys_moment_counts():
    retriever = PopularityRetriever(CATALOGUE, LOG)
    assert counts(retriever, at(40), at(0), at(2), at(30)) == [
        pytest.approx(row) for row in ([1, 3, 4, 0], [0, 0, 0, 0], [0, 2, 1, 0], [0, 3, 1, 0])
    ]
    assert [row[0].item.item_id for row in retriever.retrieve([at(40), at(2)], 1)] == ["c", "b"]


def test_the_second_of_the_moment_itself_is_not_before_it():
    half = History(user_id="u", as_of=START + timedelta(days=2, seconds=0.5))
    assert counts(PopularityRetriever(CATALOGUE, LOG), half) == [pytest.approx([0, 2, 1, 0])]


@pytest.mark.parametrize(
    ("half_life_days", "window_days"), [(None, None), (3.0, None), (None, 7.0), (None, 40.5)]
)
def test_a_long_log_counts_alike_in_any_company(monkeypatch, half_life_days, window_days):
    monkeypatch.setattr("llmrec.retrieval.popularity._BLOCK", 8)
    draw = np.random.default_rng(0)
    rows = [("abcd"[draw.integers(4)], float(draw.integers(90))) for _ in range(200)]

    def fresh():
        return PopularityRetriever(
            CATALOGUE, log(*rows), half_life_days=half_life_days, window_days=window_days
        )

    people = [at(int(day)) for day in draw.integers(0, 95, 40)]
    together = counts(fresh(), *people)
    assert together == [counts(fresh(), person)[0] for person in people]
    for person, found in zip(people, together, strict=True):
        past = [row for row in rows if START + timedelta(days=row[1]) < person.as_of]
        newest = max((day for _, day in past), default=0)
        past = [row for row in past if newest - row[1] <= (window_days or 90)]
        age = [0.5 ** ((newest - day) / half_life_days) if half_life_days else 1 for _, day in past]
        whole = [sum(a for (i, _), a in zip(past, age, strict=True) if i == c) for c in "abcd"]
        assert found == pytest.approx(whole)


def test_old_events_may_count_less():
    [found] = counts(PopularityRetriever(CATALOGUE, LOG, half_life_days=1), at(40))
    assert found == pytest.approx([1, 2.0**-30 + 2.0**-29 + 2.0**-28, 3 + 2.0**-29, 0])


def test_events_may_be_forgotten_after_a_window_that_ends_with_the_newest():
    retriever = PopularityRetriever(CATALOGUE, LOG, window_days=1)
    assert counts(retriever, at(40), at(30), at(2), at(0)) == [
        pytest.approx(row) for row in ([1, 0, 3, 0], [0, 2, 1, 0], [0, 2, 1, 0], [0, 0, 0, 0])
    ]
    assert counts(PopularityRetriever(CATALOGUE, log(), window_days=1), at(0)) == [[0, 0, 0, 0]]


def test_every_item_is_scored_at_each_historys_moment():
    retriever = PopularityRetriever(CATALOGUE, LOG)
    people = [at(40), at(0), at(2)]
    block = retriever.scores(people)
    assert np.array_equal(block, np.array(retriever.score(people, [EVERYTHING] * 3)))
    block[:] = -np.inf  # the caller's to write into
    assert np.isfinite(retriever.scores(people)).all()
    assert retriever.scores([]).shape == (0, 4)


def test_an_empty_log_gives_the_catalogues_order():
    retriever = PopularityRetriever(CATALOGUE, log())
    assert [c.item.item_id for c in retriever.retrieve([at(0)], 2)[0]] == ["a", "b"]


def test_the_order_of_the_log_does_not_matter():
    shuffled = LOG.collect().sample(fraction=1, shuffle=True, seed=1).lazy()
    fits = [PopularityRetriever(CATALOGUE, r, half_life_days=3) for r in (LOG, shuffled)]
    assert counts(fits[0], at(31)) == counts(fits[1], at(31))


def test_a_log_that_grew_is_the_same_retriever_and_other_settings_are_not():
    one, grown = (PopularityRetriever(CATALOGUE, r) for r in (LOG.head(3), LOG))
    assert one.identity == grown.identity
    others = [
        PopularityRetriever(CATALOGUE, LOG, **{name: 3})
        for name in ("half_life_days", "window_days")
    ]
    assert len({retriever.identity for retriever in (one, *others)}) == 3


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(UnknownItemError, match="'zz'"):
        PopularityRetriever(CATALOGUE, log(("zz", 0)))
    with pytest.raises(ConfigError, match="half_life_days is 0"):
        PopularityRetriever(CATALOGUE, LOG, half_life_days=0)
    with pytest.raises(ConfigError, match="window_days is 0"):
        PopularityRetriever(CATALOGUE, LOG, window_days=0)
    with pytest.raises(ConfigError, match="two ways to forget"):
        PopularityRetriever(CATALOGUE, LOG, half_life_days=3, window_days=3)
