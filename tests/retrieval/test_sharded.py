"""Shards searched as one, beside one index of all their items."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ArtifactError, ConfigError, DataError, UnknownItemError
from llmrec.retrieval import IndexOrigin, ItemIndex, ShardedIndex
from llmrec.retrieval.stores.parameters import IvfFlatParameters
from llmrec.types import Catalogue, Item

DIM = 3
CATALOGUE = Catalogue([Item(item_id=f"i{n}", title=f"Item {n}") for n in range(20)])
vectors = st.lists(st.integers(-2, 2), min_size=DIM, max_size=DIM).filter(any)


def index_of(ids, held, **options) -> ItemIndex:
    return ItemIndex(CATALOGUE, ids, np.array(held, dtype=np.float32), **options)


@given(
    st.lists(vectors, min_size=20, max_size=20),
    st.lists(st.integers(1, 19), max_size=4),
    vectors,
    st.integers(1, 25),
    st.sets(st.sampled_from(list(CATALOGUE)), max_size=20),
    st.none() | st.sets(st.sampled_from(list(CATALOGUE)), max_size=20),
)
@settings(max_examples=80, deadline=None)
def test_shards_answer_as_one_index_does(held, cuts, query, k, exclude, only):
    ids = list(CATALOGUE)
    whole = index_of(ids, held)
    edges = [0, *sorted(set(cuts)), len(ids)]
    shards = ShardedIndex([index_of(ids[a:b], held[a:b]) for a, b in itertools.pairwise(edges)])
    asked = np.array([query, [1, 0, 0]], dtype=np.float32)
    one = whole.search(asked, k, exclude=[exclude, ()], only=only)
    many = shards.search(asked, k, exclude=[exclude, ()], only=only)
    assert np.array_equal(one.rows, many.rows)
    assert np.array_equal(one.scores, many.scores)
    assert list(shards.item_ids) == ids
    assert np.array_equal(shards.vectors(["i7", "i0"]), whole.vectors(["i7", "i0"]))


def test_saved_shards_are_searched_from_disk_whatever_their_kinds(tmp_path):
    rng = np.random.default_rng(0)
    catalogue = Catalogue([Item(item_id=f"i{n}", title="x") for n in range(9000)])
    held = rng.standard_normal((9000, 8)).astype(np.float32)
    ids = list(catalogue)
    lists = IvfFlatParameters(lists=20, probes=20)
    ItemIndex(catalogue, ids[:5000], held[:5000], store=lists).save(tmp_path / "a")
    ItemIndex(catalogue, ids[5000:], held[5000:]).save(tmp_path / "b")
    shards = ShardedIndex.load([tmp_path / "a", tmp_path / "b"], memory_map=True)
    assert shards.approximate
    assert len(shards) == 9000
    assert "i8999" in shards
    whole = ItemIndex(catalogue, ids, held)
    assert np.array_equal(shards.search(held[:9], 10).rows, whole.search(held[:9], 10).rows)


def test_what_cannot_be_one_index_is_refused():
    one = index_of(["i0", "i1"], np.eye(2, DIM))
    with pytest.raises(ConfigError, match="no shards"):
        ShardedIndex([])
    with pytest.raises(DataError, match="'i1' is in two shards"):
        ShardedIndex([one, index_of(["i1"], np.eye(1, DIM))])
    with pytest.raises(ConfigError, match=r"dimensions differ: \[3, 4\]"):
        ShardedIndex([one, index_of(["i2"], np.eye(1, 4))])
    with pytest.raises(ArtifactError, match="different encoders"):
        ShardedIndex([one, index_of(["i2"], np.eye(1, DIM), origin=IndexOrigin(encoder="x@1"))])
    with pytest.raises(UnknownItemError, match="'i9'"):
        ShardedIndex([one]).vectors(["i9"])
