"""What engines that stand before another have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmrec.llm.base import Engine, EngineCard, EngineStats
    from llmrec.types import Tokenizer


class WrappedEngine:
    """Shows the engine inside as it is; subclasses put something of their own before its answers.

    Args:
        engine: The engine inside.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def card(self) -> EngineCard:
        """Who answers: the engine inside."""
        return self._engine.card

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return self._engine.tokenizer

    @property
    def stats(self) -> EngineStats:
        """The counts of the engine inside."""
        return self._engine.stats

    def close(self) -> None:
        """Close the engine inside."""
        self._engine.close()
