"""One user explained and measured: the lines that all figures are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.artifacts import sha256_of
from llmrec.evaluation.reasons.corruption import plant
from llmrec.evaluation.reasons.drafts import RecordingWriter, as_shown, findings_on
from llmrec.evaluation.reasons.groundedness import UNREAD
from llmrec.evaluation.reasons.methods import score_methods
from llmrec.evaluation.reasons.removal import chosen, score_removals
from llmrec.evaluation.reasons.table import REASONS
from llmrec.explain import Explainer, find_evidence, stands
from llmrec.explain.template import template_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.evaluation.reasons.judge import Judge
    from llmrec.evaluation.reasons.truth import Truth
    from llmrec.recommender.pipeline import Pipeline
    from llmrec.retrieval import ItemIndex
    from llmrec.types import (
        Catalogue,
        Evidence,
        Finding,
        History,
        Ranking,
        Recommendation,
        Scorer,
        Scores,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that measuring one user needs."""

    pipeline: Pipeline
    catalogue: Catalogue
    explainer: Explainer
    """The pipeline's, with the templates alone."""
    recorder: RecordingWriter | None
    """The pipeline's writer; None where the templates speak alone."""
    drafter: Explainer | None
    """The pipeline's explainer with the recorder as its writer."""
    index: ItemIndex
    """Whose vectors say which events are similar to an item."""
    k: int
    n_orders: int
    """Candidate orders that choosing the evidence has not seen, where the order matters."""
    vary_evidence: bool
    seed: int
    truth: Truth | None
    judge: Judge | None

    @property
    def orders(self) -> tuple[int, ...]:
        """Seeds of the candidate orders under which faithfulness is measured."""
        if not self.pipeline.decision.order_matters:
            return (0,)
        first = self.pipeline.explainer.config.evidence.n_orders + 1
        return tuple(range(first, first + self.n_orders))

    def explain(self, history: History, *, drafted: bool) -> pl.DataFrame:
        """Explain a user's first items and measure the reasons.

        Args:
            history: The user's.
            drafted: Whether the LLM writes; else the template alone.

        Returns:
            One line an item, of the schema ``REASONS``.
        """
        explainer = (self.drafter if drafted else None) or self.explainer
        (ranking,) = self.pipeline.rank([history], k=self.k)
        (row,) = explainer.explain([history], [ranking], self.pipeline.decision, self.k)
        similarities = [self._similarity(history, each.item.item_id) for each in row]
        picks = [
            chosen(history, _cited(each), alike, self._rng(history, each))
            for each, alike in zip(row, similarities, strict=True)
        ]
        decision, orders = self.pipeline.decision, self.orders
        trials = score_removals(history, ranking, decision, picks, orders=orders)
        methods = self._methods(history, ranking, len(row))
        drafts = self.recorder.taken() if self.recorder else {}
        lines = [
            {
                **self._identity(history, each),
                **self._words(explainer, drafts.get(each.item.item_id, []), each, history),
                "similarity": alike.tolist(),
                "trials": trial,
                "methods": method,
            }
            for each, alike, trial, method in zip(row, similarities, trials, methods, strict=True)
        ]
        return pl.DataFrame(lines, schema=REASONS, orient="row")

    def _methods(self, history: History, ranking: Ranking, k: int) -> list[list[dict[str, Any]]]:
        """Return what every way to find evidence cites for the first ``k`` items, where asked."""
        if not self.vary_evidence or k == 0:
            return [[] for _ in range(k)]
        how = self.explainer.config

        def find(method: str, scorer: Scorer) -> list[tuple[Evidence, ...]]:
            config = how.evidence.model_copy(update={"level": method})
            (found,) = find_evidence(
                [history],
                [ranking],
                scorer,
                top_k=k,
                catalogue=self.catalogue,
                config=config,
                session_gap_s=how.session_gap_s,
            )
            return found

        return score_methods(history, ranking, self.pipeline.decision, find, orders=self.orders)

    def _identity(self, history: History, each: Recommendation) -> dict[str, Any]:
        item_id = each.item.item_id
        return {
            "user_id": history.user_id,
            "as_of": history.as_of,
            "place": each.rank,
            "item_id": item_id,
            "title": each.item.title,
            "cited": [evidence.position for evidence in _cited(each)],
            "truth": None if self.truth is None else self.truth.of(history, item_id),
        }

    def _words(
        self,
        explainer: Explainer,
        told: Sequence[str],
        each: Recommendation,
        history: History,
    ) -> dict[str, Any]:
        """Return what was written, what the checker says of it, and of false texts made of it."""
        drafts = as_shown(explainer, told, each)
        explanation = each.explanation
        if explanation is None:
            return {}
        found = [_told(findings_on(explainer, draft, each, history)) for draft in drafts]
        facts = explainer.checker.facts(each.item, explanation.evidence, history)
        template = " ".join(template_sentences(facts, explainer.config.language))
        return {
            "text": explanation.text,
            "author": explanation.author,
            "stands": stands(explanation.findings),
            "findings": _told(explanation.findings),
            "drafts": drafts,
            "draft_findings": [claim for row in found for claim in row],
            "template_stands": stands(findings_on(explainer, template, each, history)),
            "planted": self._planted(explainer, each, history),
            "verdicts": self._judged(drafts, each, history),
        }

    def _planted(
        self, explainer: Explainer, each: Recommendation, history: History
    ) -> list[dict[str, Any]]:
        explanation = each.explanation
        if explanation is None or not stands(explanation.findings):
            return []
        facts = explainer.checker.facts(each.item, explanation.evidence, history)
        planted = plant(
            explanation.text,
            facts,
            self.catalogue,
            self._rng(history, each),
            of_template=explanation.author == "template",
        )
        rows = []
        for kind, text in planted.items():
            faults = [f for f in findings_on(explainer, text, each, history) if not f.ok]
            read = any(fault.category != UNREAD for fault in faults)
            rows.append({"kind": kind, "text": text, "caught": bool(faults), "read": read})
        return rows

    def _judged(self, drafts: Sequence[str], each: Recommendation, history: History) -> list[str]:
        """Return the judge's verdicts on the first draft against what was shipped instead."""
        explanation = each.explanation
        if self.judge is None or explanation is None or not drafts:
            return []
        if drafts[0] == explanation.text:
            return []
        return self.judge.compare(
            each, as_of=history.as_of, draft=drafts[0], shipped=explanation.text
        )

    def _similarity(self, history: History, item_id: str) -> Scores:
        """Return the similarity of each event's item to an item; -1 where one has no vector."""
        ids = [event.item_id for event in history.interactions]
        found = np.full(len(ids), -1.0)
        known = [n for n, each in enumerate(ids) if each in self.index]
        if item_id in self.index and known:
            vectors = self.index.vectors([*(ids[n] for n in known), item_id]).astype(np.float64)
            found[known] = vectors[:-1] @ vectors[-1]
        return found

    def _rng(self, history: History, each: Recommendation) -> np.random.Generator:
        """Return draws that depend on the seed, the user and the item alone."""
        key = sha256_of([self.seed, history.user_id, each.item.item_id])
        return np.random.default_rng(int(key[:16], 16))


def _cited(each: Recommendation) -> tuple[Any, ...]:
    return each.explanation.evidence if each.explanation else ()


def _told(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the findings that count: nothing holds in a sentence that was not read whole.

    A sentence without a letter, such as the number of a list's line, claims nothing.
    """
    unread = {found.sentence for found in findings if found.category == UNREAD}
    return [
        {"category": found.category, "ok": found.ok}
        for found in findings
        if any(map(str.isalpha, found.sentence)) and not (found.ok and found.sentence in unread)
    ]
