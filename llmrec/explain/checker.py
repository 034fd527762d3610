"""Whether a text may be shown: every sentence read as claims, every claim true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llmrec.explain.claims.lexicon import english
from llmrec.explain.claims.reader import read_claims
from llmrec.explain.claims.vocabulary import Vocabulary
from llmrec.explain.facts import Facts
from llmrec.types import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from llmrec.explain.writers import Reason
    from llmrec.types import Item

READABLE = ("en",)
"""The languages whose sentences can be read as claims; in others no model's words pass."""
_CITATION = re.compile(r"\[(\d+)\]")


class Checker:
    """Checks texts against the facts of one catalogue; the catalogue's phrases are read once.

    Args:
        catalogue: Every item by id.
        zone: The time zone in which dates and times of day are told.
        southern: Whether the seasons are those of the southern hemisphere.
        rating_scale: The best possible rating; None reads it off each history.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Item],
        *,
        zone: tzinfo,
        southern: bool = False,
        rating_scale: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._zone, self._southern, self._scale = zone, southern, rating_scale
        self._lexicon = english()
        self._vocabulary = Vocabulary(catalogue.values(), self._lexicon)

    def facts(self, reason: Reason) -> Facts:
        """Return the truth about one recommendation."""
        return Facts(
            reason.item,
            reason.evidence,
            reason.history,
            self._catalogue,
            self._lexicon,
            zone=self._zone,
            southern=self._southern,
            rating_scale=self._scale,
        )

    def check(self, text: str, facts: Facts, *, language: str) -> tuple[Finding, ...]:
        """Return what was found; the text may be shown if all of it is ``ok``."""
        if not text.strip():
            return (Finding(category="form", sentence="", ok=False, detail="there is no text"),)
        if language not in READABLE:
            detail = f"sentences in {language!r} cannot be read as claims"
            return (Finding(category="unreadable", sentence=text, ok=False, detail=detail),)
        findings = read_claims(text, facts, self._vocabulary, self._lexicon)
        if facts.evidence and not _CITATION.search(text):
            detail = "none of the events that decided it is cited"
            findings += (Finding(category="citation", sentence=text, ok=False, detail=detail),)
        return findings
