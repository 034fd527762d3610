"""Adding events: each once, in order, with a record of what came when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import read_manifest
from llmrec.data import CleaningRules, ImportOptions, append_dataset, import_dataset, load
from llmrec.errors import ConfigError, DataError

HEADER = "user_id,item_id,timestamp,stars\n"
OPTIONS = ImportOptions(time_unit="s", rating="stars")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MONDAY = "u,a,5,4\nu,b,5,\nv,a,7,1\n"
TUESDAY = "u,c,5,2\nu,a,9,3\nw,a,1,\n"


def rows(data):
    return data.interactions.select("user_id", "item_id", "timestamp_s", "rating").collect().rows()


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def monday(write, tmp_path):
    log = write("monday.csv", HEADER + MONDAY)
    import_dataset(log, tmp_path / "data", options=OPTIONS)
    return log


def append(log, out, **further):
    return append_dataset(log, out, at=NOON, options=OPTIONS, **further)


@pytest.mark.usefixtures("monday")
def test_new_events_come_in_and_ties_keep_their_order(write, tmp_path):
    data = append(write("tuesday.csv", HEADER + TUESDAY), tmp_path / "data")
    events = [(e.item_id, e.timestamp.timestamp(), e.sequence) for e in data.events("u")]
    assert events == [("a", 5, 0), ("b", 5, 1), ("c", 5, 2), ("a", 9, 0)]
    assert data.users == ("u", "v", "w")
    assert list(data.catalogue) == ["a", "b", "c"]


def test_the_same_file_twice_changes_no_byte(monday, write, tmp_path):
    before = files_of(tmp_path / "data")
    append(monday, tmp_path / "data")
    assert files_of(tmp_path / "data") == before
    tuesday = write("tuesday.csv", HEADER + TUESDAY)
    append(tuesday, tmp_path / "data")
    once = files_of(tmp_path / "data")
    append(tuesday, tmp_path / "data")
    append(write("renamed.csv", HEADER + TUESDAY), tmp_path / "data")
    assert files_of(tmp_path / "data") == once


@pytest.mark.usefixtures("monday")
def test_an_overlapping_file_adds_what_is_new_and_the_record_says_so(write, tmp_path):
    data = append(write("both.csv", HEADER + MONDAY + TUESDAY), tmp_path / "data")
    assert len(data) == 6
    record = read_manifest(data.path, "dataset").metrics["appended"]
    assert [(one["at"], one["events_added"], one["events_known"]) for one in record] == [
        ("2026-01-01T12:00:00Z", 3, 3)
    ]
    assert list(record[0]["sources"]) == ["both.csv"]
    assert sorted(data.made_from["sources"]) == ["both.csv", "monday.csv"]


@pytest.mark.usefixtures("monday")
def test_another_file_of_the_same_name_is_another_source(write, tmp_path):
    data = append(write("later/monday.csv", HEADER + TUESDAY), tmp_path / "data")
    assert len(data.made_from["sources"]) == 2
    assert len(data) == 6


EVENTS = st.lists(
    st.tuples(st.sampled_from("uvw"), st.sampled_from("abc"), st.integers(1, 4)), max_size=12
)


@settings(max_examples=30)
@given(first=EVENTS.filter(len), second=EVENTS.filter(len))
def test_adding_gives_every_event_once_whatever_overlaps(first, second, tmp_path_factory):
    folder = tmp_path_factory.mktemp("append")

    def log(name, events):
        (folder / name).write_text(HEADER + "".join(f"{u},{i},{t},\n" for u, i, t in events))
        return folder / name

    one, two = list(dict.fromkeys(first)), list(dict.fromkeys(second))
    import_dataset(log("one.csv", one), folder / "data", options=OPTIONS)
    data = append(log("two.csv", two), folder / "data")
    assert sorted(row[:3] for row in rows(data)) == sorted({*one, *two})
    again = append(log("both.csv", [*two, *one]), folder / "data")
    assert rows(again) == rows(data)


def test_items_are_known_from_the_dataset_or_added_by_a_file(write, tmp_path):
    items = write("items.csv", "item_id,title\na,Alien\nb,Aliens\n")
    first = write("one.csv", HEADER + "u,a,1,\n")
    options = OPTIONS.model_copy(update={"items": items})
    import_dataset(first, tmp_path / "data", options=options)
    more = write("two.csv", HEADER + "u,b,2,\nu,x,3,\n")
    with pytest.raises(DataError, match=r"two.csv, row 2, column 'item_id': item 'x' is not in"):
        append(more, tmp_path / "data")
    data = append(more, tmp_path / "data", rules=CleaningRules(earliest=None))
    assert [event.item_id for event in data.events("u")] == ["a", "b"]
    added = write("new-items.csv", "item_id,title\nx,Prometheus\nb,Aliens (1986)\n")
    last = write("three.csv", HEADER + "u,x,4,\n")
    named = OPTIONS.model_copy(update={"items": added})
    data = append_dataset(last, tmp_path / "data", at=NOON, options=named)
    assert [item.title for item in data.catalogue.values()] == [
        *("Alien", "Aliens (1986)", "Prometheus"),
    ]


@pytest.mark.usefixtures("monday")
def test_a_failed_addition_leaves_the_dataset_as_it_was(write, tmp_path):
    before = files_of(tmp_path / "data")
    with pytest.raises(DataError, match="row 2"):
        append(write("bad.csv", HEADER + "u,a,11,\nu,,12,\n"), tmp_path / "data")
    assert files_of(tmp_path / "data") == before


@pytest.mark.usefixtures("monday")
def test_rules_of_whole_histories_are_refused(write, tmp_path):
    log = write("tuesday.csv", HEADER + TUESDAY)
    with pytest.raises(ConfigError, match="core judges whole histories"):
        append(log, tmp_path / "data", rules=CleaningRules(core=5))


def test_what_is_held_out_and_known_of_users_stays(write, tmp_path):
    from llmrec.data import write_sample

    write_sample(tmp_path / "sample")
    old = load(tmp_path / "sample")
    item = next(iter(old.catalogue))
    data = append(
        write("more.csv", HEADER + f"newcomer,{item},1700000000,4\n"), tmp_path / "sample"
    )
    assert data.held_out_users == old.held_out_users
    assert len(data) == len(old) + 1
    assert dict(data.catalogue) == dict(old.catalogue)


def test_where_no_dataset_is_the_log_is_imported(write, tmp_path):
    data = append(write("monday.csv", HEADER + MONDAY), tmp_path / "data")
    assert len(data) == 3
