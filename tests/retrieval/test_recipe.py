"""Recipes: the ones that ship, one's own, and what is wrong with a third."""

from __future__ import annotations

import pytest

from llmrec.encode import HashEncoder
from llmrec.errors import ConfigError
from llmrec.retrieval import IndexRecipe, ItemIndex, load_recipe, recipe_names
from llmrec.templates import load_template
from llmrec.types import Catalogue, Item


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_is_whole(name):
    recipe = load_recipe(name)
    assert f"{recipe.name}.v{recipe.version}" == name
    assert recipe.description
    assert load_template(recipe.item_template).variables == {"title", "attributes"}


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_makes_an_index_of_a_single_item(name):
    catalogue = Catalogue([Item(item_id="1", title="One")])
    index = ItemIndex.build(catalogue, HashEncoder(), recipe=load_recipe(name))
    hits = index.search(HashEncoder().encode(["one", "two"]), 5)
    assert hits.rows.tolist() == [[0], [0]]


def test_the_default_recipe_ships():
    assert "flat.v1" in recipe_names()
    assert load_recipe("flat.v1").encoder == "minilm"


def test_one_may_bring_ones_own(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nversion: 3\nencoder: acme/encoder\n")
    recipe = load_recipe(str(file))
    assert (recipe.name, recipe.version, recipe.encoder) == ("mine", 3, "acme/encoder")
    assert recipe.item_template == "item/text.v1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\nversion: 1\nkind: hnws\n", "kind: .*'hnws'"),
        ("name: x\nversion: 1\nencodr: y\n", "unknown key 'encodr'. Did you mean 'encoder'"),
        ("name: x\n", "version"),
        ("- a list\n", "not a mapping"),
        ("name: [\n", "cannot be read"),
    ],
)
def test_a_wrong_recipe_names_file_and_key(tmp_path, text, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"mine\.yaml.*{words}"):
        load_recipe(str(file))


def test_an_unknown_recipe_is_answered_with_a_known_one():
    with pytest.raises(ConfigError, match=r"no index recipe 'flat\.v2'.*\n.*'flat\.v1'"):
        load_recipe("flat.v2")


def test_an_index_remembers_where_its_encoder_is_found():
    catalogue = Catalogue([Item(item_id="1", title="One")])
    default = ItemIndex.build(catalogue, HashEncoder(512))
    assert default.origin.recipe.encoder == "hash-512"
    recipe = IndexRecipe(name="mine", version=1, encoder="/srv/encoder")
    assert ItemIndex.build(catalogue, HashEncoder(), recipe=recipe).origin.recipe == recipe
