"""The checker: an explanation in, findings out, one for every claim that was read.

A text is read closed. Every word of a sentence must be accounted for: as a title, a citation, an
attribute value, a date, a number or a rating of the case at hand, or as one of the words that tie
such things together. What is claimed is then held against the catalogue and the history; a
sentence with a word left over is unreadable, and unreadable sentences fail.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from llmrec.explain.claims.lexicon import english
from llmrec.explain.claims.reader import read_claims
from llmrec.explain.claims.tokens import sentence_spans
from llmrec.explain.claims.vocabulary import Vocabulary
from llmrec.explain.facts import Facts
from llmrec.explain.languages import READ, language_code
from llmrec.explain.template import template_sentences
from llmrec.types import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import Evidence, History, Item

_LOG = logging.getLogger(__name__)
READER_FAILED = "the reader failed on this text (a defect: the log has the traceback)"
MAX_INDEXED = 200_000
"""Catalogues above this size are not indexed as a whole: titles and values of items that are not
in question are then unreadable words, which fail as well."""


class Checker:
    """Checks explanations against a catalogue and a history.

    Args:
        catalogue: Every item by id.
        time_zone: The IANA name of the zone in which times are told.
        southern: Whether seasons are those of the southern hemisphere.
        rating_scale: The best possible rating; None reads 5, 10 or 100 off each history.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Item],
        *,
        time_zone: str = "UTC",
        southern: bool = False,
        rating_scale: float | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._zone = ZoneInfo(time_zone)
        self._southern = southern
        self._scale = rating_scale

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        items = list(self._catalogue.values()) if len(self._catalogue) <= MAX_INDEXED else []
        return Vocabulary(items, english())

    def facts(self, item: Item, evidence: Sequence[Evidence], history: History) -> Facts:
        """Return what is true of one recommendation."""
        return Facts(
            item,
            evidence,
            history,
            self._catalogue,
            english(),
            zone=self._zone,
            southern=self._southern,
            rating_scale=self._scale,
            series=lambda: self._vocabulary.series,
        )

    def check(
        self,
        text: str,
        *,
        item: Item,
        evidence: Sequence[Evidence],
        history: History,
        language: str = "en",
    ) -> tuple[Finding, ...]:
        """Check every claim of a text.

        Args:
            text: The explanation.
            item: What it recommends.
            evidence: The cited events, in the order of their numbers.
            history: The user's; only its visible events are facts.
            language: English is read claim by claim; of any other language only the template's
                own sentences about the same facts pass.

        Returns:
            One finding per claim, and one per sentence without any; the text stands when all are
            ok, and a text that says nothing never does.
        """
        facts = self.facts(item, evidence, history)
        if not text.strip():
            return _unreadable("", "no text")
        if language_code(language) in READ:
            return self._read(text, facts)
        return _compare(text, facts, language)

    def _read(self, text: str, facts: Facts) -> tuple[Finding, ...]:
        """Read a text claim by claim; one that breaks the reader is unreadable, not a crash."""
        try:
            findings = read_claims(text, facts, self._vocabulary_for(facts), english())
        except Exception:  # noqa: BLE001 - untrusted text must never end a request
            _LOG.exception("the claim reader failed on %r", text)
            return _unreadable(text, READER_FAILED)
        return findings or _unreadable(text, "no words")

    def _vocabulary_for(self, facts: Facts) -> Vocabulary:
        if len(self._catalogue) <= MAX_INDEXED:
            return self._vocabulary
        return Vocabulary([facts.item_of(i) for i in sorted(facts.known_ids)], english())


def _unreadable(text: str, detail: str) -> tuple[Finding, ...]:
    return (Finding(category="unreadable", sentence=text, ok=False, detail=detail),)


def _compare(text: str, facts: Facts, language: str) -> tuple[Finding, ...]:
    """Compare a text with the template's sentences, word for word."""
    true = template_sentences(facts, language)
    rest = text.strip()
    findings = []
    for sentence in true:
        if rest.startswith(sentence):
            findings.append(
                Finding(category="template", sentence=sentence, ok=True, detail="as the template")
            )
            rest = rest[len(sentence) :].strip()
    for start, end in sentence_spans(rest, []) if rest else []:
        findings.append(
            Finding(
                category="unreadable",
                sentence=rest[start:end].strip(),
                ok=False,
                detail=f"sentences in {language!r} cannot be read",
            )
        )
    return tuple(findings)


def stands(findings: Sequence[Finding]) -> bool:
    """Return whether a text with these findings may be shown."""
    return bool(findings) and all(finding.ok for finding in findings)
