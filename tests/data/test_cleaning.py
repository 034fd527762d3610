"""Every rule leaves out what it names, counts it, shows it, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.data import CleaningRules, ImportOptions, import_dataset, load
from llmrec.data.cleaning import STRICT, core
from llmrec.errors import ConfigError, DataError

DAY = 86_400
START = 1_700_000_000
COLUMNS = "user_id,item_id,timestamp,stars,n,invoice,did\n"
MAPPING = {
    "time_unit": "s",
    "rating": "stars",
    "quantity": "n",
    "order": "invoice",
    "event": "did",
}
OFF = STRICT.model_dump()


def row(user="u", item="a", at=0, stars="", n="", invoice="", did=""):
    when = "" if at is None else START + at
    return f"{user},{item},{when},{stars},{n},{invoice},{did}\n"


def clean(tmp_path, rows, **rules):
    """Import rows with these rules alone; return what is left and the journal's counts."""
    log = tmp_path / "log.csv"
    log.write_text(COLUMNS + "".join(rows))
    data = import_dataset(
        log,
        tmp_path / "data",
        options=ImportOptions.of(MAPPING),
        rules=CleaningRules.of({**OFF, **rules}),
    )
    left = data.interactions.select("user_id", "item_id", "timestamp_s").collect().rows()
    steps = data.cleaning["steps"]
    assert data.cleaning["events_read"] == len(rows)
    assert data.cleaning["events_kept"] == len(left)
    assert all(1 <= len(step["examples"]) <= 3 for step in steps)
    kept = [(user, item, when - START) for user, item, when in left]
    return kept, {step["rule"]: step["dropped"] for step in steps}


CASES = {
    "missing user, item or time": (
        {"missing": "drop"},
        [row(), row(user=""), row(item="  "), row(at=None)],
        [("u", "a", 0)],
        {"missing": 3},
    ),
    "absurd and future times": (
        {"earliest": datetime(2000, 1, 1, tzinfo=UTC), "latest": datetime(2030, 1, 1, tzinfo=UTC)},
        [row(), row(at=-START), row(at=10 * 365 * DAY), row(at=300 * 365 * DAY)],
        [("u", "a", 0)],
        {"times": 3},
    ),
    "cancellations by order number and by kind": (
        {"cancellations": True},
        [row(invoice="536"), row(invoice="C537", at=1), row(did="Refund", at=2), row(at=3)],
        [("u", "a", 0), ("u", "a", 3)],
        {"cancellations": 2},
    ),
    "quantities of nothing": (
        {"non_positive_quantities": True},
        [row(n="1"), row(n="0", at=1), row(n="-2", at=2), row(at=3)],
        [("u", "a", 0), ("u", "a", 3)],
        {"non_positive_quantities": 2},
    ),
    "the newest purchase of the same quantity goes with its cancellation": (
        {"cancellations": True, "undone_purchases": True},
        [
            row(n="2", at=0),
            row(n="2", at=1),
            row(n="3", at=2),
            row(n="-2", invoice="C1", at=5),
            row(n="2", at=6),
            row(user="v", n="2", at=0),
        ],
        [("u", "a", 0), ("u", "a", 2), ("u", "a", 6), ("v", "a", 0)],
        {"undone_purchases": 1, "cancellations": 1},
    ),
    "two cancellations undo two purchases, and no third": (
        {"cancellations": True, "undone_purchases": True},
        [row(n="2", at=t) for t in (0, 1)]
        + [row(n="-2", invoice=f"C{t}", at=t) for t in (5, 6, 7)]
        + [row(item="b")],
        [("u", "b", 0)],
        {"undone_purchases": 2, "cancellations": 3},
    ),
    "exact duplicates, not what differs in one field": (
        {"exact_duplicates": True},
        [row(stars="4"), row(stars="4"), row(stars="5"), row(item="b"), row(stars="4")],
        [("u", "a", 0), ("u", "a", 0), ("u", "b", 0)],
        {"exact_duplicates": 2},
    ),
    "repeats within a window, of the same kind of event": (
        {"repeat_window_s": 10},
        [row(), row(at=10), row(at=15), row(at=26), row(at=27, did="buy"), row(item="b", at=27)],
        [("u", "a", 0), ("u", "a", 26), ("u", "a", 27), ("u", "b", 27)],
        {"repeat_window_s": 2},
    ),
    "rating thresholds; unrated events stay": (
        {"min_rating": 2, "max_rating": 4},
        [row(stars="1"), row(stars="2", at=1), row(stars="4.5", at=2), row(at=3)],
        [("u", "a", 1), ("u", "a", 3)],
        {"rating": 2},
    ),
    "users of machine-like rate": (
        {"max_events_per_hour": 3},
        [row(user="bot", at=n * 1000) for n in range(4)] + [row(at=n * 1200) for n in range(4)],
        [("u", "a", n * 1200) for n in range(4)],
        {"max_events_per_hour": 4},
    ),
    "users of machine-like regularity": (
        {"regular_gaps": 0.05, "regular_min_events": 5},
        [row(user="bot", at=n * 60 + n % 2) for n in range(5)]
        + [row(at=n * n * 60) for n in range(5)]
        + [row(user="few", at=n * 60) for n in range(4)],
        [("few", "a", n * 60) for n in range(4)] + [("u", "a", n * n * 60) for n in range(5)],
        {"regular_gaps": 5},
    ),
    "minimum history": (
        {"min_history": 2},
        [row(), row(at=1), row(user="v")],
        [("u", "a", 0), ("u", "a", 1)],
        {"min_history": 1},
    ),
}


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("case", CASES)
def test_each_rule_alone(case, tmp_path):
    rules, rows, left, counts = CASES[case]
    kept, counted = clean(tmp_path, rows, **rules)
    assert sorted(kept) == sorted(left)
    assert counted == counts


