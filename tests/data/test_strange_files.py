"""What people have and what they see: exports of spreadsheets and databases, misnamed files."""

from __future__ import annotations

import gzip
import json
import zipfile

import pytest

from llmrec.data import CleaningRules, ImportOptions, import_dataset, inspect
from llmrec.errors import ConfigError, DataError

SECONDS = ImportOptions(user="user", item="item", time="time", time_unit="s")
HEAD = "user,item,time\n"
ROW = "a,b,1714588200\n"
OBJECT = {"user": "a", "item": "b", "time": 1714588200}

# what it is: (file name, content, options, parts of the message)
REFUSED = {
    "Excel's note before the header": (
        "log.csv",
        "\ufeffsep=;\r\nuser;item;time\r\na;b;1714588200\r\n",
        {},
        ["'sep=;'", "no header", "Remove this line", "--separator"],
    ),
    "semicolons and decimal commas": (
        "log.csv",
        "user;item;time;stars\na;b;1714588200;4,5\n",
        {"rating": "stars"},
        ["separated by ';'", "--separator ';'"],
    ),
    "decimal commas": (
        "log.csv",
        "user;item;time;stars\na;b;1714588200;4,5\n",
        {"rating": "stars", "separator": ";"},
        ["row 1", "'4,5' is not a number", "decimal point"],
    ),
    "tabs in a .csv": (
        "log.csv",
        (HEAD + ROW).replace(",", "\t"),
        {},
        [r"separated by '\t'", r"--separator '\t'"],
    ),
    "a remark before the header": (
        "log.csv",
        "# made on Monday\n" + HEAD + ROW,
        {},
        ["Is '# made on Monday' the header?", "Remove what stands before it"],
    ),
    "no header": (
        "log.csv",
        "196,242,881250949\n186,302,891717742\n",
        {},
        ["line of column names"],
    ),
    "UTF-16 without its mark": (
        "log.csv",
        (HEAD + ROW).encode("utf-16-le"),
        {},
        ["NUL characters", "--encoding utf-16-le"],
    ),
    "gzip without its ending": (
        "log.csv",
        gzip.compress((HEAD + ROW).encode()),
        {},
        ["packed with gzip", "does not end in .gz"],
    ),
    "a spreadsheet called .csv": ("log.csv", b"PK\x03\x04....", {}, ["spreadsheet, not text"]),
    "Parquet called .jsonl": ("log.jsonl", b"PAR1....", {}, ["is a Parquet file"]),
    "a spreadsheet": ("log.xlsx", b"PK\x03\x04....", {}, ["Save the sheet as CSV"]),
    "a JSON array": ("log.json", json.dumps([OBJECT]), {}, ["--format jsonl", "jq -c '.[]'"]),
    "a JSON array on one line": ("log.jsonl", json.dumps([OBJECT]), {}, ["JSON array", "jq -c"]),
    "a JSON array on many lines": (
        "log.jsonl",
        json.dumps([OBJECT, OBJECT], indent=1),
        {},
        ["JSON array", "jq -c"],
    ),
    "times of a document database": (
        "log.jsonl",
        json.dumps({**OBJECT, "time": {"$date": "2024-05-01T00:00:00Z"}}),
        {"time_unit": None},
        ["column 'time'", "holds no times", "ISO 8601"],
    ),
    "American times": (
        "log.csv",
        HEAD + "a,b,05/01/2024 6:30 PM\n",
        {"time_unit": None, "time_zone": "UTC"},
        ["row 1", "'05/01/2024 6:30 PM'", "ISO 8601"],
    ),
    "two ways to write times": (
        "log.csv",
        HEAD + "a,b,2024-05-01T18:30:00Z\na,c,1714588200\n",
        {"time_unit": None},
        ["row 2", "'1714588200' is a number without a unit", "--time-unit"],
    ),
    "a price with its currency": (
        "log.csv",
        "user,item,time,paid\na,b,1714588200,$12.99\n",
        {"price": "paid"},
        ["row 1", "'$12.99' is not a number"],
    ),
}


def message(source, out, rules=None, **options):
    chosen = SECONDS.model_copy(update=options)
    with pytest.raises((DataError, ConfigError)) as caught:
        import_dataset(source, out, options=chosen, rules=rules or CleaningRules())
    assert not out.exists()
    return str(caught.value)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_words_that_tell_what_to_do(name, write, tmp_path):
    file, content, options, parts = REFUSED[name]
    told = message(write(f"in/{file}", content), tmp_path / "out", **options)
    assert not [part for part in parts if part not in told], told


