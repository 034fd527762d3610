"""Pure functions from ranks, lists and probabilities to figures, and how sure those are."""

from __future__ import annotations

from llmrec.metrics.accuracy import (
    METRICS,
    Metric,
    auc,
    average_precision,
    chance_level,
    f1,
    hit_rate,
    mrr,
    ndcg,
    precision,
    recall,
)
from llmrec.metrics.calibration import Reliability, brier, reliability
from llmrec.metrics.ceiling import ceiling, conditional_mean, reranked
from llmrec.metrics.certainty import Difference, bootstrap_interval, bootstrap_means, compare, holm
from llmrec.metrics.gaps import Gap, group_gaps
from llmrec.metrics.lists import (
    coverage,
    diversity,
    genre_weights,
    miscalibration,
    novelty,
    popularity,
    top_lists,
)
from llmrec.metrics.targets import (
    BLOCK_BYTES,
    Block,
    Pairs,
    TargetRanks,
    Ties,
    rank_targets,
    stream_targets,
)

__all__ = [
    "BLOCK_BYTES",
    "METRICS",
    "Block",
    "Difference",
    "Gap",
    "Metric",
    "Pairs",
    "Reliability",
    "TargetRanks",
    "Ties",
    "auc",
    "average_precision",
    "bootstrap_interval",
    "bootstrap_means",
    "brier",
    "ceiling",
    "chance_level",
    "compare",
    "conditional_mean",
    "coverage",
    "diversity",
    "f1",
    "genre_weights",
    "group_gaps",
    "hit_rate",
    "holm",
    "miscalibration",
    "mrr",
    "ndcg",
    "novelty",
    "popularity",
    "precision",
    "rank_targets",
    "recall",
    "reliability",
    "reranked",
    "stream_targets",
    "top_lists",
]
