"""More cuts, few shots, folds; and splits saved as ids, read again as they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.artifacts import sha256_file
from llmrec.data import (
    SplitProtocol,
    check_split,
    load,
    out_of_fold,
    read_splits,
    splits,
    write_dataset,
    write_splits,
)
from llmrec.errors import ArtifactError, ConfigError, DataError, LeakageError
from llmrec.types import Item

COLUMNS = ("user_id", "item_id", "timestamp_s", "sequence")
PARTS = ("validation", "calibration", "test")


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def dataset(folder, rows, **options):
    """Rows of user, item, second; tied events of a user in the given order."""
    seen, numbered = {}, []
    for user, item, second in rows:
        place = seen[user, second] = seen.get((user, second), -1) + 1
        numbered.append((user, item, second, place))
    frame = pl.DataFrame(numbered, schema=list(COLUMNS), orient="row")
    items = [Item(item_id=i, title=f"Film {i}") for i in sorted(frame["item_id"].unique())]
    path = Path(folder) / "data"
    write_dataset(path, items=items, interactions=frame, made_from={}, **options)
    return load(path)


def card(**values):
    return SplitProtocol.of({"name": "mine", "version": 1, "kind": "global-temporal", **values})


def trained(frame):
    return frame.select(COLUMNS).collect().rows()


LONG = [(user, str(n), 10 * n + place) for place, user in enumerate("abcdef") for n in range(20)]


class TestCuts:
    def test_one_cut_makes_training_and_test(self, tmp_path):
        (part,) = splits(dataset(tmp_path, LONG), card(test_from=at(100), targets="all"))
        assert part.validation == part.calibration == []
        assert part.train.collect()["timestamp_s"].max() == 95
        assert part.test[0].target.timestamp == at(100)
        assert len(part.test) == 60
        by_share = splits(dataset(tmp_path, LONG), card(test_share=0.5, targets="all"))[0]
        assert by_share.test == part.test

    def test_three_cuts_have_a_period_for_calibration(self, tmp_path):
        protocol = card(
            validation_from=at(100), calibration_from=at(130), test_from=at(160), targets="all"
        )
        (part,) = splits(dataset(tmp_path, LONG), protocol)
        spans = [[q.target.timestamp for q in getattr(part, name)] for name in PARTS]
        assert [(min(span), max(span)) for span in spans] == [
            (at(100), at(125)),
            (at(130), at(155)),
            (at(160), at(195)),
        ]
        assert part.calibration_from == at(130)
        refit = card(**{**protocol.model_dump(), "train_for_test": "with-validation"})
        (part,) = splits(dataset(tmp_path, LONG), refit)
        assert part.train_for_test.collect()["timestamp_s"].max() == 155

    def test_shares_of_three_periods(self, tmp_path):
        (part,) = splits(dataset(tmp_path, LONG), SplitProtocol.named("three-periods.v1"))
        begins = [part.validation_from, part.calibration_from, part.test_from]
        assert begins == [at(160), at(170), at(180)]

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"validation_share": 0.1}, "needs validation_share and test_share, or test_share"),
            ({"calibration_share": 0.1, "test_share": 0.1}, "calibration_share"),
            (
                {"validation_share": 0.4, "calibration_share": 0.3, "test_share": 0.3},
                "leave nothing to train on",
            ),
            (
                {"validation_from": at(1), "calibration_from": at(3), "test_from": at(3)},
                "calibration_from must lie before test_from",
            ),
            ({"test_share": 0.1, "draw_seed": 3}, "draws nothing without shots or folds"),
            ({"test_share": 0.1, "folds": 1}, "folds"),
        ],
    )
    def test_faults_of_a_card_are_named(self, values, message):
        with pytest.raises(ConfigError, match=message):
            card(**values)

    def test_a_training_event_after_the_first_of_three_cuts_is_refused(self, tmp_path):
        import dataclasses

        protocol = card(validation_from=at(100), calibration_from=at(130), test_from=at(160))
        (part,) = splits(dataset(tmp_path, LONG), protocol)
        late = part.dataset.interactions.filter(pl.col("timestamp_s") <= 100)
        with pytest.raises(LeakageError, match="1 training events are not before"):
            check_split(dataclasses.replace(part, train=late))
        mixed = dataclasses.replace(part, calibration=part.test, test=part.calibration)
        with pytest.raises(LeakageError, match="validation events are not before"):
            check_split(mixed)


class TestDraws:
    def test_few_shots_lie_in_more_and_everyone_is_asked(self, tmp_path):
        data = dataset(tmp_path, LONG)
        learnt = []
        for shots in (1, 3, 5):
            (part,) = splits(data, card(test_share=0.2, shots=shots, draw_seed=4))
            users = set(part.train.collect()["user_id"])
            assert len(users) == shots
            assert len(part.test) == 6
            learnt.append(users)
        assert all(fewer < more for fewer, more in pairwise(learnt))

    def test_the_seed_decides_who_is_drawn(self, tmp_path):
        data = dataset(tmp_path, LONG)
        drawn = [
            splits(data, card(test_share=0.2, shots=2, draw_seed=seed))[0].train.collect()
            for seed in (None, 0, 1, 2, 3)
        ]
        assert drawn[0].equals(drawn[1])
        assert any(not drawn[0].equals(other) for other in drawn[2:])

    def test_more_shots_than_users_are_told(self, tmp_path):
        with pytest.raises(DataError, match=r"learns from 7 users, and only 6 are there"):
            splits(dataset(tmp_path, LONG), card(test_share=0.2, shots=7))

    def test_folds_share_no_user_and_together_are_everyone(self, tmp_path):
        data = dataset(tmp_path, LONG, held_out_users=["c"])
        (part,) = splits(data, SplitProtocol.named("two-fold.v1"))
        halves = list(out_of_fold(part))
        assert sorted(len(users) for _, users in halves) == [2, 3]
        assert frozenset().union(*(users for _, users in halves)) == set("abdef")
        for learnt, users in halves:
            known = set(learnt.collect()["user_id"])
            assert known == set("abdef") - users
            assert learnt.collect()["timestamp_s"].max() < part.validation_from.timestamp()

    def test_without_folds_there_are_none(self, tmp_path):
        (part,) = splits(dataset(tmp_path, LONG), card(test_share=0.2))
        assert list(out_of_fold(part)) == []
        assert part.folds.is_empty()


cuts = st.sampled_from(
    [
        {"test_from": at(4)},
        {"validation_from": at(2), "test_from": at(4)},
        {"validation_from": at(2), "calibration_from": at(3), "test_from": at(5)},
        {"validation_share": 0.2, "calibration_share": 0.2, "test_share": 0.2},
        {"kind": "sliding-windows", "windows": 2, "window_share": 0.2},
        {"kind": "leave-one-out"},
        {"kind": "last-m", "test_targets": 2, "validation_targets": 1},
    ]
)
rules = st.fixed_dictionaries(
    {
        "ties": st.sampled_from(["keep-earlier", "leave-out"]),
        "seen_items": st.sampled_from(["mask", "rank", "only"]),
        "min_history": st.integers(0, 2),
        "train_for_test": st.sampled_from(["train", "with-validation"]),
        "shots": st.sampled_from([None, 1, 2]),
        "folds": st.sampled_from([None, 2, 3]),
    }
)
logs = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("0123456789"), st.integers(0, 7)),
    min_size=15,
    max_size=50,
)


@settings(deadline=None)
@given(rows=logs, cut=cuts, rule=rules, order=st.randoms(use_true_random=False))
def test_saved_splits_are_the_same_again_and_hold_no_future(
    tmp_path_factory, rows, cut, rule, order
):
    folder = tmp_path_factory.mktemp("drawn")
    data = dataset(folder, rows)
    protocol = card(**cut, **rule)
    try:
        parts = splits(data, protocol)
    except LeakageError:
        raise
    except DataError:
        return
    write_splits(folder / "split", parts, data)
    again = read_splits(folder / "split", load(data.path))
    assert len(again) == len(parts)
    for old, new in zip(parts, again, strict=True):
        assert new.protocol == old.protocol == protocol
        assert all(getattr(new, name) == getattr(old, name) for name in PARTS)
        assert trained(new.train) == trained(old.train)
        assert trained(new.train_for_test) == trained(old.train_for_test)
        assert new.folds.equals(old.folds)
        begins = ("validation_from", "calibration_from", "test_from")
        assert [getattr(new, n) for n in begins] == [getattr(old, n) for n in begins]
        if protocol.has_periods:
            newest = new.train.collect()["timestamp_s"].max()
            asked = [q.target.timestamp for name in PARTS for q in getattr(new, name)]
            assert all(at(newest) < moment for moment in asked)
    users = [row for user in order.sample("abcd", 4) for row in rows if row[0] == user]
    write_splits(folder / "other", splits(dataset(folder, users), protocol), load(folder / "data"))
    hashes = [
        {file.name: sha256_file(file) for file in sorted((folder / name).glob("*.parquet"))}
        for name in ("split", "other")
    ]
    assert hashes[0] == hashes[1]  # the order of users in the log changes nothing


class TestSavedSplits:
    @pytest.fixture
    def data(self, tmp_path):
        return dataset(tmp_path, LONG)

    @pytest.fixture
    def saved(self, tmp_path, data):
        path = tmp_path / "split"
        write_splits(path, splits(data, SplitProtocol.named("leave-one-out.v1")), data)
        return path

    def test_another_dataset_is_refused(self, saved, tmp_path):
        other = dataset(tmp_path / "other", LONG[:-1])
        with pytest.raises(ArtifactError, match="was made from dataset_sha256"):
            read_splits(saved, other)

    def test_damage_is_noticed(self, saved, data):
        (saved / "test.parquet").write_bytes(b"junk")
        with pytest.raises(ArtifactError, match=r"test.parquet is damaged"):
            read_splits(saved, data)

    def changed(self, saved, name, frame):
        """Replace a table and make the manifest agree with it."""
        frame.write_parquet(saved / f"{name}.parquet")
        manifest = json.loads((saved / "manifest.json").read_text())
        manifest["files"][f"{name}.parquet"] = sha256_file(saved / f"{name}.parquet")
        (saved / "manifest.json").write_text(json.dumps(manifest))

    def test_ids_that_leak_are_refused(self, saved, data):
        whole = data.interactions.select(pl.lit(0, pl.Int64).alias("window"), *COLUMNS).collect()
        self.changed(saved, "train", whole)
        with pytest.raises(LeakageError, match="training events are not before"):
            read_splits(saved, data)

    @pytest.mark.parametrize("name", ["train", "test"])
    def test_events_that_are_not_in_the_dataset_are_refused(self, name, saved, data):
        frame = pl.read_parquet(saved / f"{name}.parquet")
        self.changed(saved, name, frame.with_columns(item_id=pl.lit("elsewhere")))
        with pytest.raises(ArtifactError, match=r"split (names|asks)"):
            read_splits(saved, data)

    def test_other_columns_are_refused(self, saved, data):
        self.changed(saved, "test", pl.DataFrame({"window": [0]}))
        with pytest.raises(ArtifactError, match=r"test.parquet has the columns"):
            read_splits(saved, data)

    def test_ids_of_tied_events_survive_a_later_import(self, tmp_path):
        rows = [(user, str(n), 5) for user in "ab" for n in range(6)]
        data = dataset(tmp_path, rows)
        write_splits(
            tmp_path / "split", splits(data, SplitProtocol.named("leave-one-out.v1")), data
        )
        again = read_splits(tmp_path / "split", dataset(tmp_path, rows))
        assert [(q.target.item_id, q.target.sequence) for q in again[0].test] == [("5", 5)] * 2