READ = {
    "quoted ids with leading zeros": ("log.csv", '"user","item","time"\n"0012","07",1\n', {}),
    "times as fractions of seconds": ("log.csv", HEAD + "0012,07,1.0\n", {}),
    "times in powers of ten": ("log.csv", HEAD + "0012,07,1e0\n", {}),
    "a tab as it is typed": ("log.csv", "user\titem\ttime\n0012\t07\t1\n", {"separator": r"\t"}),
    "blank lines before the header": ("log.csv", "\n\n" + HEAD + "0012,07,1\n", {}),
    "and an empty last cell": ("log.csv", "\n\nuser,item,time,x\n0012,07,1,\n", {}),
    "a comma at every line's end": ("log.csv", "user,item,time,\n0012,07,1,\n", {}),
    "mixed line ends": ("log.csv", b"user,item,time\r\n0012,07,1\n", {}),
    "another column of nearly the same name": ("log.csv", "User,user,item,time\nx,0012,07,1\n", {}),
}


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("name", READ)
def test_it_is_read(name, write, tmp_path):
    file, content, options = READ[name]
    chosen = SECONDS.model_copy(update=options)
    data = import_dataset(write(file, content), tmp_path / "data", options=chosen)
    (event,) = data.events("0012")
    assert (event.item_id, event.timestamp.timestamp()) == ("07", 1)


@pytest.mark.parametrize("name", ["😀", "e\u0301", r"C:\films\a.mkv", "a/b", "-1", "0", "NA"])
def test_ids_are_kept_as_they_are(name, write, tmp_path):
    log = write("log.csv", HEAD + f"{name},{name},1714588200\n")
    data = import_dataset(log, tmp_path / "data", options=SECONDS, rules=CleaningRules())
    assert data.users == (name,)
    assert list(data.catalogue) == [name]


def test_words_for_nothing_are_left_out_where_they_are_named(write, tmp_path):
    log = write("log.csv", HEAD + ROW + "NULL,b,1714588200\na,NaN,1714588201\n\\N,b,1\n")
    told = "\n".join(inspect(log)["problems"])
    assert "2 ids of 'user' read NULL, NaN, None" in told
    assert "1 ids of 'item' read NULL" in told
    rules = CleaningRules.chosen(None, ['missing_words=["NULL", "NaN", "\\\\N"]'])
    data = import_dataset(log, tmp_path / "data", options=SECONDS, rules=rules)
    assert [(step["rule"], step["dropped"]) for step in data.cleaning["steps"]] == [("missing", 3)]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (HEAD + "1.23457E+12,b,1714588200\n", "look rounded by a spreadsheet"),
        (HEAD + "17850.0,b,1714588200\n", "end in .0"),
        (HEAD + "a,b,05/01/2024\n", "'time' may hold the times, but 1 of its cells cannot be read"),
        ("196,242,881250949\n186,302,891717742\n", "first line seems to hold values"),
    ],
)
def test_a_first_look_tells_what_may_be_wrong(content, part, write):
    assert part in "\n".join(inspect(write("log.csv", content))["problems"])


def test_sources_that_are_no_files(tmp_path):
    assert "Write it to a file" in message("-", tmp_path / "out")
    assert "Fetch the file first" in message("https://example.org/log.csv", tmp_path / "out")


def test_one_column_in_two_roles(write, tmp_path):
    told = message(write("log.csv", HEAD + ROW), tmp_path / "out", item="user")
    assert "user 'user', item 'user' and time 'time' are not three different columns" in told


def test_a_wrong_unit_and_a_rule_without_zone_say_what_to_change(write, tmp_path):
    log = write("log.csv", HEAD + "a,b,1714588200000\n")
    told = message(log, tmp_path / "out")
    assert "row 1, user_id a, item_id b, time after 2200" in told
    assert "--time-unit" in told
    with pytest.raises(ConfigError, match="a moment needs its zone"):
        CleaningRules.chosen(None, ["latest=2020-01-31"])


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(write, tmp_path):
    log = write("log.csv.gz", gzip.compress(HEAD.encode() + b"a,b,1714588200\n" * 1_000_000))
    assert "over 100 times as many" in message(log, tmp_path / "out")


def test_an_archive_of_a_log_of_ones_own_is_to_be_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("log.csv", HEAD + ROW)
    told = message(tmp_path / "log.zip", tmp_path / "out")
    assert f"{tmp_path / 'log.zip'}: holds no published data set" in told
    assert "Unpack it" in told
