"""How much the LLM's ranking counts: fitted on validation queries, saved, checked at loading."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import check_made_from, read_manifest, write_artifact
from llmrec.errors import ArtifactError, ConfigError
from llmrec.metrics import bootstrap_interval, ndcg
from llmrec.rerank.fusion import check_weight, zscore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from llmrec.rerank.base import Reranker
    from llmrec.types import Scores, Seen

logger = logging.getLogger(__name__)

KIND = "fusion"
GRID = tuple(n / 20 for n in range(21))
"""The weights that are tried: 0 to 1 in steps of .05."""
CUTOFF = 10
_FILE = "fusion.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionFit:
    """The best weight on the validation queries, and what every weight would give there."""

    weight: float
    n_queries: int
    n_with_target: int
    """Queries whose target is among the candidates; the others count 0 at every weight."""
    curve: tuple[tuple[float, float], ...]
    """(weight, mean NDCG@10 over all queries); weight 0 is the retriever, 1 the LLM alone."""
    gain: float
    """Mean NDCG@10 at ``weight`` less that of the retriever alone."""
    gain_interval: tuple[float, float]
    """95 % paired bootstrap interval of ``gain``. The weight was chosen on the same queries, so
    it leans upwards: a weight is proven on queries of its own."""

    def __post_init__(self) -> None:
        check_weight(self.weight)

    @property
    def proven(self) -> bool:
        """Whether the whole interval of the gain lies above 0."""
        return self.gain_interval[0] > 0.0


def fit_weight(
    retrieval: Sequence[Scores],
    llm: Sequence[Scores],
    target_positions: Sequence[int | None],
    *,
    seed: int = 0,
) -> FusionFit:
    """Choose the fusion weight that maximises the mean NDCG@10 of validation queries.

    Every weight of ``GRID`` is tried; of equally good ones the smallest is taken. Ties between
    candidates go to the better retrieval rank, as in ``Ranking.of``.

    Args:
        retrieval: Per query ``(n_candidates,)``, the retriever's scores in its own order.
        llm: Per query ``(n_candidates,)``, the LLM's scores of the same candidates, in the same
            order.
        target_positions: Per query the target's place in that order from 0; None where it is
            not among the candidates.
        seed: Of the bootstrap.

    Raises:
        ConfigError: No queries, lengths differ, or a position is outside its candidates.
    """
    _check(retrieval, llm, target_positions)
    asked = [n for n, position in enumerate(target_positions) if position is not None]
    places = np.array([target_positions[n] for n in asked], dtype=np.int64)
    retrieval_z = _padded([zscore(retrieval[n]) for n in asked])
    llm_z = _padded([zscore(llm[n]) for n in asked])
    gains = np.zeros((len(GRID), len(target_positions)))  # (n_weights, n_queries)
    if asked:
        for row, weight in enumerate(GRID):
            fused = (1.0 - weight) * retrieval_z + weight * llm_z
            gains[row, asked] = ndcg(_target_ranks(fused, places), CUTOFF)
    means = gains.mean(axis=1)
    best = int(np.flatnonzero(means >= means.max() - 1e-12)[0])
    gain = gains[best] - gains[0]
    return FusionFit(
        weight=GRID[best],
        n_queries=len(target_positions),
        n_with_target=len(asked),
        curve=tuple(zip(GRID, means.tolist(), strict=True)),
        gain=float(gain.mean()),
        gain_interval=bootstrap_interval(gain, seed=seed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionArtifact:
    """A fitted weight and what it holds for: these parts, and as many candidates of this kind.

    The candidates count because scores are z-scores over them.
    """

    fit: FusionFit
    made_from: Mapping[str, Any]
    """``retriever``, ``engine``, ``template``, ``scorer``, ``candidates`` and ``seen``."""

    @property
    def weight(self) -> float:
        """The LLM's share."""
        return self.fit.weight

    @classmethod
    def of(cls, fit: FusionFit, key: Mapping[str, Any]) -> FusionArtifact:
        """Bind a fit to what its scores came from: a ``fusion_key``."""
        return cls(fit=fit, made_from=dict(key))

    def save(self, path: Path) -> None:
        """Write the artifact's folder, whole or not at all."""
        metrics = {"gain": self.fit.gain, "n_queries": self.fit.n_queries}
        with write_artifact(path, KIND, made_from=self.made_from, metrics=metrics) as draft:
            text = json.dumps(asdict(self.fit), indent=2) + "\n"
            (draft / _FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> FusionArtifact:
        """Read an artifact to look at it, whatever it was made from.

        Raises:
            ArtifactError: It is missing, damaged or of another kind.
        """
        manifest = read_manifest(path, KIND, needs=(_FILE,))
        try:
            fit = _fit_of(json.loads((path / _FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, ConfigError) as error:
            raise ArtifactError(
                f"{path / _FILE} is not a fitted weight: {error}",
                remedy="Fit it again with `llmrec fusion fit`.",
            ) from error
        return cls(fit=fit, made_from=manifest.made_from)

    @classmethod
    def load(cls, path: Path, key: Mapping[str, Any]) -> FusionArtifact:
        """Read an artifact for use, refusing one that was fitted for something else.

        A weight whose gain is not proven is used all the same, with a warning.

        Args:
            path: Its folder.
            key: The ``fusion_key`` of what is in use.

        Raises:
            ArtifactError: As ``read``; or a part of the key is another one, named with both
                values.
        """
        artifact = cls.read(path)
        check_made_from(path, read_manifest(path, KIND, verify=False), **key)
        fit = artifact.fit
        if not fit.proven:
            logger.warning(
                "The fitted weight %.2f of %s is not proven: on %d validation queries it gained "
                "%+.4f NDCG@10 over the retriever (95 %% interval %+.4f to %+.4f).",
                *(fit.weight, path, fit.n_queries, fit.gain, *fit.gain_interval),
            )
        return artifact


def fusion_key(
    *, retriever: str, reranker: Reranker, candidates: int, seen: Seen
) -> dict[str, Any]:
    """Return what a fitted weight holds for.

    Args:
        retriever: The retriever's identity.
        reranker: Gives the LLM's scores.
        candidates: How many a query has; the z-scores are taken over them.
        seen: Whether items of the history are left out of them, among them, or all of them.
    """
    return {
        "retriever": retriever,
        **reranker.made_of,
        "candidates": candidates,
        "seen": seen,
    }


def _fit_of(raw: dict[str, Any]) -> FusionFit:
    """Return the fit from its JSON form."""
    low, high = raw["gain_interval"]
    curve = tuple((float(weight), float(value)) for weight, value in raw["curve"])
    if not {0.0, 1.0, raw["weight"]} <= {weight for weight, _ in curve}:
        raise ValueError("the curve lacks the retriever, the LLM, or the fitted weight")
    numbers = {"gain": float(raw["gain"]), "gain_interval": (float(low), float(high))}
    counts = {name: int(raw[name]) for name in ("n_queries", "n_with_target")}
    return FusionFit(**{**raw, **numbers, **counts, "curve": curve})


def _check(
    retrieval: Sequence[Scores], llm: Sequence[Scores], positions: Sequence[int | None]
) -> None:
    """Refuse batches that do not belong together."""
    if not len(retrieval) == len(llm) == len(positions):
        raise ConfigError(
            f"{len(retrieval)} lists of retriever scores, {len(llm)} of LLM scores and "
            f"{len(positions)} targets do not belong together"
        )
    if not positions:
        raise ConfigError("no validation queries to fit the fusion weight on")
    for n, (before, after, position) in enumerate(zip(retrieval, llm, positions, strict=True)):
        if len(before) != len(after):
            raise ConfigError(f"query {n}: {len(before)} retriever scores, {len(after)} LLM scores")
        if position is not None and not 0 <= position < len(before):
            raise ConfigError(f"query {n}: target position {position} of {len(before)} candidates")


def _padded(rows: Sequence[Scores]) -> Scores:
    """Return rows of unequal length as ``(n_queries, n_most)``, NaN where nothing stands."""
    table = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for n, row in enumerate(rows):
        table[n, : len(row)] = row
    return table


def _target_ranks(fused: Scores, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each target's rank from 1: ``(n_queries,)``; a tie goes to the earlier column."""
    target = np.take_along_axis(fused, places[:, None], axis=1)
    earlier = np.arange(fused.shape[1])[None, :] < places[:, None]
    # NaN compares as false, so what was padded stands ahead of nobody.
    ahead = (fused > target) | ((fused == target) & earlier)
    ranks: NDArray[np.int64] = ahead.sum(axis=1) + 1
    return ranks
