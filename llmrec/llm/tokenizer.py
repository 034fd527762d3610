"""A model's own tokenizer and chat template, held to what prompts need of them.

``as_of`` is the only date that a chat template can show, thoughts stay closed, instructions
survive where there is no system role, and no token is added behind the chat template's back.
What a template does is found out by rendering a small chat, never by the model's name.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmrec.errors import ModelNotFoundError, TemplateError, require
from llmrec.types import Message, as_utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from llmrec.types import TokenIds

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_THOUGHT = re.compile(r"[<\[][^\w/]?(/|end_?)?[\w:]*?(?:think|thought|reason)\w*\W?[>\]]", re.I)
"""The marks that open a thought, or with its first group close one, in the formats known."""
_PROBED_AT = datetime(2000, 1, 1, tzinfo=UTC)
_SYSTEM = Message(role="system", content="Be terse.")
_ASK = Message(role="user", content="Which one?")
_ANSWER = Message(role="assistant", content="Zebra")


class ChatTokenizer:
    """Implements ``llmrec.types.Tokenizer`` on a Transformers tokenizer.

    Args:
        hf_tokenizer: A tokenizer with a chat template.

    Raises:
        TemplateError: It has no chat template, or one that drops instructions or always thinks.
    """

    def __init__(self, hf_tokenizer: PreTrainedTokenizerBase) -> None:
        self._hf: Any = hf_tokenizer
        self.name = str(hf_tokenizer.name_or_path or type(hf_tokenizer).__name__)
        if not hf_tokenizer.chat_template:
            raise TemplateError(
                f"the tokenizer of {self.name} has no chat template",
                remedy="Use the instruct model, or put its chat_template.jinja into the folder.",
            )
        self.has_system_role = self._keeps_system()
        self._header = self._rest_of_header()
        self.chat([_SYSTEM, _ASK], as_of=_PROBED_AT)

    @classmethod
    def load(cls, path: Path | str) -> ChatTokenizer:
        """Read a tokenizer from a model's folder, or out of a ``.gguf`` file.

        Raises:
            MissingExtraError: Transformers is not installed.
            ModelNotFoundError: There is no tokenizer.
            TemplateError: See the class.
        """
        transformers = require("transformers", "cpu")
        path = Path(path)
        if not path.exists():
            raise ModelNotFoundError(
                f"{path} does not exist, so no tokenizer can be read from it",
                remedy="llmrec models list shows the models that are here.",
            )
        folder, extra = path, {}
        if path.suffix == ".gguf":
            require("gguf", "cpu")
            folder, extra = path.parent, {"gguf_file": path.name}
        try:
            hf = transformers.AutoTokenizer.from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, **extra
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelNotFoundError(f"{path} holds no readable tokenizer: {error}") from error
        return cls(hf)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of vocabulary, merges, special tokens and chat template."""
        backend = getattr(self._hf, "backend_tokenizer", None)
        rules: Any = sorted(self._hf.get_vocab().items())
        if backend is not None:
            rules = json.loads(backend.to_str())
            for momentary in ("truncation", "padding"):
                rules.pop(momentary, None)
        parts = [rules, self._hf.get_chat_template(), sorted(self._hf.all_special_tokens)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @functools.cached_property
    def control_strings(self) -> frozenset[str]:
        """Every special token, and every added one that is not a plain word or white space."""
        special = set(self._hf.all_special_tokens)
        added = {s for s in self._hf.get_added_vocab() if not re.fullmatch(r"[\w\s▁]*", s)}
        return frozenset(s for s in special | added if s.strip())

    def encode(self, text: str) -> TokenIds:
        """Return the ids of the text; nothing is added, control strings are recognised."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[TokenIds]:
        """Return ``encode`` of each text."""
        if not texts:
            return []
        rows = self._hf(
            list(texts),
            add_special_tokens=False,
            padding=False,
            truncation=False,
            return_attention_mask=False,
            split_special_tokens=False,
            verbose=False,
        )["input_ids"]
        return [tuple(row) for row in rows]

    def decode(self, token_ids: Sequence[int]) -> str:
        """Return the text of the ids, control tokens included."""
        text: str = self._hf.decode(
            list(token_ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def chat(self, messages: Sequence[Message], *, as_of: datetime) -> str:
        """Return the chat as text, open for the assistant's answer.

        Args:
            messages: An optional system message, then turns; without a system role its text
                opens the first user turn.
            as_of: The only date that a chat template may show (UTC, in English); aware.

        Raises:
            TemplateError: The chat template refuses the messages, doubles the token that begins
                a text, or leaves a thought open.
        """
        turns = list(messages) if self.has_system_role else self._merged(messages)
        text = self._rendered(turns, as_of=as_of, opened=True) + self._header
        bos = self._hf.bos_token
        if bos and text.startswith(bos * 2):
            raise TemplateError(f"the chat template of {self.name} begins with two {bos!r}")
        said = turns[-1].content.strip()
        marks = list(_THOUGHT.finditer(text, text.rfind(said) + len(said) if said in text else 0))
        if marks and not marks[-1].group(1):
            raise TemplateError(
                f"the chat template of {self.name} leaves a thought open ({marks[-1].group()})",
                remedy="Use the model's edition that answers directly.",
            )
        return text

    def _rendered(self, messages: Sequence[Message], *, as_of: datetime, opened: bool) -> str:
        moment = as_utc(as_of, what="as_of")
        try:
            text: str = self._hf.apply_chat_template(
                [{"role": message.role, "content": message.content} for message in messages],
                tokenize=False,
                add_generation_prompt=opened,
                date_string=english_date(moment, "%d %b %Y"),
                strftime_now=functools.partial(english_date, moment),
                enable_thinking=False,
                thinking=False,
            )
        except Exception as error:  # a foreign template may raise anything
            roles = ", ".join(message.role for message in messages)
            raise TemplateError(
                f"the chat template of {self.name} fails on the turns {roles}: {error}"
            ) from error
        return text

    def _keeps_system(self) -> bool:
        """Return whether a system message comes out of the chat template at all."""
        try:
            text = self._rendered([_SYSTEM, _ASK], as_of=_PROBED_AT, opened=True)
        except TemplateError:
            return False
        return _SYSTEM.content in text and _ASK.content in text

    def _rest_of_header(self) -> str:
        """Return what an answered chat shows between an open prompt's end and the answer.

        That is how the model's own format reaches the answer: a channel is named, or a thought
        that the open prompt began is closed. White space alone belongs to the answer.
        """
        opened = self._rendered([_ASK], as_of=_PROBED_AT, opened=True)
        try:
            answered = self._rendered([_ASK, _ANSWER], as_of=_PROBED_AT, opened=False)
        except TemplateError:
            return ""
        before, found, _ = answered.partition(_ANSWER.content)
        rest = before[len(opened) :] if found and before.startswith(opened) else ""
        return rest if rest.strip() else ""

    def _merged(self, messages: Sequence[Message]) -> list[Message]:
        """Put the system text before the first user turn's own."""
        if not messages or messages[0].role != "system":
            return list(messages)
        if len(messages) == 1 or messages[1].role != "user":
            raise TemplateError(
                f"the chat template of {self.name} has no system role, and no user turn follows"
            )
        content = f"{messages[0].content}\n\n{messages[1].content}"
        return [Message(role="user", content=content), *messages[2:]]


def english_date(moment: datetime, form: str) -> str:
    """Format a moment as ``strftime`` does, with English names under any locale."""
    names = {"a": _DAYS[moment.weekday()][:3], "A": _DAYS[moment.weekday()]}
    month = _MONTHS[moment.month - 1]
    names |= {"b": month[:3], "h": month[:3], "B": month, "p": "AM" if moment.hour < 12 else "PM"}
    return re.sub(
        r"%(-?[A-Za-z%])", lambda code: names.get(code[1]) or moment.strftime(code[0]), form
    )
