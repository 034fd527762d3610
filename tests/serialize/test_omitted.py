"""Counterfactual histories, as text that a person can check."""

from __future__ import annotations

from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import History
from tests.serialize.conftest import AS_OF, count_words, event


def texts(catalogue, *histories, budget=500, **options):
    config = SerializerConfig(rating_scale=5, **options)
    serializer = HistorySerializer(config, catalogue, count_words)
    return [told.text for told in serializer.serialize(histories, budget_tokens=budget)]


def without(text, *lines):
    return "\n".join(line for n, line in enumerate(text.splitlines()) if n not in lines)


def test_one_event(history, catalogue):
    full, part = texts(catalogue, history, history.without([0]))
    assert part == without(full, 2)


def test_a_repeat_is_counted_down_and_then_gone(history, catalogue):
    full, one, both = texts(catalogue, history, history.without([1]), history.without([1, 2]))
    assert one == full.replace(" · 2 times", "")
    assert both == without(full, 3)


def test_a_session_takes_its_marks_along(history, catalogue):
    first, second = history.sessions()[:2]
    full, no_first, no_second = texts(
        catalogue, history, history.without(first), history.without(second)
    )
    assert no_first == without(full, 1, 2, 3, 4, 5)
    assert no_second == without(full, 6, 7)


def test_nothing_older_refills_and_the_summary_stays(history, catalogue):
    full, part, older = texts(
        catalogue, history, history.without([6]), history.without([0, 1]), budget=68
    )
    assert "Earlier: 5 events" in full
    assert part == without(full, 4, 5)
    assert older == full


def test_everything(history, catalogue):
    (text,) = texts(catalogue, history.without(range(7)))
    assert text == "Today is Sunday 2026-03-01, 20:15, spring."
    (tiny,) = texts(catalogue, history.without([6]), budget=2)
    assert tiny == ""


def test_newest_first(catalogue):
    events = (event("1"), event("3", days=1), event("4", days=2))
    told = History(user_id="u", as_of=AS_OF, interactions=events)
    options = {"newest_first": True, "session_marks": False, "header": False}
    full, part = texts(catalogue, told, told.without([1]), **options)
    assert full.startswith("2026-02-12 19:02 “千と千尋の神隠し”")
    assert part == without(full, 1)
