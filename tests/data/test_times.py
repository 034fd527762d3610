"""Times of every common form become the same moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.data import ImportOptions, import_dataset, parse_moment
from llmrec.data.raw import RawTable
from llmrec.data.times import microseconds
from llmrec.errors import DataError

BERLIN = {"time_zone": "Europe/Berlin"}


def read(values, dtype=None, **options):
    cells = pl.Series("timestamp", values, dtype=dtype)
    table = RawTable.of(None, pl.DataFrame({"timestamp": cells}))
    micros = microseconds(table, "timestamp", ImportOptions.of(options))
    return [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us) for us in micros]


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("2024-05-01T18:30:00Z", {}, "2024-05-01T18:30:00+00:00"),
        ("2024-05-01 18:30:00 UTC", {}, "2024-05-01T18:30:00+00:00"),
        ("2024-05-01 18:30+02:00", {}, "2024-05-01T16:30:00+00:00"),
        ("2024-05-01T18:30:05.25-0330", {}, "2024-05-01T22:00:05.250000+00:00"),
        ("2024-05-01T18:30:05,123456789+00", {}, "2024-05-01T18:30:05.123456+00:00"),
        ("2024-05-01T18:30:00", BERLIN, "2024-05-01T16:30:00+00:00"),
        ("2024-01-01", BERLIN, "2023-12-31T23:00:00+00:00"),
        ("2024-05-01T18:30:00Z", BERLIN, "2024-05-01T18:30:00+00:00"),
        ("2024-10-27 02:30:00", {**BERLIN, "ambiguous_times": "earlier"}, "2024-10-27T00:30+00:00"),
        ("2024-10-27 02:30:00", {**BERLIN, "ambiguous_times": "later"}, "2024-10-27T01:30+00:00"),
        ("1365029107", {"time_unit": "s"}, "2013-04-03T22:45:07+00:00"),
        (" 1365029107.25", {"time_unit": "s"}, "2013-04-03T22:45:07.250000+00:00"),
        ("1365029107123", {"time_unit": "ms"}, "2013-04-03T22:45:07.123000+00:00"),
        (1365029107123456, {"time_unit": "us"}, "2013-04-03T22:45:07.123456+00:00"),
        (1365029107.5, {"time_unit": "s"}, "2013-04-03T22:45:07.500000+00:00"),
        (-1, {"time_unit": "s"}, "1969-12-31T23:59:59+00:00"),
        (datetime(2024, 1, 1, 12), {"time_zone": "Asia/Tokyo"}, "2024-01-01T03:00:00+00:00"),  # noqa: DTZ001
        (date(2024, 1, 1), {"time_zone": "UTC"}, "2024-01-01T00:00:00+00:00"),
    ],
)
def test_forms(value, options, expected):
    assert read([value], **options) == [datetime.fromisoformat(expected)]


def test_aware_columns_keep_their_moment():
    moment = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=9)))
    dtype = pl.Datetime("ns", "Asia/Tokyo")
    assert read([moment], dtype=dtype) == [moment]


@pytest.mark.parametrize(
    "value", ["2024-13-01", "2024-05-01T25:00:00Z", "2024-05-01+19:00", "01/05/2024", "20240501T"]
)
def test_what_is_no_iso_time(value):
    with pytest.raises(DataError, match="cannot read"):
        read([value], time_zone="UTC")


@pytest.mark.parametrize("value", [10**30, -(10**15), "1e300", "253402300800"])
def test_times_far_out_are_refused_without_overflow(value):
    with pytest.raises(DataError, match="outside 1900-2200"):
        read([str(value)], time_unit="s")


@settings(deadline=None)
@given(
    st.lists(
        st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
        min_size=1,
    ),
    st.integers(-12 * 60, 14 * 60),
)
def test_iso_texts_and_numbers_say_the_same(moments, offset_min):
    zone = timezone(timedelta(minutes=offset_min))
    assert read([m.astimezone(zone).isoformat() for m in moments]) == moments
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    micros = [(m - epoch) // timedelta(microseconds=1) for m in moments]
    assert read(micros, time_unit="us") == moments
    assert read([str(us) for us in micros], time_unit="us") == moments


def test_fractions_order_events_of_one_second(write, tmp_path):
    log = "user_id,item_id,timestamp\nu,late,100.9\nu,early,100.1\nu,last,100.9\nu,next,101\n"
    options = ImportOptions(time_unit="s")
    data = import_dataset(write("log.csv", log), tmp_path / "data", options=options)
    events = [(e.item_id, e.timestamp.timestamp(), e.sequence) for e in data.events("u")]
    assert events == [
        ("early", 100.0, 0),
        ("late", 100.0, 1),
        ("last", 100.0, 2),
        ("next", 101.0, 0),
    ]


def test_an_old_log_is_doubted_aloud(write, tmp_path, caplog):
    caplog.set_level("WARNING")
    log = write("log.csv", "user_id,item_id,timestamp\nu,i,1365029\n")
    import_dataset(log, tmp_path / "data", options=ImportOptions(time_unit="s"))
    assert "before 1971" in caplog.text


def test_parse_moment():
    assert parse_moment("2024-05-01T18:30:05.5Z") == datetime(2024, 5, 1, 18, 30, 5, 500000, UTC)
    with pytest.raises(DataError, match="--as-of '2024-05-01' has no time zone"):
        parse_moment("2024-05-01", what="--as-of")
    with pytest.raises(DataError, match="'noon' is not a time"):
        parse_moment("noon")
