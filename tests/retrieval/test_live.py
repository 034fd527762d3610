"""A live index against a dictionary, alone and beside other threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from llmrec.errors import ConfigError, DataError, UnknownItemError
from llmrec.retrieval import ItemIndex, LiveIndex
from llmrec.retrieval.stores.parameters import IvfFlatParameters
from llmrec.types import Catalogue, Item

DIM = 3
# Small whole numbers: inner products are exact in any order of adding, and ties are common.
vectors = st.lists(st.integers(-2, 2), min_size=DIM, max_size=DIM).filter(any)
names = st.integers(0, 30).map(lambda n: f"i{n}")


class Lives(RuleBasedStateMachine):
    """Every answer is that of a dictionary which goes through the same changes."""

    items = Bundle("items")

    def __init__(self):
        super().__init__()
        self.live = LiveIndex([], np.empty((0, DIM), dtype=np.float32), max_delta=4)
        self.model: dict[str, np.ndarray] = {}

    @rule(target=items, name=names, vector=vectors)
    def add(self, name, vector):
        given = np.array([vector], dtype=np.float32)
        if name in self.model:
            with pytest.raises(DataError, match=name):
                self.live.add([name], given)
            return multiple()
        self.live.add([name], given)
        self.model[name] = given[0]
        return name

    @rule(name=items, vector=vectors)
    def update(self, name, vector):
        given = np.array([vector], dtype=np.float32)
        if name in self.model:
            self.live.update([name], given)
            self.model[name] = given[0]
        else:
            with pytest.raises(UnknownItemError, match=name):
                self.live.update([name], given)

    @rule(name=consumes(items))
    def remove(self, name):
        if name in self.model:
            self.live.remove([name])
            del self.model[name]
        else:
            with pytest.raises(UnknownItemError, match=name):
                self.live.remove([name])

    @rule()
    def settle(self):
        self.live.wait()

    @rule(
        query=vectors,
        k=st.integers(1, 9),
        exclude=st.sets(names, max_size=4),
        only=st.none() | st.sets(names),
    )
    def search(self, query, k, exclude, only):
        given = np.array([query], dtype=np.float32)
        [found] = self.live.search(given, k, exclude=[exclude], only=only)
        may = [i for i in self.model if i not in exclude and (only is None or i in only)]
        order = sorted(may, key=lambda i: -float(self.model[i] @ given[0]))[:k]
        assert found.item_ids == order  # a dictionary keeps the order of adding, sorting keeps ties
        assert found.scores.tolist() == [float(self.model[i] @ given[0]) for i in order]

    @invariant()
    def the_same_items(self):
        assert len(self.live) == len(self.model)
        ids, held = self.live.items()
        assert ids == list(self.model)
        assert all(np.array_equal(self.model[i], v) for i, v in zip(ids, held, strict=True))
        assert all((f"i{n}" in self.live) == (f"i{n}" in self.model) for n in range(31))


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def unit(n: int, dim: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("store", [None, IvfFlatParameters(lists=20, probes=10)])
def test_no_answer_holds_what_was_gone_beside_changing_threads(store):
    n, dim, spare = 4500, 16, 3000
    base = unit(n + spare, dim, seed=0)
    live = LiveIndex([f"i{k}" for k in range(n)], base[:n], store=store, max_delta=256)
    ledger = Ledger(base, n)
    stop = threading.Event()

    def change():
        rng = np.random.default_rng(1)
        for step in range(spare):
            victim = f"i{rng.integers(0, n)}"
            if victim not in ledger.gone_at:
                live.remove([victim])
                ledger.gone_at[victim] = time.monotonic()
            ledger.born_at[f"i{n + step}"] = time.monotonic()
            live.add([f"i{n + step}"], base[n + step : n + step + 1])
            moved = f"i{n + rng.integers(0, step + 1)}"
            live.update([moved], -base[int(moved[1:])][None])
            live.update([moved], base[int(moved[1:])][None])
        stop.set()

    def search(seed: int):
        rng = np.random.default_rng(seed)
        while not stop.is_set():
            asked, before = int(rng.integers(0, n)), time.monotonic()
            [found] = live.search(base[asked : asked + 1], 20)
            ledger.check(asked, found, before, time.monotonic())

    threads = [threading.Thread(target=change)]
    threads += [threading.Thread(target=search, args=(seed,)) for seed in (5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    live.wait()
    assert stop.is_set()
    assert ledger.checked > 0
    assert ledger.faults == []
    assert len(live) == n + spare - len(ledger.gone_at)


class Ledger:
    """When each item came and went, and what was wrong with the answers.

    Args:
        base: Item ``i<n>`` has vector ``n``, or for a moment its negative.
        n: How many there were at first.
    """

    def __init__(self, base: np.ndarray, n: int) -> None:
        self.base = base.astype(float)
        self.gone_at: dict[str, float] = {}
        self.born_at = {f"i{k}": 0.0 for k in range(n)}
        self.faults: list[str] = []
        self.checked = 0

    def check(self, asked: int, found, before: float, after: float) -> None:
        """Check the answer for vector ``asked`` of a search between two moments."""
        self.checked += 1
        if len(found.item_ids) != 20 or len(set(found.item_ids)) != 20:
            self.faults.append(f"not 20 items: {found.item_ids}")
        for item_id, score in zip(found.item_ids, found.scores, strict=True):
            exact = self.base[asked] @ self.base[int(item_id[1:])]
            if abs(abs(exact) - abs(score)) > 1e-6:
                self.faults.append(f"{item_id} scored {score}, not {exact}")
            if self.gone_at.get(item_id, after) < before:
                self.faults.append(f"{item_id} was gone")
            if self.born_at[item_id] > after:
                self.faults.append(f"{item_id} was not there yet")


def test_a_saved_index_comes_alive_and_knows_its_kind():
    catalogue = Catalogue([Item(item_id=f"i{n}", title="x") for n in range(5000)])
    held = unit(5000, 8, seed=3)
    index = ItemIndex(
        catalogue, list(catalogue), held, store=IvfFlatParameters(lists=20, probes=20)
    )
    live = LiveIndex.of(index)
    assert live.approximate
    live.remove(["i9"])
    [found] = live.search(held[9:10], 3)
    [row] = index.search(held[9:10], 4).rows
    assert found.item_ids == [f"i{r}" for r in row if r != 9][:3]
    assert "i9" in index  # the index itself stays as it was
    live.add(["i9"], held[9:10])
    again = live.as_index(catalogue)
    assert again.approximate
    assert list(again.item_ids) == list(catalogue)


def test_removing_nearly_all_still_finds_k():
    held = unit(3000, 8, seed=4)
    live = LiveIndex([str(n) for n in range(3000)], held)
    live.remove([str(n) for n in range(2990)])
    [found] = live.search(held[:1], 10)
    assert sorted(found.item_ids) == sorted(str(n) for n in range(2990, 3000))


def _add_one_by_one(live, ids, held):
    for item_id, vector in zip(ids, held, strict=True):
        live.add([item_id], vector[None])
    live.wait()


def test_a_store_that_cannot_be_made_is_told_and_nothing_is_lost():
    held = unit(4100, 8, seed=6)
    ids = [str(n) for n in range(4100)]
    few = IvfFlatParameters(lists=5000)  # few items are compared one by one, without lists
    live = LiveIndex(ids[:4094], held[:4094], store=few, max_delta=8)
    with pytest.raises(ConfigError, match=r"cannot be learnt from 4\d\d\d vectors"):
        _add_one_by_one(live, ids[4094:], held[4094:])
    kept = live.items()[0]
    assert kept[:4094] == ids[:4094]
    for n in range(4094, len(kept)):
        assert live.search(held[n : n + 1], 1)[0].item_ids == [ids[n]]


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda i: i.add(["a"], np.ones((1, 2))), DataError, "'a' is in the index"),
        (lambda i: i.add(["x", "x"], np.ones((2, 2))), DataError, "'x' occurs twice"),
        (lambda i: i.add(["x"], np.zeros((1, 2))), DataError, "length is 0"),
        (lambda i: i.add(["x"], np.ones((1, 3))), DataError, r"\(1, 2\) is needed"),
        (lambda i: i.update(["x"], np.ones((1, 2))), UnknownItemError, "'x' is not in"),
        (lambda i: i.remove(["a", "x"]), UnknownItemError, "'x' is not in"),
        (lambda i: i.search(np.ones((1, 2)), 0), ConfigError, "k is 0"),
        (lambda i: i.search(np.ones((1, 2)) * np.nan, 1), DataError, "length is nan"),
        (lambda i: i.search(np.ones((2, 2)), 1, exclude=[()]), ConfigError, "2 queries but 1"),
        (lambda _: LiveIndex([], np.ones((0, 2)), max_delta=1), ConfigError, "max_delta is 1"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(act, error, words):
    live = LiveIndex(["a", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(error, match=words):
        act(live)
    assert live.items()[0] == ["a", "b"]
