"""Ranking adapters: examples out of logs, and the weights that are learnt from them."""

from __future__ import annotations

from llmrec.training.recipe import LoraSettings, Recipe, StageSettings, load_recipe, recipe_names

__all__ = ["LoraSettings", "Recipe", "StageSettings", "load_recipe", "recipe_names"]
