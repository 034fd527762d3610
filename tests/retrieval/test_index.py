"""The item index against brute force, on disk, and against what it must refuse."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.encode import HashEncoder
from llmrec.errors import (
    ArtifactError,
    ConfigError,
    DataError,
    TemplateError,
    UnknownItemError,
)
from llmrec.retrieval import IndexRecipe, ItemIndex, encode_items
from llmrec.types import Catalogue, Item

DIM = 4


def catalogue_of(n: int) -> Catalogue:
    return Catalogue(
        [
            Item(
                item_id=f"i{k}",
                title=f"Film {k}",
                attributes={"year": 1950 + k, "genres": ("Drama", f"Genre {k % 3}"), "score": 1.5},
            )
            for k in range(n)
        ]
    )


def random_index(n: int = 40, *, dim: int = 8, seed: int = 0) -> ItemIndex:
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    cat = catalogue_of(n)
    return ItemIndex(cat, list(cat), vectors)


def brute(index: ItemIndex, query: np.ndarray, k: int, exclude: set[str]) -> list[str]:
    """Full sort of float64 inner products, ties in catalogue order."""
    ids = [i for i in index.item_ids if i not in exclude]
    if not ids:
        return []
    scores = index.vectors(ids).astype(np.float64) @ query.astype(np.float64)
    places = [index.catalogue.position(i) for i in ids]
    return [ids[n] for n in np.lexsort((places, -scores))[:k]]


def found(index: ItemIndex, hits, query: int = 0) -> list[str]:
    return [index.item_ids[row] for row in hits.rows[query] if row >= 0]


# Small whole numbers: inner products are exact in any order of adding, and ties are common.
coordinate = st.integers(-2, 2)
vector = st.lists(coordinate, min_size=DIM, max_size=DIM).filter(any)


@st.composite
def lives(draw):
    """A catalogue's vectors, and a sequence of removals, additions and searches."""
    n = draw(st.integers(1, 12))
    vectors = draw(st.lists(vector, min_size=n, max_size=n))
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(["add", "remove", "search"]), st.integers(0, n - 1), vector),
            max_size=12,
        )
    )
    return vectors, steps


@given(lives())
@settings(max_examples=150, deadline=None)
def test_add_remove_and_search_equal_brute_force(life):
    vectors, steps = life
    cat = catalogue_of(len(vectors))
    index = ItemIndex(cat, list(cat), np.array(vectors, dtype=np.float32))
    model = {
        item_id: np.array(v, dtype=np.float32) for item_id, v in zip(cat, vectors, strict=True)
    }
    for verb, number, values in [*steps, ("search", 0, [1, 0, 2, 0])]:
        item_id, query = f"i{number}", np.array([values], dtype=np.float32)
        if verb == "add" and item_id not in model:
            index.add([item_id], query)
            model[item_id] = query[0]
        elif verb == "remove" and item_id in model:
            index.remove([item_id])
            del model[item_id]
        assert list(index.item_ids) == [i for i in cat if i in model]
        exclude = {item_id}
        order = sorted(
            (i for i in model if i not in exclude),
            key=lambda i: (-float(model[i] @ query[0]), cat.position(i)),
        )
        hits = index.search(query, 3, exclude=[exclude])
        assert found(index, hits) == order[:3]
        assert [s for s in hits.scores[0] if np.isfinite(s)] == [
            float(model[i] @ query[0]) for i in order[:3]
        ]


@given(
    st.integers(1, 60), st.integers(1, 70), st.integers(1, 8), st.integers(0, 2**32 - 1), st.data()
)
@settings(max_examples=60, deadline=None)
def test_batches_equal_brute_force_and_single_searches(n, k, n_queries, seed, data):
    index = random_index(n, seed=seed)
    queries = np.random.default_rng(seed + 1).standard_normal((n_queries, 8)).astype(np.float32)
    ids = st.sets(st.integers(0, n + 3).map(lambda i: f"i{i}"), max_size=n)
    exclude = data.draw(st.lists(ids, min_size=n_queries, max_size=n_queries))
    batch = index.search(queries, k, exclude=exclude)
    assert batch.rows.shape == batch.scores.shape == (n_queries, min(k, n))
    for row in range(n_queries):
        assert found(index, batch, row) == brute(index, queries[row], k, exclude[row])
        alone = index.search(queries[row : row + 1], k, exclude=[exclude[row]])
        assert np.array_equal(alone.rows[0], batch.rows[row])
        assert np.array_equal(alone.scores[0], batch.scores[row])


