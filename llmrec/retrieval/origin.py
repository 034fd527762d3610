"""What an index's vectors were made by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from llmrec.retrieval.recipe import IndexRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrigin:
    """What the vectors were made by; all None for vectors that came from elsewhere."""

    encoder: str | None = None
    """``EncoderCard.identity``."""
    item_template_sha256: str | None = None
    recipe: IndexRecipe | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the manifest's part of it; a recipe's description is no part of its origin."""
        recipe = None if self.recipe is None else self.recipe.model_dump(exclude={"description"})
        return {
            "encoder": self.encoder,
            "item_template_sha256": self.item_template_sha256,
            "recipe": recipe,
        }

    @classmethod
    def of_json(cls, made_from: Mapping[str, Any], *, source: str) -> Self:
        """Read it back from a manifest.

        Raises:
            ConfigError: The recipe in it is not one.
        """
        recipe = made_from.get("recipe")
        return cls(
            encoder=made_from.get("encoder"),
            item_template_sha256=made_from.get("item_template_sha256"),
            recipe=None if recipe is None else IndexRecipe.of(recipe, source=f"{source}: recipe"),
        )
