"""Token ids to the text of an answer: control tokens dropped, cut at a stop string, in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from llmrec.types import Tokenizer


class AnswerText:
    """The text of an answer whose tokens arrive one by one.

    A piece is given out only once nothing that follows can change or cut it: half a character and
    the beginning of a stop string are held back. All pieces joined are the whole answer's text.

    Args:
        tokenizer: Decodes the ids.
        control_ids: Ids that are left out of the text.
        stop: Strings that end the answer; the one that is complete first is cut with what
            follows.
    """

    def __init__(
        self, tokenizer: Tokenizer, control_ids: frozenset[int], stop: Sequence[str] = ()
    ) -> None:
        self._tokenizer = tokenizer
        self._control_ids = control_ids
        self._stop = tuple(text for text in stop if text)
        self._ids: list[int] = []
        self._given = 0
        self.stopped = False
        """Whether a stop string was met; further tokens are ignored."""

    def add(self, token_ids: Sequence[int]) -> str:
        """Take the next tokens; return the text that is now certain (possibly empty)."""
        if self.stopped:
            return ""
        self._ids += [token for token in token_ids if token not in self._control_ids]
        text = self._tokenizer.decode(self._ids)
        cut = self._cut(text)
        self.stopped = cut is not None
        return self._give(text[: len(text) - self._uncertain(text)] if cut is None else text[:cut])

    def end(self) -> str:
        """Return what was held back, when no more tokens come."""
        return "" if self.stopped else self._give(self._tokenizer.decode(self._ids))

    def _cut(self, text: str) -> int | None:
        """Return where the stop string begins that is complete first, as if read one by one."""
        found = [(place + len(s), place) for s in self._stop if (place := text.find(s)) >= 0]
        return min(found)[1] if found else None

    def _give(self, text: str) -> str:
        piece, self._given = text[self._given :], max(self._given, len(text))
        return piece

    def _uncertain(self, text: str) -> int:
        """Return how many characters at the end may still change or belong to a stop string."""
        whole = text.rstrip("\ufffd")
        begun = 0
        for stop in self._stop:
            sizes = range(min(len(stop) - 1, len(whole)), begun, -1)
            begun = next((size for size in sizes if whole.endswith(stop[:size])), begun)
        return len(text) - len(whole) + begun


def control_ids(tokenizer: Tokenizer) -> frozenset[int]:
    """Return the ids of the tokenizer's control strings that are single tokens."""
    encoded = (tokenizer.encode(text) for text in tokenizer.control_strings)
    return frozenset(ids[0] for ids in encoded if len(ids) == 1)


def choose_token(logits: torch.Tensor, temperature: float, draw: np.random.Generator) -> int:
    """Return the likeliest token, or one drawn at this temperature."""
    if temperature == 0:
        return int(logits.argmax())
    weights = (logits / temperature).double().softmax(-1).cumsum(-1).cpu().numpy()
    return int(
        min(np.searchsorted(weights, draw.random() * weights[-1], side="right"), len(weights) - 1)
    )
