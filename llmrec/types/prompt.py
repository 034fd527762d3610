"""Prompts and what they need of a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TokenIds = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids, rendered once, and what they were rendered from."""

    token_ids: TokenIds
    messages: tuple[Message, ...]
    template_id: str
    """``<task>/<name>.v<N>``."""
    template_sha256: str


class Tokenizer(Protocol):
    """What prompts need of a model's tokenizer. Implementations live in ``llm/``."""

    @property
    def sha256(self) -> str:
        """Hash of the vocabulary and the chat template."""
        ...

    @property
    def control_strings(self) -> frozenset[str]:
        """Every string that this tokenizer turns into a control token."""
        ...

    def encode(self, text: str) -> TokenIds:
        """Return the ids of the text; nothing is added, control strings are recognised."""
        ...

    def encode_batch(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return ``encode`` of each text."""
        ...

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return the text of the ids, control tokens included."""
        ...

    def chat(self, messages: Sequence[Message], *, as_of: datetime) -> str:
        """Return the chat as text, open for the assistant's answer.

        ``as_of`` is the only date that a chat template may show, and thinking is off.
        """
        ...
