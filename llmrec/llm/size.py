"""How large a model is, read from its files without loading it."""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING

from llmrec.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


def count_parameters(folder: Path) -> int:
    """Return the number of weights in a model folder's safetensors files.

    Only the files' headers are read (https://huggingface.co/docs/safetensors): a little-endian
    64-bit length, then JSON with every tensor's shape. Packed weights of quantised models count
    as they are stored.

    Raises:
        EngineError: The folder holds no safetensors, or one that cannot be read.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise EngineError(f"{folder} holds no safetensors")
    return sum(_count(file) for file in files)


def _count(file: Path) -> int:
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length))
        return sum(math.prod(t["shape"]) for name, t in header.items() if name != "__metadata__")
    except (OSError, struct.error, ValueError, KeyError, TypeError, MemoryError) as error:
        raise EngineError(f"{file} is not a safetensors file: {error}") from error
