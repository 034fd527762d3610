"""Ranking one by one: would this candidate come next, yes or no?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from llmrec.rerank.base import renormalise
from llmrec.rerank.context import HISTORY_TOKENS, PromptContext
from llmrec.rerank.scorer import EngineScorer
from llmrec.rerank.yes_no import YES_NO, log_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.llm.base import Engine
    from llmrec.serialize import HistorySerializer
    from llmrec.types import Candidate, History, ScoreKind, Scores


class PointwiseScorer(EngineScorer):
    """Scores each candidate by log p(Yes) - log p(No), asked about it alone.

    No place is preferred, any number can be scored, and a candidate's raw figure does not depend
    on the others; but the model never compares two. Each candidate costs a prompt, whose
    beginning (instructions and history) all prompts of a user share: engines compute it once. The
    note ``label_mass`` is the mean share of the probability that Yes and No hold; below
    ``LOW_MASS`` a warning is logged once.

    Args:
        engine: The model.
        serializer: Turns histories and items into text, counting the engine's tokens.
        template: Id of a template that asks about one item, and takes its line as ``item``.
        history_tokens: Longest history text.

    Raises:
        TemplateError: The template is unknown.
    """

    kind: ClassVar[ScoreKind] = "pointwise"
    order_matters: ClassVar[bool] = False

    def __init__(
        self,
        engine: Engine,
        serializer: HistorySerializer,
        template: str = "rank/pointwise.v1",
        *,
        history_tokens: int = HISTORY_TOKENS,
    ) -> None:
        context = PromptContext(engine, serializer, max_listed=0, history_tokens=history_tokens)
        super().__init__(engine, template, context)

    def _score(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        order_seed: int,
    ) -> list[tuple[Scores, dict[str, float]]]:
        del order_seed
        shared = self.context.shared(histories, candidates)
        variables = [
            {**listing.variables, "item": self.context.serializer.item_line(candidate.item)}
            for (listing,), some in zip(shared, candidates, strict=True)
            for candidate in some
        ]
        owners = [h for h, some in zip(histories, candidates, strict=True) for _ in some]
        prompts = [prompt.token_ids for prompt in self._render(variables, owners)]
        labels = [self._answers.openings(prompt, YES_NO) for prompt in prompts]
        read = iter(self.engine.score_labels(prompts, labels))
        asked = self.engine.card.identity
        scored: list[tuple[Scores, dict[str, float]]] = []
        for some in candidates:
            odds, mass = log_odds([next(read) for _ in some], asked=asked)
            self._warn_of(mass)
            scored.append((renormalise(odds, asked=asked), {"label_mass": mass}))
        return scored
