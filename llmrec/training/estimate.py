"""What training will take of a machine's memory, told before it starts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import EngineError, require

if TYPE_CHECKING:
    from llmrec.training.recipe import Recipe

GIB = 2**30
PER_WEIGHT = 16
"""Bytes a trained weight takes: itself, its gradient and Adam's two moments in float32."""
PER_LAYER = 34
"""Activations a layer keeps for the backward pass, in values of the model's width a token, after
Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models" (2022); with
checkpointing one is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Bytes that training takes."""

    weights: int
    """The base's, as loaded."""
    trained: int
    """The adapter's, with gradients and Adam's moments."""
    activations: int
    """Of the largest batch of the largest stage."""

    @property
    def total(self) -> int:
        """All together."""
        return self.weights + self.trained + self.activations


def estimate(model: Any, recipe: Recipe) -> Estimate:  # noqa: ANN401
    """Return what a model with adapter layers takes in training.

    Args:
        model: PEFT's model.
        recipe: Its largest batch counts.
    """
    config = model.config.get_text_config()
    sizes = [(p.numel(), p.element_size(), p.requires_grad) for p in model.parameters()]
    tokens = max(stage.batch_size * stage.max_tokens for stage in recipe.stages)
    longest = max(stage.max_tokens for stage in recipe.stages)
    width = 4 if recipe.dtype == "float32" else 2
    per_layer = 1 if recipe.gradient_checkpointing else PER_LAYER
    layers = config.num_hidden_layers * per_layer + PER_LAYER
    masks = 3 * tokens * longest * width
    return Estimate(
        weights=sum(count * size for count, size, trained in sizes if not trained),
        trained=sum(count * PER_WEIGHT for count, _, trained in sizes if trained),
        activations=tokens * config.hidden_size * layers * width + masks,
    )


def free_bytes(device: str) -> int:
    """Return the memory that is free on a device: ``cpu``, ``cuda`` or ``cuda:1``."""
    if device == "cpu":
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    torch: Any = require("torch", "cpu")
    return int(torch.cuda.mem_get_info(device)[0])


def check_memory(needed: Estimate, free: int, recipe: Recipe) -> None:
    """Refuse training that the memory will not do for.

    Args:
        needed: The base's weights are loaded already.
        free: Bytes.
        recipe: For the remedy.

    Raises:
        EngineError: With both sizes.
    """
    rest = needed.trained + needed.activations
    if rest <= free:
        return
    largest = max(stage.batch_size for stage in recipe.stages)
    advice = "batch_size: 1 with more accumulation" if largest > 1 else "a smaller max_tokens"
    more = "" if recipe.gradient_checkpointing else ", or gradient_checkpointing: true"
    raise EngineError(
        f"training with recipe {recipe.id} needs about {rest / GIB:.1f} GiB beside the base "
        f"model, and {free / GIB:.1f} GiB are free",
        remedy=f"Set {advice}{more} in the recipe, or take a smaller base.",
    )
