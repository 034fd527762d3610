"""Ranking adapters on disk: read, held against their base key by key, and merged into it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import check_place, read_manifest, replace_folder, write_artifact
from llmrec.errors import ArtifactError, require
from llmrec.llm.causal_model import load_model
from llmrec.llm.models import files_sha256, obtain, obtain_tokenizer, weights_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "adapter"
WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
_TOKENIZER_FILES = (
    *("tokenizer", "chat_template", "special_tokens", "added_tokens", "vocab", "merges"),
)
_AGAIN = "Train the adapter again with `llmrec finetune`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter's folder that has been checked file by file."""

    path: Path
    sha256: str
    """Of its weights, as a server that loads it is known by too."""
    made_from: Mapping[str, Any]
    """``base``, ``base_sha256``, ``template``, ``template_sha256``, ``serializer_sha256``, ...."""
    metrics: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Adapter:
        """Read a folder that ``llmrec finetune`` wrote.

        Raises:
            ArtifactError: Missing, damaged, or of another kind.
        """
        manifest = read_manifest(path, KIND, needs=(WEIGHTS_FILE, CONFIG_FILE))
        for name in ("base", "base_sha256", "template", "template_sha256", "serializer_sha256"):
            if not isinstance(manifest.made_from.get(name), str):
                raise ArtifactError(f"{path} does not name its {name}", remedy=_AGAIN)
        return cls(
            path=path,
            sha256=files_sha256(path),
            made_from=manifest.made_from,
            metrics=manifest.metrics,
        )

    @property
    def prompts(self) -> str:
        """The prompts that it was trained on: template and serializer, by name and hash."""
        made = self.made_from
        return prompts_name(made["template"], made["template_sha256"], made["serializer_sha256"])

    def check_base(self, base: str, base_sha256: str) -> None:
        """Refuse another base.

        Raises:
            ArtifactError: Naming both.
        """
        if self.made_from["base_sha256"] != base_sha256:
            raise ArtifactError(
                f"{self.path} is an adapter of {self.made_from['base']} "
                f"(weights {self.made_from['base_sha256'][:12]}), but the model is {base} "
                f"(weights {base_sha256[:12]})",
                remedy="Open the adapter's own base, or train an adapter for this one.",
            )


def prompts_name(template: str, template_sha256: str, serializer_sha256: str) -> str:
    """Return prompts by what they look like: ``rank/labels.v1@... serializer@...``."""
    return f"{template}@{template_sha256[:12]} serializer@{serializer_sha256[:12]}"


def with_adapter(model: Any, path: Path) -> Any:  # noqa: ANN401 - PEFT is an optional package
    """Return a model with an adapter's layers in it, every weight of them read.

    Args:
        model: The base, a Transformers causal language model; it is changed.
        path: A folder with PEFT's two files.

    Raises:
        ArtifactError: Keys or shapes are not those of this base: PEFT alone would leave weights
            that were never trained in their place.
        MissingExtraError: PEFT is not installed.
    """
    peft: Any = require("peft", "train")
    safetensors: Any = require("safetensors.torch", "cpu")
    try:
        config = peft.PeftConfig.from_pretrained(str(path))
        saved = safetensors.load_file(path / WEIGHTS_FILE)
    except (OSError, ValueError, TypeError, KeyError, json.JSONDecodeError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}", remedy=_AGAIN) from error
    except safetensors.SafetensorError as error:
        raise ArtifactError(f"{path / WEIGHTS_FILE} is damaged: {error}", remedy=_AGAIN) from error
    config.base_model_name_or_path = None  # a name: the manifest's hash says which base it is
    try:
        adapted = peft.get_peft_model(model, config)
    except ValueError as error:
        raise ArtifactError(f"{path} does not fit this base: {error}", remedy=_AGAIN) from error
    _check_keys(path, peft.get_peft_model_state_dict(adapted), saved)
    peft.set_peft_model_state_dict(adapted, saved)
    return adapted


def merged(model: Any, path: Path) -> Any:  # noqa: ANN401
    """Return the base with an adapter's weights added in: a plain model, as fast as the base.

    Arguments and errors as for ``with_adapter``.
    """
    return with_adapter(model, path).merge_and_unload(safe_merge=True)


def load_merged(
    name: str, adapter: str | Path | None, *, dtype: str, device: str
) -> tuple[Any, Adapter | None]:
    """Load a model with an adapter merged into it, or as it is.

    Args:
        name: An embedded name, a folder or a hub id.
        adapter: The folder of an adapter of this model; None for none.
        dtype: As for ``load_model``.
        device: As for ``load_model``.

    Raises:
        ArtifactError: The adapter is damaged, or of another base.
    """
    folder = obtain(name)
    added = None if adapter is None else Adapter.read(Path(adapter))
    if added is not None:
        added.check_base(name, weights_sha256(folder))
    model = load_model(folder, dtype=dtype, device=device)
    return (model if added is None else merged(model, added.path)), added


def save_merged(name: str, adapter: Path, out: Path, *, dtype: str) -> None:
    """Write a model's folder: the base with an adapter's weights added in, and its tokenizer.

    Args:
        name: The base: an embedded name, a folder or a hub id.
        adapter: The adapter's folder.
        out: Must not exist, or be an earlier merge.
        dtype: Of the weights, as they are added and written.

    Raises:
        ArtifactError: The adapter is of another base, or ``out`` cannot be written.
    """
    check_place(out, "model")
    model, added = load_merged(name, adapter, dtype=dtype, device="cpu")
    origin = {"base": name, "adapter_sha256": added and added.sha256}
    with write_artifact(out, "model", made_from=origin) as draft:
        model.save_pretrained(str(draft))
        for file in sorted(obtain_tokenizer(name).iterdir()):
            if file.name.startswith(_TOKENIZER_FILES):
                shutil.copy(file, draft / file.name)


def export_adapter(adapter: Adapter, out: Path) -> Path:
    """Write PEFT's two files into a folder named by the adapter's content hash.

    Args:
        adapter: What to write.
        out: The folder that gets ``<hash>/``.

    Returns:
        That folder.

    Raises:
        ArtifactError: It cannot be written.
    """
    place = out / adapter.sha256[:12]
    with replace_folder(place) as draft:
        for name in (WEIGHTS_FILE, CONFIG_FILE):
            shutil.copy(adapter.path / name, draft / name)
    return place


def _check_keys(path: Path, wanted: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    """Refuse weights of which one has no place, or a place that no weight is for."""
    for fault, names in (
        ("lacks", sorted(wanted.keys() - saved.keys())),
        ("holds unknown", sorted(saved.keys() - wanted.keys())),
    ):
        if names:
            raise ArtifactError(
                f"{path / WEIGHTS_FILE} {fault} {len(names)} weights of this base: {names[0]}",
                remedy="Open the adapter's own base, or train an adapter for this one.",
            )
    for name, weight in saved.items():
        if weight.shape != wanted[name].shape:
            raise ArtifactError(
                f"{path / WEIGHTS_FILE}: {name} has shape {tuple(weight.shape)}, and this base "
                f"needs {tuple(wanted[name].shape)}",
                remedy="Open the adapter's own base, or train an adapter for this one.",
            )
