"""What goes in comes out: ids, times, attributes and order, from every format."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from llmrec.artifacts import read_manifest
from llmrec.data import READERS, ImportOptions, import_dataset, load
from llmrec.errors import ArtifactError, DataError
from llmrec.types import Item

EVENTS = [
    {"who": "0012", "what": "007", "when": 1_700_000_000, "stars": 4.5, "did": "buy", "n": 2.0},
    {"who": "0012", "what": "i2", "when": 1_600_000_000, "stars": None, "did": "view", "n": None},
    {"who": "Ünal", "what": "007", "when": 1_650_000_000, "stars": 1.0, "did": "view", "n": 1.0},
]
ITEMS = [
    {"sku": "007", "name": "Goldfinger, 黄金", "year": 1964, "tags": ["spy", "cars"], "size": 1.5},
    {"sku": "i2", "name": 'The "Second"', "year": 1999, "tags": None, "size": 2.0},
    {"sku": "i3", "name": "Never seen", "year": None, "tags": ["spy"], "size": None},
]
MAPPING = {
    "user": "who",
    "item": "what",
    "time": "when",
    "rating": "stars",
    "event": "did",
    "quantity": "n",
    "time_unit": "s",
    "item_id": "sku",
    "title": "name",
}
EXPECTED_ITEMS = (
    Item(
        item_id="007",
        title="Goldfinger, 黄金",
        attributes={"year": 1964, "tags": ("spy", "cars"), "size": 1.5},
    ),
    Item(item_id="i2", title='The "Second"', attributes={"year": 1999, "size": 2.0}),
    Item(item_id="i3", title="Never seen", attributes={"tags": ("spy",)}),
)


def save(rows, path):
    frame = pl.DataFrame(rows)
    if path.name.endswith((".csv", ".csv.gz", ".tsv")):
        lists = [name for name, dtype in frame.schema.items() if dtype == pl.List]
        frame = frame.with_columns(pl.col(name).list.join("|") for name in lists)
        text = frame.write_csv(separator="\t" if path.suffix == ".tsv" else ",").encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    elif path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        path.write_text("\n\n".join(json.dumps(row) for row in rows))
    return path


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "parquet", "jsonl", "ndjson"])
def test_every_format_gives_the_same_dataset(ending, tmp_path):
    log, items = tmp_path / f"log.{ending}", tmp_path / f"items.{ending}"
    options = ImportOptions.of(
        {**MAPPING, "items": save(ITEMS, items), "list_separator": "|", "list_columns": ("tags",)}
    )
    data = import_dataset(save(EVENTS, log), tmp_path / "data", options=options)
    assert tuple(data.catalogue.values()) == EXPECTED_ITEMS
    assert data.users == ("0012", "Ünal")
    first, second = data.events("0012")
    assert (first.item_id, first.rating, first.event, first.quantity) == ("i2", None, "view", None)
    assert (second.item_id, second.rating, second.event, second.quantity) == ("007", 4.5, "buy", 2)
    assert second.timestamp == datetime.fromtimestamp(1_700_000_000, UTC)
    assert data.last_moment == second.timestamp
    assert len(data) == 3


def test_log_and_items_may_be_of_different_formats(tmp_path):
    options = ImportOptions.of({**MAPPING, "items": save(ITEMS, tmp_path / "items.parquet")})
    log = save(EVENTS, tmp_path / "log.jsonl")
    assert len(import_dataset(log, tmp_path / "data", options=options).catalogue) == 3


def test_whole_number_ids_become_their_digits(tmp_path):
    rows = {"user_id": [12, 7], "item_id": [3, 3], "timestamp": [1, 2]}
    pl.DataFrame(rows).write_parquet(tmp_path / "log.parquet")
    options = ImportOptions(time_unit="s")
    data = import_dataset(tmp_path / "log.parquet", tmp_path / "data", options=options)
    assert data.users == ("12", "7")
    assert list(data.catalogue) == ["3"]


def test_without_items_their_ids_are_titles_and_a_warning_says_so(write, tmp_path, caplog):
    log = write("log.csv", "user_id,item_id,timestamp\nu,b,1\nu,a,2\n")
    data = import_dataset(log, tmp_path / "data", options=ImportOptions(time_unit="s"))
    assert [(i.item_id, i.title) for i in data.catalogue.values()] == [("a", "a"), ("b", "b")]
    assert "item ids stand in for titles" in caplog.text


def test_attributes_of_a_csv_file_get_the_type_that_all_their_cells_have(write, tmp_path):
    items = write(
        "items.csv",
        "item_id,title,year,price,code,genres,empty\n"
        "a,A,1999,2,007,Horror|Sci-Fi,\nb,B,,2.5,12,Drama,\nc,C,-3,10,1,| ,\n",
    )
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1\n")
    options = ImportOptions(time_unit="s", items=items, list_separator="|")
    data = import_dataset(log, tmp_path / "data", options=options)
    assert [item.attributes for item in data.catalogue.values()] == [
        {"year": 1999, "price": 2.0, "code": "007", "genres": ("Horror", "Sci-Fi")},
        {"price": 2.5, "code": "12", "genres": ("Drama",)},
        {"year": -3, "price": 10.0, "code": "1"},
    ]
    chosen = options.model_copy(update={"attributes": ("year",)})
    data = import_dataset(log, tmp_path / "data", options=chosen)
    assert data.catalogue["b"].attributes == {}


def test_attributes_of_other_types(tmp_path, write):
    pl.DataFrame(
        {
            "item_id": ["a", "b"],
            "title": ["A", "B"],
            "new": [True, None],
            "since": [datetime(2024, 1, 2), None],  # noqa: DTZ001
            "kind": pl.Series(["x", None], dtype=pl.Categorical),
            "weight": [float("nan"), 1.0],
            "codes": [[1, 2], []],
        }
    ).write_parquet(tmp_path / "items.parquet")
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1\n")
    options = ImportOptions(time_unit="s", items=tmp_path / "items.parquet")
    items = import_dataset(log, tmp_path / "data", options=options).catalogue
    since = items["a"].attributes["since"]
    assert isinstance(since, str)
    assert since.startswith("2024-01-02")
    assert {**items["a"].attributes, "since": ""} == {
        "new": "true",
        "since": "",
        "kind": "x",
        "codes": ("1", "2"),
    }
    assert items["b"].attributes == {"weight": 1.0}


TIED = "user_id,item_id,timestamp\nu,10,5\nv,1,5\nu,9,5\nu,3,4\nu,100,5\n"


@pytest.mark.parametrize(
    ("ties", "order"), [("file", ["3", "10", "9", "100"]), ("item-id", ["3", "9", "10", "100"])]
)
def test_ties_keep_the_files_order_or_go_by_item_number(ties, order, write, tmp_path):
    options = ImportOptions(time_unit="s", ties=ties)
    data = import_dataset(write("log.csv", TIED), tmp_path / "data", options=options)
    assert [event.item_id for event in data.events("u")] == order
    assert [event.sequence for event in data.events("u")] == [0, 0, 1, 2]


def test_a_given_sequence_counts(write, tmp_path):
    log = "user_id,item_id,timestamp,n\nu,a,5,7\nu,b,5,2\nu,c,4,9\n"
    options = ImportOptions(time_unit="s", sequence="n")
    data = import_dataset(write("log.csv", log), tmp_path / "data", options=options)
    assert [(e.item_id, e.sequence) for e in data.events("u")] == [("c", 9), ("b", 2), ("a", 7)]


def test_blank_lines_bom_and_windows_line_ends_are_no_faults(write, tmp_path):
    text = '\ufeffuser_id,item_id,timestamp,note\r\n"u, v",a,1,\r\n\r\nw,x,2,"1\n2"\r\n\r\n'
    options = ImportOptions(time_unit="s")
    data = import_dataset(write("log.csv", text), tmp_path / "data", options=options)
    assert data.users == ("u, v", "w")
    assert list(data.catalogue) == ["a", "x"]


def test_other_encodings(write, tmp_path):
    log = write("log.csv", "user_id,item_id,timestamp\nu,Amélie,1\n".encode("latin-1"))
    options = ImportOptions(time_unit="s", encoding="latin-1")
    data = import_dataset(log, tmp_path / "data", options=options)
    assert list(data.catalogue) == ["Amélie"]


def test_the_same_input_gives_the_same_hash_and_the_manifest_names_it(write, tmp_path):
    log = write("log.csv", TIED)
    options = ImportOptions(time_unit="s")
    one = import_dataset(log, tmp_path / "one", options=options)
    two = import_dataset(log, tmp_path / "two", options=options)
    assert one.sha256 == two.sha256 == load(tmp_path / "one").sha256
    manifest = read_manifest(tmp_path / "one", "dataset")
    assert manifest.made_from["reader"] == "csv"
    assert manifest.made_from["options"] == {"time_unit": "s"}
    assert list(manifest.made_from["sources"]) == ["log.csv"]
    assert manifest.metrics["interactions"] == 5
    assert manifest.metrics["users"] == 2
    log.write_text(TIED.replace("u,3,4", "u,3,3"))
    assert import_dataset(log, tmp_path / "two", options=options).sha256 != one.sha256


def test_a_failed_import_leaves_the_old_dataset_whole_and_no_trace(write, tmp_path):
    out = tmp_path / "home" / "data"
    options = ImportOptions(time_unit="s")
    before = import_dataset(write("log.csv", TIED), out, options=options)
    with pytest.raises(DataError):
        import_dataset(write("log.csv", TIED + "u,,6\n"), out, options=options)
    assert load(out).sha256 == before.sha256
    assert [path.name for path in out.parent.iterdir()] == ["data"]


def test_a_folder_that_is_no_dataset_is_not_overwritten(write):
    precious = write("mine/letter.txt", "dear")
    log, options = write("log.csv", TIED), ImportOptions(time_unit="s")
    with pytest.raises(ArtifactError, match="not an llmrec artifact"):
        import_dataset(log, precious.parent, options=options)
    assert precious.read_text() == "dear"


def test_a_further_reader_is_an_entry_in_the_table(monkeypatch, write, tmp_path):
    log = write("log.dat", TIED)
    monkeypatch.setitem(READERS, "dat", READERS["csv"])
    options = ImportOptions(time_unit="s")
    assert len(import_dataset(log, tmp_path / "data", format="dat", options=options)) == 5
