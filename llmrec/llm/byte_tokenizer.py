"""A tokenizer without dependencies: UTF-8 bytes, three control tokens, a ChatML-like chat."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llmrec.types import Message, TokenIds

N_BYTES = 256
CONTROLS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
_CONTROL = re.compile("|".join(map(re.escape, CONTROLS)))
_IDS = {text: N_BYTES + place for place, text in enumerate(CONTROLS)}


class ByteTokenizer:
    """Implements ``types.Tokenizer``: id 0-255 is a byte, 256-258 the control tokens."""

    vocabulary_size = N_BYTES + len(CONTROLS)
    end_of_turn_id = _IDS["<|im_end|>"]

    @property
    def sha256(self) -> str:
        """Hash of the control tokens and the chat format."""
        return hashlib.sha256(repr(("bytes", CONTROLS, "chatml.v1")).encode()).hexdigest()

    @property
    def control_strings(self) -> frozenset[str]:
        """``<|im_start|>``, ``<|im_end|>`` and ``<|endoftext|>``."""
        return frozenset(CONTROLS)

    def encode(self, text: str) -> TokenIds:
        """Return one id per byte, and one per control string."""
        ids: list[int] = []
        done = 0
        for found in _CONTROL.finditer(text):
            ids += text[done : found.start()].encode("utf-8", errors="replace")
            ids.append(_IDS[found.group()])
            done = found.end()
        return (*ids, *text[done:].encode("utf-8", errors="replace"))

    def encode_batch(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return ``encode`` of each text."""
        return [self.encode(text) for text in texts]

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return the text; bytes that are no UTF-8 become U+FFFD, as in any byte-level model."""
        data = bytearray()
        for token in token_ids:
            data += bytes([token]) if token < N_BYTES else CONTROLS[token - N_BYTES].encode()
        return data.decode("utf-8", errors="replace")

    def chat(self, messages: Sequence[Message], *, as_of: datetime) -> str:
        """Return the chat as ChatML, open for the assistant's answer; no date is shown."""
        del as_of
        turns = [f"<|im_start|>{turn.role}\n{turn.content}<|im_end|>\n" for turn in messages]
        return "".join([*turns, "<|im_start|>assistant\n"])
