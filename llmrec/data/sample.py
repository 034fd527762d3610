"""The embedded sample as a dataset folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.data.writing import write_dataset

if TYPE_CHECKING:
    from pathlib import Path


def write_sample(path: Path, *, seed: int | None = None) -> None:
    """Write the embedded film world as a dataset; its demo users are held out of training.

    Args:
        path: The folder.
        seed: Of the simulated people; None is the sample's own. The same seed gives the same
            dataset everywhere.

    Raises:
        ArtifactError: Something else than an artifact stands at ``path``.
    """
    from llmrec.world import sample

    chosen = sample.DEFAULT_SEED if seed is None else seed
    write_dataset(
        path,
        items=sample.items(),
        interactions=sample.interactions(chosen),
        made_from=sample.made_from(chosen),
        held_out_users=sample.held_out_users(chosen),
    )
