"""Measuring kinds of store, and what the command makes of it."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from llmrec.cli import main
from llmrec.errors import ConfigError, DataError
from llmrec.retrieval import IndexOrigin, IndexRecipe, ItemIndex, load_recipe
from llmrec.retrieval.stores.parameters import FlatParameters, IvfFlatParameters
from llmrec.retrieval.tuning import Trial, fastest, sample_queries, tune
from llmrec.templates import load_template
from llmrec.types import Catalogue, Item

N, DIM = 4200, 12


def unit(n: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


VECTORS = unit(N)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    path = tmp_path_factory.mktemp("tune") / "index"
    catalogue = Catalogue([Item(item_id=f"i{n}", title=f"Item {n}") for n in range(N)])
    recipe = IndexRecipe(name="mine", version=3, encoder="hash-12")
    sha256 = load_template(recipe.item_template).sha256
    origin = IndexOrigin(item_template_sha256=sha256, recipe=recipe)
    ItemIndex(catalogue, list(catalogue), VECTORS, origin=origin).save(path)
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["llmrec", "index", "tune", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        answer = capsys.readouterr()
        return stop.value.code, answer.out, answer.err

    return call


def trial(recall: float, speed: float) -> Trial:
    return Trial(
        parameters=FlatParameters(), recall=recall, queries_per_s=speed, build_s=0, index_bytes=0
    )


def test_the_fastest_that_finds_enough_is_chosen():
    exact, good, poor = trial(1.0, 10), trial(0.98, 50), trial(0.9, 99)
    assert fastest([exact, good, poor], 0.98) is good
    assert fastest([exact, good, poor], 0.99) is exact
    assert fastest([exact, good, poor], 0.5) is poor
    with pytest.raises(ConfigError, match="recall is 0"):
        fastest([exact], 0.0)


def test_made_queries_lie_about_as_far_from_the_items_as_items_from_each_other():
    queries = sample_queries(VECTORS, 200)
    assert queries.shape == (200, DIM)
    assert np.allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    cosines = VECTORS[:200] @ VECTORS.T
    np.fill_diagonal(cosines, -1)
    among_items = np.median(cosines.max(axis=1))
    to_items = np.median((queries @ VECTORS.T).max(axis=1))
    assert abs(among_items - to_items) < 0.1
    assert np.array_equal(sample_queries(VECTORS, 200), queries)


def test_more_effort_finds_more_and_the_exact_store_all():
    trials = tune(VECTORS, sample_queries(VECTORS, 100), k=10, kinds=["ivf-flat"])
    assert trials[0].parameters == FlatParameters()
    assert trials[0].recall == 1.0
    found = [t.recall for t in trials[1:]]
    assert found == sorted(found)
    assert all(isinstance(t.parameters, IvfFlatParameters) for t in trials[1:])
    assert all(t.index_bytes > 0 and t.build_s > 0 for t in trials[1:])


def test_queries_of_another_dimension_and_unknown_kinds_are_refused():
    with pytest.raises(DataError, match="queries have shape"):
        tune(VECTORS, unit(5)[:, :4])
    with pytest.raises(ConfigError, match="no approximate kind 'hnws'"):
        tune(VECTORS, unit(5), kinds=["hnws"])


def test_the_command_writes_recipe_index_and_chart(index, run, tmp_path):
    made = [tmp_path / name for name in ("fast.yaml", "fast.index", "fast.html")]
    options = ["--kind", "ivf-flat", "--n-queries", "50", "-k", "10", "--recall", "0.5", "--json"]
    code, out, err = run(index, *options, "--recipe", made[0], "--out", made[1], "--chart", made[2])
    assert (code, err) == (0, "")
    told = json.loads(out)
    recipe = load_recipe(str(made[0]))
    assert recipe.encoder == "hash-12"
    assert recipe.store.model_dump() == told["chosen"]
    rebuilt = ItemIndex.load(made[1])
    assert rebuilt.store.parameters.model_dump() == told["chosen"]
    page = made[2].read_text()
    assert page.count("<svg") == 1
    assert "<h1>Recall against speed</h1>" in page
    assert {row["kind"] for row in told["trials"]} == {"flat", "ivf-flat"}


def test_queries_may_be_given(index, run, tmp_path):
    np.save(tmp_path / "queries.npy", unit(20, seed=9))
    code, out, _ = run(index, "--queries", tmp_path / "queries.npy", "--kind", "sq", "-k", "5")
    assert code == 0
    assert "recall@5" in out
    assert "fastest with a recall of 0.98" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--queries", "nowhere.npy"], 4, "nowhere.npy cannot be read"),
        (["--chart", "x.gif"], 2, "--chart x.gif: unknown ending '.gif'"),
        (["--recipe", "x.yml"], 2, "--recipe x.yml: unknown ending"),
        (["--kind", "hnws"], 2, "no approximate kind 'hnws'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_measuring(index, run, words, code, told):
    assert run(index, *words)[0] == code
    assert told in run(index, *words)[2]
