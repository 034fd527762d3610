"""What holds of every history: nothing of the future or the user, deterministic, omission."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import Catalogue, History, Interaction, Item
from tests.serialize.conftest import count_words

N_ITEMS = 12
CATALOGUE = Catalogue(
    [
        Item(
            item_id=f"i{n}",
            title=f"Title{n} {'x' * (n % 4)}",
            attributes={"year": 1990 + n, "genres": ("Drama", "Comedy")[: n % 3]},
        )
        for n in range(N_ITEMS)
    ]
)
BASE = datetime(2025, 1, 1, tzinfo=UTC)

CONFIGS = st.builds(
    SerializerConfig,
    time_style=st.sampled_from(["absolute", "relative", "both", "none"]),
    session_marks=st.booleans(),
    header=st.booleans(),
    summary=st.booleans(),
    clock=st.booleans(),
    rating_scale=st.sampled_from([None, 5]),
    max_events=st.sampled_from([3, 200]),
)


@st.composite
def event_lists(draw, max_size=25):
    gaps = draw(st.lists(st.sampled_from([0, 60, 3600, 90_000, 3_000_000]), max_size=max_size))
    moment, events = BASE, []
    for n, gap in enumerate(gaps):
        moment += timedelta(seconds=gap)
        events.append(
            Interaction(
                item_id=f"i{draw(st.integers(0, N_ITEMS))}",
                timestamp=moment,
                sequence=n,
                rating=draw(st.sampled_from([None, 3.0, 4.5])),
                event=draw(st.sampled_from([None, "view"])),
            )
        )
    return events


def history_of(events, user_id="u"):
    as_of = events[-1].timestamp + timedelta(minutes=5) if events else BASE
    return History(user_id=user_id, as_of=as_of, interactions=tuple(events))


def tell(config, histories, budget, count=count_words):
    return HistorySerializer(config, CATALOGUE, count).serialize(histories, budget_tokens=budget)


BUDGETS = st.integers(2, 300)


@given(config=CONFIGS, events=event_lists(), budget=BUDGETS)
def test_within_budget_newest_shown_suffix(config, events, budget):
    told = tell(config, [history_of(events)], budget)[0]
    assert count_words([told.text])[0] <= budget
    assert told.shown == tuple(range(told.n_summarised, len(events)))
    assert not events or told.shown
    assert not told.text.endswith("\n")
    if events and "Title" in told.text:
        newest = events[-1].item_id
        title = CATALOGUE[newest].title.split()[0] if newest in CATALOGUE else newest
        assert title in told.text.splitlines()[-1]


@given(config=CONFIGS, events=event_lists(), budget=BUDGETS, cut=st.integers(0, 25))
def test_the_future_changes_nothing(config, events, budget, cut):
    """A history cut at a moment reads the same whatever came after that moment."""
    past = events[: min(cut, len(events))]
    as_of = past[-1].timestamp if past else BASE
    sequence = past[-1].sequence + 1 if past else 0
    alone = History(user_id="u", as_of=as_of, as_of_sequence=sequence, interactions=tuple(past))
    before = [e for e in events if e.moment < (as_of, sequence)]
    among = History(user_id="u", as_of=as_of, as_of_sequence=sequence, interactions=tuple(before))
    assert tell(config, [alone], budget) == tell(config, [among], budget)
    for later in events[len(past) :]:
        if later.item_id not in {e.item_id for e in past} and later.item_id in CATALOGUE:
            name = f"“{CATALOGUE[later.item_id].title}”".strip()
            assert name not in tell(config, [alone], budget)[0].text


@given(config=CONFIGS, events=event_lists(), budget=BUDGETS)
def test_the_user_id_is_no_input(config, events, budget):
    one, other = history_of(events, "secret-user-1"), history_of(events, "<|im_start|>")
    told = tell(config, [one], budget)
    assert told == tell(config, [other], budget)
    assert "secret-user-1" not in told[0].text


@given(config=CONFIGS, lists=st.lists(event_lists(max_size=10), max_size=5), budget=BUDGETS)
def test_batch_equals_single_and_again(config, lists, budget):
    histories = [history_of(events) for events in lists]
    histories += [h.without([0]) for h in histories if h.interactions]
    together = tell(config, histories, budget)
    assert together == [tell(config, [history], budget)[0] for history in histories]
    assert together == tell(config, histories, budget)


def is_mark(line):
    return line.startswith("-- ")


def folds(line):
    return line.rpartition(" · ")[0] if line.endswith(" times") else line


@settings(max_examples=200)
@given(
    config=CONFIGS,
    events=event_lists(),
    budget=BUDGETS,
    data=st.data(),
)
def test_omission_only_takes_lines_away(config, events, budget, data):
    if not events:
        return
    whole = history_of(events)
    gone = data.draw(st.sets(st.integers(0, len(events) - 1), min_size=1))
    full, part = tell(config, [whole, whole.without(sorted(gone))], budget)
    assert part.n_summarised == full.n_summarised
    assert part.shown == tuple(p for p in full.shown if p not in gone)
    lines = iter([folds(line) for line in full.text.splitlines()])
    left = [folds(line) for line in part.text.splitlines()]
    assert all(line in lines for line in left), "not a subsequence"
    if not gone & set(full.shown):
        assert part == full
    assert all(not is_mark(a) or not is_mark(b) for a, b in itertools.pairwise(left))
    assert not left or not is_mark(left[-1])
    kept = sum(not is_mark(line) for line in left)
    assert sum(not is_mark(folds(line)) for line in full.text.splitlines()) - kept <= len(gone)


@given(config=CONFIGS, events=event_lists(), data=st.data())
def test_omitting_one_event_takes_one_line_or_one_repeat(config, events, data):
    if not events:
        return
    whole = history_of(events)
    position = data.draw(st.integers(0, len(events) - 1))
    full, part = tell(config, [whole, whole.without([position])], 10_000)
    if position not in full.shown:
        assert part == full
        return
    before = [line for line in full.text.splitlines() if not is_mark(line)]
    after = [line for line in part.text.splitlines() if not is_mark(line)]
    if len(after) == len(before):
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert sum(" times" in line for line in before) >= 1
    else:
        assert len(after) == len(before) - 1
        removed = next((n for n, line in enumerate(after) if line != before[n]), len(before) - 1)
        assert before[:removed] + before[removed + 1 :] == after
