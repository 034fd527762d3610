"""Yes against No: what is read of a single candidate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from llmrec.rerank.base import check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.llm.base import LogProbs
    from llmrec.types import Scores

YES_NO = ("Yes", "No")
"""The answers that the templates ask for; SmolLM2 says them ten times as often as yes and no."""


def log_odds(read: LogProbs | Sequence[LogProbs], *, asked: str) -> tuple[Scores, float]:
    """Return each candidate's log p(Yes) - log p(No), and the mean share of both.

    The difference says how the model leans, however much of its probability goes elsewhere.

    Args:
        read: ``(n_candidates, 2)``, Yes first.
        asked: Which engine answered, for the message.

    Returns:
        ``(n_candidates,) float64``, and p(Yes) + p(No) averaged over the candidates.

    Raises:
        EngineError: A log-probability is not finite.
    """
    both = np.asarray(read, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # infinity less infinity is refused below
        odds: Scores = both[:, 0] - both[:, 1]
    check_finite(odds, asked=asked)
    # fsum is exact, so the order in which the candidates were given changes no digit.
    return odds, math.fsum(np.exp(both).ravel()) / len(both)
