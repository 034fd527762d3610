"""Values of a catalogue or a log that read like what the serializer itself says of a user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.neutralize import look

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = r"(?:\d|(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)"
_UNIT = r"(?:second|minute|hour|day|week|month|year)s?"
_SAID = re.compile(
    rf"\brated\W{{0,3}}{_NUMBER}|\bquantity\W{{0,3}}{_NUMBER}|\b{_NUMBER}\w*\s+times\b"
    rf"|\b{_UNIT}\s+(?:ago|later)\b|\bjust now\b|\bnew session\b|\btoday is\b|\bmost often\b"
    rf"|\bearlier\W{{0,3}}{_NUMBER}|\d{{4}}-\d\d-\d\d|\b\d\d?:\d\d\b|\(\d+\)$"
)
"""Ratings, quantities, repeats, times, and the serializer's own marks and summaries."""
_PIECES = re.compile(r"\s*(?:[,;/.!:+&]|\s-+\s|\sand\s)\s*")
_AGAIN = rf"(?:\s+(?:{_NUMBER}|once|twice|again|before|already|today|yesterday).*)?"


def reads_like_a_field(value: str, deeds: Iterable[str] = ()) -> bool:
    """Return whether a reader could take a value for a rating, a time, a mark, or a deed.

    Args:
        value: Neutralised text. Letters of other scripts count as what they look like.
        deeds: What users do, in the serializer's words (``bought``).
    """
    text = look(value).casefold()
    if _SAID.search(text):
        return True
    known = {deed.casefold() for deed in deeds}
    done = "|".join(map(re.escape, sorted(known)))
    pieces = _PIECES.split(text) if known else ()
    return any(re.fullmatch(rf"(?:{done}){_AGAIN}", piece.strip()) for piece in pieces)
