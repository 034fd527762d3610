"""What an index's vectors were made by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from llmrec.artifacts import check_made_from
from llmrec.errors import ArtifactError, ConfigError, TemplateError
from llmrec.retrieval.recipe import IndexRecipe
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmrec.artifacts import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrigin:
    """What the vectors were made by; all None for vectors that came from elsewhere."""

    encoder: str | None = None
    """``EncoderCard.identity``."""
    item_template_sha256: str | None = None
    recipe: IndexRecipe | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the manifest's part of it."""
        return {
            "encoder": self.encoder,
            "item_template_sha256": self.item_template_sha256,
            "recipe": None if self.recipe is None else self.recipe.model_dump(),
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


def read_origin(path: Path, manifest: Manifest) -> IndexOrigin:
    """Return a saved index's origin; refuse one whose item template has another text today.

    Raises:
        ArtifactError: The origin is none, or the template is unknown or another one.
    """
    try:
        origin = IndexOrigin.of_json(manifest.made_from, source=str(path))
        template = None if origin.recipe is None else load_template(origin.recipe.item_template)
    except (ConfigError, TemplateError) as error:
        raise ArtifactError(
            f"{path} does not say what it was made by: {error.message}",
            remedy="Make the index again.",
        ) from error
    if template is not None:
        check_made_from(path, manifest, item_template_sha256=template.sha256)
    return origin


def for_identity(made_from: Mapping[str, Any]) -> dict[str, Any]:
    """Return an origin without what may differ between equal indexes.

    A recipe's name for the encoder may be a path, while the encoder itself is known by name and
    weights; its description is for people; and where it says nothing of the kind's parameters,
    those of the store count.
    """
    recipe = {**(made_from["recipe"] or {}), "encoder": None, "description": None}
    if not recipe.get("parameters"):
        recipe.pop("parameters", None)
    return {**made_from, "recipe": recipe}
