"""One contract for every kind of store, beside a full sort in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval.stores import make_store
from llmrec.retrieval.stores.files import read_store
from llmrec.retrieval.stores.flat import FlatStore
from llmrec.retrieval.stores.parameters import (
    FlatParameters,
    HnswParameters,
    IvfFlatParameters,
    IvfPqParameters,
    SqParameters,
)

N, DIM = 5000, 16
KINDS = {
    "flat": FlatParameters(),
    "hnsw": HnswParameters(links=16),
    "hnsw whole": HnswParameters(links=16, codes="float32", vectors="float16"),
    "ivf-flat": IvfFlatParameters(lists=50, probes=12),
    "ivf-pq": IvfPqParameters(lists=50, probes=16, parts=4),
    "ivf-pq 4 bits": IvfPqParameters(lists=50, probes=20, parts=8, bits=4, rotate=False),
    "sq": SqParameters(codes="sq6"),
}


def clustered(n: int, seed: int = 0) -> np.ndarray:
    """Unit vectors around 40 centres."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, DIM))
    vectors = centres[rng.integers(0, 40, n)] + 0.5 * rng.standard_normal((n, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(N)
QUERIES = clustered(30, seed=1)


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS.keys())
def store(request):
    return make_store(VECTORS, request.param)


def brute(store, query: np.ndarray, k: int, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores = store.vectors.rows(allowed).astype(np.float64) @ query.astype(np.float64)
    order = np.lexsort((allowed, -scores))[:k]
    return allowed[order], scores[order]


def recall(store, hits, k: int, allowed: np.ndarray) -> float:
    truth = [brute(store, query, k, allowed)[0] for query in QUERIES]
    shares = [np.isin(t, rows).mean() for t, rows in zip(truth, hits.rows, strict=True)]
    return float(np.mean(shares))


def test_it_is_of_the_kind_that_was_asked_for(store):
    assert store.parameters in KINDS.values()
    assert store.approximate == (store.parameters.kind != "flat")
    assert len(store) == N
    assert (store.index_bytes() > 0) == store.approximate


def test_most_of_the_best_are_found_with_exact_scores_in_order(store):
    hits = store.search(QUERIES, 10)
    assert recall(store, hits, 10, np.arange(N)) >= (0.9 if store.approximate else 1.0)
    again = store.vectors.scores(QUERIES, hits.rows)
    assert np.array_equal(again, hits.scores)
    assert (np.diff(hits.scores) <= 0).all()


def test_alone_and_in_a_batch_the_answer_is_the_same(store):
    batch = store.search(QUERIES, 7)
    for n in range(len(QUERIES)):
        alone = store.search(QUERIES[n : n + 1], 7)
        assert np.array_equal(alone.rows[0], batch.rows[n])
        assert np.array_equal(alone.scores[0], batch.scores[n])


@pytest.mark.parametrize("n_allowed", [0, 1, 3, 200, 4500])
@pytest.mark.parametrize("k", [1, 20])
def test_filters_return_k_whenever_k_exist(store, n_allowed, k):
    rng = np.random.default_rng(n_allowed)
    allowed = np.sort(rng.choice(N, n_allowed, replace=False))
    excluded = [rng.choice(N, 50, replace=False) for _ in QUERIES]
    hits = store.search(QUERIES, k, excluded=excluded, allowed=allowed)
    assert hits.rows.shape == hits.scores.shape == (len(QUERIES), min(k, n_allowed))
    for n, out in enumerate(excluded):
        rows = hits.rows[n][hits.rows[n] >= 0]
        may = np.setdiff1d(allowed, out)
        assert len(rows) == min(k, len(may), n_allowed)
        assert np.isin(rows, may).all()
        assert len(set(rows)) == len(rows)


def test_under_a_filter_the_best_are_found_too(store):
    allowed = np.arange(0, N, 1)[VECTORS[:, 0] > -0.3]
    assert 4096 < len(allowed) < N
    hits = store.search(QUERIES, 10, allowed=allowed)
    assert recall(store, hits, 10, allowed) >= (0.9 if store.approximate else 1.0)


def test_excluding_nearly_all_leaves_the_rest_to_be_found(store):
    left = [7, 4321]
    out = np.setdiff1d(np.arange(N), left)
    hits = store.search(QUERIES[:2], 5, excluded=[out, np.empty(0, dtype=np.int64)])
    assert sorted(hits.rows[0][hits.rows[0] >= 0]) == left
    assert (hits.rows[1] >= 0).all()


def test_equal_scores_stand_in_the_order_of_rows(store):
    twice = store.like(np.concatenate([VECTORS[:2500], VECTORS[:2500]]))
    hits = twice.search(VECTORS[:20], 6)
    for rows, scores in zip(hits.rows, hits.scores, strict=True):
        for before, after, one, two in zip(rows, rows[1:], scores, scores[1:], strict=False):
            assert one > two or (one == two and before < after)
    assert (hits.rows[:, 0] < 2500).all()


def test_what_is_added_is_found(store):
    grown = store.like(VECTORS[:4990])
    grown.append(VECTORS[4990:])
    assert len(grown) == N
    hits = grown.search(VECTORS[4990:], 5)
    found = [row in rows for row, rows in zip(range(4990, N), hits.rows, strict=True)]
    assert np.mean(found) >= (0.8 if store.approximate else 1.0)


def test_other_vectors_leave_the_first_store_as_it_was(store):
    before = store.search(QUERIES, 5)
    other = store.like(clustered(600, seed=5))
    assert len(other) == 600
    assert other.search(QUERIES, 5).rows.max() < 600
    assert np.array_equal(store.search(QUERIES, 5).rows, before.rows)


@pytest.mark.parametrize("memory_map", [False, True])
def test_what_is_written_is_read_back(store, tmp_path, memory_map):
    store.write(tmp_path)
    read = read_store(tmp_path, store.parameters.model_dump(), memory_map=memory_map)
    assert read.parameters == store.parameters
    before, after = store.search(QUERIES, 9), read.search(QUERIES, 9)
    assert np.array_equal(before.rows, after.rows)
    assert np.array_equal(before.scores, after.scores)
    read.append(VECTORS[:1])
    assert len(read) == N + 1
    assert len(read_store(tmp_path, store.parameters.model_dump(), memory_map=memory_map)) == N


def test_files_of_another_kind_are_refused(store, tmp_path):
    store.write(tmp_path)
    others = {p.kind: p for p in KINDS.values() if p.kind != store.parameters.kind}
    for other in others.values():
        with pytest.raises(ArtifactError, match=r"missing|not an index of kind|not vectors of"):
            read_store(tmp_path, other.model_dump(), memory_map=False)


@given(st.integers(0, 30), st.integers(1, 40), st.sampled_from(list(KINDS.values())), st.data())
@settings(max_examples=60, deadline=None)
def test_few_rows_are_searched_exactly_whatever_kind_is_asked_for(n, k, parameters, data):
    vectors = clustered(n, seed=n)
    store = make_store(vectors, parameters)
    allowed = np.array(sorted(data.draw(st.sets(st.integers(0, max(0, n - 1)), max_size=n))), int)
    hits = store.search(QUERIES[:3], k, allowed=allowed)
    for row in range(3):
        rows, scores = brute(store, QUERIES[row], k, allowed)
        assert list(hits.rows[row]) == list(rows)
        assert np.allclose(hits.scores[row], scores, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (IvfPqParameters(parts=5), "parts is 5, which does not divide the vectors' 16"),
        (IvfFlatParameters(lists=6000), "cannot be learnt from 5000 vectors"),
    ],
)
def test_settings_that_do_not_suit_the_vectors_are_refused(parameters, words):
    with pytest.raises(ConfigError, match=words):
        make_store(VECTORS, parameters)


def test_a_vector_table_of_half_precision_scores_what_it_holds():
    store = make_store(VECTORS, HnswParameters(vectors="float16"))
    exact = FlatStore.of(VECTORS.astype(np.float16).astype(np.float32))
    hits, truth = store.search(QUERIES, 5), exact.search(QUERIES, 5)
    same = hits.rows == truth.rows
    assert same.mean() > 0.9
    assert np.array_equal(hits.scores[same], truth.scores[same])
