"""Every fault of an input is an error that says where it stands, which value, and what to do."""

from __future__ import annotations

import polars as pl
import pytest

from llmrec.data import ImportOptions, import_dataset
from llmrec.errors import ConfigError, DataError

HEADER = "user_id,item_id,timestamp\n"
ROW = "u1,i1,100\n"
ITEMS = "item_id,title\ni1,Alien\ni2,Aliens\n"

# what is wrong: (file name, content, options, parts of the message)
FAULTS = {
    "column missing, near name": (
        "log.csv",
        "userId,item_id,timestamp\nu1,i1,100\n",
        {"user": "user_Id"},
        ["log.csv", "column 'user_Id'", "no such column", "Did you mean 'userId'?", "--user"],
    ),
    "rating column missing": (
        "log.csv",
        HEADER + ROW,
        {"rating": "stars"},
        ["column 'stars'", "no such column", "--rating"],
    ),
    "another separator": (
        "log.csv",
        "user_id;item_id;timestamp\nu1;i1;100\n",
        {},
        ["no such column", "separated by ';'", "--separator"],
    ),
    "empty user id": (
        "log.csv",
        HEADER + ROW + ",i1,100\n",
        {},
        ["row 2", "column 'user_id'", "the id is empty", "Fill it in"],
    ),
    "blank item id": (
        "log.csv",
        HEADER + ROW + "u1,  ,100\n",
        {},
        ["row 2", "column 'item_id'", "the id is empty", "'  '"],
    ),
    "a space before an id": (
        "log.csv",
        HEADER + "u1, i1,100\n",
        {},
        ["row 1", "column 'item_id'", "' i1'", "white space", "Strip"],
    ),
    "a space after an id": (
        "log.jsonl",
        '{"user_id": "u1 ", "item_id": "i1", "timestamp": 1}\n',
        {},
        ["row 1", "column 'user_id'", "'u1 '", "white space", "Strip"],
    ),
    "NUL in an id": (
        "log.jsonl",
        '{"user_id": "u\\u00001", "item_id": "i1", "timestamp": 1}\n',
        {},
        ["row 1", "column 'user_id'", r"'u\x001'", "control character", "visible"],
    ),
    "a key twice": (
        "log.jsonl",
        '{"user_id": "u1", "item_id": "i1", "timestamp": 1}\n'
        '{"user_id": "u1", "item_id": "i2", "timestamp": 2, "user_id": "u2"}\n',
        {},
        ["row 2", "column 'user_id'", "key twice", "Keep one"],
    ),
    "line ends of old Macs": (
        "log.csv",
        (HEADER + ROW).replace("\n", "\r"),
        {},
        ["log.csv", "carriage return", "tr '\\r' '\\n'"],
    ),
    "a line end of an old Mac": (
        "log.csv",
        HEADER + ROW + "u1,i1,100\ru1,i2,100\n",
        {},
        ["row 2", "carriage return", "tr '\\r' '\\n'"],
    ),
    "JSON with line ends of old Macs": (
        "log.jsonl",
        '{"user_id": "u1"}\r{"user_id": "u2"}\r',
        {},
        ["row 1", "carriage return", "tr '\\r' '\\n'"],
    ),
    "two faults": (
        "log.csv",
        HEADER + ",i1,1\n" + ROW + ",i2,2\n,i3,3\n",
        {},
        ["row 1", "(and 2 more rows like it)"],
    ),
    "empty time": ("log.csv", HEADER + "u1,i1,\n", {}, ["row 1", "column 'timestamp'", "empty"]),
    "number as time, wrongly written": (
        "log.csv",
        HEADER + ROW + "u1,i1,yesterday\n",
        {},
        ["row 2", "column 'timestamp'", "'yesterday' is not a number of seconds"],
    ),
    "number without a unit": (
        "log.csv",
        HEADER + ROW,
        {"time_unit": None},
        ["row 1", "'100' is a number without a unit", "--time-unit"],
    ),
    "wrong unit": (
        "log.csv",
        HEADER + "u1,i1,1365029107000\n",
        {},
        ["row 1", "'1365029107000' lies outside 1900-2200", "unit"],
    ),
    "no such day": (
        "log.csv",
        HEADER + "u1,i1,2024-02-30T10:00:00Z\n",
        {"time_unit": None},
        ["row 1", "cannot read '2024-02-30T10:00:00Z' as a time", "ISO 8601"],
    ),
    "naive time": (
        "log.csv",
        HEADER + "u1,i1,2024-02-01T10:00:00Z\nu1,i1,2024-02-01 10:00\n",
        {"time_unit": None},
        ["row 2", "'2024-02-01 10:00' has no zone", "--time-zone"],
    ),
    "hour that clocks skipped": (
        "log.csv",
        HEADER + "u1,i1,2024-03-31 02:30:00\n",
        {"time_unit": None, "time_zone": "Europe/Berlin"},
        ["row 1", "'2024-03-31 02:30:00' did not occur", "Europe/Berlin", "offset"],
    ),
    "hour that occurred twice": (
        "log.csv",
        HEADER + "u1,i1,2024-10-27 02:30:00\n",
        {"time_unit": None, "time_zone": "Europe/Berlin"},
        ["row 1", "occurred twice", "--ambiguous-times"],
    ),
    "rating in words": (
        "log.csv",
        "user_id,item_id,timestamp,stars\nu1,i1,100,4\nu1,i2,101,four\n",
        {"rating": "stars"},
        ["row 2", "column 'stars'", "the rating 'four' is not a number", "leave the cell empty"],
    ),
    "infinite quantity": (
        "log.csv",
        "user_id,item_id,timestamp,n\nu1,i1,100,inf\n",
        {"quantity": "n"},
        ["row 1", "column 'n'", "the quantity 'inf' is not a number"],
    ),
    "negative sequence": (
        "log.csv",
        "user_id,item_id,timestamp,n\nu1,i1,100,-1\n",
        {"sequence": "n"},
        ["row 1", "column 'n'", "'-1' is not a whole number from 0"],
    ),
    "same moment twice": (
        "log.csv",
        "user_id,item_id,timestamp,n\nu1,i1,100,0\nu2,i1,100,0\nu1,i2,100,0\n",
        {"sequence": "n"},
        ["row 3", "column 'n'", "same second and sequence", "--sequence"],
    ),
    "ties by an item id that is no number": (
        "log.csv",
        HEADER + ROW,
        {"ties": "item-id"},
        ["row 1", "'i1' is not a number", "--ties file"],
    ),
    "not UTF-8": (
        "log.csv",
        (HEADER + ROW + "u1,Amélie,100\n").encode("latin-1"),
        {},
        ["row 2", "column 'item_id'", "not UTF-8", "Am\N{REPLACEMENT CHARACTER}lie", "latin-1"],
    ),
    "header not UTF-8": (
        "log.csv",
        "usér,item_id,timestamp\nu1,i1,100\n".encode("latin-1"),
        {},
        ["log.csv", "the header is not UTF-8", "--encoding"],
    ),
    "UTF-16": ("log.csv", (HEADER + ROW).encode("utf-16"), {}, ["UTF-16", "--encoding utf-16"]),
    "short row": (
        "log.csv",
        HEADER + ROW + "u1,i2\n",
        {},
        ["row 2", "has 2 fields, not the 3 of the header", "'i2'", "cut off"],
    ),
    "long row": (
        "log.csv",
        HEADER + ROW + ROW + "u1,i2,100,9\n",
        {},
        ["row 3", "has 4 fields, not the 3 of the header", "'9'", "quotation marks"],
    ),
    "quote never closed": (
        "log.csv",
        HEADER + ROW + 'u1,"i2,100\nu1,i3,100\n',
        {},
        ["row 2", "cannot be read from here on", '"'],
    ),
    "column twice": (
        "log.csv",
        "user_id,item_id,timestamp,item_id\nu1,i1,100,i2\n",
        {},
        ["column 'item_id'", "twice", "Rename"],
    ),
    "no rows": ("log.csv", HEADER, {}, ["log.csv", "0 rows"]),
    "empty file": ("log.csv", "", {}, ["log.csv", "is empty"]),
    "JSON broken": (
        "log.jsonl",
        '{"user_id": "u1", "item_id": "i1", "timestamp": 1}\n{"user_id": \n',
        {},
        ["log.jsonl", "row 2", "not JSON"],
    ),
    "JSON list": ("log.jsonl", '{"user_id": "u"}\n[1, 2]\n', {}, ["row 2", "list", "[1, 2]"]),
    "JSON not UTF-8": (
        "log.jsonl",
        '{"user_id": "é"}\n'.encode("latin-1"),
        {},
        ["row 1", "not UTF-8", "--encoding"],
    ),
    "JSON null id": (
        "log.jsonl",
        '{"user_id": "u", "item_id": "i", "timestamp": 1}\n'
        '{"user_id": null, "item_id": "i", "timestamp": 2}\n',
        {},
        ["row 2", "column 'user_id'", "the id is empty"],
    ),
    "JSON empty": ("log.jsonl", "\n", {}, ["log.jsonl", "is empty"]),
    "not Parquet": (
        "log.parquet",
        b"PK\x03\x04....",
        {},
        ["log.parquet", "not a readable Parquet"],
    ),
    "unknown ending": ("log.dat", b"...", {}, ["'.dat' tells no format", "--format", ".csv"]),
}

