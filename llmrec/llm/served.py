"""What a server truly serves, as far as it tells: weights, adapter, quantization, tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.artifacts import sha256_of
from llmrec.errors import ModelNotFoundError
from llmrec.llm.models import files_sha256, obtain_tokenizer, weights_sha256
from llmrec.llm.tokenizer import ChatTokenizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.llm.server_client import ServerClient

QUANTIZED = "+quantization="
"""``llmrec vllm up --quantization fp8`` serves ``NAME`` under ``NAME+quantization=fp8`` too, since
a server has no other way to say how its weights are run."""


def load_tokenizer(named: str | None, base: Mapping[str, Any], url: str) -> ChatTokenizer:
    """Return a server's tokenizer, read on this machine.

    Args:
        named: The user's word; else the server's ``root`` is taken (a path there, perhaps inside
            a container, or a hub id), else the name that it serves the model under.
        base: The server's entry of the base model.
        url: The server's, for messages.

    Raises:
        ModelNotFoundError: None of them is here, or can be fetched.
    """
    told = (base.get("root"), model_name(base))
    names = [named] if named else list(dict.fromkeys(str(name) for name in told if name))
    faults = []
    for name in names:
        try:
            return ChatTokenizer.load(obtain_tokenizer(name))
        except ModelNotFoundError as error:
            faults.append(error)
    what = " or ".join(map(repr, names))
    raise ModelNotFoundError(
        f"the server at {url} uses the tokenizer of {what}, which is not here: "
        f"{faults[-1].message}",
        remedy="Name it with --tokenizer (engine.options.tokenizer in YAML, tokenizer= in Python): "
        "'smollm2-135m', a folder, or a hub id.",
    ) from faults[-1]


def model_name(base: Mapping[str, Any]) -> str:
    """Return the name a model is served under, without the quantization in it."""
    return str(base["id"]).partition(QUANTIZED)[0]


def quantization(client: ServerClient, base: Mapping[str, Any]) -> str | None:
    """Return how a server that ``llmrec vllm up`` started quantises; None where it is not told."""
    ids = [str(e["id"]) for e in client.get("/v1/models")["data"] if isinstance(e, dict)]
    marked = model_name(base) + QUANTIZED
    return next((name.removeprefix(marked) for name in ids if name.startswith(marked)), None)


def weights(base: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what the base model is known by, and whether that proves its weights.

    The files behind ``root`` are hashed where that is a folder of this machine. Of any other
    server no more is known than the names it gives.
    """
    root = Path(str(base.get("root") or ""))
    if root.is_absolute() and root.is_dir():
        try:
            return weights_sha256(root), True
        except ModelNotFoundError:
            pass  # in a format that is not read here, so no hash of it is known either
    return sha256_of(["served", model_name(base), base.get("root")]), False


def adapter(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what an adapter is known by, and whether that proves its weights."""
    folder = Path(str(entry.get("root") or ""))
    if folder.is_absolute() and next(folder.glob("*.safetensors"), None) is not None:
        return files_sha256(folder), True
    return sha256_of([entry["id"], entry.get("root")]), False
