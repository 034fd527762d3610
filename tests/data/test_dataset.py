"""Datasets: histories at any moment, what is refused at writing and at loading."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import sha256_file
from llmrec.data import load, write_dataset, write_sample
from llmrec.errors import ArtifactError, DataError, UnknownUserError
from llmrec.types import Catalogue, Item
from llmrec.world.films import catalogue as films

ITEMS = [Item(item_id=str(n), title=f"Film {n}", attributes={"year": 1990 + n}) for n in range(5)]
ROWS = [("b", "0", 10), ("a", "1", 20), ("a", "2", 10), ("a", "3", 20), ("a", "4", 30)]


def table(rows=ROWS, columns=("user_id", "item_id", "timestamp_s")):
    return pl.DataFrame(rows, schema=list(columns), orient="row")


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def data(tmp_path):
    write_dataset(tmp_path / "data", items=ITEMS, interactions=table(), made_from={"by": "hand"})
    return load(tmp_path / "data")


def test_histories_hold_what_was_before(data):
    def ids(**moment):
        return [event.item_id for event in data.history("a", **moment).interactions]

    assert ids() == ["2", "1", "3", "4"]
    assert ids(as_of=at(20)) == ["2"]
    assert ids(as_of=at(20), as_of_sequence=1) == ["2", "1"]
    assert ids(as_of=at(20), as_of_sequence=2) == ["2", "1", "3"]
    late = at(20) + timedelta(milliseconds=999)  # the table cannot tell what came after .999
    assert ids(as_of=late) == ["2"]
    assert data.history("a", as_of=late).as_of == at(20)
    assert ids(as_of=at(10)) == []
    assert ids(as_of=at(30).astimezone(timezone(timedelta(hours=5)))) == ["2", "1", "3"]
    assert data.history("b").as_of == at(31)
    assert data.last_moment == at(30)


def test_a_batch_equals_the_single_ones(data):
    users = ["b", "a", "b"]
    assert data.histories(users) == [data.history(user) for user in users]
    assert data.histories(users, as_of=at(20)) == [data.history(u, as_of=at(20)) for u in users]
    assert data.histories([]) == []


def test_unknown_users_and_naive_moments_are_refused(data):
    with pytest.raises(UnknownUserError, match=r"user 'aa' has no event .*\n.*Did you mean 'a'"):
        data.history("aa")
    with pytest.raises(UnknownUserError):
        data.histories(["a", "zz"])
    with pytest.raises(DataError, match="no time zone"):
        data.history("a", as_of=datetime(2024, 1, 1))  # noqa: DTZ001


def test_what_a_dataset_tells_of_itself(data):
    assert data.users == ("a", "b")
    assert data.held_out_users == frozenset()
    assert data.catalogue["3"] == ITEMS[3]
    assert list(data.catalogue) == [item.item_id for item in ITEMS]
    assert data.made_from["by"] == "hand"
    frame = data.interactions.collect()
    assert frame.columns == [
        *("user_id", "item_id", "timestamp_s", "sequence", "rating", "event", "quantity")
    ]
    assert frame.equals(frame.sort("user_id", "timestamp_s", "sequence"))
    assert repr(data).endswith("5 events of 2 users on 5 items>")


def test_held_out_users_are_kept_and_must_exist(tmp_path):
    def write(users):
        write_dataset(
            tmp_path / "data", items=ITEMS, interactions=table(), made_from={}, held_out_users=users
        )
        return load(tmp_path / "data")

    assert write(["b"]).held_out_users == {"b"}
    assert write(["b"]).sha256 != write([]).sha256
    with pytest.raises(UnknownUserError, match="held-out user 'c'"):
        write(["c"])


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (table().drop("item_id"), ["column 'item_id'", "missing"]),
        (table().rename({"timestamp_s": "timestamp"}), ["column 'timestamp_s'", "'timestamp'"]),
        (table().with_columns(ratings=1.0), ["column 'ratings'", "unknown", "'rating'"]),
        (table().with_columns(user_id=1), ["column 'user_id'", "type Int", "String"]),
        (table().with_columns(timestamp_s=1.5), ["column 'timestamp_s'", "Float64"]),
        (table().with_columns(rating=float("nan")), ["row 1, column 'rating'", "nan"]),
        (table([*ROWS, ("a", "9", 1)]), ["row 6, column 'item_id'", "'9' is not in the cat"]),
        (table([*ROWS, ("", "1", 1)]), ["row 6, column 'user_id'", "empty"]),
        (table([*ROWS, ("a ", "1", 1)]), ["row 6, column 'user_id'", "'a '", "white space"]),
        (table([*ROWS, ("a\0", "1", 1)]), ["row 6, column 'user_id'", "control character"]),
        (table([*ROWS, ("a", "1", None)]), ["row 6, column 'timestamp_s'", "missing"]),
        (table().with_columns(sequence=0), ["row 4, column 'sequence'", "same second"]),
        (table().with_columns(sequence=-1), ["row 1, column 'sequence'", "-1"]),
        (table().clear(), ["0 rows"]),
    ],
)
def test_tables_that_are_not_valid_are_refused(frame, parts, tmp_path):
    with pytest.raises(DataError) as caught:
        write_dataset(tmp_path / "data", items=ITEMS, interactions=frame, made_from={})
    assert not [part for part in parts if part not in str(caught.value)], caught.value
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("attributes", "parts"),
    [
        ([{"year": 1}, {"year": "1"}], ["'year'", "int and str"]),
        ([{"tags": ("a",)}, {"tags": "a"}], ["'tags'", "str and tuple"]),
        ([{"new": True}, {}], ["'new'", "bool"]),
        ([{"title": "x"}, {}], ["'title'"]),
    ],
)
def test_attributes_that_do_not_go_together_are_refused(attributes, parts, tmp_path):
    items = [Item(item_id=str(n), title="T", attributes=a) for n, a in enumerate(attributes)]
    rows = table([("a", "0", 1)])
    with pytest.raises(DataError) as caught:
        write_dataset(tmp_path / "data", items=items, interactions=rows, made_from={})
    assert not [part for part in parts if part not in str(caught.value)], caught.value


def test_items_of_one_id_are_refused(tmp_path):
    with pytest.raises(DataError, match="'0' occurs twice"):
        write_dataset(
            tmp_path / "data", items=[ITEMS[0], *ITEMS], interactions=table(), made_from={}
        )


def test_damage_is_noticed_at_loading(data):
    file = data.path / "interactions.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match="is damaged"):
        load(data.path)
    with pytest.raises(ArtifactError, match=r"holds no manifest.json"):
        load(data.path.parent / "nowhere")


def with_right_hashes(folder, **made_from):
    """Make the manifest agree with what lies in the folder now."""
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {name: sha256_file(folder / name) for name in manifest["files"]}
    changed = {**manifest, "files": files, "made_from": {**manifest["made_from"], **made_from}}
    (folder / "manifest.json").write_text(json.dumps(changed))


@pytest.mark.parametrize(
    ("name", "frame", "words"),
    [
        ("interactions.parquet", None, "cannot be read"),
        ("items.parquet", None, "cannot be read"),
        ("interactions.parquet", pl.DataFrame({"a": [1]}), "no dataset of this version"),
        ("items.parquet", pl.DataFrame({"item_id": [1]}), "which are no items"),
        ("items.parquet", pl.DataFrame({"item_id": ["1"], "title": ["A"]}), "lacks item '0'"),
        (
            "items.parquet",
            pl.DataFrame({"item_id": list("0112345"), "title": list("ABCDEFG")}),
            "'1' occurs twice",
        ),
    ],
)
def test_junk_of_the_right_hash_is_refused(name, frame, words, data):
    file = data.path / name
    file.write_bytes(b"junk") if frame is None else frame.write_parquet(file)
    with_right_hashes(data.path)
    with pytest.raises(ArtifactError, match=words) as caught:
        load(data.path)
    assert caught.value.remedy == "Import the log again."


def test_held_out_users_of_a_wrong_type_are_refused(data):
    with_right_hashes(data.path, held_out_users=5)
    with pytest.raises(ArtifactError, match="held_out_users is 5"):
        load(data.path)


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(8)))
def test_row_order_does_not_matter_where_the_sequence_is_given(order):
    import tempfile

    rows = [(user, str(n % 5), 10 + n // 2, n) for user in "ab" for n in range(4)]
    columns = ("user_id", "item_id", "timestamp_s", "sequence")
    with tempfile.TemporaryDirectory() as folder:
        for name, chosen in (("one", rows), ("two", [rows[n] for n in order])):
            frame = table(chosen, columns)
            write_dataset(f"{folder}/{name}", items=ITEMS, interactions=frame, made_from={})
        one, two = load(f"{folder}/one"), load(f"{folder}/two")
        assert one.sha256 == two.sha256
        assert one.histories(one.users) == two.histories(two.users)


def test_the_sample_is_the_same_every_time_and_keeps_its_catalogue(tmp_path):
    write_sample(tmp_path / "one")
    write_sample(tmp_path / "two")
    sample = load(tmp_path / "one")
    assert sample.sha256 == load(tmp_path / "two").sha256
    assert sample.catalogue.sha256 == films().sha256
    assert isinstance(sample.catalogue, Catalogue)
    assert len(sample.users) >= 400
    assert len(sample.held_out_users) >= 3