# faults of the items file beside a sound log
ITEM_FAULTS = {
    "id twice": (
        "items.csv",
        ITEMS + "i1,Alien again\n",
        {},
        ["items.csv", "row 3", "column 'item_id'", "'i1' stands in an earlier row", "row 1 is its"],
    ),
    "no title": (
        "items.csv",
        ITEMS + "i3,\n",
        {},
        ["items.csv", "row 3", "column 'title'", "title is empty"],
    ),
    "title column missing, ids twice": (
        "items.csv",
        "item_id,Title\ni1,Alien\ni1,Alien\n",
        {},
        ["items.csv", "column 'title'", "Did you mean 'Title'?"],
    ),
    "title column missing": (
        "items.csv",
        "item_id,Title\ni1,Alien\n",
        {},
        ["items.csv", "column 'title'", "Did you mean 'Title'?", "--title"],
    ),
    "unknown item": (
        "items.csv",
        "item_id,title\ni2,Aliens\ni11,Other\n",
        {},
        ["log.csv", "row 1", "column 'item_id'", "item 'i1' is not in", "items.csv", "i11"],
    ),
    "attribute missing": (
        "items.csv",
        ITEMS,
        {"attributes": ("genre",)},
        ["items.csv", "column 'genre'", "no such column"],
    ),
    "list column missing": (
        "items.csv",
        "item_id,title,genres\ni1,Alien,Horror\n",
        {"list_columns": ("genre",), "list_separator": "|"},
        ["column 'genre'", "Did you mean 'genres'?"],
    ),
    "attribute of a reserved name": (
        "items.csv",
        "sku,item_id,title\ni1,x,Alien\n",
        {"item_id": "sku"},
        ["column 'item_id'", "Rename the column"],
    ),
    "items of mixed types": (
        "items.jsonl",
        '{"item_id": "i1", "title": "Alien", "genres": "Horror"}\n'
        '{"item_id": "i2", "title": "Aliens", "genres": ["Action", "Horror"]}\n',
        {},
        ["items.jsonl", "row 2", "column 'genres'", "['Action', 'Horror']", "in none"],
    ),
    "nested attribute": (
        "items.jsonl",
        '{"item_id": "i1", "title": "Alien", "crew": {"director": "Scott"}}\n',
        {},
        ["items.jsonl", "column 'crew'", "cannot be an attribute", "--attribute"],
    ),
}


