"""An item index of an approximate kind: built, filtered, changed, mapped, damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval import IndexOrigin, IndexRecipe, ItemIndex, verify_index
from llmrec.retrieval.stores.parameters import HnswParameters, IvfFlatParameters
from llmrec.types import Catalogue, Item

N, DIM = 5000, 12
STORE = IvfFlatParameters(lists=40, probes=12)
RNG = np.random.default_rng(2)
CATALOGUE = Catalogue([Item(item_id=f"i{n}", title=f"Item {n}") for n in range(N)])
VECTORS = RNG.standard_normal((N, DIM)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
QUERIES = RNG.standard_normal((8, DIM)).astype(np.float32)


def made(store=STORE) -> ItemIndex:
    return ItemIndex(CATALOGUE, list(CATALOGUE), VECTORS, store=store)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("kinds") / "index"
    made().save(path)
    return path


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def test_it_says_that_it_is_approximate_and_is_not_the_exact_index():
    index, exact = made(), made(None)
    assert index.approximate
    assert not exact.approximate
    assert index.sha256 != exact.sha256
    assert index.made_from["store"]["probes"] == 12


def test_changes_go_through():
    index = made()
    index.remove(["i0", "i17"])
    assert "i17" not in index
    hits = index.search(VECTORS[17:18], 5)
    assert "i17" not in [index.item_ids[row] for row in hits.rows[0]]
    index.add(["i17"], VECTORS[17:18])
    assert index.approximate
    assert list(index.item_ids) == [i for i in CATALOGUE if i != "i0"]
    hits = index.search(VECTORS[17:18], 3)
    assert index.row("i17") in hits.rows[0]


def test_only_these_items_and_not_those():
    index = made()
    only = [f"i{n}" for n in range(0, N, 7)] + ["unknown"]
    hits = index.search(QUERIES, 10, only=only, exclude=[only[:3]] * len(QUERIES))
    ids = {index.item_ids[row] for row in hits.rows.ravel()}
    assert ids <= set(only[3:])
    assert (hits.rows >= 0).all()
    assert index.search(QUERIES, 10, only=[]).rows.shape == (8, 0)


@pytest.mark.parametrize("memory_map", [False, True])
def test_a_saved_one_answers_as_before(saved, memory_map):
    index = made()
    loaded = ItemIndex.load(saved, catalogue=CATALOGUE, memory_map=memory_map)
    assert loaded.sha256 == index.sha256
    assert loaded.store.parameters == STORE
    assert np.array_equal(loaded.search(QUERIES, 9).rows, index.search(QUERIES, 9).rows)
    verify_index(saved)


def test_another_kind_for_the_same_items():
    recipe = IndexRecipe(name="mine", version=1, encoder="hash")
    index = ItemIndex(CATALOGUE, list(CATALOGUE), VECTORS, origin=IndexOrigin(recipe=recipe))
    graph = index.with_store(HnswParameters(links=8))
    assert graph.approximate
    assert graph.origin.recipe.kind == "hnsw"
    assert graph.origin.recipe.store.links == 8
    assert graph.origin.recipe.encoder == "hash"
    exact, near = index.search(QUERIES, 10), graph.search(QUERIES, 10)
    pairs = zip(exact.rows, near.rows, strict=True)
    assert np.mean([np.isin(best, found).mean() for best, found in pairs]) > 0.8


def test_mapped_vectors_can_still_be_added_to(tmp_path):
    index = made(None)
    index.remove(["i3"])
    index.save(tmp_path / "flat")
    loaded = ItemIndex.load(tmp_path / "flat", memory_map=True)
    assert np.array_equal(loaded.search(QUERIES, 9).scores, index.search(QUERIES, 9).scores)
    loaded.add(["i3"], VECTORS[3:4])
    assert len(loaded) == N
    assert len(ItemIndex.load(tmp_path / "flat")) == N - 1


@pytest.mark.parametrize("name", ["index.faiss", "vectors.npy", "items.parquet", "blocks.json"])
@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_is_found_by_reading_all_and_never_crashes_a_mapped_load(copy, name, seed):
    """Bits are flipped and ends are cut at random places of every file."""
    rng = np.random.default_rng(seed)
    file = copy / name
    raw = bytearray(file.read_bytes())
    if seed % 3 == 0:
        raw = raw[: rng.integers(0, len(raw))]
    else:
        raw[rng.integers(0, min(len(raw), 200) if seed % 3 == 1 else len(raw))] ^= 1 << seed
    file.write_bytes(raw)
    with pytest.raises(ArtifactError, match=name):
        verify_index(copy)
    with pytest.raises(ArtifactError, match=name):
        ItemIndex.load(copy)
    # 240 KB of vectors are one block, which a mapped load reads: nothing can slip through here.
    with pytest.raises(ArtifactError, match=name):
        ItemIndex.load(copy, memory_map=True)


def test_damage_far_inside_a_mapped_file_is_found_by_reading_all(tmp_path):
    vectors = RNG.standard_normal((N, 256)).astype(np.float32)
    ItemIndex(CATALOGUE, list(CATALOGUE), vectors).save(tmp_path / "big")
    file = tmp_path / "big" / "vectors.faiss"
    with file.open("r+b") as stream:
        stream.seek(4_500_000)
        stream.write(b"\x00\x01\x02\x03")
    ItemIndex.load(tmp_path / "big", memory_map=True)  # as documented: only the first block is read
    with pytest.raises(ArtifactError, match=r"damaged between bytes 4,194,304 and 5,120,0"):
        verify_index(tmp_path / "big")


@pytest.mark.parametrize("settings", [{"kind": "hnws"}, {"kind": "ivf-flat", "prbes": 3}, 7])
def test_unreadable_settings_of_the_store_are_refused(copy, settings):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["made_from"]["store"] = settings
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="copy"):
        ItemIndex.load(copy)


_SAVE = """
import resource, sys
import numpy as np
from llmrec.errors import ArtifactError
from llmrec.retrieval import ItemIndex
from llmrec.retrieval.stores.parameters import store_parameters
from llmrec.types import Catalogue, Item

