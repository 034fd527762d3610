"""Budgets: never over, newest kept, and how much work it takes."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from llmrec.errors import ConfigError
from llmrec.serialize import QUERY_CONFIG, HistorySerializer, SerializerConfig
from llmrec.types import Catalogue, History, Interaction, Item
from tests.serialize.conftest import AS_OF, START, count_words, event


def long_history(n_events, *, gap_hours=1.0):
    events = tuple(
        Interaction(
            item_id=str(n % 5 + 1),
            timestamp=START + timedelta(hours=gap_hours * n),
            rating=n % 5 + 1.0,
        )
        for n in range(n_events)
    )
    as_of = events[-1].timestamp + timedelta(hours=1)
    return History(user_id="u", as_of=as_of, interactions=events)


def count_letters(texts):
    return [len(text) for text in texts]


def count_jointly(texts):
    """A tokenizer whose joined texts need more tokens than their parts (worse than any real)."""
    return [len(text.split()) + (text.count("\n") ** 2) // 4 for text in texts]


@pytest.mark.parametrize("count_tokens", [count_words, count_letters, count_jointly])
@pytest.mark.parametrize("style", ["absolute", "relative", "both", "none"])
def test_never_over_and_newest_kept(catalogue, count_tokens, style):
    history = long_history(40)
    serializer = HistorySerializer(SerializerConfig(time_style=style), catalogue, count_tokens)
    for budget in [*range(6, 200, 7), 400, 1000, 4000]:
        told = serializer.serialize([history], budget_tokens=budget)[0]
        assert count_tokens([told.text])[0] <= budget
        assert told.shown == tuple(range(told.n_summarised, 40))
        assert len(told.shown) >= 1


def test_the_budget_is_used(catalogue):
    """One more event would not have fitted."""
    history = long_history(40)
    serializer = HistorySerializer(SerializerConfig(summary=False), catalogue, count_words)
    told = serializer.serialize([history], budget_tokens=100)[0]
    assert count_words([told.text])[0] > 100 - 10


def test_what_goes_when_room_is_short(catalogue, history):
    serializer = HistorySerializer(SerializerConfig(), catalogue, count_words)

    def lines(budget):
        return serializer.serialize([history], budget_tokens=budget)[0].text.splitlines()

    def starts(budget):
        return [line.split()[0] for line in lines(budget)]

    assert starts(68) == ["Today", "Earlier:", "--", "04:02", "--", "19:02"]
    assert starts(44) == ["Today", "--", "04:02", "--", "19:02"]
    assert starts(20) == ["--", "19:02"]
    assert lines(5) == ["“Alien”"]


def test_long_titles_are_shortened_before_they_are_lost():
    name = "千と千尋" * 30
    other = Catalogue([Item(item_id="1", title=name)])
    told = History(user_id="u", as_of=AS_OF, interactions=(event("1"),))
    serializer = HistorySerializer(SerializerConfig(), other, count_letters)
    text = serializer.serialize([told], budget_tokens=20)[0].text
    assert text == f"“{name[:14]}…”"
    with pytest.raises(ConfigError, match="budget_tokens=2 cannot hold"):
        serializer.serialize([told], budget_tokens=2)


@pytest.mark.parametrize("budget", [0, -1])
def test_a_budget_of_nothing_is_an_error(catalogue, budget):
    serializer = HistorySerializer(SerializerConfig(), catalogue, count_words)
    with pytest.raises(ConfigError, match=f"budget_tokens is {budget}"):
        serializer.serialize([], budget_tokens=budget)


def test_a_counter_that_loses_texts_is_an_error(catalogue, history):
    serializer = HistorySerializer(
        SerializerConfig(), catalogue, lambda texts: [1] * (len(texts) - 1)
    )
    with pytest.raises(ConfigError, match="count_tokens gave"):
        serializer.serialize([history], budget_tokens=10)


def test_tiny_budgets_of_empty_histories(catalogue):
    serializer = HistorySerializer(SerializerConfig(), catalogue, count_words)
    nobody = History(user_id="u", as_of=AS_OF)
    texts = [serializer.serialize([nobody], budget_tokens=n)[0].text for n in (9, 5, 2)]
    assert [count_words([text])[0] for text in texts] == [9, 3, 0]


def test_max_events_summarises_the_rest(catalogue):
    serializer = HistorySerializer(SerializerConfig(max_events=7), catalogue, count_words)
    told = serializer.serialize([long_history(30)], budget_tokens=10_000)[0]
    assert told.shown == tuple(range(23, 30))
    assert told.n_summarised == 23
    assert "\nEarlier: 23 events, from 2026-02-10 to 2026-02-11, most often" in told.text


def test_pieces_are_counted_once_and_in_one_batch(catalogue):
    asked = []

    def count(texts):
        asked.append(list(texts))
        return count_words(texts)

    serializer = HistorySerializer(SerializerConfig(), catalogue, count)
    histories = [long_history(n) for n in (30, 40, 50)]
    serializer.serialize(histories, budget_tokens=10_000)
    assert len(asked) == 1
    assert len(asked[0]) == len(set(asked[0]))
    serializer.serialize(histories, budget_tokens=10_000)
    assert len(asked) == 1


def test_variants_of_one_history_are_laid_out_and_counted_once(catalogue):
    asked = []

    def count(texts):
        asked.extend(texts)
        return count_words(texts)

    serializer = HistorySerializer(SerializerConfig(), catalogue, count)
    history = long_history(40)
    serializer.serialize([history], budget_tokens=120)
    once = len(asked)
    serializer = HistorySerializer(SerializerConfig(), catalogue, count)
    asked.clear()
    variants = [history, *(history.without([n]) for n in range(40))]
    serializer.serialize(variants, budget_tokens=120)
    assert len(asked) == once


@pytest.mark.parametrize("budget", [150, 100_000])
def test_work_grows_linearly(catalogue, budget):
    """Twice the events take at most about twice the calls and twice the letters to count."""

    def work(n_events):
        letters = 0

        def count(texts):
            nonlocal letters
            letters += sum(map(len, texts))
            return count_words(texts)

        calls = 0

        def tick(_frame, kind, _arg):
            nonlocal calls
            calls += kind in {"call", "c_call"}

        config = SerializerConfig(max_events=100_000)
        serializer = HistorySerializer(config, catalogue, count)
        history = long_history(n_events, gap_hours=5)
        sys.setprofile(tick)
        try:
            serializer.serialize([history], budget_tokens=budget)
        finally:
            sys.setprofile(None)
        return calls, letters

    calls, letters = work(1000)
    more_calls, more_letters = work(2000)
    assert more_calls <= 2.1 * calls
    assert more_letters <= 2.1 * letters


def test_encoder_queries_are_newest_first_and_plain(catalogue, history):
    serializer = HistorySerializer(QUERY_CONFIG, catalogue, count_words)
    told = serializer.serialize([history], budget_tokens=254)[0]
    assert told.text.splitlines() == [
        "Alien (1979), Horror, Sci-Fi",
        'Evil" A (im_end), “Horror - rated 5 of 5”',
        "千と千尋の神隠し",
        "Arrival (2016), Drama",
        "Aliens (1986), Action, Sci-Fi",
        "Alien (1979), Horror, Sci-Fi",
    ]
    short = serializer.serialize([history], budget_tokens=5)[0]
    assert short.text == "Alien (1979), Horror, Sci-Fi"
    assert short.shown == (6,)
    assert serializer.serialize([History(user_id="u", as_of=AS_OF)], budget_tokens=9)[0].text == ""
