"""Any LangChain chat model as the writer of explanations; its words are checked all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import EngineError, require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from langchain_core.language_models import BaseChatModel

    from llmrec.explain.writers import Reason, ReasonPrompts
    from llmrec.templates import Template


class ChatModelWriter:
    """A LangChain ``BaseChatModel`` writes, all reasons of a batch through its ``batch``.

    Args:
        chat_model: The model.
        prompts: What it is asked; the same templates as an engine's.

    Raises:
        MissingExtraError: LangChain is not installed.
    """

    def __init__(self, chat_model: BaseChatModel, prompts: ReasonPrompts) -> None:
        require("langchain_core", "cpu")
        self._chat_model, self._prompts = chat_model, prompts

    def write(self, reasons: Sequence[Reason], *, language: str) -> list[str]:
        """Return the model's first draft for each reason."""
        variables = [self._prompts.variables(reason, language=language) for reason in reasons]
        return self._ask(self._prompts.reason, variables)

    def rewrite(
        self,
        reasons: Sequence[Reason],
        drafts: Sequence[str],
        faults: Sequence[Sequence[str]],
        *,
        language: str,
    ) -> list[str]:
        """Return the model's second draft for each reason."""
        variables = [
            self._prompts.again(reason, draft, wrong, language=language)
            for reason, draft, wrong in zip(reasons, drafts, faults, strict=True)
        ]
        return self._ask(self._prompts.rewrite, variables)

    def _ask(self, template: Template, variables: Sequence[Mapping[str, Any]]) -> list[str]:
        from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

        kinds: dict[str, type[BaseMessage]] = {
            "system": SystemMessage,
            "user": HumanMessage,
            "assistant": AIMessage,
        }
        chats = [
            [kinds[message.role](content=message.content) for message in template.messages(**one)]
            for one in variables
        ]
        try:
            answers = self._chat_model.batch(list(chats))
        except Exception as error:
            name = type(self._chat_model).__name__
            raise EngineError(f"the chat model {name} failed: {error}") from error
        return [str(answer.text).strip() for answer in answers]
