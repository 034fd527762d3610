"""The straight line: retrieve, rerank, explain. Batches in, batches out; no I/O."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.recommender.arrange import PLAIN, Arrangement, arrange, fitting, likeness_of
from llmrec.rerank import fuse, retriever_alone
from llmrec.types import Recommendation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from llmrec.explain import Explainer
    from llmrec.llm import Engine
    from llmrec.recommender.arrange import Pick
    from llmrec.rerank import Reranker
    from llmrec.retrieval import ItemIndex, Retriever
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
    index: ItemIndex | None = None
    """Vectors that tell how alike items are, where diversity is asked for."""
    engine: Engine | None = None
    """The LLM that ranks and writes; None where no LLM is at work."""

    def close(self) -> None:
        """Let go of the LLM and its memory; afterwards nothing can be asked."""
        if self.engine is not None:
            self.engine.close()

    def retrieve(
        self,
        histories: Sequence[History],
        *,
        k: int = 1,
        among: Collection[str] | None = None,
        how: Arrangement = PLAIN,
    ) -> list[list[Candidate]]:
        """Return the candidates of each history: ``n_candidates``, and ``k`` where that is more.

        Where caps leave fewer than ``k`` of a history's candidates, more are retrieved for it,
        until ``k`` fit or there are no more.

        Args:
            histories: Any number.
            k: How many items will be shown.
            among: The only ids that may be proposed; None: any item.
            how: Its caps count.
        """
        size = max(k, self.n_candidates)
        found = self.retriever.retrieve(histories, size, seen=self.seen, among=among)
        if not how.caps:
            return found
        return [
            self._enough(history, row, size, k=k, among=among, how=how)
            for history, row in zip(histories, found, strict=True)
        ]

    def _enough(
        self,
        history: History,
        found: list[Candidate],
        size: int,
        *,
        k: int,
        among: Collection[str] | None,
        how: Arrangement,
    ) -> list[Candidate]:
        """Return ``size`` candidates, and more where fewer than ``k`` of them fit under caps."""
        wanted = size
        while True:
            kept = fitting([candidate.item for candidate in found], k, how)
            if len(kept) == k or len(found) < wanted:
                return found[: max([size, *(place + 1 for place in kept)])]
            wanted *= 4
            [found] = self.retriever.retrieve([history], wanted, seen=self.seen, among=among)

    def rank(
        self,
        histories: Sequence[History],
        *,
        k: int = 1,
        among: Collection[str] | None = None,
        how: Arrangement = PLAIN,
    ) -> list[Ranking]:
        """Retrieve candidates and rank them: one fused score for every candidate."""
        return self.decision(histories, self.retrieve(histories, k=k, among=among, how=how))

    def recommend(
        self,
        histories: Sequence[History],
        *,
        k: int,
        explain: bool,
        among: Collection[str] | None = None,
        how: Arrangement = PLAIN,
    ) -> list[list[Recommendation]]:
        """Return the ``k`` best items of each history, with or without reasons.

        Args:
            histories: Any number.
            k: How many; fewer come where fewer are allowed.
            explain: Whether each item gets its reason.
            among: The only ids that may be proposed; None: any item.
            how: Caps and diversity of the lists.
        """
        rankings = self.rank(histories, k=k, among=among, how=how)
        picks = [self._picks(ranking, k, how) for ranking in rankings]
        shown = [_showing(ranking, row) for ranking, row in zip(rankings, picks, strict=True)]
        if explain:
            lists = self.explainer.explain(histories, shown, self.decision, k)
        else:
            lists = [top(ranking, k) for ranking in shown]
        return [
            [_moved(one, pick) for one, pick in zip(row, chosen, strict=True)]
            for row, chosen in zip(lists, picks, strict=True)
        ]

    def stream(
        self,
        history: History,
        *,
        k: int,
        explain: bool,
        among: Collection[str] | None = None,
        how: Arrangement = PLAIN,
    ) -> Iterator[Recommendation]:
        """Yield what ``recommend`` returns, each item as soon as its reason is written."""
        ranking = self.rank([history], k=k, among=among, how=how)[0]
        picks = self._picks(ranking, k, how)
        shown = _showing(ranking, picks)
        told = self.explainer.stream(history, shown, self.decision, k) if explain else top(shown, k)
        for one, pick in zip(told, picks, strict=True):
            yield _moved(one, pick)

    def _picks(self, ranking: Ranking, k: int, how: Arrangement) -> list[Pick]:
        items = [candidate.item for candidate in ranking.candidates]
        return arrange(ranking, k, how, likeness_of(items, self.index) if how.diversity else None)


def ids_of(candidates: Sequence[Candidate]) -> list[str]:
    """Return the item ids of candidates."""
    return [candidate.item.item_id for candidate in candidates]


def top(ranking: Ranking, k: int) -> list[Recommendation]:
    """Return the ``k`` items that a ranking shows first as recommendations without reasons."""
    return [
        Recommendation(
            rank=n,
            item=ranking.candidates[place].item,
            score=ranking.scores[place],
            candidate=ranking.candidates[place],
        )
        for n, place in enumerate(ranking.first(k), start=1)
    ]


def _showing(ranking: Ranking, picks: Sequence[Pick]) -> Ranking:
    return dataclasses.replace(ranking, shown=tuple(pick.place for pick in picks))


def _moved(one: Recommendation, pick: Pick) -> Recommendation:
    """Return a recommendation that says where it came from, where it was moved."""
    if not pick.moved_by:
        return one
    return dataclasses.replace(one, moved_from=pick.place + 1, moved_by=pick.moved_by)
