"""Text encoders behind one Protocol: sentence-transformers, and hashing for where torch is not."""

from __future__ import annotations

from llmrec.encode.base import Encoder, EncoderCard, Vectors
from llmrec.encode.hashing import HashEncoder
from llmrec.encode.opening import open_encoder
from llmrec.encode.sentence import SentenceEncoder

__all__ = ["Encoder", "EncoderCard", "HashEncoder", "SentenceEncoder", "Vectors", "open_encoder"]