path, kind, most, times = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
catalogue = Catalogue([Item(item_id=f"i{n}", title="x") for n in range(5000)])
vectors = np.random.default_rng(1).standard_normal((5000, 12)).astype(np.float32)
settings = {"flat": {}, "ivf-flat": {"lists": 40, "probes": 12}}[kind]
store = store_parameters(kind, settings, source="test")
index = ItemIndex(catalogue, list(catalogue), vectors, store=store)
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
print("built", flush=True)
try:
    for _ in range(times):
        index.save(path)
except ArtifactError as error:
    sys.exit(f"told: {error}")
"""


def _save(path, kind, *, most=0, times=1) -> subprocess.Popen:
    words = [sys.executable, "-c", _SAVE, str(path), kind, str(most), str(times)]
    return subprocess.Popen(  # noqa: S603 - our own words
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("kind", ["flat", "ivf-flat"])
def test_a_disk_without_room_is_told_and_leaves_the_old_index(copy, kind):
    """No file may grow beyond 100 kB, as on a disk that is full."""
    with _save(copy, kind, most=100_000) as saving:
        _, told = saving.communicate(timeout=120)
    assert saving.returncode == 1
    assert "told: " in told
    assert "cannot be written" in told
    verify_index(copy)
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.03, 0.08])
def test_a_kill_while_saving_leaves_a_whole_index(copy, pause_s):
    drawn = np.random.default_rng(1).standard_normal((N, DIM)).astype(np.float32)
    catalogue = Catalogue([Item(item_id=i, title="x") for i in CATALOGUE])
    after = ItemIndex(catalogue, list(catalogue), drawn, store=STORE).sha256
    either = {ItemIndex.load(copy).sha256, after}
    with _save(copy, "ivf-flat", times=1000) as saving:
        assert saving.stdout.readline() == "built\n"
        time.sleep(pause_s)
        saving.kill()
        saving.wait(timeout=60)
    verify_index(copy)
    made = ItemIndex.load(copy)
    assert made.sha256 in either
    made.save(copy)
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]  # no draft of the killed one


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "hnsw", "parameters": {"linsk": 8}}, "unknown key 'linsk'. Did you mean 'links'"),
        ({"kind": "ivf-pq", "parameters": {"bits": 5}}, "bits: .*4 or 8"),
        ({"kind": "flat", "parameters": {"probes": 5}}, "unknown key 'probes'"),
        ({"kind": "ivf", "parameters": {}}, "'ivf-flat'"),
    ],
)
def test_a_recipe_with_a_wrong_parameter_names_it(values, words):
    with pytest.raises(ConfigError, match=words):
        IndexRecipe.of({"name": "x", "version": 1, **values})
