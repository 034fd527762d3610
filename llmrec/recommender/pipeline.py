"""The straight line: retrieve, rerank, explain. Batches in, batches out; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.rerank import fuse, retriever_alone
from llmrec.types import Recommendation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmrec.explain import Explainer
    from llmrec.llm import Engine
    from llmrec.rerank import Reranker
    from llmrec.retrieval import Retriever
    from llmrec.types import Candidate, History, Ranking, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The whole decision as one function of history and candidates: the bound ``Scorer``.

    The recommender ranks with it, and explanations re-score with the very same object, so a
    reason is a reason for *this* ranking.
    """

    retriever: Retriever
    reranker: Reranker | None
    """None ranks by the retriever alone."""
    weight: float
    """How much the LLM's z-scores count against the retriever's, in [0, 1]."""
    n_reranked: int | None = None
    """How many candidates are reranked, the retriever's first; the others follow in its order.
    None reranks all."""

    @property
    def order_matters(self) -> bool:
        """Whether the order in which candidates are listed can change the scores."""
        return self.reranker is not None and self.weight > 0 and self.reranker.order_matters

    def __call__(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        """Score the given candidates afresh: retriever re-encoded, LLM, fusion."""
        retrieval = self.retriever.score(histories, candidates)
        known = [
            dict(zip(ids_of(row), scores, strict=True))
            for row, scores in zip(candidates, retrieval, strict=True)
        ]
        rows = [sorted(row, key=lambda candidate: candidate.rank) for row in candidates]
        heads = [row[: self.n_reranked] for row in rows]
        rests = [row[len(head) :] for row, head in zip(rows, heads, strict=True)]
        if self.reranker is None:
            return [
                retriever_alone(head, scores, rest=rest)
                for head, scores, rest in zip(heads, known, rests, strict=True)
            ]
        rankings = self.reranker.rerank(histories, heads, order_seed=order_seed)
        return [
            fuse(ranking, self.weight, retrieval=scores, rest=rest)
            for ranking, scores, rest in zip(rankings, known, rests, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The stages of one recommender, bound to each other."""

    retriever: Retriever
    decision: Decision
    explainer: Explainer
    n_candidates: int = 20
    """How many candidates are retrieved per history, where no more items are asked for."""
    seen: Seen = "mask"
    """Whether items of the history are left out of the candidates, among them, or all of them."""
    engine: Engine | None = None
    """The LLM that ranks and writes; None where no LLM is at work."""

    def close(self) -> None:
        """Let go of the LLM and its memory; afterwards nothing can be asked."""
        if self.engine is not None:
            self.engine.close()

    def retrieve(self, histories: Sequence[History], *, k: int = 1) -> list[list[Candidate]]:
        """Return the candidates of each history: ``n_candidates``, and ``k`` where that is more."""
        n_candidates = max(k, self.n_candidates)
        return self.retriever.retrieve(histories, n_candidates, seen=self.seen)

    def rank(self, histories: Sequence[History], *, k: int = 1) -> list[Ranking]:
        """Retrieve candidates and rank them: one fused score for every candidate."""
        return self.decision(histories, self.retrieve(histories, k=k))

    def recommend(
        self, histories: Sequence[History], *, k: int, explain: bool
    ) -> list[list[Recommendation]]:
        """Return the ``k`` best items of each history, with or without reasons."""
        rankings = self.rank(histories, k=k)
        if not explain:
            return [top(ranking, k) for ranking in rankings]
        return self.explainer.explain(histories, rankings, self.decision, k)

    def stream(self, history: History, *, k: int, explain: bool) -> Iterator[Recommendation]:
        """Yield the ``k`` best items one by one, each as soon as its reason is written."""
        ranking = self.rank([history], k=k)[0]
        if not explain:
            yield from top(ranking, k)
            return
        yield from self.explainer.stream(history, ranking, self.decision, k)


def ids_of(candidates: Sequence[Candidate]) -> list[str]:
    """Return the item ids of candidates."""
    return [candidate.item.item_id for candidate in candidates]


def top(ranking: Ranking, k: int) -> list[Recommendation]:
    """Return the first ``k`` places of a ranking as recommendations without reasons."""
    return [
        Recommendation(rank=place, item=candidate.item, score=score, candidate=candidate)
        for place, (candidate, score) in enumerate(
            zip(ranking.candidates[:k], ranking.scores[:k], strict=True), start=1
        )
    ]
