"""Splits: what is asked, what may be learnt, and that nothing from the future crosses over."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.data import SplitProtocol, check_leakage, load, split, write_dataset
from llmrec.errors import ConfigError, DataError, LeakageError, UnknownUserError
from llmrec.types import Item

ITEMS = [Item(item_id=str(n), title=f"Film {n}") for n in range(12)]
LOO = SplitProtocol.named("leave-one-out.v1")
TEMPORAL = SplitProtocol.named("global-temporal.v1")
COLUMNS = ("user_id", "item_id", "timestamp_s", "sequence", "rating")


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def dataset(folder, rows, **options):
    """Rows of user, item, second, sequence, rating."""
    frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    path = Path(folder) / "data"
    write_dataset(path, items=ITEMS, interactions=frame, made_from={}, **options)
    return load(path)


def periods(validation_from, test_from, **changes):
    return SplitProtocol.of(
        {
            "name": "two-cuts",
            "version": 1,
            "kind": "global-temporal",
            "validation_from": at(validation_from),
            "test_from": at(test_from),
            **changes,
        }
    )


def asked(queries):
    return [
        (q.history.user_id, q.target.item_id, [e.item_id for e in q.history.interactions])
        for q in queries
    ]


def trained(result):
    return result.train.select("user_id", "item_id").collect().rows()


ROWS = [
    ("a", "0", 10, 0, 5.0),
    ("a", "1", 20, 0, 1.0),
    ("a", "2", 20, 1, 4.0),
    ("a", "3", 20, 2, 2.0),
    ("b", "4", 15, 0, 3.0),
    ("b", "5", 40, 0, 3.0),
    ("c", "6", 30, 0, 3.0),
]


def test_leave_one_out_asks_the_last_two_and_keeps_tied_earlier_events(tmp_path):
    result = split(dataset(tmp_path, ROWS), LOO)
    assert asked(result.test) == [("a", "3", ["0", "1", "2"]), ("b", "5", ["4"])]
    assert asked(result.validation) == [("a", "2", ["0", "1"])]
    assert trained(result) == [("a", "0"), ("a", "1"), ("b", "4"), ("c", "6")]
    assert result.test_from is None


def test_ties_can_be_left_out_of_histories(tmp_path):
    card = LOO.model_copy(update={"ties": "leave-out"})
    result = split(dataset(tmp_path, ROWS), card)
    assert asked(result.test) == [("a", "3", ["0"]), ("b", "5", ["4"])]
    assert asked(result.validation) == [("a", "2", ["0"])]


def test_low_ratings_are_no_targets_but_stay_in_histories(tmp_path):
    card = LOO.model_copy(update={"min_rating": 3.0})
    result = split(dataset(tmp_path, ROWS), card)
    assert asked(result.test) == [("a", "2", ["0", "1"]), ("b", "5", ["4"])]
    assert asked(result.validation) == []
    assert trained(result) == [("a", "0"), ("a", "1"), ("b", "4"), ("c", "6")]


def test_short_histories_are_not_asked_and_are_trained_on_whole(tmp_path):
    card = LOO.model_copy(update={"min_history": 2})
    result = split(dataset(tmp_path, ROWS), card)
    assert asked(result.test) == [("a", "3", ["0", "1", "2"])]
    assert asked(result.validation) == [("a", "2", ["0", "1"])]
    assert ("b", "5") in trained(result)


def test_an_item_that_the_user_had_is_no_target_where_seen_items_are_masked(tmp_path):
    rows = [("a", item, n, 0, None) for n, item in enumerate("01020")]
    data = dataset(tmp_path, rows)
    assert [q.target.item_id for q in split(data, LOO).test] == ["2"]
    ranked = split(data, LOO.model_copy(update={"seen_items": "rank"}))
    assert asked(ranked.test) == [("a", "0", ["0", "1", "0", "2"])]


def test_only_what_the_user_had_is_a_target_where_nothing_else_is_ranked(tmp_path):
    rows = [("a", item, n, 0, None) for n, item in enumerate("01203")]
    only = split(dataset(tmp_path, rows), LOO.model_copy(update={"seen_items": "only"}))
    assert asked(only.test) == [("a", "0", ["0", "1", "2"])]
    assert (only.protocol.seen, LOO.seen) == ("only", "mask")


def test_users_can_be_left_out_of_everything(tmp_path):
    card = LOO.model_copy(update={"leave_out_users": ("a",)})
    data = dataset(tmp_path, ROWS)
    result = split(data, card)
    assert [q.history.user_id for q in result.test] == ["b"]
    assert {user for user, _ in trained(result)} == {"b", "c"}
    with pytest.raises(UnknownUserError, match="user 'z' is not in"):
        split(data, LOO.model_copy(update={"leave_out_users": ("z",)}))


def test_held_out_users_are_never_trained_on(tmp_path):
    data = dataset(tmp_path, ROWS, held_out_users=["a"])
    kept_away = split(data, LOO)
    assert [q.history.user_id for q in kept_away.test] == ["b"]
    result = split(data, LOO.model_copy(update={"held_out_users": "ask"}))
    assert [q.history.user_id for q in result.test] == ["a", "b"]
    assert {user for user, _ in trained(result)} == {"b", "c"}
    result = split(data, periods(16, 20, held_out_users="ask"))
    assert "a" not in {user for user, _ in trained(result)}


TIMELINE = [
    *[("a", str(n), 10 * n, 0, None) for n in range(10)],
    ("b", "0", 5, 0, None),
    ("b", "1", 60, 0, None),
    ("b", "2", 60, 1, None),
    ("new", "3", 80, 0, None),
    ("new", "4", 85, 0, None),
]


def test_global_temporal_asks_the_first_target_of_each_period(tmp_path):
    result = split(dataset(tmp_path, TIMELINE), periods(50, 60))
    assert asked(result.validation) == [("a", "5", ["0", "1", "2", "3", "4"])]
    assert asked(result.test) == [
        ("a", "6", ["0", "1", "2", "3", "4", "5"]),
        ("b", "1", ["0"]),
        ("new", "4", ["3"]),
    ]
    assert trained(result) == [*[("a", str(n)) for n in range(5)], ("b", "0")]
    assert (result.validation_from, result.test_from) == (at(50), at(60))


def test_a_cut_within_a_second_trains_on_nothing_of_that_second(tmp_path):
    exact, within = (split(dataset(tmp_path, TIMELINE), periods(cut, 60)) for cut in (50, 50.9))
    assert trained(within) == trained(exact)
    assert within.validation_from == at(50)


def test_global_temporal_can_ask_every_target(tmp_path):
    result = split(dataset(tmp_path, TIMELINE), periods(50, 60, targets="all"))
    assert [q[:2] for q in asked(result.test)] == [
        *[("a", str(n)) for n in range(6, 10)],
        ("b", "1"),
        ("b", "2"),
        ("new", "4"),
    ]
    assert asked(result.test)[5] == ("b", "2", ["0", "1"])


def test_shares_never_cut_a_second(tmp_path):
    rows = [("a", str(n), [0, 1, 2, 3, 4, 4, 4, 5, 6, 7][n], n, None) for n in range(10)]
    card = TEMPORAL.model_copy(update={"validation_share": 0.2, "test_share": 0.3})
    result = split(dataset(tmp_path, rows), card)
    assert (result.validation_from, result.test_from) == (at(4), at(5))
    assert result.train.collect()["timestamp_s"].max() == 3


def test_too_many_ties_for_the_shares_are_told(tmp_path):
    data = dataset(tmp_path, [("a", str(n), 7, n, None) for n in range(10)])
    with pytest.raises(DataError, match="too many events share a second"):
        split(data, TEMPORAL)


def test_nothing_to_ask_or_to_learn_is_told(tmp_path):
    data = dataset(tmp_path, [("a", "0", 1, 0, None), ("b", "1", 2, 0, None)])
    with pytest.raises(DataError, match=r"no event of .* to ask in the test"):
        split(data, LOO)
    with pytest.raises(DataError, match="has no ratings"):
        split(data, LOO.model_copy(update={"min_rating": 4.0}))
    with pytest.raises(DataError, match="to learn from"):
        split(data, periods(0, 2, min_history=0))


events = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([str(n) for n in range(12)]),
        st.integers(0, 6),
        st.one_of(st.none(), st.integers(1, 5)),
    ),
    min_size=15,
    max_size=50,
)
cards = st.builds(
    dict,
    ties=st.sampled_from(["keep-earlier", "leave-out"]),
    seen_items=st.sampled_from(["mask", "rank", "only"]),
    min_history=st.integers(0, 2),
    held_out_users=st.sampled_from(["leave-out", "ask"]),
)


def numbered(rows):
    """Give tied events of a user a sequence in the drawn order."""
    seen = {}
    for user, item, second, rating in rows:
        place = seen[user, second] = seen.get((user, second), -1) + 1
        yield (user, item, second, place, None if rating is None else float(rating))


def split_or_none(rows, card, held_out):
    """Split, or None where the drawn log leaves nothing to ask or to learn from."""
    with tempfile.TemporaryDirectory() as folder:
        data = dataset(folder, rows, held_out_users=held_out)
        try:
            return split(data, card)
        except LeakageError:
            raise
        except DataError:
            return None


@settings(deadline=None)
@given(rows=events, changes=cards, temporal=st.booleans(), order=st.randoms(use_true_random=False))
def test_no_split_lets_the_future_cross_over(rows, changes, temporal, order):
    rows = list(numbered(rows))
    held_out = sorted({row[0] for row in rows})[:1]
    card = periods(2, 4, **changes) if temporal else LOO.model_copy(update=changes)
    result = split_or_none(rows, card, held_out)
    shuffled = order.sample(rows, len(rows))
    again = split_or_none(shuffled, card, held_out)
    assert (result is None) == (again is None)
    if result is None:
        return
    assert result.validation == again.validation
    assert result.test == again.test
    assert trained(result) == trained(again)
    train = result.train.collect()
    assert not set(train["user_id"]) & set(held_out)
    learnt = {}
    for user, second, sequence in train.select("user_id", "timestamp_s", "sequence").iter_rows():
        learnt.setdefault(user, []).append((at(second), sequence))
    for query in (*result.validation, *result.test):
        own = learnt.get(query.history.user_id, [])
        assert all(moment < query.target.moment for moment in own)
        assert all(e.moment < query.target.moment for e in query.history.interactions)
        assert len(query.history.interactions) >= card.min_history
        seen = {event.item_id for event in query.history.interactions}
        if card.seen_items == "mask" and card.ties == "keep-earlier":
            assert query.target.item_id not in seen
        if card.seen_items == "only":
            assert query.target.item_id in seen
    if temporal:
        assert train["timestamp_s"].max() < 2
        assert all(at(2) <= q.target.timestamp < at(4) for q in result.validation)
        assert all(q.target.timestamp >= at(4) for q in result.test)


def test_real_logs_split_whole(ml_100k):
    result = split(ml_100k, LOO)
    assert len(result.test) == len(result.validation) == 943
    assert len(result.train.collect()) == 100_000 - 2 * 943
    result = split(ml_100k, TEMPORAL)
    assert abs(len(result.train.collect()) - 80_000) < 10
    assert len(result.test) > 100
    newest = result.train.collect()["timestamp_s"].max()
    assert newest < min(q.target.timestamp.timestamp() for q in result.validation)


class TestGuard:
    @pytest.fixture
    def result(self, tmp_path):
        return split(dataset(tmp_path, ROWS), LOO)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (("a", "3", 20, 2), "user 'a' has one at 20 s .sequence 2., the target is at 20 s"),
            (("a", "9", 20, 1), "1 training events are not before"),
            (("b", "9", 41, 0), "user 'b' has one at 41 s"),
        ],
    )
    def test_a_training_event_at_or_after_a_target(self, row, message, result):
        frame = pl.DataFrame([row], schema=list(COLUMNS[:4]), orient="row")
        with pytest.raises(LeakageError, match=message):
            check_leakage(frame, result.validation, result.test)

    def test_a_training_event_in_a_later_period(self, result):
        check_leakage(result.train, [], result.test, train_before=at(31))
        with pytest.raises(LeakageError, match="1 training events are not before 1970"):
            check_leakage(result.train, [], result.test, train_before=at(30))

    def test_a_held_out_user(self, result):
        with pytest.raises(LeakageError, match=r"held-out users, e.g. of 'c'"):
            check_leakage(result.train, [], [], held_out_users={"c"})

    def test_validation_at_or_after_the_test(self, result):
        with pytest.raises(LeakageError, match="validation events are not before"):
            check_leakage(result.train, result.test, result.validation)
        with pytest.raises(LeakageError, match="validation events are not before"):
            check_leakage(result.train, result.test, result.test)

    def test_a_history_that_reaches_past_its_target(self, result, tmp_path):
        import dataclasses

        data = dataset(tmp_path, ROWS)
        whole = dataclasses.replace(result.test[0], history=data.history("a"))
        with pytest.raises(LeakageError, match="the history of user 'a' reaches up to"):
            check_leakage(result.train, [], [whole])


class TestCards:
    def test_the_shipped_cards_carry_their_ids(self):
        assert LOO.id == "leave-one-out.v1"
        assert TEMPORAL.id == "global-temporal.v1"
        assert LOO.sha256 != TEMPORAL.sha256
        assert LOO.sha256 != LOO.model_copy(update={"min_history": 2}).sha256

    def test_cards_from_files(self, write):
        path = write("mine.yaml", "name: mine\nversion: 3\nkind: leave-one-out\nmin_rating: 4\n")
        assert SplitProtocol.named(path).id == "mine.v3"
        assert SplitProtocol.named(str(path)).min_rating == 4

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("kind: leave-one-out\nminrating: 4", r"'minrating'\. Did you mean 'min_rating'\?"),
            ("kind: leave-two-out", "kind: .*'leave-two-out'"),
            ("kind: leave-one-out\ntest_share: 0.1", "has no periods"),
            ("kind: leave-one-out\ntargets: all", "has no periods"),
            ("kind: global-temporal", "needs validation_share and test_share"),
            ("kind: global-temporal\nvalidation_share: 0.1", "and test_share, or test_share"),
            ("kind: global-temporal\ntest_share: 0.6\nvalidation_share: 0.5", "nothing to train"),
            ("kind: global-temporal\ntest_share: 1.5\nvalidation_share: 0.5", "test_share"),
            (
                "kind: global-temporal\ntest_from: 2024-01-01T00:00:00Z\n"
                "validation_from: 2024-01-01T00:00:00Z",
                "must lie before",
            ),
            (
                "kind: global-temporal\ntest_from: 2024-01-02T00:00:00\n"
                "validation_from: 2024-01-01T00:00:00",
                "timezone",
            ),
        ],
    )
    def test_faults_of_a_card_are_named(self, text, message, write):
        path = write("mine.yaml", f"name: mine\nversion: 1\n{text}\n")
        with pytest.raises(ConfigError, match=message):
            SplitProtocol.named(path)

    def test_unknown_cards(self):
        with pytest.raises(ConfigError, match=r"'leave-one-out'\n  Did you mean 'leave-one-out.v"):
            SplitProtocol.named("leave-one-out")
