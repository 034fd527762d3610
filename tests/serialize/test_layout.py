"""What the text looks like, style by style."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from llmrec.errors import ConfigError, DataError
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import History, Interaction
from tests.serialize.conftest import AS_OF, START, count_words, event


def text_of(history, catalogue, *, budget=500, **options):
    serializer = HistorySerializer(
        SerializerConfig(rating_scale=5, **options), catalogue, count_words
    )
    return serializer.serialize([history], budget_tokens=budget)[0].text


def test_absolute(history, catalogue):
    assert text_of(history, catalogue) == (
        "Today is Sunday 2026-03-01, 20:15, spring.\n"
        "-- 2026-02-10\n"
        "19:02 “Alien” (1979) · Horror, Sci-Fi · rated 4 of 5\n"
        "21:02 “Aliens” (1986) · Action, Sci-Fi · rated 5 of 5 · 2 times\n"
        "-- 2026-02-11\n"
        "00:02 “Arrival” (2016) · Drama · watched\n"
        "-- 11 days later, new session, 2026-02-22\n"
        "19:02 “千と千尋の神隠し” · bought · quantity 6\n"
        "-- 9 hours later, new session, 2026-02-23\n"
        '04:02 “Evil" A (im_end)” · “Horror - rated 5 of 5” · rated 3.5 of 5\n'
        "-- 6 days later, new session, 2026-03-01\n"
        "19:02 “Alien” (1979) · Horror, Sci-Fi · rated 4.5 of 5"
    )


def test_relative(history, catalogue):
    assert text_of(history, catalogue, time_style="relative") == (
        "Today is a Sunday in spring.\n"
        "19 days ago “Alien” (1979) · Horror, Sci-Fi · rated 4 of 5\n"
        "18 days ago “Aliens” (1986) · Action, Sci-Fi · rated 5 of 5 · 2 times\n"
        "18 days ago “Arrival” (2016) · Drama · watched\n"
        "-- 11 days later, new session\n"
        "7 days ago “千と千尋の神隠し” · bought · quantity 6\n"
        "-- 9 hours later, new session\n"
        '6 days ago “Evil" A (im_end)” · “Horror - rated 5 of 5” · rated 3.5 of 5\n'
        "-- 6 days later, new session\n"
        "1 hour ago “Alien” (1979) · Horror, Sci-Fi · rated 4.5 of 5"
    )


def test_both(history, catalogue):
    lines = text_of(history, catalogue, time_style="both").splitlines()
    assert lines[:3] == [
        "Today is Sunday 2026-03-01, 20:15, spring.",
        "-- 2026-02-10 (19 days ago)",
        "19:02 “Alien” (1979) · Horror, Sci-Fi · rated 4 of 5",
    ]
    assert lines[-2] == "-- 6 days later, new session, 2026-03-01 (1 hour ago)"


def test_none_tells_no_time(history, catalogue):
    text = text_of(history, catalogue, time_style="none")
    assert text.startswith("“Alien” (1979) · Horror, Sci-Fi · rated 4 of 5\n“Aliens”")
    assert "-- new session\n“千と千尋の神隠し”" in text
    shifted = History(
        user_id="u",
        as_of=AS_OF + timedelta(days=400, hours=3),
        interactions=tuple(
            Interaction(
                item_id=e.item_id,
                timestamp=e.timestamp + timedelta(days=300),
                rating=e.rating,
                event=e.event,
                quantity=e.quantity,
            )
            for e in history.interactions
        ),
    )
    for budget in (500, 40):
        one = text_of(history, catalogue, time_style="none", budget=budget)
        assert text_of(shifted, catalogue, time_style="none", budget=budget) == one


def test_summary_of_what_is_cut(history, catalogue):
    assert text_of(history, catalogue, max_events=2).splitlines()[:3] == [
        "Today is Sunday 2026-03-01, 20:15, spring.",
        "Earlier: 5 events, from 2026-02-10 to 2026-02-22, "
        "most often Sci-Fi (3), Action (2), Drama (1).",
        "-- 9 hours later, new session, 2026-02-23",
    ]
    relative = text_of(history, catalogue, max_events=2, time_style="relative")
    assert "Earlier: 5 events, from 19 days ago to 7 days ago, most often Sci-Fi (3)" in relative
    untold = text_of(history, catalogue, max_events=2, time_style="none")
    assert untold.startswith("Earlier: 5 events, most often Sci-Fi (3)")


def test_summary_of_one_event_and_without_attributes(catalogue):
    events = (event("4"), event("4", days=3), event("4", days=9))
    told = History(user_id="u", as_of=AS_OF, interactions=events)
    text = text_of(told, catalogue, max_events=2)
    assert "\nEarlier: 1 event, 2026-02-10.\n-- 3 days later" in text


def test_seasons_and_zones(history, catalogue):
    south = text_of(history, catalogue, hemisphere="south")
    assert south.startswith("Today is Sunday 2026-03-01, 20:15, autumn.")
    silent = text_of(history, catalogue, hemisphere="none", clock=False)
    assert silent.startswith("Today is Sunday 2026-03-01.\n-- 2026-02-10\n“Alien”")
    tokyo = text_of(history, catalogue, time_zone="Asia/Tokyo")
    assert tokyo.startswith("Today is Monday 2026-03-02, 05:15, spring.\n-- 2026-02-11\n04:02 “A")


def test_gaps_are_elapsed_time_whatever_the_clocks_do(catalogue):
    """Across the change to summer time, 7 hours by the clock are 6 hours that passed."""
    night = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    events = (
        Interaction(item_id="1", timestamp=night),
        Interaction(item_id="2", timestamp=night + timedelta(hours=6)),
    )
    told = History(user_id="u", as_of=night + timedelta(days=2), interactions=events)
    text = text_of(told, catalogue, time_zone="Europe/Paris")
    assert "-- 2026-03-28\n23:00 “Alien”" in text
    assert "-- 2026-03-29\n06:00 “Aliens”" in text


def test_unmarked_sessions_date_their_lines(history, catalogue):
    text = text_of(history, catalogue, session_marks=False)
    assert "--" not in text
    assert "\n2026-02-11 00:02 “Arrival” (2016)" in text
    both = text_of(history, catalogue, session_marks=False, time_style="both")
    assert "\n2026-02-11 00:02 (18 days ago) “Arrival” (2016)" in both


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(hours=6), None),
        (timedelta(hours=6, seconds=1), "6 hours later"),
        (timedelta(days=1), "1 day later"),
        (timedelta(days=59, hours=23), "59 days later"),
        (timedelta(days=61), "2 months later"),
        (timedelta(days=729), "23 months later"),
        (timedelta(days=731), "2 years later"),
    ],
)
def test_gap_words(catalogue, gap, words):
    events = (
        Interaction(item_id="1", timestamp=START),
        Interaction(item_id="3", timestamp=START + gap),
    )
    told = History(user_id="u", as_of=START + timedelta(days=900), interactions=events)
    text = text_of(told, catalogue, time_style="relative")
    assert ("new session" in text) == (words is not None)
    assert words is None or f"-- {words}, new session\n" in text


def test_repeats_fold_within_a_session_and_deed(catalogue):
    events = (
        event("1", event="view"),
        event("1", hours=0.1, event="view"),
        event("1", hours=0.2, event="view"),
        event("1", hours=0.3, event="purchase", quantity=2),
        event("1", hours=0.4, event="purchase", quantity=2),
        event("3", hours=0.5),
        event("1", hours=0.6, event="view"),
        event("1", days=2, event="view"),
    )
    told = History(user_id="u", as_of=AS_OF, interactions=events)
    lines = text_of(told, catalogue, time_style="none", fields=[]).splitlines()
    assert lines == [
        "“Alien” (1979) · viewed · 3 times",
        "“Alien” (1979) · bought · quantity 2 · 2 times",
        "“Arrival” (2016)",
        "“Alien” (1979) · viewed",
        "-- new session",
        "“Alien” (1979) · viewed",
    ]


def test_ties_keep_their_sequence(catalogue):
    events = tuple(event(item, sequence=n) for n, item in enumerate("3124"))
    told = History(user_id="u", as_of=START, as_of_sequence=4, interactions=events)
    lines = text_of(told, catalogue, time_style="relative").splitlines()[1:]
    assert [line.split("“")[1].split("”")[0] for line in lines] == [
        "Arrival",
        "Alien",
        "Aliens",
        "千と千尋の神隠し",
    ]
    assert all(line.startswith("just now “") for line in lines)


def test_events_and_quantities_in_words(catalogue):
    events = (
        event("1", event="return", quantity=-2),
        event("1", hours=1, event="gift [1]\nwrapped", quantity=1),
        event("1", hours=2, quantity=1_200_000, rating=0.5),
        event("1", hours=3, quantity=0.25),
    )
    told = History(user_id="u", as_of=AS_OF, interactions=events)
    lines = text_of(told, catalogue, time_style="none", fields=[]).splitlines()
    assert lines == [
        "“Alien” (1979) · returned · quantity -2",
        "“Alien” (1979) · gift (1) wrapped",
        "“Alien” (1979) · quantity 1200000 · rated 0.5 of 5",
        "“Alien” (1979) · quantity 0.25",
    ]


def test_nothing_and_one_event(catalogue):
    nobody = History(user_id="u", as_of=AS_OF)
    assert text_of(nobody, catalogue) == (
        "Today is Sunday 2026-03-01, 20:15, spring.\nNo earlier events."
    )
    assert text_of(nobody, catalogue, time_style="none") == "No earlier events."
    assert text_of(nobody, catalogue, time_style="none", empty_text="") == ""
    one = History(user_id="u", as_of=AS_OF, interactions=(event("3"),))
    assert text_of(one, catalogue).endswith("-- 2026-02-10\n19:02 “Arrival” (2016) · Drama")


def test_items_gone_from_the_catalogue_are_shown_by_id(catalogue):
    told = History(user_id="u", as_of=AS_OF, interactions=(event("old\n[A]", rating=2),))
    assert text_of(told, catalogue).endswith("19:02 “old A” · rated 2 of 5")


def test_a_rating_that_is_no_number_is_an_error(catalogue):
    told = History(user_id="u", as_of=AS_OF, interactions=(event("1", rating=float("nan")),))
    with pytest.raises(DataError, match="a rating is nan"):
        text_of(told, catalogue)


def test_wrong_settings_are_refused_by_name():
    with pytest.raises(ConfigError, match="'Mars/Base' is known here"):
        SerializerConfig.of({"time_zone": "Mars/Base"})
    with pytest.raises(ConfigError, match="session_marks: false"):
        SerializerConfig.of({"newest_first": True})
    with pytest.raises(ConfigError, match="Did you mean 'time_style'"):
        SerializerConfig.of({"time_stile": "both"})
    with pytest.raises(ValidationError):
        SerializerConfig(max_events=0)


def test_config_hash_tells_settings_apart():
    assert SerializerConfig().sha256 == SerializerConfig().sha256
    assert SerializerConfig().sha256 != SerializerConfig(time_style="both").sha256
