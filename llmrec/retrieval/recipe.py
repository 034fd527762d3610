"""Index recipes: which encoder, which item text, which kind of index."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from llmrec.config import Settings
from llmrec.errors import ConfigError, did_you_mean
from llmrec.retrieval.stores.parameters import Kind, StoreParameters, store_parameters

_SUFFIX = ".yaml"


class IndexRecipe(Settings):
    """How an item index is made."""

    name: str
    version: int
    description: str = ""
    kind: Kind = "flat"
    """``flat`` compares every vector, so nothing is missed; the others are faster on many items."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Settings of the kind; see ``llmrec.retrieval.stores.parameters``."""
    encoder: str = "minilm"
    """What ``llmrec.encode.open_encoder`` opens."""
    item_template: str = "item/text.v1"
    """The template that turns an item into the text that is encoded."""

    @model_validator(mode="after")
    def _parameters_fit(self) -> Self:
        try:
            _ = self.store
        except ConfigError as error:
            raise ValueError(" ".join(filter(None, [error.message, error.remedy]))) from None
        return self

    @property
    def store(self) -> StoreParameters:
        """The kind and all its settings."""
        return store_parameters(self.kind, self.parameters, source="parameters")


def load_recipe(name: str) -> IndexRecipe:
    """Return a recipe that ships with llmrec, or one from a YAML file.

    Args:
        name: ``<name>.v<N>`` as listed by ``recipe_names``, or a path that ends in ``.yaml``.

    Raises:
        ConfigError: No such recipe, or an invalid one.
    """
    if name.endswith(_SUFFIX):
        return IndexRecipe.load(Path(name))
    if name not in recipe_names():
        raise ConfigError(f"no index recipe {name!r}", remedy=did_you_mean(name, recipe_names()))
    source = importlib.resources.files("llmrec.index") / f"{name}{_SUFFIX}"
    with importlib.resources.as_file(source) as path:
        return IndexRecipe.load(path)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with llmrec."""
    folder = importlib.resources.files("llmrec.index")
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
