"""What every reranker does: the LLM alone scores each candidate it is given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from llmrec.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.llm.base import LogProbs
    from llmrec.types import Candidate, History, Ranking, ScoreKind, Scores


class Reranker(Protocol):
    """The LLM alone: histories and their candidates in, one ranking each out.

    Scores are natural-log probabilities renormalised over the candidates given (they sum to 1 in
    probability), so every candidate has one whatever the model says. The retriever's order and
    scores never reach the model; they only break exact ties. A result does not depend on the
    other queries of its batch, nor on the user id. No candidates give an empty ranking, without
    asking the model.
    """

    @property
    def kind(self) -> ScoreKind:
        """How the scores were read: ``labels``, ``markers``, ``likelihood`` or ``pointwise``."""
        ...

    @property
    def order_matters(self) -> bool:
        """Whether another ``order_seed`` can change the scores."""
        ...

    @property
    def made_of(self) -> Mapping[str, str]:
        """``engine``, ``template`` and ``scorer``: what fusion artifacts are keyed by."""
        ...

    @property
    def identity(self) -> str:
        """``made_of`` in one string."""
        ...

    def rerank(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        """Return a ranking of exactly the given candidates per history.

        Args:
            histories: One per query; any number.
            candidates: For each history its candidates, in any order.
            order_seed: Chooses the order in which candidates are listed to the model, where they
                are listed.

        Raises:
            ConfigError: The two batches differ in length, or more candidates than can be scored.
            EngineError: The model gave something that is not a probability.
        """
        ...


def identity_of(made_of: Mapping[str, str]) -> str:
    """Return one line that names the parts, in a fixed order."""
    return " ".join(f"{name}={made_of[name]}" for name in sorted(made_of))


def settings_identity(kind: str, settings: Mapping[str, object]) -> str:
    """Return the scorer's kind and settings, e.g. ``labels(history_tokens=512,n_orders=1)``."""
    return f"{kind}({','.join(f'{name}={settings[name]}' for name in sorted(settings))})"


def renormalise(log_weights: Sequence[float] | Scores | LogProbs, *, asked: str) -> Scores:
    """Return natural-log probabilities over the candidates: a log-softmax.

    Args:
        log_weights: ``(n_candidates,)``, at least one; a constant added to all changes nothing.
        asked: Which engine answered, for the message.

    Returns:
        ``(n_candidates,) float64``, at most 0.

    Raises:
        EngineError: One is NaN or infinite, so the candidates cannot be compared.
    """
    weights = np.asarray(log_weights, dtype=np.float64)
    check_finite(weights, asked=asked)
    shifted = weights - weights.max()
    # fsum is exact, so the order in which the candidates were given changes no digit.
    result: Scores = shifted - math.log(math.fsum(np.exp(shifted)))
    return result


def check_finite(figures: Scores, *, asked: str) -> None:
    """Refuse figures by which candidates cannot be compared.

    Args:
        figures: ``(n_candidates,)``.
        asked: Which engine answered, for the message.

    Raises:
        EngineError: One is NaN or infinite; names the first.
    """
    if not np.isfinite(figures).all():
        wrong = int(np.flatnonzero(~np.isfinite(figures))[0])
        raise EngineError(
            f"{asked} gave candidate {wrong} the log-probability {figures[wrong]}",
            remedy="Check the model's weights and dtype: a sound model gives finite figures.",
        )