def test_nothing_is_missed_where_float32_cannot_tell_items_apart():
    """Vectors that differ in their last digits only: FAISS alone would miss some of the best."""
    rng = np.random.default_rng(3)
    n, dim, k = 3000, 64, 20
    base = 10 * rng.standard_normal(dim)
    vectors = (base + 3e-7 * rng.standard_normal((n, dim))).astype(np.float32)
    cat = catalogue_of(n)
    index = ItemIndex(cat, list(cat), vectors)
    query = rng.standard_normal((1, dim)).astype(np.float32)
    best = brute(index, query[0], k, set())
    proposed = np.argsort(-(vectors @ query[0]), kind="stable")[: 3 * k]
    assert not set(best) <= {f"i{row}" for row in proposed}  # the case is as hard as it claims
    assert found(index, index.search(query, k)) == best


def test_equal_scores_come_in_catalogue_order_however_items_were_added():
    cat = catalogue_of(200)
    same = np.ones((200, DIM), dtype=np.float32)
    shuffled = list(np.random.default_rng(0).permutation(list(cat)))
    index = ItemIndex(cat, shuffled, same)
    assert found(index, index.search(same[:1], 5)) == [f"i{n}" for n in range(5)]
    index.remove(["i0", "i3"])
    index.add(["i3"], same[:1])
    assert found(index, index.search(same[:1], 5)) == ["i1", "i2", "i3", "i4", "i5"]


def test_more_than_there_are_gives_what_there_is():
    index = random_index(5)
    hits = index.search(index.vectors(["i0"]), 99, exclude=[{"i1", "i2"}])
    assert hits.rows.shape == (1, 5)
    assert sorted(found(index, hits)) == ["i0", "i3", "i4"]
    assert np.isneginf(hits.scores[0, 3:]).all()


def test_everything_excluded_or_removed_finds_nothing():
    index = random_index(3)
    query = index.vectors(["i0"])
    assert found(index, index.search(query, 2, exclude=[set(index.item_ids)])) == []
    index.remove(list(index.item_ids))
    assert len(index) == 0
    assert index.search(query, 2).rows.shape == (1, 0)


def test_no_queries_find_nothing():
    index = random_index(3)
    assert index.search(np.empty((0, 8), dtype=np.float32), 2).rows.shape == (0, 2)
    assert index.scores(np.empty((0, 8), dtype=np.float32), []) == []


def test_scores_of_given_items_are_those_of_the_search():
    index = random_index(30)
    queries = np.random.default_rng(9).standard_normal((4, 8)).astype(np.float32)
    hits = index.search(queries, 7)
    again = index.scores(queries, [found(index, hits, n) for n in range(4)])
    assert np.array_equal(np.array(again), hits.scores)


def test_similar_leaves_the_item_itself_out():
    index = random_index(10)
    hits = index.similar("i4", 9)
    assert sorted(found(index, hits)) == sorted(set(index.item_ids) - {"i4"})


