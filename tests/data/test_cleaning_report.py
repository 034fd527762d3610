"""The report of a cleaning: figures before and after that add up, and a page that stands alone."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.data import CleaningRules, ImportOptions, import_dataset
from llmrec.data.cleaning.profile import Spread
from llmrec.errors import ArtifactError, ConfigError

LOG = """user_id,item_id,timestamp
u,<b>bold</b>,1700000000
u,<b>bold</b>,1700000000
u,b,1700000000
v,b,1700090000
v,a,0
,a,1700000000
"""
OPTIONS = ImportOptions(time_unit="s")


def report(write, tmp_path, name):
    import_dataset(
        write("log.csv", LOG),
        tmp_path / "data",
        options=OPTIONS,
        rules=CleaningRules(),
        report=tmp_path / name,
    )
    return (tmp_path / name).read_text()


def test_the_json_tells_before_and_after(write, tmp_path):
    told = json.loads(report(write, tmp_path, "report.json"))
    before, after = told["profiles"]["before"], told["profiles"]["after"]
    assert (told["events_read"], before["events"], after["events"]) == (6, 5, 3)
    assert before["first"] == "1970-01-01T00:00:00Z"
    assert after["first"] == "2023-11-14T22:13:20Z"
    assert after["over_time"] == {"2023-11-14": 2, "2023-11-15": 1}
    assert after["per_user"] == {"1": 1, "2-3": 1}
    assert after["top_items"] == {"b": 2, "<b>bold</b>": 1}
    assert after["weekday"]["Tue"] == 2
    assert after["hour"]["22"] == 2
    assert after["gaps"]["same second"] == 1
    assert after["tied_share"] == 0.666667


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]


def test_the_page_stands_alone_and_escapes_what_users_wrote(write, tmp_path):
    text = report(write, tmp_path, "report.html")
    page = Page()
    page.feed(text)
    assert page.links == []
    assert page.tags.count("svg") == 16
    assert "b" not in page.tags
    assert "&lt;b&gt;bold" in text
    for part in ("exact_duplicates", "times", "missing", "Events over time", "row 5"):
        assert part in text


def test_a_place_where_nothing_can_be_written_is_refused_before_any_work(write, tmp_path):
    log = write("log.csv", LOG)
    (tmp_path / "file").write_text("x")
    for name, error in (("report.txt", ConfigError), ("file/report.html", ArtifactError)):
        with pytest.raises(error):
            import_dataset(log, tmp_path / "data", options=OPTIONS, report=tmp_path / name)
        assert not (tmp_path / "data").exists()


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("uvw"), st.sampled_from("abc"), st.integers(-(10**9), 4 * 10**9)),
        min_size=1,
        max_size=60,
    )
)
def test_every_histogram_counts_every_event_user_or_item_once(rows):
    table = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp_s"], orient="row")
    spread = Spread()
    spread.add(table.sort("user_id", "timestamp_s"))
    told = spread.as_json()
    for name in ("over_time", "hour", "weekday", "ties"):
        assert sum(told[name].values()) == told["events"] == len(rows)
    assert sum(told["per_user"].values()) == told["users"]
    assert sum(told["per_item"].values()) == told["items"]
    assert sum(told["gaps"].values()) == told["events"] - told["users"]
    assert min(told["gaps"].values()) >= 0
