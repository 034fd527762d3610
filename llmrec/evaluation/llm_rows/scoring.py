"""Ask the LLM about what it has not been asked yet, piece by piece."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import polars as pl

from llmrec.evaluation.llm_rows.meter import Cost, MeteredEngine
from llmrec.evaluation.llm_rows.store import SCORED
from llmrec.progress import track
from llmrec.recommender import build_scorer
from llmrec.rerank import BY_RETRIEVER, SHUFFLED, Listing, listing_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmrec.evaluation.llm_rows.candidates import Lists
    from llmrec.evaluation.llm_rows.spec import RerankSpec
    from llmrec.evaluation.llm_rows.store import ScoreStore
    from llmrec.llm import Engine, EngineCard
    from llmrec.rerank import Reranker
    from llmrec.types import Candidate, Catalogue, History, Query, Ranking


class LlmScoring:
    """A spec's scorer on a metered engine.

    Args:
        engine: The model.
        catalogue: The items.
        spec: With nothing left to the card.
        queries: Whose targets ``target_place`` puts at one place.

    Raises:
        ConfigError: A choice has no meaning for the scorer.
        TemplateError: The template is unknown.
    """

    def __init__(
        self, engine: Engine, catalogue: Catalogue, spec: RerankSpec, queries: Sequence[Query]
    ) -> None:
        self._meter, self._catalogue = MeteredEngine(engine), catalogue
        self.scorer: Reranker = build_scorer(
            self._meter, catalogue, spec, listing=listing_of(spec, queries)
        )

    @property
    def engine_card(self) -> EngineCard:
        """Who answers."""
        return self._meter.card

    def score(
        self,
        lists: Lists,
        numbers: Sequence[int],
        store: ScoreStore,
        *,
        batch: int,
        kept: Callable[[Cost], None],
        title: str,
    ) -> Cost:
        """Score queries that are not in the store yet; each batch is kept as soon as it is done.

        Args:
            lists: The candidates.
            numbers: Which queries; those in the store cost nothing.
            store: Where scores are kept.
            batch: Queries asked together.
            kept: Told after every batch what it cost.
            title: Of the progress bar.

        Returns:
            What it cost.
        """
        total = Cost()
        known = set(store.table()["query"].to_list())
        missing = [n for n in numbers if n not in known]
        for start in track(range(0, len(missing), batch), title):
            some = missing[start : start + batch]
            before, started = self._meter.cost, time.perf_counter()
            store.add(self._scored(lists, some))
            took = time.perf_counter() - started
            cost = self._meter.cost - before
            cost += Cost(queries=len(some), render_s=max(0.0, took - cost.score_s))
            kept(cost)
            total += cost
        return total

    def _scored(self, lists: Lists, numbers: Sequence[int]) -> pl.DataFrame:
        candidates = [lists.candidates(n) for n in numbers]
        histories = [lists.queries[n].history for n in numbers]
        rankings = self.scorer.rerank(histories, candidates)
        rows = [
            (
                n,
                [self._catalogue.position(c.item.item_id) for c in some],
                in_order(ranking, some),
                ranking.notes.get("label_mass"),
            )
            for n, some, ranking in zip(numbers, candidates, rankings, strict=True)
        ]
        return pl.DataFrame(rows, schema=SCORED, orient="row")


def in_order(ranking: Ranking, candidates: Sequence[Candidate]) -> list[float]:
    """Return a ranking's scores in the order in which its candidates were given."""
    by_id = {
        c.item.item_id: score for c, score in zip(ranking.candidates, ranking.scores, strict=True)
    }
    return [by_id[candidate.item.item_id] for candidate in candidates]


def listing_of(spec: RerankSpec, queries: Sequence[Query]) -> Listing:
    """Return the order in which candidates are listed."""
    if spec.candidate_order == "retriever":
        return BY_RETRIEVER
    place = spec.target_place
    if place is None:
        return SHUFFLED
    targets = {_moment(query.history): query.target.item_id for query in queries}

    def order(
        history: History, candidates: Sequence[Candidate], order_seed: int, repeat: int
    ) -> tuple[int, ...]:
        shuffled = listing_order(history, candidates, order_seed, repeat)
        target = targets[_moment(history)]
        here = [n for n in shuffled if candidates[n].item.item_id == target]
        others = [n for n in shuffled if candidates[n].item.item_id != target]
        return (*others[:place], *here, *others[place:])

    return Listing(f"target-at-{place}", order)


def _moment(history: History) -> tuple[str, str, int]:
    return history.user_id, history.as_of.isoformat(), history.as_of_sequence
