"""Packed files, many files, further roles, lists and pictures."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from llmrec.data import ImportOptions, import_dataset, load
from llmrec.errors import DataError

HEADER = "user_id,item_id,timestamp\n"
SECONDS = ImportOptions(time_unit="s")


def packed(text, ending):
    if ending == ".gz":
        return gzip.compress(text.encode())
    return pytest.importorskip("zstandard").ZstdCompressor().compress(text.encode())


@pytest.mark.parametrize("packing", [".gz", ".zst"])
@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("csv", HEADER + "u,a,1\nu,b,2\n"),
        ("tsv", (HEADER + "u,a,1\nu,b,2\n").replace(",", "\t")),
        (
            "jsonl",
            '{"user_id": "u", "item_id": "a", "timestamp": 1}\n'
            '{"user_id": "u", "item_id": "b", "timestamp": 2}\n',
        ),
    ],
)
def test_packed_text_is_read_by_its_ending(ending, text, packing, write, tmp_path):
    log = write(f"log.{ending}{packing}", packed(text, packing))
    data = import_dataset(log, tmp_path / "data", options=SECONDS)
    assert [event.item_id for event in data.events("u")] == ["a", "b"]


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_packed_file_that_was_cut_off_is_refused(packing, write, tmp_path):
    whole = packed(HEADER + "".join(f"u{n * 7919 % 1000},i{n},{n}\n" for n in range(2000)), packing)
    log = write(f"log.csv{packing}", whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut off") as caught:
        import_dataset(log, tmp_path / "data", options=SECONDS)
    assert f"log.csv{packing}" in str(caught.value)
    assert not (tmp_path / "data").exists()


def test_a_pattern_reads_all_files_in_order_of_their_names(write, tmp_path):
    write("logs/2024-02.csv", "item_id,user_id,timestamp\nc,u,5\n")
    write("logs/2024-01.csv", HEADER + "u,a,5\nu,b,5\n")
    write("logs/notes.txt", "no log")
    data = import_dataset(tmp_path / "logs" / "2024-*.csv", tmp_path / "data", options=SECONDS)
    assert [event.item_id for event in data.events("u")] == ["a", "b", "c"]
    assert list(data.made_from["sources"]) == ["2024-01.csv", "2024-02.csv"]


def test_parquet_files_of_whole_and_broken_numbers_go_together(tmp_path):
    for name, stars in (("a", [4, 5]), ("b", [3.5, None])):
        frame = pl.DataFrame({"user_id": "u", "item_id": name, "timestamp": [1, 2], "r": stars})
        frame.write_parquet(tmp_path / f"{name}.parquet")
    options = ImportOptions(time_unit="s", rating="r")
    data = import_dataset(tmp_path / "*.parquet", tmp_path / "data", options=options)
    assert [event.rating for event in data.events("u")] == [4, 3.5, 5, None]


@pytest.mark.parametrize(
    ("second", "parts"),
    [
        (HEADER + "u,c,5\nu,,5\n", ["2.csv, row 2, column 'item_id'", "empty"]),
        ("user_id,item_id\nu,c\n", ["2.csv, column 'timestamp'", "missing here"]),
        ("user_id,item_id,timestamp,x\nu,c,1,2\n", ["2.csv, column 'x'", "no such column"]),
    ],
)
def test_faults_among_many_files_name_the_file_and_its_row(second, parts, write, tmp_path):
    write("logs/1.csv", HEADER + "u,a,5\nu,b,5\n")
    write("logs/2.csv", second)
    with pytest.raises(DataError) as caught:
        import_dataset(tmp_path / "logs" / "*.csv", tmp_path / "data", options=SECONDS)
    assert not [part for part in parts if part not in str(caught.value)], caught.value


def test_a_pattern_without_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="no file matches"):
        import_dataset(tmp_path / "*.csv", tmp_path / "data")


def test_prices_and_reviews_are_kept_where_the_log_has_them(write, tmp_path):
    log = write("log.csv", "user_id,item_id,timestamp,paid,said\nu,a,1,2.5,Fine\nu,b,2,,\n")
    options = ImportOptions(time_unit="s", price="paid", text="said")
    data = import_dataset(log, tmp_path / "data", options=options)
    rows = load(data.path).interactions.select("item_id", "price", "text").collect().rows()
    assert rows == [("a", 2.5, "Fine"), ("b", None, None)]
    plain = import_dataset(log, tmp_path / "plain", options=SECONDS)
    assert "price" not in plain.interactions.collect_schema().names()


def test_lists_as_python_writes_them_are_read(write, tmp_path):
    items = write(
        "items.csv",
        """item_id,title,tags\na,A,"['x, y', 'z', 3]"\nb,B,"[""q""]"\nc,C,[]\nd,D,\n""",
    )
    log = write("log.csv", HEADER + "u,a,1\n")
    options = ImportOptions(time_unit="s", items=items, list_columns=("tags",))
    found = import_dataset(log, tmp_path / "data", options=options).catalogue
    assert found["a"].attributes == {"tags": ("x, y", "z", "3")}
    assert found["b"].attributes == {"tags": ("q",)}
    assert found["c"].attributes == found["d"].attributes == {}


@pytest.mark.parametrize(
    "cell",
    [
        "[__import__('os').mkdir('made')]",
        "[open('x')]",
        "['a'",
        "['a', ['b']]",
        "{'a': 1}",
        "x",
        "[" * 500 + "]" * 500,
    ],
)
def test_code_in_a_list_is_refused_and_not_run(cell, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    items = write("items.csv", f'item_id,title,tags\na,A,"{cell}"\n')
    log = write("log.csv", HEADER + "u,a,1\n")
    options = ImportOptions(time_unit="s", items=items, list_columns=("tags",))
    with pytest.raises(DataError, match=r"row 1, column 'tags': .* is not a list of texts"):
        import_dataset(log, tmp_path / "data", options=options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["items.csv", "log.csv"]


def test_pictures_become_absolute_paths_and_must_exist(write, tmp_path):
    write("shop/covers/a.png", b"x")
    items = write(
        "shop/items.csv", "item_id,title,cover\na,A,covers/a.png\nb,B,https://x.org/b.png\nc,C,\n"
    )
    log = write("log.csv", HEADER + "u,a,1\n")
    options = ImportOptions(time_unit="s", items=items, image_columns=("cover",))
    found = import_dataset(log, tmp_path / "data", options=options).catalogue
    assert found["a"].attributes == {"cover": str(tmp_path / "shop" / "covers" / "a.png")}
    assert found["b"].attributes == {"cover": "https://x.org/b.png"}
    assert found["c"].attributes == {}
    (tmp_path / "shop" / "covers" / "a.png").unlink()
    with pytest.raises(DataError, match=r"row 1, column 'cover': the picture 'covers/a.png'"):
        import_dataset(log, tmp_path / "data", options=options)
