"""The retriever's and the LLM's scores as one: (1 - w) z(retriever) + w z(LLM)."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError
from llmrec.types import Ranking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.types import Candidate, Scores

logger = logging.getLogger(__name__)

DEFAULT_WEIGHT = 0.1
"""The LLM's weight where none was fitted: small, since its ranking is unproven."""

_CONSTANT = 1e-12
"""Scores whose spread is below this share of the largest one are rounding, not information."""


def zscore(scores: Sequence[float] | Scores) -> Scores:
    """Return a query's scores with mean 0 and standard deviation 1 over its candidates.

    Args:
        scores: ``(n_candidates,)``, finite, any unit.

    Returns:
        ``(n_candidates,) float64``; zeros where all scores are equal, since a list without
        differences says nothing.

    Raises:
        ConfigError: A score is NaN or infinite.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ConfigError(f"a score is not finite: {values.tolist()}")
    largest = np.abs(values).max(initial=0.0)
    if largest == 0.0:
        return np.zeros_like(values)
    values = values / largest  # first, so that no square overflows
    if np.ptp(values) <= _CONSTANT:
        return np.zeros_like(values)
    # fsum is exact, so the order in which the candidates were given changes no digit.
    apart: Scores = values - math.fsum(values) / len(values)
    return apart / math.sqrt(math.fsum(apart**2) / len(values))


def default_weight() -> float:
    """Return ``DEFAULT_WEIGHT`` and log a warning that no fitted weight is in use."""
    logger.warning(
        "No fusion artifact: the LLM's ranking is unproven on this data, so it counts %.2f. "
        "Fit the weight on validation queries with `llmrec fusion fit`.",
        DEFAULT_WEIGHT,
    )
    return DEFAULT_WEIGHT


def fuse(
    llm: Ranking,
    weight: float,
    *,
    retrieval: Mapping[str, float] | None = None,
    rest: Sequence[Candidate] = (),
) -> Ranking:
    """Combine the LLM's ranking with the retriever's scores of the same candidates.

    The score is ``(1 - weight) z(retriever) + weight z(LLM)``, each z taken over the candidates
    of ``llm``. ``rest`` follows behind them in the retriever's order: its first candidate gets
    the lowest fused score, the others fall from there by the distance of their retriever's
    z-scores (over all candidates) times ``1 - weight``. So scores never rise, but between the
    two groups they only mean "after", and ``n_after`` counts the second.

    Args:
        llm: The LLM alone.
        weight: The LLM's share, 0 to 1.
        retrieval: The retriever's score by item id, where it scored afresh; otherwise the
            candidates' own scores count.
        rest: Candidates that the LLM was not asked about.

    Returns:
        A ranking of kind ``fusion`` with the parts ``retrieval``, ``llm``, ``retrieval_z`` and
        ``llm_z`` (``rest`` has the first, and NaN in the others), the notes of ``llm`` and
        ``fusion_weight``.

    Raises:
        ConfigError: The weight is outside [0, 1], ``retrieval`` lacks a candidate, a score is
            not finite, or an item occurs twice.
    """
    check_weight(weight)
    raw = _retrieval_scores(llm.candidates, retrieval)
    raw_z, llm_z = zscore(raw), zscore(llm.scores)
    reranked = Ranking.of(
        llm.candidates,
        (1.0 - weight) * raw_z + weight * llm_z,
        "fusion",
        parts={"retrieval": raw, "llm": llm.scores, "retrieval_z": raw_z, "llm_z": llm_z},
        notes={**llm.notes, "fusion_weight": weight},
    )
    return _append(reranked, rest, _retrieval_scores(rest, retrieval)) if rest else reranked


def retriever_alone(
    candidates: Sequence[Candidate],
    retrieval: Mapping[str, float],
    *,
    rest: Sequence[Candidate] = (),
) -> Ranking:
    """Rank by the retriever's scores: what ``fuse`` gives at weight 0, without an LLM to ask.

    Args:
        candidates: The candidates that an LLM would have been asked about.
        retrieval: The retriever's score by item id.
        rest: Those that follow them; see ``fuse``.

    Returns:
        A ranking of kind ``retrieval`` with the parts ``retrieval`` and ``retrieval_z``.

    Raises:
        ConfigError: As ``fuse``.
    """
    silent = Ranking.of(candidates, np.zeros(len(candidates)), "retrieval")
    fused = fuse(silent, 0.0, retrieval=retrieval, rest=rest)
    parts = {name: fused.parts[name] for name in ("retrieval", "retrieval_z")}
    return dataclasses.replace(fused, kind="retrieval", parts=parts, notes={})


def check_weight(weight: float) -> None:
    """Refuse a weight outside [0, 1].

    Raises:
        ConfigError: It is outside, or NaN.
    """
    if not 0.0 <= weight <= 1.0:
        raise ConfigError(
            f"fusion weight {weight} is outside 0 to 1",
            remedy="0 is the retriever alone, 1 the LLM alone.",
        )


def _append(head: Ranking, rest: Sequence[Candidate], raw: Scores) -> Ranking:
    """Return ``head`` with ``rest`` behind it, in the retriever's order."""
    order = sorted(range(len(rest)), key=lambda n: (-raw[n], rest[n].rank))
    # Spaced by the z-score over everybody: the reranked alone may have no spread to measure by.
    everybody = zscore(np.concatenate([np.asarray(head.parts["retrieval"]), raw]))
    tail_z = everybody[len(head.scores) :][order]
    last = head.scores[-1] if head.scores else 0.0
    scores = last - (1.0 - head.notes["fusion_weight"]) * (tail_z[0] - tail_z)
    unknown = (np.nan,) * len(rest)
    return Ranking(
        candidates=head.candidates + tuple(rest[n] for n in order),
        scores=head.scores + tuple(scores.tolist()),
        kind="fusion",
        parts={
            name: (*part, *(raw[order].tolist() if name == "retrieval" else unknown))
            for name, part in head.parts.items()
        },
        notes=head.notes,
        n_after=len(rest),
    )


def _retrieval_scores(
    candidates: Sequence[Candidate], retrieval: Mapping[str, float] | None
) -> Scores:
    """Return the retriever's score of each candidate: ``(n_candidates,) float64``."""
    if retrieval is None:
        return np.array([candidate.score for candidate in candidates], dtype=np.float64)
    ids = [candidate.item.item_id for candidate in candidates]
    missing = [item_id for item_id in ids if item_id not in retrieval]
    if missing:
        raise ConfigError(
            f"the retriever's scores lack item {missing[0]!r} ({len(missing)} of {len(ids)})",
            remedy="Score every candidate that is fused.",
        )
    return np.array([retrieval[item_id] for item_id in ids], dtype=np.float64)
