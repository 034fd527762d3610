"""The state of a training under way, on disk: whole or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from safetensors.torch import load, save

from llmrec.artifacts import check_made_from, read_manifest, write_artifact
from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

KIND = "sequence-checkpoint"
TENSORS_FILE, PROGRESS_FILE = "state.safetensors", "progress.json"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a training has come; with the tensors, all that the rest of it depends on.

    Draws of every kind follow from the seed and the step's number, so no generator's state is
    part of it.
    """

    epoch: int = 0
    """The epoch under way, from 0."""
    batch: int = 0
    """Batches of it that are done."""
    step: int = 0
    """Steps of the optimiser since the start."""
    loss_sum: float = 0.0
    """Of this epoch's batches so far."""
    best: float | None = None
    """The best validation value so far."""
    best_epoch: int | None = None
    losses: list[float] = field(default_factory=list)
    """Mean loss of each finished epoch."""
    values: list[float] = field(default_factory=list)
    """NDCG@10 on the validation queries after each."""

    def metrics(self) -> dict[str, Any]:
        """Return what a saved retriever says of its training."""
        return {
            "epochs": self.best_epoch or self.epoch,
            "steps": self.step,
            "losses": self.losses,
            "validation_ndcg@10": self.values,
        }


def write_checkpoint(
    path: Path, progress: Progress, tensors: Mapping[str, Tensor], made_from: Mapping[str, Any]
) -> None:
    """Keep a state; an older one there is replaced.

    Raises:
        ArtifactError: Nothing can be written there; the older state is as it was.
    """
    with write_artifact(path, KIND, made_from=made_from) as folder:
        (folder / TENSORS_FILE).write_bytes(save(dict(tensors)))
        (folder / PROGRESS_FILE).write_text(json.dumps(asdict(progress)), encoding="utf-8")


def read_checkpoint(
    path: Path, made_from: Mapping[str, Any]
) -> tuple[Progress, dict[str, Tensor]] | None:
    """Return a kept state; None where there is none.

    Raises:
        ArtifactError: It is damaged, or belongs to another training.
    """
    if not path.exists():
        return None
    manifest = read_manifest(path, KIND, needs=(TENSORS_FILE, PROGRESS_FILE))
    check_made_from(path, manifest, **made_from)
    try:
        progress = Progress(**json.loads((path / PROGRESS_FILE).read_text(encoding="utf-8")))
        return progress, load((path / TENSORS_FILE).read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise ArtifactError(
            f"{path} cannot be read: {error}", remedy="Remove it to begin the training anew."
        ) from error
