"""Evidence, then words, then checks; what fails is rewritten once, then said from a template."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field

from llmrec.config import Settings
from llmrec.explain.checker import READABLE, Checker
from llmrec.explain.evidence import EvidenceConfig, find_evidence
from llmrec.explain.fallback import plain_text
from llmrec.explain.writers import Reason
from llmrec.neutralize import quoted
from llmrec.types import Explanation, Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmrec.explain.facts import Facts
    from llmrec.explain.writers import Writer
    from llmrec.types import Author, Evidence, Finding, History, Item, Ranking, Scorer

_CITATION = re.compile(r"\[(\d+)\]")


class ExplainerConfig(Settings):
    """How reasons are found and told."""

    language: str = Field(default="en", min_length=2)
    """The code of the language, e.g. ``de``."""
    time_zone: str = "UTC"
    """The IANA name of the zone in which dates and times of day are told."""
    southern: bool = False
    """Whether the seasons are those of the southern hemisphere."""
    rating_scale: float | None = None
    """The best possible rating; None reads it off each history."""
    evidence: EvidenceConfig = Field(default_factory=EvidenceConfig)


class Explainer:
    """Explains rankings by the events that decided them.

    Args:
        catalogue: Every item by id.
        writer: Who writes first; None has templates only, which cost nothing. A model is asked
            only in languages whose sentences can be checked (``checker.READABLE``).
        config: How reasons are found and told.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Item],
        *,
        writer: Writer | None = None,
        config: ExplainerConfig | None = None,
    ) -> None:
        self.config = config or ExplainerConfig()
        self._catalogue = catalogue
        self._writer = writer if self.config.language in READABLE else None
        self._checker = Checker(
            catalogue,
            zone=ZoneInfo(self.config.time_zone),
            southern=self.config.southern,
            rating_scale=self.config.rating_scale,
        )

    def explain(
        self,
        histories: Sequence[History],
        rankings: Sequence[Ranking],
        scorer: Scorer,
        top_k: int,
    ) -> list[list[Recommendation]]:
        """Return the first ``top_k`` items of each ranking with their reasons.

        Args:
            histories: One per ranking.
            rankings: Their candidates stay fixed while evidence is looked for.
            scorer: The whole decision; what made the rankings.
            top_k: How many items; capped by the ranking.

        Raises:
            ConfigError: ``top_k`` is below 1, or the batches differ in length.
        """
        reasons = self._reasons(histories, rankings, scorer, top_k)
        told = iter(self._tell([reason for row in reasons for reason in row]))
        return [
            [self._recommend(ranking, place, next(told)) for place in range(len(row))]
            for ranking, row in zip(rankings, reasons, strict=True)
        ]

    def stream(
        self, history: History, ranking: Ranking, scorer: Scorer, top_k: int
    ) -> Iterator[Recommendation]:
        """Yield what ``explain`` returns for one history, each item when its words are ready."""
        for place, reason in enumerate(self._reasons([history], [ranking], scorer, top_k)[0]):
            yield self._recommend(ranking, place, self._tell([reason])[0])

    def _reasons(
        self,
        histories: Sequence[History],
        rankings: Sequence[Ranking],
        scorer: Scorer,
        top_k: int,
    ) -> list[list[Reason]]:
        found = find_evidence(
            histories,
            rankings,
            scorer,
            top_k=top_k,
            catalogue=self._catalogue,
            config=self.config.evidence,
        )
        return [
            [
                Reason(
                    history=history,
                    candidates=ranking.candidates,
                    item=candidate.item,
                    evidence=evidence,
                )
                for candidate, evidence in zip(ranking.candidates, row, strict=False)
            ]
            for history, ranking, row in zip(histories, rankings, found, strict=True)
        ]

    def _tell(self, reasons: Sequence[Reason]) -> list[Explanation]:
        """Write, check, write again what failed, and say from a template what failed twice."""
        facts = [self._checker.facts(reason) for reason in reasons]
        told: dict[int, Explanation] = {}
        rejected: dict[int, tuple[Finding, ...]] = {place: () for place in range(len(reasons))}
        drafts = {place: "" for place in rejected}
        authors: tuple[Author, ...] = ("llm", "llm-rewritten") if self._writer else ()
        for author in authors:
            open_places = [place for place in rejected if place not in told]
            for place, draft in self._write(author, open_places, reasons, drafts, rejected):
                drafts[place] = draft
                findings = self._check(draft, facts[place])
                if all(finding.ok for finding in findings):
                    told[place] = self._explanation(draft, reasons[place], author, findings)
                else:
                    rejected[place] += findings
        for place in rejected:
            if place not in told:
                told[place] = self._plainly(reasons[place], facts[place])
        return [replace(told[place], rejected=rejected[place]) for place in sorted(told)]

    def _write(
        self,
        author: Author,
        places: Sequence[int],
        reasons: Sequence[Reason],
        drafts: Mapping[int, str],
        rejected: Mapping[int, Sequence[Finding]],
    ) -> list[tuple[int, str]]:
        """Ask the writer for drafts at these places, the first time or again."""
        asked = [reasons[place] for place in places]
        if self._writer is None or not asked:
            return []
        language = self.config.language
        if author == "llm":
            return list(zip(places, self._writer.write(asked, language=language), strict=True))
        faults = [[_fault(f) for f in rejected[place] if not f.ok] for place in places]
        again = self._writer.rewrite(
            asked, [drafts[place] for place in places], faults, language=language
        )
        return list(zip(places, again, strict=True))

    def _check(self, text: str, facts: Facts) -> tuple[Finding, ...]:
        return self._checker.check(text, facts, language=self.config.language)

    def _plainly(self, reason: Reason, facts: Facts) -> Explanation:
        """Return the template's words; they pass the checks where the language can be read."""
        text = plain_text(facts, language=self.config.language)
        readable = self.config.language in READABLE
        return self._explanation(
            text, reason, "template", self._check(text, facts) if readable else ()
        )

    def _explanation(
        self, text: str, reason: Reason, author: Author, findings: tuple[Finding, ...]
    ) -> Explanation:
        return Explanation(
            text=resolve_citations(text, reason.evidence, zone=ZoneInfo(self.config.time_zone)),
            evidence=reason.evidence,
            author=author,
            language=self.config.language,
            findings=findings,
        )

    def _recommend(self, ranking: Ranking, place: int, told: Explanation) -> Recommendation:
        candidate = ranking.candidates[place]
        return Recommendation(
            rank=place + 1,
            item=candidate.item,
            score=ranking.scores[place],
            candidate=candidate,
            explanation=told,
        )


def resolve_citations(text: str, evidence: Sequence[Evidence], *, zone: ZoneInfo) -> str:
    """Put title and date before each event's first ``[n]``, in any language.

    ``Because of [1].`` becomes ``Because of “Alien” (2024-05-01) [1].``; where the title stands
    there already, only the date is added.
    """
    named: set[int] = set()

    def name(match: re.Match[str]) -> str:
        number = int(match[1])
        if number in named or not 1 <= number <= len(evidence):
            return match[0]
        named.add(number)
        cited = evidence[number - 1]
        date = f"({cited.interaction.timestamp.astimezone(zone):%Y-%m-%d}) {match[0]}"
        before = text[: match.start()].rstrip(" “”\"'*_").casefold()
        if before.endswith(cited.item.title.casefold()):
            return date
        return f"{quoted(cited.item.title)} {date}"

    return _CITATION.sub(name, text)


def _fault(finding: Finding) -> str:
    return f"{finding.sentence} ({finding.category}: {finding.detail})"
