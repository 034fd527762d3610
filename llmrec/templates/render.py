"""Templates to prompts: messages, then the model's chat format, then token ids, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.errors import TemplateError
from llmrec.types import Prompt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from llmrec.templates.template import Template
    from llmrec.types import Message, Tokenizer


def render(
    template: Template,
    variables: Mapping[str, object],
    *,
    tokenizer: Tokenizer,
    as_of: datetime,
    max_tokens: int | None = None,
) -> Prompt:
    """Render one prompt; see ``render_batch``."""
    return render_batch(
        template, [variables], tokenizer=tokenizer, as_of=[as_of], max_tokens=max_tokens
    )[0]


def render_batch(
    template: Template,
    variables: Sequence[Mapping[str, object]],
    *,
    tokenizer: Tokenizer,
    as_of: Sequence[datetime],
    max_tokens: int | None = None,
) -> list[Prompt]:
    """Render one prompt per set of variables, tokenizing all of them in one call.

    Args:
        template: A chat template.
        variables: For each prompt exactly ``template.variables``; text in them is already
            neutralised.
        tokenizer: Whose chat format and ids the prompts get.
        as_of: For each prompt the moment it speaks at, the only date its chat format may show.
        max_tokens: The longest prompt allowed, in tokens.

    Raises:
        TemplateError: A variable is missing or unknown, the template fails, text that came in
            holds a control string of this tokenizer, or a prompt is too long.
    """
    if len(variables) != len(as_of):
        raise TemplateError(f"{len(variables)} sets of variables but {len(as_of)} moments as_of")
    chats = [template.messages(**values) for values in variables]
    _refuse_control(template, chats, tokenizer)
    texts = [tokenizer.chat(chat, as_of=at) for chat, at in zip(chats, as_of, strict=True)]
    ids = tokenizer.encode_batch(texts)
    if max_tokens is not None and max(map(len, ids), default=0) > max_tokens:
        raise TemplateError(
            f"a prompt of template {template.template_id!r} has {max(map(len, ids))} tokens; "
            f"at most {max_tokens} fit",
            remedy="Give the history a smaller token budget, or list fewer candidates.",
        )
    return [
        Prompt(
            token_ids=row,
            messages=chat,
            template_id=template.template_id,
            template_sha256=template.sha256,
        )
        for row, chat in zip(ids, chats, strict=True)
    ]


def _refuse_control(
    template: Template, chats: Sequence[tuple[Message, ...]], tokenizer: Tokenizer
) -> None:
    """Refuse text that would become a control token: it could end the turn and forge another."""
    strings = tokenizer.control_strings
    for message in (message for chat in chats for message in chat):
        for string in strings:
            if string in message.content:
                raise TemplateError(
                    f"the {message.role} part of template {template.template_id!r} holds "
                    f"{string!r}, which this tokenizer reads as a control token",
                    remedy="Neutralise catalogue and history text with tokenizer.control_strings.",
                )
