"""Popularity: what is counted, until when, and how it is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from llmrec.errors import ArtifactError, ConfigError, DataError, LeakageError, UnknownItemError
from llmrec.retrieval import PopularityRetriever
from llmrec.types import Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=i, title=i.upper()) for i in "abcd"])


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


LOG = log(("b", 0), ("b", 1), ("c", 1), ("b", 2), ("c", 30), ("c", 30), ("c", 30), ("a", 30))


def test_the_most_taken_come_first_and_ties_in_catalogue_order():
    retriever = PopularityRetriever.fit(CATALOGUE, LOG)
    [row] = retriever.retrieve([at(40)], 9)
    assert [c.item.item_id for c in row] == ["c", "b", "a", "d"]
    assert [c.score for c in row] == pytest.approx(np.log1p([4, 3, 1, 0]))
    tied = PopularityRetriever.fit(CATALOGUE, log(("d", 0), ("b", 0), ("c", 0)))
    assert [c.item.item_id for c in tied.retrieve([at(40)], 3)[0]] == ["b", "c", "d"]


def test_only_what_lies_before_the_moment_is_counted():
    before = START + timedelta(days=2)
    retriever = PopularityRetriever.fit(CATALOGUE, LOG, before=before)
    assert retriever.counts == {"a": 0, "b": 2, "c": 1, "d": 0}
    just_after = PopularityRetriever.fit(CATALOGUE, LOG, before=before + timedelta(microseconds=1))
    assert just_after.counts["b"] == 3


def test_a_history_from_before_what_was_counted_is_refused():
    retriever = PopularityRetriever.fit(CATALOGUE, LOG, before=START + timedelta(days=2))
    assert retriever.retrieve([at(2)], 1)[0][0].item.item_id == "b"
    with pytest.raises(LeakageError, match=r"2024-01-03.*user 'u' ends at 2024-01-02"):
        retriever.retrieve([at(1)], 1)
    with pytest.raises(LeakageError):
        retriever.score([at(1)], [[]])


def test_old_events_may_count_less():
    retriever = PopularityRetriever.fit(CATALOGUE, LOG, half_life_days=1)
    counts = retriever.counts
    assert counts["a"] == pytest.approx(1)
    assert counts["b"] == pytest.approx(2.0**-30 + 2.0**-29 + 2.0**-28)
    assert counts["c"] == pytest.approx(3 + 2.0**-29)


def test_an_empty_log_gives_the_catalogues_order():
    retriever = PopularityRetriever.fit(CATALOGUE, log())
    assert [c.item.item_id for c in retriever.retrieve([at(0)], 2)[0]] == ["a", "b"]


def test_the_order_of_the_log_does_not_matter():
    rows = LOG.collect()
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1).lazy()
    fits = [PopularityRetriever.fit(CATALOGUE, r, half_life_days=3) for r in (LOG, shuffled)]
    assert fits[0].identity == fits[1].identity


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: PopularityRetriever.fit(CATALOGUE, log(("zz", 0))), UnknownItemError, "'zz'"),
        (lambda: PopularityRetriever(CATALOGUE, {"a": -1}), DataError, "'a' is -1"),
        (lambda: PopularityRetriever(CATALOGUE, {"a": float("nan")}), DataError, "nan"),
        (
            lambda: PopularityRetriever.fit(CATALOGUE, LOG, half_life_days=0),
            ConfigError,
            "half_life_days is 0",
        ),
        (
            lambda: PopularityRetriever.fit(CATALOGUE, LOG, before=START.replace(tzinfo=None)),
            DataError,
            "no time zone",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_what_is_loaded_is_what_was_saved(tmp_path):
    made = PopularityRetriever.fit(
        CATALOGUE, LOG, before=START + timedelta(days=31), half_life_days=7
    )
    made.save(tmp_path / "popularity")
    loaded = PopularityRetriever.load(tmp_path / "popularity", catalogue=CATALOGUE)
    assert loaded.identity == made.identity
    assert loaded.counts == made.counts
    assert loaded.retrieve([at(40, "c")], 3) == made.retrieve([at(40, "c")], 3)
    with pytest.raises(LeakageError):
        loaded.retrieve([at(30)], 1)


def test_another_catalogue_or_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "popularity"
    PopularityRetriever.fit(CATALOGUE, LOG).save(path)
    other = Catalogue([Item(item_id=i, title=i) for i in "abcd"])
    with pytest.raises(ArtifactError, match="catalogue_sha256"):
        PopularityRetriever.load(path, catalogue=other)
    file = path / "counts.parquet"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 4
    file.write_bytes(raw)
    with pytest.raises(ArtifactError, match=r"counts\.parquet is damaged"):
        PopularityRetriever.load(path, catalogue=CATALOGUE)


def test_a_manifest_without_its_facts_is_refused(tmp_path):
    path = tmp_path / "popularity"
    PopularityRetriever.fit(CATALOGUE, LOG).save(path)
    manifest = json.loads((path / "manifest.json").read_text())
    del manifest["made_from"]["before"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="before"):
        PopularityRetriever.load(path, catalogue=CATALOGUE)
