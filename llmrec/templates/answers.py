"""Answers as tokens: what a label or a title looks like when it follows a rendered prompt.

The form decides everything: for the same letter, with and without a leading space, the
probabilities differ by orders of magnitude. So an answer is never tokenized on its own; it is
tokenized behind the prompt, and the prompt's own tokens must come out unchanged.

Tokenizers cut a text at control tokens before anything else, so what follows the last control
token of a prompt (``assistant`` and a line end, mostly) decides how an answer continues it.
Only that tail is encoded with each answer: the cost does not grow with the history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmrec.errors import TemplateError
from llmrec.types import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import TokenIds, Tokenizer

_ASK = Message(role="user", content="Which one?")
_ANSWER = "Zebra"
_AS_OF = datetime(2000, 1, 1, tzinfo=UTC)
_REMEMBERED = 100_000
"""Answers kept in memory; a catalogue's titles come again for every user."""
_SHORT = 64
"""Tokens of a tail that comes again for every user; a longer one holds the user's own prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFrame:
    """What a model's chat format puts around an answer."""

    lead: str
    """White space before it that an open prompt does not end in yet; mostly empty."""
    end: str
    """The control string that ends the turn."""


def answer_frame(tokenizer: Tokenizer) -> AnswerFrame:
    """Find a chat format's answer frame by rendering an answered chat.

    Raises:
        TemplateError: No control token follows an answer.
    """
    opened = tokenizer.chat([_ASK], as_of=_AS_OF)
    answered = tokenizer.chat(
        [_ASK, Message(role="assistant", content=_ANSWER), _ASK], as_of=_AS_OF
    )
    before, found, after = answered.partition(_ANSWER)
    lead = before[len(opened) :] if before.startswith(opened) else ""
    ends = [(after.find(string), -len(string), string) for string in tokenizer.control_strings]
    end = min((place for place in ends if place[0] >= 0), default=None)
    if not found or end is None or after[: end[0]].strip():
        raise TemplateError(
            "the chat template puts no control token after an answer",
            remedy="Use an instruct model whose chat template closes every turn.",
        )
    return AnswerFrame(lead="" if lead.strip() else lead, end=end[2])


class AnswerEncoder:
    """Encodes answers the way they continue a prompt, and remembers them.

    Args:
        tokenizer: The one that the prompts were rendered with.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.frame = answer_frame(tokenizer)
        control = tokenizer.encode_batch(sorted(tokenizer.control_strings))
        self._control_ids = frozenset(ids[0] for ids in control if len(ids) == 1)
        self._tails: dict[TokenIds, str] = {}
        self._known: dict[tuple[TokenIds, str], TokenIds] = {}

    def encode(
        self, prompt_ids: TokenIds, answers: Sequence[str], *, ended: bool = False
    ) -> list[TokenIds]:
        """Return each answer's ids as they follow the prompt.

        Args:
            prompt_ids: A rendered prompt, open for the answer.
            answers: Labels or titles, not empty.
            ended: Close each answer with the end of the turn.

        Raises:
            TemplateError: An answer would change the prompt's own tokens, or it is empty.
        """
        tail, tail_text = self._tail(prompt_ids)
        texts = [self.frame.lead + a + (self.frame.end if ended else "") for a in answers]
        known = self._known if len(tail) <= _SHORT else {}
        unknown = list(dict.fromkeys(text for text in texts if (tail, text) not in known))
        if len(known) + len(unknown) > _REMEMBERED:
            known.clear()
            unknown = list(dict.fromkeys(texts))
        behind = self._tokenizer.encode_batch([tail_text + text for text in unknown])
        for text, ids in zip(unknown, behind, strict=True):
            known[tail, text] = _after(tail, ids, text)
        return [known[tail, text] for text in texts]

    def labels(self, prompt_ids: TokenIds, labels: Sequence[str]) -> TokenIds:
        """Return the one token of each label as it follows the prompt.

        Raises:
            TemplateError: A label is more than one token, or two labels share one.
        """
        encoded = self.encode(prompt_ids, labels)
        for label, ids in zip(labels, encoded, strict=True):
            if len(ids) != 1:
                raise TemplateError(
                    f"label {label!r} is {len(ids)} tokens after the prompt, not one",
                    remedy="Use other labels; capital letters are single tokens almost always.",
                )
        if len(set(encoded)) != len(encoded):
            raise TemplateError(f"two of the labels {', '.join(labels)} are the same token")
        return tuple(ids[0] for ids in encoded)

    def openings(self, prompt_ids: TokenIds, answers: Sequence[str]) -> TokenIds:
        """Return the first token of each answer, which for a short word is mostly all of it.

        Raises:
            TemplateError: Two answers begin with the same token.
        """
        return distinct_openings(self.encode(prompt_ids, answers), answers)

    def _tail(self, prompt_ids: TokenIds) -> tuple[TokenIds, str]:
        """Return the prompt's ids from its last control token on, and their text."""
        start = next(
            (n for n in reversed(range(len(prompt_ids))) if prompt_ids[n] in self._control_ids), 0
        )
        tail = tuple(prompt_ids[start:])
        if (text := self._tails.get(tail)) is None:
            text = self._text_of(tail)
            if len(tail) <= _SHORT and len(self._tails) < _REMEMBERED:
                self._tails[tail] = text
        return tail, text

    def _text_of(self, tail: TokenIds) -> str:
        """Return the text that is tokenized into exactly these ids."""
        decode = self._tokenizer.decode
        # Some tokenizers set a space after a leading control token when they decode.
        for text in (decode(tail), decode(tail[:1]) + decode(tail[1:])):
            if self._tokenizer.encode(text) == tail:
                return text
        raise TemplateError(
            f"the end of the prompt, {decode(tail)[-60:]!r}, is not tokenized as it was rendered",
            remedy="Render the prompt with the tokenizer that encodes its answers.",
        )


def _after(prompt_ids: TokenIds, ids: TokenIds, text: str) -> TokenIds:
    """Return the ids behind the prompt's, which must stand there unchanged."""
    size = len(prompt_ids)
    if ids[:size] != prompt_ids:
        raise TemplateError(
            f"the answer {text!r} changes the tokens of the prompt that it follows",
            remedy="The prompt must end in a token that no answer merges with.",
        )
    if len(ids) == size:
        raise TemplateError(f"the answer {text!r} is no token at all")
    return ids[size:]


def distinct_openings(encoded: Sequence[TokenIds], answers: Sequence[str]) -> TokenIds:
    """Return the first token of each encoded answer.

    Raises:
        TemplateError: Two of them are the same.
    """
    first = tuple(ids[0] for ids in encoded)
    if len(set(first)) != len(first):
        raise TemplateError(
            f"two of the answers {', '.join(answers)} begin with the same token",
            remedy="Ask for answers that this tokenizer tells apart by their first token.",
        )
    return first


def continuation_ids(tokenizer: Tokenizer, prompt_text: str, text: str) -> TokenIds:
    """Return the ids of ``text`` as it follows a prompt's text.

    Encodes the whole prompt twice: for many texts behind one prompt use ``AnswerEncoder``.

    Raises:
        TemplateError: The prompt's own tokens change, or nothing is added.
    """
    before, both = tokenizer.encode_batch([prompt_text, prompt_text + text])
    return _after(before, both, text)