def test_the_core_is_found_by_dropping_again_and_again(tmp_path):
    square = [row(user=user, item=item) for user in "uv" for item in "ab"]
    chain = [row(user="w", item="a"), row(user="w", item="c"), row(user="x", item="c")]
    kept, counted = clean(tmp_path, [*square, *chain], core=2)
    assert {(user, item) for user, item, _ in kept} == {(u, i) for u in "uv" for i in "ab"}
    assert counted == {"core": 3}


@settings(max_examples=50)
@given(
    events=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60),
    least=st.integers(2, 4),
)
def test_a_core_is_closed_and_the_largest_that_is(events, least):
    table = pl.DataFrame(events, schema=["user_id", "item_id"], orient="row")
    left = core(table, least, least)
    for name in ("user_id", "item_id"):
        assert left.is_empty() or int(left.group_by(name).len()["len"].min()) >= least
    assert core(left, least, least).height == left.height
    # Whoever stays under a stricter rule stays under a milder one.
    assert core(table, least + 1, least + 1).join(left, on=left.columns, how="anti").is_empty()


FEW = st.sampled_from
ROWS = st.lists(
    st.builds(
        row,
        user=FEW(["u", "v", ""]),
        item=FEW(["a", "b", " "]),
        at=FEW([None, 0, 0, 1, 500, 90 * DAY, -START]),
        stars=FEW(["", "1", "5"]),
        n=FEW(["", "-1", "0", "2"]),
        invoice=FEW(["", "1", "C1"]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(rows=ROWS)
def test_every_event_read_is_kept_or_counted_and_cleaning_again_changes_nothing(
    rows, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("clean")
    log = folder / "log.csv"
    log.write_text(COLUMNS + row(user="sure", n="1", stars="3") + "".join(rows))
    options = ImportOptions.of(MAPPING)
    rules = CleaningRules(undone_purchases=True, repeat_window_s=60)
    data = import_dataset(log, folder / "data", options=options, rules=rules)
    dropped = sum(step["dropped"] for step in data.cleaning["steps"])
    assert data.cleaning["events_read"] == len(rows) + 1 == dropped + len(data)
    kept = data.interactions.collect()
    assert kept["quantity"].drop_nulls().gt(0).all()
    kept.rename({"timestamp_s": "timestamp", "rating": "stars", "quantity": "n"}).write_csv(
        folder / "again.csv"
    )
    again = {**MAPPING, "order": None, "event": None}
    twice = import_dataset(
        folder / "again.csv", folder / "twice", options=ImportOptions.of(again), rules=rules
    )
    assert twice.cleaning["steps"] == []


def test_untitled_items_and_unknown_ones_go_with_their_events(write, tmp_path):
    items = write("items.csv", "item_id,title\na,Alien\nb,\nc,  \n")
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,zz,3\nu,c,4\n")
    options = ImportOptions(time_unit="s", items=items)
    data = import_dataset(
        log, tmp_path / "data", options=options, rules=CleaningRules(earliest=None)
    )
    assert list(data.catalogue) == ["a"]
    steps = [(step["rule"], step["what"], step["dropped"]) for step in data.cleaning["steps"]]
    assert steps == [
        ("untitled_items", "items", 2),
        ("untitled_items", "events", 2),
        ("unknown_items", "events", 1),
    ]
    assert data.cleaning["steps"][2]["examples"] == [
        {"file": "log.csv", "row": 3, "item_id": "'zz'"}
    ]
    with pytest.raises(DataError, match=r"items.csv, row 2, column 'title'"):
        import_dataset(log, tmp_path / "strict", options=options)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_item_that_stands_twice_the_same_is_kept_once(ending, write, tmp_path):
    rows = [("a", "Alien", "x"), ("b", "Aliens", "y"), ("a", "Alien", "x")]
    frame = pl.DataFrame(rows, schema=["item_id", "title", "tag"], orient="row")
    if ending == "jsonl":
        frame = frame.with_columns(tag=pl.concat_list("tag"))
    text = frame.write_csv() if ending == "csv" else frame.write_ndjson()
    items = write(f"items.{ending}", text)
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1700000000\n")
    options = ImportOptions(time_unit="s", items=items)
    data = import_dataset(log, tmp_path / "data", options=options, rules=CleaningRules())
    assert list(data.catalogue) == ["a", "b"]
    (step,) = data.cleaning["steps"]
    assert (step["rule"], step["what"], step["dropped"]) == ("exact_duplicates", "items", 1)
    assert step["examples"][0]["row"] == 3
    with pytest.raises(DataError, match=r"row 3, column 'item_id': item id 'a' stands in"):
        import_dataset(log, tmp_path / "strict", options=options)


def test_a_wrong_unit_does_not_leave_an_empty_dataset(write, tmp_path):
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1700000000\n")
    with pytest.raises(DataError, match="cleaning leaves none of the events") as caught:
        import_dataset(
            log, tmp_path / "data", options=ImportOptions(time_unit="ms"), rules=CleaningRules()
        )
    assert "times 1" in str(caught.value)
    assert not (tmp_path / "data").exists()


def test_rules_are_part_of_the_origin_and_the_counts_are_kept(write, tmp_path):
    log = write("log.csv", "user_id,item_id,timestamp\nu,a,1700000000\nu,a,1700000000\n")
    options = ImportOptions(time_unit="s")
    plain = import_dataset(log, tmp_path / "plain", options=options)
    cleaned = import_dataset(log, tmp_path / "data", options=options, rules=CleaningRules())
    assert "cleaning" not in plain.made_from
    assert not plain.cleaning
    assert cleaned.made_from["cleaning"]["exact_duplicates"] is True
    assert load(cleaned.path).cleaning == cleaned.cleaning


def test_rules_of_a_file_and_of_the_command_line(write):
    file = write("rules.yaml", "core: 5\nmin_rating: 3\n")
    rules = CleaningRules.chosen(file, ["core=3", "exact_duplicates=false", "earliest=None"])
    assert (rules.core, rules.min_rating, rules.exact_duplicates) == (3, 3, False)
    assert rules.earliest is None
    for text, fault in (
        ("cor=3", "Did you mean 'core'"),
        ("core", "NAME=VALUE"),
        ("core=x", "'x'"),
    ):
        with pytest.raises(ConfigError, match=fault):
            CleaningRules.chosen(None, [text])
