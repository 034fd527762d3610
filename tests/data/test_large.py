"""A large log, imported part by part, gives what it would give in one piece."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import read_manifest
from llmrec.data import CleaningRules, ImportOptions, import_dataset, importing, large, load
from llmrec.errors import DataError

OPTIONS = ImportOptions(time_unit="s", rating="stars")
HEADER = "user_id,item_id,timestamp,stars\n"


@pytest.fixture
def small_parts(monkeypatch):
    """Treat every log as large, and work on three events at a time."""
    monkeypatch.setattr(large, "LARGE_BYTES", {"csv": 0, "parquet": 0})
    monkeypatch.setattr(large, "PART_EVENTS", 3)


def both(folder, source, monkeypatch, **given):
    """Import in parts and in one piece."""
    given = {"options": OPTIONS, **given}
    import_dataset(source, folder / "parts", **given)
    with monkeypatch.context() as patch:
        patch.setattr(importing, "is_large", lambda *_: False)
        import_dataset(source, folder / "whole", **given)
    return load(folder / "parts"), load(folder / "whole")


def same(folder, source, monkeypatch, **given):
    parts, whole = both(folder, source, monkeypatch, **given)
    assert parts.interactions.collect().equals(whole.interactions.collect())
    assert parts.catalogue.sha256 == whole.catalogue.sha256
    assert parts.users == whole.users
    manifests = [read_manifest(folder / name, "dataset") for name in ("parts", "whole")]
    assert manifests[0].made_from == manifests[1].made_from
    assert {**manifests[0].metrics, "cleaning": None} == {**manifests[1].metrics, "cleaning": None}
    found = [manifest.metrics.get("cleaning", {}).get("steps", []) for manifest in manifests]
    steps = [{(s["rule"], s["what"]): s["dropped"] for s in one} for one in found]
    assert steps[0] == steps[1]
    return parts


rows = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "ä", "b", "bb", "c", "0012", "12", "Z", "z" * 20]),
        st.sampled_from(["i1", "i2", "i3", ""]),
        st.integers(0, 4),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(rows=rows)
def test_parts_and_the_whole_give_the_same_dataset(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    log = folder / "log.csv"
    log.write_text(HEADER + "".join(f"{u},{i},{100_000_000 + t},{s}\n" for u, i, t, s in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LARGE_BYTES", {"csv": 0, "parquet": 0})
        patch.setattr(large, "PART_EVENTS", 3)
        if any(user and item for user, item, _, _ in rows):
            same(folder, log, patch, rules=CleaningRules())
            return
        for is_large in (importing.is_large, lambda *_: False):
            patch.setattr(importing, "is_large", is_large)
            with pytest.raises(DataError, match="cleaning leaves none"):
                import_dataset(log, folder / "data", options=OPTIONS, rules=CleaningRules())


LOG = [
    ("b", "i2", 7, 3),
    ("a", "i1", 5, 1),
    ("c", "i3", 9, 2),
    ("a", "i2", 5, 4),
    ("d", "i1", 1, 5),
]


def text(rows=LOG):
    return HEADER + "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.mark.usefixtures("small_parts")
class TestParts:
    def test_several_files(self, write, tmp_path, monkeypatch):
        write("log-1.csv", text(LOG[:2]))
        write("log-2.csv", text(LOG[2:]))
        data = same(tmp_path, tmp_path / "log-*.csv", monkeypatch)
        assert [e.item_id for e in data.events("a")] == ["i1", "i2"]

    def test_items_that_are_listed(self, write, tmp_path, monkeypatch):
        items = write("items.csv", "item_id,title\ni1,One\ni2,\ni4,Four\n")
        options = OPTIONS.model_copy(update={"items": items})
        log = write("log.csv", text())
        data = same(tmp_path, log, monkeypatch, options=options, rules=CleaningRules(earliest=None))
        assert list(data.catalogue) == ["i1", "i4"]
        assert data.users == ("a", "d")

    def test_parquet_with_numbers_as_ids(self, tmp_path, monkeypatch):
        import polars as pl

        frame = pl.DataFrame(
            {"user_id": [12, 7, 100, 7, 12], "item_id": [1, 2, 3, 1, 2], "timestamp": range(5)}
        )
        frame.with_columns(stars=1.0).write_parquet(tmp_path / "log.parquet")
        data = same(tmp_path, tmp_path / "log.parquet", monkeypatch)
        assert data.users == ("100", "12", "7")

    @pytest.mark.parametrize(
        ("content", "parts"),
        [
            (text([*LOG, ("e", "i1", "noon", 1)]), ["row 6", "'noon' is not a number"]),
            (text([*LOG, ("e ", "i1", 1, 1)]), ["row 6", "'e '", "white space"]),
            (text() + "e,i1\n", ["row 6", "2 fields, not the 4"]),
            (text() + "e,i1,3,3,3\n", ["row 6", "5 fields, not the 4"]),
            (text() + 'e,"i1,3,3\n', ["row 6", "from here on"]),
            (text().encode() + b"\xff,i1,3,3\n", ["row 6", "not UTF-8"]),
            (text().replace("stars", "user_id"), ["'user_id'", "twice"]),
            (text().replace("item_id", "itemid"), ["column 'item_id'", "'itemid'"]),
            (HEADER, ["0 rows"]),
            ("", ["is empty"]),
        ],
    )
    def test_faults_are_told_and_nothing_is_left(self, content, parts, write, tmp_path):
        log, out = write("in/log.csv", content), tmp_path / "out" / "data"
        with pytest.raises(DataError) as caught:
            import_dataset(log, out, options=OPTIONS)
        assert not [part for part in parts if part not in str(caught.value)], caught.value
        assert not list(out.parent.iterdir())

    def test_blank_lines_and_empty_last_cells(self, write, tmp_path, monkeypatch):
        log = write("log.csv", text() + "\ne,i1,3,\n")
        assert "e" in same(tmp_path, log, monkeypatch).users

    def test_the_old_dataset_stays_where_a_later_part_is_at_fault(self, write, tmp_path):
        out = tmp_path / "home" / "data"
        before = import_dataset(write("log.csv", text()), out, options=OPTIONS)
        with pytest.raises(DataError):
            import_dataset(write("log.csv", text([*LOG, ("z", "i1", "", 1)])), out, options=OPTIONS)
        assert load(out).sha256 == before.sha256
        assert [path.name for path in out.parent.iterdir()] == ["data"]

    def test_the_result_can_be_asked_at_once(self, write, tmp_path):
        data = import_dataset(write("log.csv", text()), tmp_path / "data", options=OPTIONS)
        assert [e.item_id for e in data.events("a")] == ["i1", "i2"]
        assert data.histories(["a", "d"]) == load(tmp_path / "data").histories(["a", "d"])
        assert [part["user_id"].to_list() for part in data.parts(2)] == [
            ["a", "a"],
            ["b", "c"],
            ["d"],
        ]
