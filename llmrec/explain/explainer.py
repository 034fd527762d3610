"""Evidence first, words second, checks last: recommendations with reasons that are true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from llmrec.config import Settings
from llmrec.explain.checks import Checker, stands
from llmrec.explain.citations import resolve_citations
from llmrec.explain.claims.tokens import sentence_spans
from llmrec.explain.evidence import EvidenceConfig, find_evidence
from llmrec.explain.languages import READ, language_code
from llmrec.explain.template import template_sentences
from llmrec.explain.words import WriteRequest, drafts_of
from llmrec.types import SESSION_GAP_S, Explanation, Finding, Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmrec.explain.words import Writer
    from llmrec.types import Author, Evidence, History, Item, Ranking, Scorer

_SAYS_SOMETHING = frozenset(["taste", "count", "attribute", "relation", "cause", "rating"])
_MAX_SENTENCES = 5
_MAX_DETAIL_CHARS = 300


class ExplainerConfig(Settings):
    """How explanations are found and told."""

    language: str = "en"
    """A code ("de", "pt-BR") or a name ("Portuguese"). Templates speak en, de, fr, es and it; the
    LLM's own words are kept in English only, since only English can be read claim by claim."""
    time_zone: str = "UTC"
    """The IANA name of the zone in which times are told and checked."""
    southern: bool = False
    """Whether seasons are those of the southern hemisphere."""
    rating_scale: float | None = Field(default=None, gt=0)
    """The best possible rating; None checks against 5, 10 or 100, read off each history."""
    session_gap_s: int = Field(default=SESSION_GAP_S, gt=0)
    """Seconds without an event after which a new session begins; as prompts mark them."""
    rewrite: bool = True
    """Whether a text that failed is written once more before the template speaks."""
    evidence: EvidenceConfig = Field(default_factory=EvidenceConfig)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone {name!r} is known here") from None
        return name


@dataclass(slots=True)
class _Case:
    """One item of one user on its way to an explanation."""

    history: History
    ranking: Ranking
    place: int
    """In the ranking, from 0."""
    evidence: tuple[Evidence, ...]
    text: str = ""
    author: Author = "template"
    findings: tuple[Finding, ...] = ()
    rejected: list[Finding] = field(default_factory=list)
    unwritable: bool = False
    """Whether the writer failed on it, so that it is not asked again."""

    @property
    def item(self) -> Item:
        """What is explained."""
        return self.ranking.candidates[self.place].item


