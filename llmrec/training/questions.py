"""The serving scorer's own questions, with the answer that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.errors import ConfigError
from llmrec.rerank import LabelScorer, LikelihoodScorer
from llmrec.training.tree import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.rerank.scorer import EngineScorer
    from llmrec.types import Candidate, History


def questions(
    scorer: EngineScorer,
    histories: Sequence[History],
    candidates: Sequence[Sequence[Candidate]],
    targets: Sequence[int],
) -> list[Question]:
    """Return what the scorer asks of the model, each with its right option."""
    if not isinstance(scorer, LabelScorer | LikelihoodScorer):
        raise ConfigError(f"no adapter is trained for the {scorer.kind} scorer")
    asked = scorer.questions(histories, candidates)
    return [
        Question(options=tuple((prompt, answer) for answer in answers), target=target)
        for (prompt, answers), target in zip(asked, targets, strict=True)
    ]