def test_a_grown_catalogue_can_be_indexed_without_encoding_all_again():
    old, new = catalogue_of(20), catalogue_of(25)
    encoder = HashEncoder()
    index = ItemIndex.build(old, encoder)
    added = [new[i] for i in new if i not in old]
    index.add([i.item_id for i in added], encode_items(added, encoder), catalogue=new)
    whole = ItemIndex.build(new, encoder)
    assert index.sha256 == whole.sha256
    assert np.array_equal(index.vectors(list(new)), whole.vectors(list(new)))


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda i, v: i.search(v[:, :5], 3), DataError, r"queries have shape \(2, 5\).*\(n, 8\)"),
        (lambda i, v: i.search(v[0], 3), DataError, r"shape \(8,\)"),
        (lambda i, v: i.search(v * np.nan, 3), DataError, "row 1: queries: .* nan"),
        (lambda i, v: i.search(v * [[1], [0]], 3), DataError, "row 2: queries: .*length is 0"),
        (lambda i, v: i.search(v, 0), ConfigError, "k is 0"),
        (lambda i, v: i.search(v, 3, exclude=[()]), ConfigError, "2 queries but 1 collections"),
        (
            lambda i, v: i.scores(v, [["i1"], ["i99"]]),
            UnknownItemError,
            "'i99' is not in the index",
        ),
        (lambda i, v: i.scores(v, [["i1"]]), ConfigError, "2 queries but 1 sequences"),
        (lambda i, v: i.add(["i1", "i2"], v), DataError, "'i1' occurs twice"),
        (lambda i, v: i.add(["x1", "x2"], v), UnknownItemError, "'x1' is not in the catalogue"),
        (lambda i, v: i.add([], v), DataError, r"shape \(2, 8\); \(0, 8\)"),
        (lambda i, _v: i.remove(["i1", "i99"]), UnknownItemError, "Did you mean 'i9'"),
        (lambda i, _v: i.vectors(["nope"]), UnknownItemError, "'nope'"),
        (lambda i, _v: i.similar("i99", 3), UnknownItemError, "'i99'"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(act, error, words):
    index = random_index(12)
    before = (index.sha256, list(index.item_ids))
    with pytest.raises(error, match=words):
        act(index, np.ones((2, 8), dtype=np.float32))
    assert (index.sha256, list(index.item_ids)) == before


@pytest.mark.parametrize("fault", [np.nan, np.inf, 1e30])
def test_item_vectors_that_are_not_fit_are_named_by_row(fault):
    vectors = np.ones((3, DIM), dtype=np.float32)
    vectors[2, 1] = fault
    with pytest.raises(DataError, match="row 3: item vectors"):
        ItemIndex(catalogue_of(3), ["i0", "i1", "i2"], vectors)


def test_an_indexed_item_may_not_change_under_its_vector():
    index = random_index(3)
    other = Catalogue([Item(item_id=f"i{n}", title="New title") for n in range(3)])
    with pytest.raises(DataError, match="'i0' is another one"):
        index.add([], np.empty((0, 8), dtype=np.float32), catalogue=other)


def test_an_empty_catalogue_is_refused():
    with pytest.raises(DataError, match="catalogue is empty"):
        ItemIndex.build(Catalogue([]), HashEncoder())


def test_an_unknown_item_template_is_named():
    recipe = IndexRecipe(name="x", version=1, item_template="item/txt.v1")
    with pytest.raises(TemplateError, match=r"item/text\.v1"):
        ItemIndex.build(catalogue_of(2), HashEncoder(), recipe=recipe)


# On disk


@pytest.fixture
def saved(tmp_path):
    cat = catalogue_of(15)
    index = ItemIndex.build(cat, HashEncoder())
    index.remove(["i3"])
    index.save(tmp_path / "index")
    return index, tmp_path / "index"


def test_what_is_loaded_is_what_was_saved(saved):
    index, path = saved
    loaded = ItemIndex.load(path, catalogue=index.catalogue, encoder=HashEncoder())
    assert loaded.sha256 == index.sha256
    assert loaded.origin == index.origin
    assert list(loaded.item_ids) == list(index.item_ids)
    assert "i3" not in loaded
    queries = HashEncoder().encode(["film drama", "genre 2"])
    before, after = index.search(queries, 9), loaded.search(queries, 9)
    assert np.array_equal(before.rows, after.rows)
    assert np.array_equal(before.scores, after.scores)


def test_an_index_of_another_item_template_is_refused(saved):
    _, path = saved
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["made_from"]["item_template_sha256"] = "0" * 64
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="made from item_template_sha256 '0000") as caught:
        ItemIndex.load(path)
    assert "Make the index again" in caught.value.remedy


@pytest.mark.parametrize("recipe", [{"zz": 1}, 7])
def test_an_index_of_an_unreadable_recipe_is_refused(recipe, saved):
    _, path = saved
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["made_from"]["recipe"] = recipe
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="recipe"):
        ItemIndex.load(path)


