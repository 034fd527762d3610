"""Any LangChain chat model as the writer of explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import ConfigError, require
from llmrec.explain.words import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.runnables import Runnable

    from llmrec.explain.words import ReasonPrompts, WriteRequest


class ChatModelWriter:
    """Writes with a LangChain ``BaseChatModel``; its texts are checked like any other's.

    Args:
        chat_model: Answers messages; a model with retries or fallbacks around it does too.
        prompts: Makes them; the same templates as for an engine.

    Raises:
        MissingExtraError: LangChain is not installed.
        ConfigError: ``chat_model`` is nothing of LangChain's that can be asked.
    """

    def __init__(self, chat_model: Runnable[Any, Any], prompts: ReasonPrompts) -> None:
        self._messages = require("langchain_core.messages", "cpu")
        if not isinstance(chat_model, require("langchain_core.runnables", "cpu").Runnable):
            raise ConfigError(
                f"a {type(chat_model).__name__} cannot write explanations",
                remedy="Give a LangChain chat model, or an object with write(requests).",
            )
        self._chat_model = chat_model
        self._prompts = prompts

    def write(self, requests: Sequence[WriteRequest]) -> list[str | Exception]:
        """Return one tidied text per request, asked in one batch; an error where asking failed."""
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
        answers = self._chat_model.batch(chats, return_exceptions=True)
        return [a if isinstance(a, Exception) else tidy(_text(a)) for a in answers]


def _text(answer: Any) -> str:  # noqa: ANN401 - a message, or text from a parser behind the model
    return answer if isinstance(answer, str) else str(answer.text)