def refused(source, out, **options):
    with pytest.raises(DataError) as caught:
        import_dataset(source, out, options=ImportOptions.of({"time_unit": "s", **options}))
    return str(caught.value)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_log_is_told_with_its_place(name, write, tmp_path):
    file, content, options, parts = FAULTS[name]
    source, out = write(f"in/{file}", content), tmp_path / "out" / "data"
    message = refused(source, out, **options)
    assert not [part for part in parts if part not in message], message
    assert not out.parent.exists() or not list(out.parent.iterdir())


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("name", ITEM_FAULTS)
def test_a_fault_of_the_items_is_told_with_its_place(name, write, tmp_path):
    file, content, options, parts = ITEM_FAULTS[name]
    source, items = write("in/log.csv", HEADER + ROW), write(f"in/{file}", content)
    message = refused(source, tmp_path / "out" / "data", items=items, **options)
    assert not [part for part in parts if part not in message], message


def test_a_missing_file_is_told_with_the_nearest_name(write, tmp_path):
    write("in/ratings.csv", HEADER + ROW)
    message = refused(tmp_path / "in" / "rating.csv", tmp_path / "out")
    assert "rating.csv: does not exist" in message
    assert "Did you mean 'ratings.csv'?" in message


def test_a_folder_where_a_file_is_expected(write, tmp_path):
    source = write("in/log.csv", HEADER + ROW)
    assert "is a folder of no known log" in refused(source.parent, tmp_path / "out")
    message = refused(source, tmp_path / "out", items=source.parent)
    assert "is a folder, but a file is expected" in message


