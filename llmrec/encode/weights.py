"""An encoder's weights: their hash, and that every one of them was in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.artifacts import sha256_file, sha256_of
from llmrec.errors import EngineError, require

if TYPE_CHECKING:
    from pathlib import Path

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
_UNUSED = "pooler."  # BERT's own pooling layer: often not saved, and never read here


def weights_sha256(folder: Path) -> str:
    """Return the hash of the weights: of the one file, or of all with their names."""
    files = sorted(folder.rglob("*.safetensors"))
    hashes = {str(file.relative_to(folder)): sha256_file(file) for file in files}
    return next(iter(hashes.values())) if len(hashes) == 1 else sha256_of(hashes)


def refuse_random_weights(model: Any, folder: Path) -> None:  # noqa: ANN401
    """Refuse a model with weights that its files do not hold.

    The libraries fill such weights with random numbers and go on, with a warning at most.

    Args:
        model: A loaded ``SentenceTransformer``.
        folder: Where it was loaded from.

    Raises:
        EngineError: Names the first such weights.
    """
    saved = _saved_names(folder)
    names = [name for name, _ in model.named_parameters() if _UNUSED not in name]
    missing = [name for name in names if not saved.intersection(_forms(name))]
    if missing:
        shown = ", ".join(missing[:3])
        raise EngineError(
            f"the files in {folder} hold no values for {len(missing)} of the encoder's "
            f"{len(names)} weights ({shown}, ...), so they would be random",
            remedy="Fetch or save the model again.",
        )


def _forms(name: str) -> set[str]:
    """Return a weight's name without the module number and the wrapper's name before it."""
    inside = name.partition(".")[2]
    return {inside, inside.partition(".")[2]}


def _saved_names(folder: Path) -> set[str]:
    """Return all names in the files, each with and without the prefix that a whole file shares."""
    safetensors = require("safetensors", "cpu")
    saved: set[str] = set()
    for file in folder.rglob("*.safetensors"):
        with safetensors.safe_open(file, framework="pt") as stream:
            names = [_new_name(name) for name in stream.keys()]  # noqa: SIM118 - not a dict
        saved.update(names)
        if len({name.partition(".")[0] for name in names}) == 1:
            saved.update(name.partition(".")[2] for name in names)
    return saved


def _new_name(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return name
