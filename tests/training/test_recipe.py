"""Recipes: all that ship load, and a wrong one is refused by the key that is wrong."""

from __future__ import annotations

import pytest

from llmrec.errors import ConfigError
from llmrec.templates import load_template
from llmrec.training import Recipe, load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_loads_and_names_what_exists(name):
    recipe = load_recipe(name)
    assert recipe.id == name
    assert load_template(recipe.template).template_id == recipe.template


def test_there_are_recipes_for_a_cpu_and_for_both_sizes_of_gpu():
    names = recipe_names()
    assert any(load_recipe(name).device == "cpu" for name in names)
    assert any(name.endswith("24gb.v1") for name in names)
    assert any(name.endswith("80gb.v1") for name in names)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(ConfigError, match="smollm2-135m-dense"):
        load_recipe("smollm2-135m-dens.v1")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"lerning_rate": 1}, "unknown key 'lerning_rate'"),
        ({"stages": []}, "stages"),
        ({"lora": {"kind": "prefix"}}, "lora.kind"),
        ({"candidates": {"injected_share": 0.3}}, "injected_share"),
        ({"candidates": {"least": 9, "most": 5}}, "least is 9"),
        ({"serving": {"scorer": "pointwise"}}, "labels, likelihood"),
        ({"serving": {"scorer": "labels"}}, "dense objective"),
    ],
)
def test_a_wrong_key_or_value_is_refused_by_name(keys, said, make_recipe):
    with pytest.raises(ConfigError, match=said):
        make_recipe(**keys)


def test_what_listwise_cannot_train_is_refused(make_recipe):
    serving = {"scorer": "likelihood", "normalise": "prior"}
    with pytest.raises(ConfigError, match="mean or sum"):
        make_recipe("listwise", serving=serving)
    with pytest.raises(ConfigError, match=r"26 labels"):
        make_recipe("listwise", scorer="labels", candidates={"most": 27, "least": 3})


def test_a_yaml_file_of_ones_own_is_read_like_a_shipped_one(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\nversion: 1\nbase: smollm2-135m\nserving: { scorer: likelihood }\n"
        "stages: [{ objective: dense, learning_rate: 1.0e-3 }]\n"
    )
    assert load_recipe(str(file)) == Recipe.load(file)
