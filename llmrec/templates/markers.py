"""Markers as tokens: where each listed line of a prompt ends, and what may follow there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.errors import TemplateError
from llmrec.templates.answers import continuation_ids, distinct_openings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llmrec.types import Prompt, TokenIds, Tokenizer


class MarkerFinder:
    """Finds the one token that a marker is, at every place where a prompt has it.

    A marker is a text that neutralised catalogue text never holds (a square bracket), so in the
    user's part it stands at the ends of the listed lines and nowhere else.

    Args:
        tokenizer: The one that the prompts were rendered with.
        marker: What every listed line ends in.
    """

    def __init__(self, tokenizer: Tokenizer, marker: str) -> None:
        self._tokenizer = tokenizer
        self._marker = marker

    def places(self, prompt: Prompt, *, as_of: datetime, count: int) -> tuple[int, ...]:
        """Return the places of the marker's tokens in a prompt, rising.

        The text up to the first marker, and up to the last one, must be encoded to an unchanged
        beginning of the prompt; between both the marker's token must occur ``count`` times.

        Args:
            prompt: As it was rendered.
            as_of: The moment it was rendered for.
            count: How many lines are listed.

        Raises:
            TemplateError: The user's part holds another number of markers, or they are not the
                same single token at every place.
        """
        text, start, content = self._user_part(prompt, as_of)
        found = content.count(self._marker)
        if found != count or not count:
            raise TemplateError(
                f"template {prompt.template_id!r} shows {found} markers {self._marker!r} for "
                f"{count} listed lines",
                remedy=f"End every listed line in {self._marker!r}, and use it nowhere else.",
            )
        cuts = [content.index(self._marker), content.rindex(self._marker)]
        ends = self._tokenizer.encode_batch([text[: start + c + len(self._marker)] for c in cuts])
        ids = prompt.token_ids
        same = all(ids[: len(end)] == end for end in ends) and ends[0][-1] == ends[1][-1]
        span = range(len(ends[0]) - 1, len(ends[1]))
        places = tuple(n for n in span if ids[n] == ends[0][-1])
        if not same or len(places) != count:
            raise TemplateError(
                f"the marker {self._marker!r} of template {prompt.template_id!r} is not the same "
                "single token behind every listed line",
                remedy="Put a space before and behind it, or rank with another scorer.",
            )
        return places

    def openings(self, prompt: Prompt, answers: Sequence[str], *, as_of: datetime) -> TokenIds:
        """Return the first token of each answer as it follows a marker.

        Raises:
            TemplateError: An answer changes the marker's token, or two begin with the same one.
        """
        text, start, content = self._user_part(prompt, as_of)
        before = text[: start + content.index(self._marker) + len(self._marker)]
        encoded = [continuation_ids(self._tokenizer, before, answer) for answer in answers]
        return distinct_openings(encoded, answers)

    def _user_part(self, prompt: Prompt, as_of: datetime) -> tuple[str, int, str]:
        """Return the whole text of a prompt, where the user's part begins in it, and that part."""
        text = self._tokenizer.chat(prompt.messages, as_of=as_of)
        content = prompt.messages[-1].content.strip()
        start = text.rfind(content)
        if start < 0:
            raise TemplateError(
                f"this model's chat format changes what template {prompt.template_id!r} says",
                remedy="Rank with another scorer: labels, likelihood or pointwise.",
            )
        return text, start, content
