"""What a first look at a file says, and that an import can start from it."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from llmrec.data import (
    CleaningRules,
    ImportOptions,
    import_dataset,
    inspect,
    inspecting,
    large,
)

SHOP = """InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,6,2010-12-01 08:26:00,2.55,0017850,United Kingdom
C536379,85123A,-1,2010-12-01 09:41:00,2.55,,United Kingdom
536365,85123A,6,2010-12-01 08:26:00,2.55,0017850,United Kingdom
"""


def test_a_shop_is_understood_with_its_problems(write):
    facts = inspect(write("shop.csv", SHOP))
    assert (facts["format"], facts["rows"]) == ("csv", 3)
    assert facts["mapping"] == {
        "user": "CustomerID",
        "item": "StockCode",
        "time": "InvoiceDate",
        "quantity": "Quantity",
        "price": "UnitPrice",
        "order": "InvoiceNo",
    }
    customer = next(one for one in facts["columns"] if one["column"] == "CustomerID")
    assert customer == {
        "column": "CustomerID",
        "type": "whole number",
        "filled": 0.666667,
        "distinct": 1,
        "role": "user",
        "examples": ["'0017850'"],
    }
    told = "\n".join(facts["problems"])
    for part in (
        "3 times of 'InvoiceDate' name no zone",
        "1 cells of 'CustomerID' (user) are empty",
        "2 ids of 'CustomerID' have leading zeros",
        "1 quantities of 'Quantity' are 0 or less",
        "1 values of 'InvoiceNo' begin with C",
        "2 rows stand more than once",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("userId,movieId,rating,timestamp", ("userId", "movieId", "timestamp")),
        ("reviewerID,asin,overall,unixReviewTime", ("reviewerID", "asin", "unixReviewTime")),
        ("user_id,business_id,stars,date", ("user_id", "business_id", "date")),
        ("Customer No,Product,Score,Order Date", ("Customer No", "Product", "Order Date")),
        ("who,what,stars,when", ("who", "what", "when")),
    ],
)  # fmt: skip
def test_common_names_are_known_and_the_import_can_start_from_the_guess(
    header, expected, write, tmp_path
):
    log = write("log.csv", header + "\nu,a,4,1700000000\nu,b,5,1700000001\n")
    mapping = inspect(log)["mapping"]
    assert (mapping["user"], mapping["item"], mapping["time"]) == expected
    assert mapping["time_unit"] == "s"
    assert len(import_dataset(log, tmp_path / "data", options=ImportOptions.of(mapping))) == 2


@pytest.mark.parametrize(("factor", "unit"), [(1, "s"), (1_000, "ms"), (1_000_000, "us")])
def test_the_unit_of_times_is_guessed_by_their_size(factor, unit, write):
    log = write(
        "log.csv", f"user,item,t\nu,a,{1_700_000_000 * factor}\nu,b,{1_600_000_000 * factor}\n"
    )
    assert inspect(log)["mapping"] == {
        "user": "user",
        "item": "item",
        "time": "t",
        "time_unit": unit,
    }


def test_typed_files_and_items_files(write, tmp_path):
    pl.DataFrame({"user": [1], "item": [2], "at": ["2024-05-01T18:30:00Z"]}).write_parquet(
        tmp_path / "log.parquet"
    )
    assert inspect(tmp_path / "log.parquet")["mapping"] == {
        "user": "user",
        "item": "item",
        "time": "at",
    }
    items = write("films.csv", "movieId,title,genres\n1,Alien,\n1,Aliens,\n2,,\n")
    facts = inspect(items)
    assert facts["mapping"] == {"item_id": "movieId", "title": "title"}
    assert "--items=" in facts["command"]
    told = "\n".join(facts["problems"])
    assert "1 rows of 'movieId' repeat" in told
    assert "1 cells of 'title' (title) are empty" in told


def test_what_no_column_seems_to_be_is_said(write):
    facts = inspect(write("log.csv", "a,b\nx,y\n"))
    assert facts["mapping"] == {}
    assert len([one for one in facts["problems"] if "no column seems to be" in one]) == 3


def test_published_logs_are_guessed_as_their_readers_map_them(shared_data, tmp_path):
    facts = inspect(shared_data / "ml-latest-small" / "ratings.csv")
    options = ImportOptions.of(facts["mapping"])
    data = import_dataset(
        shared_data / "ml-latest-small" / "ratings.csv",
        tmp_path / "data",
        options=options,
        rules=CleaningRules(),
    )
    assert (len(data.users), len(data)) == (610, 100_836)
    wines = inspect(shared_data / "x-wines-slim")
    assert wines["format"] == "x-wines"
    roles = {one["column"]: one["role"] for one in wines["columns"]}
    assert (roles["UserID"], roles["Date"], roles["Vintage"]) == ("user", "time", None)


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.jsonl", "log.parquet"])
def test_of_a_large_log_only_the_first_rows_are_looked_at(name, tmp_path, monkeypatch):
    frame = pl.DataFrame({"user": ["0012", "b", "c"], "item": "i", "time": 1_700_000_000})
    if name.endswith(".parquet"):
        frame.write_parquet(tmp_path / name)
    else:
        text = (frame.write_ndjson() if "jsonl" in name else frame.write_csv()).encode()
        (tmp_path / name).write_bytes(gzip.compress(text) if ".gz" in name else text)
    whole = inspect(tmp_path / name)
    monkeypatch.setattr(large, "LARGE_BYTES", {"csv": 0, "jsonl": 0, "parquet": 0})
    assert {**inspect(tmp_path / name), "problems": []} == {**whole, "problems": []}
    monkeypatch.setattr(inspecting, "_FIRST_ROWS", 2)
    facts = inspect(tmp_path / name)
    assert facts["rows"] == 2
    assert facts["mapping"] == whole["mapping"]
    assert "only the first 2 rows" in facts["problems"][0]
    assert "leading zeros" in facts["problems"][1]
