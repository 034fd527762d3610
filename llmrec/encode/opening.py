"""Encoders by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.encode.hashing import HashEncoder
from llmrec.encode.sentence import SentenceEncoder

if TYPE_CHECKING:
    from llmrec.encode.base import Encoder

_HASH = re.compile(r"hash(?:-(\d+))?")


def open_encoder(name: str, *, device: str = "auto", batch_size: int = 32) -> Encoder:
    """Return the encoder of this name.

    Args:
        name: ``minilm`` (embedded), ``hash`` or ``hash-<dimension>`` (no model, no torch), a
            folder that sentence-transformers reads, or a model-hub id (``organisation/model``).
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``; hashing has no use for it.
        batch_size: Texts a forward pass; hashing has no use for it.

    Raises:
        ConfigError: A hash dimension is too small.
        MissingExtraError: sentence-transformers is not installed.
        ModelNotFoundError: No encoder of this name is here or on the hub.
    """
    hashing = _HASH.fullmatch(name)
    if hashing:
        return HashEncoder(int(hashing[1] or HashEncoder.DIMENSION))
    return SentenceEncoder(name, device=device, batch_size=batch_size)
