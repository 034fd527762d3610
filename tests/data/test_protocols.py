"""The shipped cards: filters, windows, cold starts; and each leak planted and caught."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from importlib import resources

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.data import (
    SplitProtocol,
    check_new_domain,
    check_split,
    load,
    prepare,
    split,
    splits,
    write_dataset,
)
from llmrec.errors import ConfigError, DataError, LeakageError
from llmrec.types import Catalogue, Item

COLUMNS = ("user_id", "item_id", "timestamp_s", "sequence", "rating")
CARDS = sorted(
    path.name.removesuffix(".yaml")
    for path in resources.files("llmrec.eval").joinpath("protocols").iterdir()
    if path.name.endswith(".yaml")
)


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def dataset(folder, rows, items=None, **options):
    """Rows of user, item, second[, sequence]."""
    rows = [(*row, 0, None)[:5] if len(row) == 3 else (*row, None)[:5] for row in rows]
    frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    items = items or [Item(item_id=i, title=f"Film {i}") for i in sorted(frame["item_id"].unique())]
    write_dataset(folder / "data", items=items, interactions=frame, made_from={}, **options)
    return load(folder / "data")


def card(name, **changes):
    """A shipped card with some fields changed, checked anew."""
    values = SplitProtocol.named(name).model_dump()
    return SplitProtocol.of({**values, **changes})


def asked(queries):
    return [(query.history.user_id, query.target.item_id) for query in queries]


def trained(frame):
    return sorted(frame.select("user_id", "item_id").collect().rows())


LONG = [(user, str(n), 10 * n + place) for place, user in enumerate("abc") for n in range(12)]


@pytest.mark.parametrize("name", CARDS)
def test_every_shipped_card_is_valid_and_known_by_its_file(name):
    assert SplitProtocol.named(name).id == name


def test_cards_are_told_apart_and_do_not_change_with_fields_they_do_not_use():
    shas = {SplitProtocol.named(name).sha256 for name in CARDS}
    assert len(shas) == len(CARDS)
    same = card("leave-one-out.v1", min_user_events=None)
    assert same.sha256 == SplitProtocol.named("leave-one-out.v1").sha256
    assert card("leave-one-out.v1", cutoffs=(10,)).sha256 not in shas


class TestFilter:
    def test_five_core_goes_in_turns_until_nothing_is_left_to_drop(self, tmp_path):
        rows = [(f"u{u}", f"{i}", 10 * i + u) for u in range(5) for i in range(5)]
        rows += [("u5", "0", 1), *(("u5", f"{n}", n) for n in range(50, 54))]  # falls with 50-53
        data = dataset(tmp_path, rows)
        left = prepare(data, SplitProtocol.named("llamarec.v1"))
        assert list(left.catalogue) == ["0", "1", "2", "3", "4"]
        assert len(left) == 25
        assert left.sha256 != data.sha256
        assert prepare(data, SplitProtocol.named("leave-one-out.v1")) is data

    def test_items_without_a_title_go_with_their_events(self, tmp_path):
        rows = [(f"u{u}", f"{i}", i) for u in range(6) for i in range(7)]
        items = [Item(item_id=f"{i}", title=f"{i}" if i == 3 else f"Film {i}") for i in range(7)]
        left = prepare(dataset(tmp_path, rows, items), SplitProtocol.named("llamarec.v1"))
        assert "3" not in left.catalogue
        assert len(left) == 36

    def test_ties_stand_in_the_order_of_numeric_ids_and_earlier_ones_are_kept(self, tmp_path):
        rows = [(u, i, 5, n) for u in "abcde" for n, i in enumerate(["10", "9", "100", "1", "2"])]
        result = split(dataset(tmp_path, rows), SplitProtocol.named("llamarec.v1"))
        query = result.test[0]
        assert query.target.item_id == "100"
        assert [e.item_id for e in query.history.interactions] == ["1", "2", "9", "10"]

    def test_faults_are_told(self, tmp_path):
        data = dataset(tmp_path, LONG[:20])
        with pytest.raises(DataError, match=r"the filter of llamarec.v1 leaves nothing of .*data"):
            split(data, SplitProtocol.named("llamarec.v1"))
        named = dataset(tmp_path, [("a", "x1", 1), ("a", "x2", 2), ("a", "x3", 3)])
        with pytest.raises(DataError, match=r"item 'x1' of .* is none"):
            split(named, card("leave-one-out.v1", tie_order="item-id"))

    def test_the_published_log_keeps_610_users_and_3650_items(self, ml_small):
        result = split(ml_small, SplitProtocol.named("llamarec.v1"))
        assert len(result.dataset.users) == len(result.test) == 610
        assert len(result.dataset.catalogue) == 3650


class TestKinds:
    def test_the_last_m_targets_are_asked_each_with_what_stands_before(self, tmp_path):
        result = split(dataset(tmp_path, LONG), SplitProtocol.named("last-m.v1"))
        assert asked(result.test)[:5] == [("a", str(n)) for n in range(7, 12)]
        assert [len(q.history.interactions) for q in result.test[:5]] == list(range(7, 12))
        assert asked(result.validation) == [(user, "6") for user in "abc"]
        assert trained(result.train) == sorted((u, str(n)) for u in "abc" for n in range(6))

    def test_before_the_test_validation_events_may_be_learnt_where_the_card_says(self, tmp_path):
        data = dataset(tmp_path, LONG)
        first = split(data, SplitProtocol.named("leave-one-out.v1"))
        assert trained(first.train_for_test) == trained(first.train)
        refit = split(data, card("leave-one-out.v1", train_for_test="with-validation"))
        assert trained(refit.train) == trained(first.train)
        assert trained(refit.train_for_test) == sorted(
            (u, str(n)) for u in "abc" for n in range(11)
        )

    def test_windows_follow_one_another(self, tmp_path):
        rows = [(user, str(n), 10 * n) for user in "abcd" for n in range(40)]
        protocol = card("sliding-windows.v1", windows=3, window_share=0.1)
        parts = splits(dataset(tmp_path, rows), protocol)
        assert [part.window for part in parts] == [0, 1, 2]
        assert [part.test_from for part in parts] == [at(280), at(320), at(360)]
        assert [part.validation_from for part in parts] == [at(240), at(280), at(320)]
        for part in parts:
            assert part.train.collect()["timestamp_s"].max() < part.validation_from.timestamp()
            assert len(part.test) == 4
        assert {q.target.timestamp for part in parts for q in part.test} == {
            part.test_from for part in parts
        }
        with pytest.raises(ConfigError, match="has 3 windows"):
            split(load(tmp_path / "data"), protocol)

    def test_new_users_and_new_items(self, tmp_path):
        rows = [(user, str(n), 10 * n) for user in "ab" for n in range(30)]
        rows += [("new", str(n), 291 + n) for n in range(8)] + [("b", "fresh", 299)]
        data = dataset(tmp_path, rows)
        people = split(data, SplitProtocol.named("cold-users.v1"))
        assert {user for user, _ in asked(people.test)} == {"new"}
        assert all(1 <= len(q.history.interactions) <= 5 for q in people.test)
        things = split(data, SplitProtocol.named("cold-items.v1"))
        known = set(things.train.collect()["item_id"])
        assert ("b", "fresh") in asked(things.test)
        assert all(item not in known for _, item in asked(things.test))

    def test_a_new_domain_learns_nothing(self, tmp_path):
        result = split(dataset(tmp_path, LONG), SplitProtocol.named("new-domain.v1"))
        assert result.train.collect().is_empty()
        assert len(result.test) == 3

    def test_histories_can_end_where_the_period_begins(self, tmp_path):
        protocol = card("global-temporal.v1", as_of="period", targets="all")
        result = split(dataset(tmp_path, LONG), protocol)
        assert len(result.test) == 3 * len({q.target.timestamp for q in result.test}) // 3
        assert all(q.history.as_of == result.test_from for q in result.test)

    @pytest.mark.parametrize(
        ("name", "changes", "message"),
        [
            ("last-m.v1", {"test_targets": None}, "needs test_targets and validation_targets"),
            ("leave-one-out.v1", {"windows": 3}, "has no periods"),
            ("leave-one-out.v1", {"users": "new"}, r"has no periods, so no \['users'\]"),
            ("sliding-windows.v1", {"window_share": 0.3}, "leave nothing to train on"),
            ("leave-one-out.v1", {"cutoffs": (10, 5)}, "cutoffs are different whole numbers"),
            ("leave-one-out.v1", {"headline": "ndcg"}, "a metric and a cut-off"),
            ("cold-users.v1", {"max_history": 0}, "max_history 0 is below min_history"),
        ],
    )
    def test_faults_of_a_card_are_named(self, name, changes, message):
        with pytest.raises(ConfigError, match=message):
            card(name, **changes)


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from([n for n in CARDS if not n.startswith("llamarec")]),
    rows=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("0123456789"), st.integers(0, 60)),
        min_size=40,
        max_size=80,
        unique_by=lambda row: (row[0], row[2]),
    ),
)
def test_no_training_time_at_or_after_what_is_asked(tmp_path_factory, name, rows):
    data = dataset(tmp_path_factory.mktemp("drawn"), rows)
    try:
        parts = splits(data, SplitProtocol.named(name))
    except LeakageError:
        raise
    except DataError:
        return
    for part in parts:
        for train, queries in (
            (part.train, part.validation),
            (part.train_for_test, part.test),
        ):
            newest = dict(
                train.group_by("user_id").agg(pl.col("timestamp_s").max()).collect().rows()
            )
            for query in queries:
                user = query.history.user_id
                assert newest.get(user, -1) < query.target.timestamp.timestamp()
                met = {event.item_id for event in query.history.interactions}
                seen = query.target.item_id in met
                assert (
                    seen
                    in {"mask": {False}, "rank": {False, True}, "only": {True}}[
                        part.protocol.seen_items
                    ]
                )


class TestGuard:
    """Each leak is planted in a split that was sound."""

    @pytest.fixture
    def sound(self, tmp_path):
        rows = LONG + [("d", str(11 - n), 10 * n) for n in range(12)]
        return split(dataset(tmp_path, rows), SplitProtocol.named("leave-one-out.v1"))

    def test_a_sound_split_passes(self, sound):
        check_split(sound)

    @pytest.mark.parametrize("part", ["train", "train_for_test"])
    def test_a_target_among_the_training_events(self, sound, part):
        leaky = dataclasses.replace(sound, **{part: sound.dataset.interactions})
        with pytest.raises(LeakageError, match="training events are not before what is asked"):
            check_split(leaky)

    def test_training_after_the_cut(self, tmp_path):
        result = split(dataset(tmp_path, LONG), SplitProtocol.named("global-temporal.v1"))
        late = result.dataset.interactions.filter(pl.col("timestamp_s") < 110)
        with pytest.raises(LeakageError, match="are not before"):
            check_split(dataclasses.replace(result, train=late))

    def test_a_target_in_its_own_history(self, sound):
        query = sound.test[0]
        first = query.history.interactions[0]
        met = dataclasses.replace(query.target, item_id=first.item_id)
        leaky = dataclasses.replace(sound, test=[dataclasses.replace(query, target=met)])
        with pytest.raises(LeakageError, match="'0' of user 'a' stands in its own history"):
            check_split(leaky)

    @pytest.mark.parametrize("part", ["users", "items"])
    def test_what_is_called_new_was_learnt(self, sound, part):
        values = {**SplitProtocol.named("global-temporal.v1").model_dump(), part: "new"}
        leaky = dataclasses.replace(sound, protocol=SplitProtocol.of(values))
        with pytest.raises(LeakageError, match=f"{part} are called new but are in training"):
            check_split(leaky)

    def test_training_where_nothing_may_be_learnt(self, sound):
        leaky = dataclasses.replace(sound, protocol=SplitProtocol.named("new-domain.v1"))
        with pytest.raises(LeakageError, match="learns nothing of this dataset"):
            check_split(leaky)

    def test_a_new_domain_that_shares_items(self):
        ours = Catalogue([Item(item_id="1", title="Alien"), Item(item_id="2", title="Heat")])
        check_new_domain(ours, Catalogue([Item(item_id="1", title="Pan")]))
        with pytest.raises(LeakageError, match=r"item '2' \('Heat'\) is in the catalogue"):
            check_new_domain(ours, Catalogue([Item(item_id="2", title="Heat")]))
