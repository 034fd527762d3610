"""A large log, imported part by part, gives what it would give in one piece."""

from __future__ import annotations

import gzip
import json
import shutil
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import read_manifest
from llmrec.data import (
    CleaningRules,
    ImportOptions,
    append_dataset,
    import_dataset,
    importing,
    jsonl_files,
    large,
    load,
)
from llmrec.errors import DataError

OPTIONS = ImportOptions(time_unit="s", rating="stars")
HEADER = "user_id,item_id,timestamp,stars\n"


@pytest.fixture
def small_parts(monkeypatch):
    """Treat every log as large, and work on three events at a time."""
    monkeypatch.setattr(large, "LARGE_BYTES", {"csv": 0, "jsonl": 0, "parquet": 0})
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
@given(rows=rows, core=st.sampled_from([None, 2]), least=st.sampled_from([None, 2]))
def test_parts_and_the_whole_give_the_same_dataset(rows, core, least, tmp_path_factory):
    rules = CleaningRules(core=core, min_history=least)
    folder = tmp_path_factory.mktemp("drawn")
    log = folder / "log.csv"
    log.write_text(HEADER + "".join(f"{u},{i},{100_000_000 + t},{s}\n" for u, i, t, s in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LARGE_BYTES", {"csv": 0, "jsonl": 0, "parquet": 0})
        patch.setattr(large, "PART_EVENTS", 3)
        if _leaves_events(log, folder, rules):
            same(folder, log, patch, rules=rules)
            return
        patch.setattr(importing, "is_large", lambda *_: False)
        assert not _leaves_events(log, folder, rules)


def _leaves_events(log, folder, rules):
    try:
        return import_dataset(log, folder / "any", options=OPTIONS, rules=rules)
    except DataError as error:
        if "cleaning leaves none of the events" in str(error):
            return None
        raise


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

    def test_empty_last_cells_and_fields_longer_than_the_csv_module_reads(
        self, write, tmp_path, monkeypatch
    ):
        log = write("log.csv", text() + f"e,i1,3,\n\n{'f' * 200_000},i1,3,\n\n")
        assert len(same(tmp_path, log, monkeypatch).users) == 6

    @pytest.mark.parametrize(
        ("name", "pack", "encoding"),
        [
            ("log.csv.gz", gzip.compress, "utf-8"),
            ("log.csv", bytes, "utf-8-sig"),
            ("log.csv", bytes, "utf-16"),
            ("log.tsv.gz", gzip.compress, "latin-1"),
        ],
    )
    def test_packed_and_otherwise_encoded_files(
        self, name, pack, encoding, write, tmp_path, monkeypatch
    ):
        mark = "\t" if ".tsv" in name else ","
        content = text([*LOG, ("ä", "i1", 3, 3)]).replace(",", mark).encode(encoding)
        stated = "utf-8" if encoding == "utf-8-sig" else encoding
        options = OPTIONS.model_copy(update={"encoding": stated})
        data = same(tmp_path, write(name, pack(content)), monkeypatch, options=options)
        assert data.users[-1] == "ä"

    @pytest.mark.parametrize("size", [1, 100, 10_000])
    def test_json_lines_read_in_tables_of_any_size(self, size, write, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl_files, "_TABLE_BYTES", size)
        names = HEADER.strip().split(",")
        rows = [dict(zip(names, row, strict=True)) for row in LOG]
        rows += [{"user_id": 12, "item_id": "i1", "timestamp": 4.0, "more": [1]}]
        log = write("log.jsonl", "\n\n".join(json.dumps(row) for row in rows))
        data = same(tmp_path, log, monkeypatch)
        assert data.users == ("12", "a", "b", "c", "d")

    @pytest.mark.parametrize(
        ("line", "parts"),
        [
            ('{"user_id": "e", "item_id": "i1", "timestamp":', ["row 6", "not JSON"]),
            ('{"user_id": "e", "user_id": "f"}', ["row 6", "'user_id'", "twice"]),
            ('{"user_id": "e", "item_id": ["i1"], "timestamp": 1}', ["row 6", "['i1']", "plain"]),
            ('{"user_id": "e", "item_id": "", "timestamp": 1}', ["row 6", "'item_id'", "empty"]),
            ("7", ["row 6", "int, not an object"]),
        ],
    )
    def test_faults_of_json_lines_are_told(self, line, parts, write, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl_files, "_TABLE_BYTES", 100)
        names = HEADER.strip().split(",")
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in LOG]
        log, out = write("in/log.jsonl", "\n".join([*lines, line])), tmp_path / "out" / "data"
        with pytest.raises(DataError) as caught:
            import_dataset(log, out, options=OPTIONS)
        assert not [part for part in parts if part not in str(caught.value)], caught.value
        assert not list(out.parent.iterdir())

    def test_the_report_is_that_of_the_whole(self, write, tmp_path, monkeypatch):
        log = write("log.csv", text([*LOG, LOG[1], ("a", "i1", 90_000, 5), ("c", "", 4, 4)]))
        told = []
        for name, is_large in (("parts", importing.is_large), ("whole", lambda *_: False)):
            monkeypatch.setattr(importing, "is_large", is_large)
            report = tmp_path / f"{name}.json"
            rules = CleaningRules(earliest=None)
            import_dataset(log, tmp_path / name, options=OPTIONS, rules=rules, report=report)
            told.append(json.loads(report.read_text()))
        assert told[0]["profiles"] == told[1]["profiles"]
        steps = [[(s["rule"], s["dropped"]) for s in one["steps"]] for one in told]
        assert steps == [[("missing", 1), ("exact_duplicates", 1)]] * 2
        assert told[0]["profiles"]["before"]["events"] == 7
        assert told[0]["profiles"]["after"]["ties"] == {"1": 4, "2-3": 2}

    def test_facts_about_users(self, write, tmp_path, monkeypatch):
        users = write("users.csv", "user_id,age\nb,7\na,8\nnobody,9\n")
        options = OPTIONS.model_copy(update={"users": users, "user_attributes": ("age",)})
        data = same(tmp_path, write("log.csv", text()), monkeypatch, options=options)
        assert data.users_table.rows() == [("a", 8), ("b", 7)]

    def test_only_the_newest_event_of_all_tells_an_unlikely_unit(self, write, tmp_path, caplog):
        import_dataset(write("log.csv", text()), tmp_path / "data", options=OPTIONS)
        assert caplog.text.count("every event lies before 1971") == 1
        caplog.clear()
        later = write("later.csv", text([*LOG, ("a", "i1", 1_700_000_000, 1)]))
        import_dataset(later, tmp_path / "data", options=OPTIONS)
        assert "before 1971" not in caplog.text

    def test_a_fault_in_cleaning_is_not_told_as_one_of_the_disk(self, write, tmp_path, monkeypatch):
        def fails(*_, **__):
            raise pl.exceptions.ComputeError("a rule went wrong")

        monkeypatch.setattr(large, "finished", fails)
        with pytest.raises(pl.exceptions.ComputeError, match="a rule went wrong"):
            import_dataset(write("log.csv", text()), tmp_path / "out" / "data", options=OPTIONS)
        assert not list((tmp_path / "out").iterdir())

    def test_what_is_read_in_one_piece_though_it_is_large_says_so(self, write, tmp_path, caplog):
        log = write("log.csv", text())
        import_dataset(log, tmp_path / "data", options=OPTIONS)
        assert "one piece" not in caplog.text
        more = write("more.csv", text([("f", "i1", 4, 4)]))
        append_dataset(more, tmp_path / "data", at=datetime.now(UTC), options=OPTIONS)
        assert f"{more}: is read in one piece, which takes about 0.0 GB of memory" in caplog.text

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_movielens_folder_of_csv_files(self, packed, write, tmp_path, monkeypatch):
        ratings = "userId,movieId,rating,timestamp\n" + "".join(
            f"{n % 5},{n % 3 + 1},{n % 9 / 2 + 0.5},{1_500_000_000 - n}\n" for n in range(40)
        )
        movies = (
            "movieId,title,genres\n1,Alien (1979),Horror\n2,Aliens,Action|War\n3,X (1999),War\n"
        )
        source = write("ml/ratings.csv", ratings).parent
        write("ml/movies.csv", movies)
        if packed:
            source = shutil.make_archive(str(tmp_path / "ml"), "zip", tmp_path, "ml")
        options = ImportOptions(ties="item-id")
        data = same(tmp_path, source, monkeypatch, options=options, rules=CleaningRules())
        assert data.catalogue["1"].title == "Alien"
        assert len(data) == 40
        write("ml/ratings.csv", ratings.replace("1500000000", "noon"))
        with pytest.raises(DataError, match=r"ratings.csv, row 1, column 'timestamp'"):
            import_dataset(tmp_path / "ml", tmp_path / "bad")

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
