"""A corpus of bad files, each refused with its place and reason, with nothing left behind."""

from __future__ import annotations

import gzip

import pytest

from llmrec.data import CleaningRules, ImportOptions, import_dataset, load
from llmrec.errors import DataError

HEAD = "user_id,item_id,timestamp\n"
ROWS = "".join(f"u{n % 7},i{n % 5},{1_000_000_000 + n}\n" for n in range(50))
GOOD = (HEAD + ROWS).encode()

# what is wrong: (content of a CSV file, a part of the message)
BAD = {
    "empty": (b"", "is empty"),
    "blank lines": (b"\n\n\n", "is empty"),
    "header only": (HEAD.encode(), "0 rows"),
    "no header": (ROWS.encode(), "no such column"),
    "Latin-1": (GOOD + "ü,i1,1000000001\n".encode("latin-1"), "not UTF-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "is UTF-16"),
    "NUL in an id": (GOOD + b"u\x001,i1,1000000001\n", "control character"),
    "bytes of a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "UTF-8"),
    "column missing": (GOOD.replace(b"item_id", b"thing"), "column 'item_id'"),
    "column doubled": (GOOD.replace(b"item_id", b"user_id"), "twice"),
    "time in words": (GOOD + b"u1,i1,yesterday\n", "row 51"),
    "time infinite": (GOOD + b"u1,i1,inf\n", "row 51"),
    "too few fields": (GOOD + b"u1,i1\n", "2 fields, not the 3"),
    "too many fields": (GOOD + b"u1,i1,1000000001,5\n", "4 fields, not the 3"),
    "quote not closed": (GOOD + b'u1,"i1,1000000001\nu2,i2,1000000002\n', "row 51"),
    "blank in an id": (GOOD + b"u1 ,i1,1000000001\n", "white space"),
    "old Mac line end": (GOOD + b"u1,i1,1000000001\ru2,i2,1000000002\n", "carriage return"),
}
PACKED = {"plain": ("log.csv", bytes), "gzip": ("log.csv.gz", gzip.compress)}
RULES = {"strict": {}, "cleaned": {"rules": CleaningRules()}}


def test_a_time_far_in_the_future_is_refused_or_left_out(write, tmp_path):
    source = write("in/log.csv", GOOD + b"u1,i1,99999999999999999999\n")
    assert "row 51" in refused(source, tmp_path / "out")
    options = ImportOptions(time_unit="s")
    import_dataset(source, tmp_path / "data", options=options, rules=CleaningRules())
    assert len(load(tmp_path / "data")) == 50


def refused(source, folder, **given):
    with pytest.raises(DataError) as caught:
        import_dataset(source, folder / "data", options=ImportOptions(time_unit="s"), **given)
    assert not folder.exists() or not list(folder.iterdir())
    return str(caught.value)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(name, packed, rules, write, tmp_path):
    content, part = BAD[name]
    file, pack = PACKED[packed]
    message = refused(write(f"in/{file}", pack(content)), tmp_path / "out", **RULES[rules])
    assert part in message
    assert file in message


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("length", [1, 10, 40, 90])
def test_a_gzip_that_was_cut_off_is_refused(length, write, tmp_path):
    packed = gzip.compress(GOOD)
    message = refused(write("in/log.csv.gz", packed[:length]), tmp_path / "out")
    assert "log.csv.gz: cannot be read" in message


@pytest.mark.usefixtures("either_way")
def test_a_cell_of_ten_megabytes_is_refused_in_few_words(write, tmp_path):
    cell = b"x" * 10_000_000
    message = refused(write("in/log.csv", GOOD + b"u1,i1," + cell + b"\n"), tmp_path / "out")
    assert "row 51" in message
    assert len(message) < 1000


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + GOOD, GOOD.replace(b"\n", b"\r\n"), GOOD + b"\n\n"],
    ids=["byte-order mark", "Windows line ends", "blank lines at the end"],
)
def test_what_does_no_harm_is_read(content, write, tmp_path):
    options = ImportOptions(time_unit="s")
    import_dataset(write("log.csv", content), tmp_path / "data", options=options)
    assert len(load(tmp_path / "data")) == 50
