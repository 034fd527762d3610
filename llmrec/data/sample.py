"""A shipped world, the embedded sample by default, as a dataset folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.data.writing import write_dataset

if TYPE_CHECKING:
    from pathlib import Path


def write_sample(path: Path, *, world: str | None = None, seed: int | None = None) -> None:
    """Write a shipped world as a dataset; some of its people are held out of training.

    Args:
        path: The folder.
        world: World, version and parameter set, e.g. ``"kitchen.v1"``; None is the film world
            that is the embedded sample.
        seed: Of the simulated people; None is the sample's own. The same seed gives the same
            dataset everywhere.

    Raises:
        ConfigError: There is no such world.
        ArtifactError: Something else than an artifact stands at ``path``.
    """
    from llmrec.world import sample

    chosen = sample.DEFAULT_SEED if seed is None else seed
    label = sample.DEFAULT_WORLD if world is None else world
    write_dataset(
        path,
        items=sample.items(label),
        interactions=sample.interactions(chosen, world=label),
        made_from=sample.made_from(chosen, world=label),
        held_out_users=sample.held_out_users(chosen, world=label),
    )
