"""What the LLM wrote before any check: drafts are kept on their way to the explainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.explain import resolve_citations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.explain import Explainer, Writer, WriteRequest
    from llmrec.types import Finding, History, Recommendation


class RecordingWriter:
    """Hands requests on to a writer and keeps what it answered.

    Args:
        writer: Who writes.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.drafts: dict[str, list[str]] = {}
        """Item id -> its drafts, in the order they were written."""

    def write(self, requests: Sequence[WriteRequest]) -> list[str | Exception]:
        """Return the writer's answers; errors in a text's place are no drafts."""
        answers = list(self._writer.write(requests))
        for request, answer in zip(requests, answers, strict=False):
            if isinstance(answer, str):
                self.drafts.setdefault(request.item.item_id, []).append(answer)
        return answers

    def taken(self) -> dict[str, list[str]]:
        """Return the drafts kept so far, and begin anew."""
        drafts, self.drafts = self.drafts, {}
        return drafts


def as_shown(
    explainer: Explainer, drafts: Sequence[str], recommendation: Recommendation
) -> list[str]:
    """Return drafts as a person would have seen them: citations with titles and dates."""
    explanation = recommendation.explanation
    return [
        resolve_citations(
            draft,
            explanation.evidence if explanation else (),
            language=explainer.config.language,
            time_zone=explainer.config.time_zone,
        )
        for draft in drafts
    ]


def findings_on(
    explainer: Explainer, text: str, recommendation: Recommendation, history: History
) -> tuple[Finding, ...]:
    """Return what the explainer's checker says of any text about a recommendation."""
    explanation = recommendation.explanation
    return explainer.checker.check(
        text,
        item=recommendation.item,
        evidence=explanation.evidence if explanation else (),
        history=history,
        language=explainer.config.language,
    )