class Explainer:
    """Explains the first items of rankings.

    Args:
        catalogue: Every item by id.
        writer: Puts evidence into words; None speaks in templates only.
        config: How.
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
        self.writer = writer if language_code(self.config.language) in READ else None
        """Who writes first; None where the templates speak alone."""
        self.checker = Checker(
            catalogue,
            time_zone=self.config.time_zone,
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
        """Return the ``top_k`` items that each user is shown first, with their reasons.

        Args:
            histories: One per user.
            rankings: One per history, of the decision that ``scorer`` is.
            scorer: Scores the same candidates afresh for histories with events left out.
            top_k: How many items; capped by each ranking.

        Raises:
            ConfigError: ``top_k`` is below 1, or the numbers of histories and rankings differ.
        """
        cases = self._cases(histories, rankings, scorer, top_k)
        self._tell([case for row in cases for case in row])
        return [[self._recommendation(n, case) for n, case in enumerate(row)] for row in cases]

    def stream(
        self, history: History, ranking: Ranking, scorer: Scorer, top_k: int
    ) -> Iterator[Recommendation]:
        """Yield one user's recommendations, each as soon as its reason is written."""
        for n, case in enumerate(self._cases([history], [ranking], scorer, top_k)[0]):
            self._tell([case])
            yield self._recommendation(n, case)

    def _cases(
        self,
        histories: Sequence[History],
        rankings: Sequence[Ranking],
        scorer: Scorer,
        top_k: int,
    ) -> list[list[_Case]]:
        found = find_evidence(
            histories,
            rankings,
            scorer,
            top_k=top_k,
            catalogue=self._catalogue,
            config=self.config.evidence,
            session_gap_s=self.config.session_gap_s,
        )
        return [
            [
                _Case(history, ranking, place, evidence)
                for place, evidence in zip(ranking.first(top_k), row, strict=True)
            ]
            for history, ranking, row in zip(histories, rankings, found, strict=True)
        ]

    def _tell(self, cases: Sequence[_Case]) -> None:
        """Give every case its text: the LLM's, else rewritten, else the template's."""
        open_cases = list(cases)
        authors: tuple[Author, ...] = ("llm", "llm-rewritten")
        for author in authors[: 2 if self.config.rewrite else 1]:
            open_cases = self._write(open_cases, author)
        for case in open_cases:
            facts = self.checker.facts(case.item, case.evidence, case.history)
            case.text = " ".join(template_sentences(facts, self.config.language))
            case.author = "template"
            case.findings = self._check(case, case.text)

    def _write(self, cases: Sequence[_Case], author: Author) -> list[_Case]:
        """Ask the writer, in one batch; return the cases whose text did not stand."""
        asked = [case for case in cases if not case.unwritable]
        if self.writer is None or not asked:
            return list(cases)
        drafts = drafts_of(self.writer, [self._request(case, author) for case in asked])
        for case, draft in zip(asked, drafts, strict=True):
            if isinstance(draft, Exception):
                case.unwritable = True
                case.rejected.append(_writer_failed(draft))
            else:
                self._take(case, draft, author)
        return [case for case in cases if case.unwritable or not stands(case.findings)]

    def _take(self, case: _Case, draft: str, author: Author) -> None:
        """Make a draft the case's text, checked."""
        case.author = author
        case.text = resolve_citations(
            draft,
            case.evidence,
            language=self.config.language,
            time_zone=self.config.time_zone,
        )
        findings = self._check(case, case.text)
        case.findings = (*findings, *_form(case, case.text, findings))
        if not stands(case.findings):
            case.rejected.extend(f for f in case.findings if not f.ok)

    def _request(self, case: _Case, author: Author) -> WriteRequest:
        rewriting = author == "llm-rewritten"
        faults = [f"{f.sentence} ({f.detail})" for f in case.findings if not f.ok]
        return WriteRequest(
            history=case.history,
            candidates=case.ranking.reranked,
            item=case.item,
            evidence=case.evidence,
            language=self.config.language,
            draft=(case.text or "-") if rewriting else "",
            faults=tuple(faults) if rewriting else (),
        )

    def _check(self, case: _Case, text: str) -> tuple[Finding, ...]:
        return self.checker.check(
            text,
            item=case.item,
            evidence=case.evidence,
            history=case.history,
            language=self.config.language,
        )

    def _recommendation(self, n: int, case: _Case) -> Recommendation:
        explanation = Explanation(
            text=case.text,
            evidence=case.evidence,
            author=case.author,
            language=self.config.language,
            findings=case.findings,
            rejected=tuple(case.rejected),
        )
        return Recommendation(
            rank=n + 1,
            item=case.item,
            score=case.ranking.scores[case.place],
            candidate=case.ranking.candidates[case.place],
            explanation=explanation,
        )


def _writer_failed(error: Exception) -> Finding:
    """Return the finding that says why there is no draft to check."""
    detail = " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_DETAIL_CHARS]
    return Finding(category="writer", sentence="", ok=False, detail=f"the writer failed: {detail}")


def _form(case: _Case, text: str, findings: Sequence[Finding]) -> list[Finding]:
    """Return what is missing from a text that is otherwise true.

    A reason must cite the evidence it rests on, say something that could have been false, and
    be short.
    """
    faults = []
    if case.evidence and not any(f"[{n}]" in text for n in range(1, len(case.evidence) + 1)):
        faults.append(("citation", "it cites no evidence"))
    if not any(f.category in _SAYS_SOMETHING for f in findings) and not faults:
        faults.append(("unreadable", "it says nothing about the item or the person"))
    sentences = [text[a:b].strip() for a, b in sentence_spans(text, [])]
    if len(sentences) > _MAX_SENTENCES:
        faults.append(("form", f"it has more than {_MAX_SENTENCES} sentences"))
    if len(set(sentences)) < len(sentences):
        faults.append(("form", "it repeats itself"))
    return [Finding(category=c, sentence=text, ok=False, detail=d) for c, d in faults]
