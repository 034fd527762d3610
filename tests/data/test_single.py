"""The events of one person, from a file of their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from llmrec.data import event_rows, read_history
from llmrec.errors import DataError
from llmrec.types import Catalogue, Item

CATALOGUE = Catalogue([Item(item_id=name, title=name.upper()) for name in ("a", "b", "c")])
T = "2024-05-01T18:30:00Z"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("me.csv", f"item_id,time,rating\nb,{T},4\na,2024-05-01T20:30:00+02:00,\nc,2023-01-01Z,1"),
        ("me.csv", "item_id,time,rating\nb,1714588200,4\na,1714588200,\nc,1672531200,1\n"),
        (
            "me.jsonl",
            '{"item_id": "b", "time": 1714588200, "rating": 4}\n'
            '{"item_id": "a", "time": 1714588200}\n'
            '{"item_id": "c", "time": 1672531200, "rating": 1, "note": "x"}\n',
        ),
    ],
)
def test_times_in_words_or_seconds(name, text, write):
    history = read_history(write(name, text), catalogue=CATALOGUE)
    assert [(e.item_id, e.rating, e.sequence) for e in history.interactions] == [
        ("c", 1.0, 0),
        ("b", 4.0, 0),
        ("a", None, 1),
    ]
    assert history.user_id == "me"
    assert history.as_of == datetime(2024, 5, 1, 18, 30, 1, tzinfo=UTC)


def test_only_what_is_before_the_moment_counts(write):
    path = write("me.csv", f"item_id,time\na,2023-01-01T00:00:00Z\nb,{T}\n")
    moment = datetime(2024, 5, 1, 18, 30, tzinfo=UTC)
    history = read_history(path, catalogue=CATALOGUE, as_of=moment)
    assert [event.item_id for event in history.interactions] == ["a"]
    assert history.as_of == moment
    later = moment.replace(microsecond=500_000)
    assert read_history(path, catalogue=CATALOGUE, as_of=later) == history


def test_what_is_printed_can_be_read_again(write):
    import json

    history = read_history(
        write("me.csv", f"item_id,time,rating,event\na,{T},4,seen\nb,{T},,bought\n"),
        catalogue=CATALOGUE,
    )
    rows = event_rows(history.interactions, CATALOGUE)
    again = write("me.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert read_history(again, catalogue=CATALOGUE) == history


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("me.csv", f"item_id,time\nx,{T}\n", ["row 1, column 'item_id'", "'x' is not in"]),
        ("me.csv", "item_id,time\na,2024-05-01\n", ["row 1, column 'time'", "no zone"]),
        ("me.csv", "item_id,when\na,1\n", ["column 'time'", "no such column"]),
        ("me.csv", "item_id,time\na,\n", ["row 1, column 'time'", "empty"]),
        ("me.txt", "a 1", ["'.txt' tells no format", ".jsonl"]),
    ],
)
def test_faults_are_placed(name, text, parts, write):
    with pytest.raises(DataError) as caught:
        read_history(write(name, text), catalogue=CATALOGUE)
    assert not [part for part in parts if part not in str(caught.value)], caught.value
