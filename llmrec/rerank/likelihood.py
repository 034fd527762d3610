"""Ranking by likelihood: how probable each candidate's title is as the answer to the history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from llmrec.errors import ConfigError, did_you_mean
from llmrec.rerank.base import renormalise
from llmrec.rerank.context import HISTORY_TOKENS, PromptContext
from llmrec.rerank.scorer import EngineScorer
from llmrec.serialize import title_text
from llmrec.types import History

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.llm.base import Engine
    from llmrec.serialize import HistorySerializer
    from llmrec.types import Candidate, Item, ScoreKind, Scores, TokenIds

Normalise = Literal["mean", "sum", "prior"]
NOBODY = History(user_id="", as_of=datetime(2000, 1, 1, tzinfo=UTC))
"""Whose history a title's prior stands after: empty, at one fixed moment."""


class LikelihoodScorer(EngineScorer):
    """Scores each candidate by the log-probability of its title, turn's end included.

    Candidates are not listed: no place is preferred, any number can be scored, and a candidate's
    raw figure does not depend on the others. The history is computed once a query, then every
    distinct title after it. Candidates of equal title (remakes, say) get equal scores, so among
    them the retriever decides: a year told them apart would also lengthen them, and a title's
    score would then depend on which other candidates there are.

    Args:
        engine: The model.
        serializer: Turns histories into text, counting the engine's tokens.
        template: Id of a template that asks for a title.
        normalise: ``mean`` over the title's tokens, ``sum``, or ``prior``: the sum less that of
            the same title after an empty history, which is computed once a title.
        history_tokens: Longest history text.

    Raises:
        ConfigError: Another ``normalise``.
        TemplateError: The template is unknown.
    """

    kind: ClassVar[ScoreKind] = "likelihood"
    order_matters: ClassVar[bool] = False

    def __init__(
        self,
        engine: Engine,
        serializer: HistorySerializer,
        template: str = "rank/likelihood.v1",
        *,
        normalise: Normalise = "mean",
        history_tokens: int = HISTORY_TOKENS,
    ) -> None:
        if normalise not in get_args(Normalise):
            raise ConfigError(
                f"unknown normalise {normalise!r}",
                remedy=did_you_mean(normalise, get_args(Normalise)),
            )
        context = PromptContext(engine, serializer, max_listed=0, history_tokens=history_tokens)
        super().__init__(engine, template, context)
        self.normalise = normalise
        self._titles: dict[str, tuple[Item, str]] = {}
        self._priors: dict[TokenIds, float] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """Every option that can change a score, as JSON values."""
        return {**super().settings, "normalise": self.normalise}

    def questions(
        self, histories: Sequence[History], candidates: Sequence[Sequence[Candidate]]
    ) -> list[tuple[TokenIds, list[TokenIds]]]:
        """Return what the model is asked, for whoever trains it on the same.

        Args:
            histories: At least one.
            candidates: For each its candidates.

        Returns:
            Per query the prompt, and each candidate's title behind it, turn's end included.
        """
        shared = self.context.shared(histories, candidates)
        prompts = self._render([listing.variables for (listing,) in shared], histories)
        prefixes = [prompt.token_ids for prompt in prompts]
        titles = [
            self._answers.encode(prefix, [self._title(c.item) for c in some], ended=True)
            for prefix, some in zip(prefixes, candidates, strict=True)
        ]
        return list(zip(prefixes, titles, strict=True))

    def _score(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        order_seed: int,
    ) -> list[tuple[Scores, dict[str, float]]]:
        del order_seed
        asked = self.questions(histories, candidates)
        prefixes, titles = [prefix for prefix, _ in asked], [titles for _, titles in asked]
        sums = self._sums(prefixes, titles)
        scored: list[tuple[Scores, dict[str, float]]] = []
        for known, wanted in zip(sums, titles, strict=True):
            raw = [self._normalised(known[ids], ids) for ids in wanted]
            scored.append((renormalise(raw, asked=self.engine.card.identity), {}))
        return scored

    def _sums(
        self, prefixes: Sequence[TokenIds], titles: Sequence[Sequence[TokenIds]]
    ) -> list[Mapping[TokenIds, float]]:
        """Return per query each distinct title's summed log-probability, from one engine call.

        Titles whose prior is wanted and not known yet go along behind the empty history.
        """
        distinct = [list(dict.fromkeys(some)) for some in titles]
        fresh: list[TokenIds] = []
        if self.normalise == "prior":
            known = self._priors
            fresh = list(dict.fromkeys(i for some in distinct for i in some if i not in known))
        asked = [*prefixes, *([self._empty_prefix()] if fresh else [])]
        answers = self.engine.score_continuations(asked, [*distinct, *([fresh] if fresh else [])])
        if fresh:
            self._priors.update(_summed(fresh, answers.pop()))
        return [_summed(some, read) for some, read in zip(distinct, answers, strict=True)]

    def _normalised(self, total: float, ids: TokenIds) -> float:
        """Return a title's score from the sum over its tokens."""
        if self.normalise == "mean":
            return total / len(ids)
        return total - self._priors[ids] if self.normalise == "prior" else total

    def _empty_prefix(self) -> TokenIds:
        """Return the prompt of a person who has done nothing yet."""
        return self._render([self.context.variables(NOBODY, ())], [NOBODY])[0].token_ids

    def _title(self, item: Item) -> str:
        """Return the item's neutralised title without its year; remembered."""
        known = self._titles.get(item.item_id)
        if known is None or known[0] is not item:
            title = title_text(
                item,
                config=self.context.serializer.config,
                control_strings=self.engine.tokenizer.control_strings,
            )
            known = (item, title)
            self._titles[item.item_id] = known
        return known[1]


def _summed(
    titles: Sequence[TokenIds], read: Sequence[np.ndarray[Any, np.dtype[np.float32]]]
) -> dict[TokenIds, float]:
    """Return each title's summed log-probability, added up in double precision."""
    return {
        ids: float(np.sum(log_probs, dtype=np.float64))
        for ids, log_probs in zip(titles, read, strict=True)
    }
