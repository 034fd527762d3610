"""Index recipes: which encoder, which item text, which kind of index."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from llmrec.config import Settings, Shipped
from llmrec.errors import ConfigError
from llmrec.retrieval.stores.parameters import Kind, StoreParameters, store_parameters


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
    return _SHIPPED.load(name)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with llmrec."""
    return _SHIPPED.names()


_SHIPPED = Shipped(model=IndexRecipe, what="index recipe", package="llmrec.index")