def test_a_dataset_is_not_imported_again(write, tmp_path):
    out = tmp_path / "data"
    import_dataset(write("log.csv", HEADER + ROW), out, options=ImportOptions(time_unit="s"))
    assert "imported dataset already" in refused(out, tmp_path / "out")


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    ("column", "parts"),
    [
        ({"user_id": [1.0, 2.5]}, ["row 1", "column 'user_id'", "1.0", "Float64", "whole numbers"]),
        ({"item_id": [["a"], ["b"]]}, ["column 'item_id'", "List(String)"]),
        ({"timestamp": [True, False]}, ["column 'timestamp'", "Boolean holds no times"]),
        ({"stars": [True, False]}, ["column 'stars'", "Boolean holds no numbers"]),
        ({"stars": [1.0, float("inf")]}, ["row 2", "column 'stars'", "inf is not a number"]),
    ],
)
def test_parquet_types_that_cannot_be_meant(column, parts, tmp_path):
    columns = {"user_id": ["u", "v"], "item_id": ["i", "j"], "timestamp": [1, 2], "stars": [1, 2]}
    pl.DataFrame({**columns, **column}).write_parquet(tmp_path / "log.parquet")
    message = refused(tmp_path / "log.parquet", tmp_path / "out", rating="stars")
    assert not [part for part in parts if part not in message], message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_zone": "Europe/Berln", "time_unit": None}, "Europe/Berlin"),
        ({"separator": ";;"}, "not a single character"),
        ({"encoding": "latin-99"}, "'latin-99' is not a known encoding"),
    ],
)
def test_wrong_options_are_configuration_errors(options, message, write, tmp_path):
    source = write("log.csv", HEADER + "u1,i1,2024-01-01\n")
    with pytest.raises(ConfigError, match=message):
        import_dataset(source, tmp_path / "out", options=ImportOptions.of(options))


def test_unknown_options_and_formats_are_told_by_name(write, tmp_path):
    with pytest.raises(ConfigError, match=r"unknown key 'usr'\. Did you mean 'user'\?"):
        ImportOptions.of({"usr": "u"})
    with pytest.raises(ConfigError, match=r"'csvv' is unknown\n  Did you mean 'csv'\?"):
        import_dataset(write("log.csv", HEADER + ROW), tmp_path / "out", format="csvv")
