"""Any LangChain chat model as the writer of explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import require
from llmrec.explain.words import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.language_models import BaseChatModel

    from llmrec.explain.words import ReasonPrompts, WriteRequest


class ChatModelWriter:
    """Writes with a LangChain ``BaseChatModel``; its texts are checked like any other's.

    Args:
        chat_model: Answers messages.
        prompts: Makes them; the same templates as for an engine.

    Raises:
        MissingExtraError: LangChain is not installed.
    """

    def __init__(self, chat_model: BaseChatModel, prompts: ReasonPrompts) -> None:
        self._messages = require("langchain_core.messages", "cpu")
        self._chat_model = chat_model
        self._prompts = prompts

    def write(self, requests: Sequence[WriteRequest]) -> list[str]:
        """Return one tidied text per request, asked in one batch."""
        if not requests:
            return []
        kinds = {
            "system": self._messages.SystemMessage,
            "user": self._messages.HumanMessage,
            "assistant": self._messages.AIMessage,
        }
        chats: list[Any] = [
            [kinds[m.role](content=m.content) for m in self._prompts.messages(request)]
            for request in requests
        ]
        return [tidy(str(answer.text)) for answer in self._chat_model.batch(chats)]
