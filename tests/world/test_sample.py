"""The sample's tables: what a dataset is made of."""

from __future__ import annotations

import json
import subprocess
import sys

import polars as pl
import pytest

from llmrec.world import sample


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return sample.interactions()


def test_the_table_has_the_columns_of_a_dataset(table):
    assert dict(table.schema) == {
        "user_id": pl.String,
        "item_id": pl.String,
        "timestamp_s": pl.Int64,
        "sequence": pl.Int64,
        "rating": pl.Float64,
        "event": pl.String,
        "quantity": pl.Float64,
    }
    assert (
        table.select("user_id", "item_id", "timestamp_s", "sequence", "rating")
        .null_count()
        .sum_horizontal()
        .item()
        == 0
    )


def test_rows_are_sorted_by_user_time_and_sequence(table):
    assert table.equals(table.sort("user_id", "timestamp_s", "sequence"))


def test_every_item_of_the_table_is_in_the_catalogue(table):
    assert set(table["item_id"]) <= {item.item_id for item in sample.items()}


def test_another_seed_gives_another_table_and_another_origin(table):
    assert not sample.interactions(8).equals(table)
    assert sample.made_from(7) == sample.made_from(7)
    assert sample.made_from(7) != sample.made_from(8)
    assert sample.sha256(7) == sample.sha256() != sample.sha256(8)


def test_the_origin_is_json_and_names_every_input():
    origin = sample.made_from(7)
    assert json.loads(json.dumps(origin)) == origin
    assert {"world", "world_version", "parameters_sha256", "catalogue_sha256", "seed"} <= set(
        origin
    )


def test_the_demo_shows_three_of_the_held_out_people(table):
    held_out = sample.held_out_users()
    assert len(held_out) == len(set(held_out)) == 12
    assert set(held_out) <= set(table["user_id"])
    assert len(sample.demo_users()) == 3
    assert set(sample.demo_users()) <= set(held_out)
    assert sample.held_out_users(8) != held_out


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, llmrec.world; "
        "print(sorted({'polars', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