def test_a_saved_index_knows_its_items(saved):
    index, path = saved
    loaded = ItemIndex.load(path)
    assert dict(loaded.catalogue) == dict(index.catalogue)
    assert loaded.catalogue["i3"].attributes["genres"] == ("Drama", "Genre 0")
    loaded.add(["i3"], encode_items([loaded.catalogue["i3"]], HashEncoder()))
    assert loaded.sha256 == ItemIndex.build(index.catalogue, HashEncoder()).sha256


def test_the_manifest_names_what_it_was_made_from(saved):
    index, path = saved
    made_from = json.loads((path / "manifest.json").read_text())["made_from"]
    assert made_from["catalogue_sha256"] == index.catalogue.sha256
    assert made_from["encoder"] == HashEncoder().card.identity
    assert made_from["recipe"]["item_template"] == "item/text.v1"
    assert len(made_from["item_template_sha256"]) == 64


def test_another_catalogue_or_encoder_is_refused_by_name(saved):
    _, path = saved
    with pytest.raises(ArtifactError, match="catalogue_sha256"):
        ItemIndex.load(path, catalogue=catalogue_of(16))
    with pytest.raises(ArtifactError, match=r"made from encoder 'hash-256@.*'hash-512@"):
        ItemIndex.load(path, encoder=HashEncoder(512))


@pytest.mark.parametrize("name", ["vectors.faiss", "items.parquet"])
@pytest.mark.parametrize("how", ["flip", "truncate", "delete", "swap"])
def test_a_damaged_file_is_refused_by_name(saved, tmp_path, name, how):
    _, path = saved
    file = path / name
    raw = bytearray(file.read_bytes())
    if how == "flip":
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)
    elif how == "truncate":
        file.write_bytes(raw[:-1])
    elif how == "delete":
        file.unlink()
    else:
        other = ItemIndex.build(catalogue_of(4), HashEncoder())
        other.save(tmp_path / "other")
        shutil.copy(tmp_path / "other" / name, file)
    with pytest.raises(ArtifactError, match=name):
        ItemIndex.load(path)


@pytest.mark.parametrize(("name", "n"), [("vectors.faiss", 4), ("items.parquet", 15)])
def test_files_that_do_not_belong_together_are_refused_even_under_new_hashes(
    saved, tmp_path, name, n
):
    """A file of another index, with a manifest that someone put right."""
    _, path = saved
    retitled = [Item(item_id=i, title=f"Another {i}") for i in catalogue_of(n)]
    other_index = ItemIndex.build(Catalogue(retitled), HashEncoder())
    other_index.remove(["i3"])
    other_index.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / name, path / name)
    manifest = json.loads((path / "manifest.json").read_text())
    other = json.loads((tmp_path / "other" / "manifest.json").read_text())
    manifest["files"][name] = other["files"][name]
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="do not belong"):
        ItemIndex.load(path)


def test_an_artifact_of_another_kind_is_refused(saved):
    _, path = saved
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, "kind": "fusion"}))
    with pytest.raises(ArtifactError, match="'fusion', not 'index'"):
        ItemIndex.load(path)


def test_saving_never_overwrites_what_is_not_an_artifact(saved, tmp_path):
    index, _ = saved
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ArtifactError, match="not an llmrec artifact"):
        index.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_the_identity_tells_indexes_apart_and_not_machines():
    cat = catalogue_of(5)
    vectors = np.eye(5, dtype=np.float32)
    plain = ItemIndex(cat, list(cat), vectors)
    other = ItemIndex(cat, list(cat), vectors[::-1])
    assert plain.sha256 != other.sha256  # nobody says who made them, so their bytes count
    named = {
        ItemIndex.build(
            cat, HashEncoder(), recipe=IndexRecipe(name="f", version=1, encoder=place)
        ).sha256
        for place in ("/home/ada/encoder", "/srv/encoder")
    }
    assert len(named) == 1
    assert ItemIndex.build(cat, HashEncoder(512)).sha256 not in named
