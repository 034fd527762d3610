"""What the scorers have in common: a template filled with shared variables, asked of an engine."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from llmrec.errors import ArtifactError, ConfigError
from llmrec.llm.adapter import prompts_name
from llmrec.rerank.base import identity_of, settings_identity
from llmrec.templates import AnswerEncoder, load_template, render_batch
from llmrec.types import Ranking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.llm.base import Engine
    from llmrec.rerank.context import PromptContext
    from llmrec.types import Candidate, History, Prompt, ScoreKind, Scores

logger = logging.getLogger(__name__)

LOW_MASS = 0.2
"""Below this share of the probability the model is hardly answering with labels at all."""


class EngineScorer(ABC):
    """A ``Reranker`` on an engine; a subclass says how its scores are read."""

    kind: ClassVar[ScoreKind]
    order_matters: ClassVar[bool]

    def __init__(self, engine: Engine, template: str, context: PromptContext) -> None:
        self.engine = engine
        self.template = load_template(template)
        self.context = context
        """What ``explain`` fills its own template with, so that both prompts begin alike."""
        self._check_adapter()
        self._answers = AnswerEncoder(engine.tokenizer)
        self._warned = False

    def _check_adapter(self) -> None:
        """Refuse an adapter that was trained on other prompts than these."""
        trained = self.engine.card.adapter_prompts
        serializer = self.context.serializer.config.sha256
        here = prompts_name(self.template.template_id, self.template.sha256, serializer)
        if trained not in (None, here):
            raise ArtifactError(
                f"the adapter of {self.engine.card.identity} was trained on {trained}, "
                f"but the prompts are {here}",
                remedy="Rank with the template and the serializer that its recipe.json names.",
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Every option that can change a score, as JSON values."""
        return self.context.settings

    @property
    def made_of(self) -> Mapping[str, str]:
        """``engine``, ``template`` and ``scorer``: what fusion artifacts are keyed by."""
        return {
            "engine": self.engine.card.identity,
            "template": f"{self.template.template_id}@{self.template.sha256[:12]}",
            "scorer": settings_identity(self.kind, self.settings),
        }

    @property
    def identity(self) -> str:
        """``made_of`` in one string."""
        return identity_of(self.made_of)

    def rerank(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        """Return a ranking of exactly the given candidates per history; see ``Reranker``.

        The engine is asked once for the whole batch.

        Raises:
            ConfigError: The batches differ in length, or a query has too many candidates.
            EngineError: A log-probability is not finite.
            TemplateError: A prompt is too long, or an answer would change its tokens.
        """
        if len(histories) != len(candidates):
            raise ConfigError(
                f"{len(histories)} histories but {len(candidates)} lists of candidates",
                remedy="Give one list of candidates for each history.",
            )
        rankings = [Ranking(candidates=(), scores=(), kind=self.kind) for _ in candidates]
        asked = [n for n, some in enumerate(candidates) if some]
        if asked:
            scored = self._score(
                [histories[n] for n in asked], [candidates[n] for n in asked], order_seed
            )
            for n, (scores, notes) in zip(asked, scored, strict=True):
                rankings[n] = Ranking.of(candidates[n], scores, self.kind, notes=notes)
        return rankings

    @abstractmethod
    def _score(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        order_seed: int,
    ) -> list[tuple[Scores, dict[str, float]]]:
        """Return per query the candidates' log-probabilities, renormalised, and the notes.

        Args:
            histories: At least one.
            candidates: For each at least one.
            order_seed: See ``Reranker.rerank``.
        """

    def _render(
        self, variables: Sequence[Mapping[str, Any]], histories: Sequence[History]
    ) -> list[Prompt]:
        """Return each query's prompt, checked against the engine's context."""
        return render_batch(
            self.template,
            variables,
            tokenizer=self.engine.tokenizer,
            as_of=[history.as_of for history in histories],
            max_tokens=self.engine.card.context_length,
        )

    def _warn_of(self, mass: float) -> None:
        """Say once that the model would rather answer with something else."""
        if mass >= LOW_MASS or self._warned:
            return
        self._warned = True
        logger.warning(
            "Only %.2g of the probability of %s after %s lies on the answers that are read (below "
            "%.1f): the model hardly answers as asked, so its order says little. Try the "
            "likelihood scorer.",
            mass,
            self.engine.card.identity,
            self.template.template_id,
            LOW_MASS,
        )
