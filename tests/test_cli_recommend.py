"""``llmrec recommend``: which items are wanted, as options, in the table and in the rows."""

from __future__ import annotations

import json
import sys

import polars as pl
import pytest

from llmrec.cli import main
from llmrec.data import load, write_sample


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "films"
    write_sample(path)
    return load(path)


@pytest.fixture
def recommend(world, monkeypatch, capsys):
    """Ask popularity, which needs neither an index nor a model."""

    def run(*words):
        fixed = ["--dataset", world.path, "--retriever", "popularity", "--model", "none"]
        asked = ["llmrec", "recommend", *fixed, "--user", "p0017", "--no-explain", *words]
        monkeypatch.setattr(sys, "argv", [str(word) for word in asked])
        with pytest.raises(SystemExit) as done:
            main()
        printed = capsys.readouterr()
        return done.value.code or 0, printed.out, printed.err

    return run


def test_options_choose_items_and_the_rows_say_what_was_moved(recommend, world, tmp_path):
    rows = tmp_path / "rows.parquet"
    words = ["--filter", "genres=Comedy", "--filter", "genres=Drama", "--not", "genres=Horror"]
    limits = ["--min", "year=1980", "--max", "year=2010", "--leave-out", "f001"]
    lists = ["--cap", "genres=2", "--diversity", "0.3", "-k", "5"]
    code, out, err = recommend(*words, *limits, *lists, "--json", "--out", rows)
    assert code == 0, err
    told = json.loads(out)[0]["recommendations"]
    for place in told:
        item = world.catalogue[place["item_id"]].attributes
        assert {"Comedy", "Drama"} & set(item["genres"])
        assert "Horror" not in item["genres"]
        assert 1980 <= item["year"] <= 2010
    assert any("cap" in place["moved_by"] for place in told)
    table = pl.read_parquet(rows)
    assert table["moved_from"].to_list() == [place["moved_from"] for place in told]
    assert table["moved_by"].to_list() == [place["moved_by"] for place in told]
    code, out, _ = recommend(*words, *limits, *lists)
    assert "moved from place" in out
    assert "by cap" in out


def test_what_was_seen_can_come_again_or_come_alone(recommend, world):
    seen = {event.item_id for event in world.history("p0017").interactions}
    for setting, expected in (("mask", [0]), ("only", [20]), ("allow", range(1, 20))):
        _, out, _ = recommend("--seen", setting, "-k", "20", "--json")
        told = {place["item_id"] for place in json.loads(out)[0]["recommendations"]}
        assert len(told & seen) in expected, setting


def test_an_empty_list_says_why(recommend, caplog):
    code, out, _ = recommend("--filter", "genres=Comedy", "--min", "year=2100")
    assert code == 0
    assert "No item is left to recommend" in out
    assert "genres is Comedy, year is at least 2100" in caplog.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--filter", "genres"], "--filter 'genres' is not ATTRIBUTE=VALUE"),
        (["--filter", "=Comedy"], "For example: --filter genres=Comedy"),
        (["--not", "genre=Horror"], "Did you mean 'genres'"),
        (["--filter", "genres=Comdy"], "Did you mean 'Comedy'"),
        (["--min", "year=old"], "--min year=old: that is no number"),
        (["--max", "year=1990", "--max", "year=2000"], "given as 1990 and as 2000"),
        (["--cap", "director=1.5"], "no whole number"),
        (["--cap", "director=0"], "A cap is at least 1"),
        (["--min", "year=2000", "--max", "year=1990"], "at least 2000 and at most 1990"),
        (["--filter", "genres=Comedy", "--not", "genres=Comedy"], "asked for and excluded"),
        (["--diversity", "2"], "from 0 to 1"),
        (["--seen", "never"], "seen: Input should be 'mask', 'allow' or 'only'"),
    ],
)
def test_a_wrong_option_says_what_is_wrong(recommend, words, message):
    code, _, err = recommend(*words)
    assert code == 2
    assert message in err
