"""The rows that no table should be without, with the settings that are tried for each."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.evaluation.baselines.closed_forms import (
    fit_ease_row,
    fit_item_knn_row,
    fit_last_item_row,
    fit_low_rank_row,
    fit_popularity_row,
    fit_transitions_row,
    grid_of,
)
from llmrec.evaluation.baselines.hybrid import (
    HYBRID_DEFAULT,
    SEQUENCE,
    choose_hybrid,
    fit_hybrid_row,
)
from llmrec.evaluation.baselines.sequence import fit_sequence_row
from llmrec.evaluation.baselines.spec import Fitting, Ranker, RowSpec
from llmrec.evaluation.baselines.vectors import fit_mean, fit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.metrics import Block
    from llmrec.types import History


class RandomRanker:
    """Knows nothing: scores are drawn from a seed and the query's content."""

    def __init__(self, n_items: int, seed: int) -> None:
        self._n_items, self._seed = n_items, seed

    @property
    def identity(self) -> str:
        """Name and seed."""
        return f"random:{self._seed}"

    def scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items) float32`` in [0, 1)."""
        block = np.empty((len(histories), self._n_items), dtype=np.float32)
        for row, history in enumerate(histories):
            text = f"{self._seed}\n{history.user_id}\n{history.as_of.isoformat()}"
            text += f"\n{history.as_of_sequence}"
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
            np.random.default_rng(seed).random(out=block[row], dtype=np.float32)
        return block


def _random(fitting: Fitting, settings: Mapping[str, Any]) -> Ranker:
    del settings
    return RandomRanker(len(fitting.catalogue), fitting.seed)


REGULARISATIONS = (50.0, 100.0, 200.0, 500.0, 1000.0)
DECAYS = (0.7, 0.8, 0.9, 0.95)

ROWS: dict[str, RowSpec] = {
    spec.name: spec
    for spec in (
        RowSpec(name="random", what="no information at all", fit=_random, learns=False),
        RowSpec(name="popularity", what="what most people took", fit=fit_popularity_row),
        RowSpec(
            name="recent-popularity",
            what="what most people took in the last days",
            fit=fit_popularity_row,
            grid=grid_of(window_days=(1.0, 7.0, 30.0, 90.0, 365.0)),
        ),
        RowSpec(
            name="last-item",
            what="what came soon after the last item for others",
            fit=fit_last_item_row,
            grid=grid_of(
                reach=(1, 3, 10), half_life_days=(None, 7.0), popularity_power=(0.0, 0.25, 0.5)
            ),
        ),
        RowSpec(
            name="item-knn",
            what="what is met together with the history's items, recent ones first",
            fit=fit_item_knn_row,
            grid=grid_of(
                reach=(None, 10),
                popularity_power=(0.25, 0.5),
                neighbours=(None, 100),
                decay=(1.0, 0.9, 0.8),
            ),
        ),
        RowSpec(
            name="ease",
            what="EASE, all events of the history alike",
            fit=fit_ease_row,
            grid=grid_of(regularisation=REGULARISATIONS, decay=(1.0,)),
        ),
        RowSpec(
            name="ease-recency",
            what="EASE, recent events of the history count more",
            fit=fit_ease_row,
            grid=grid_of(regularisation=REGULARISATIONS, decay=DECAYS),
        ),
        RowSpec(
            name="transitions",
            what="what comes next, regressed on what came before, recent events first",
            fit=fit_transitions_row,
            grid=grid_of(decay=(0.8, 0.9), regularisation=(100.0, 200.0, 500.0)),
        ),
        RowSpec(
            name="ease-low-rank",
            what="the low-rank form of EASE: one vector an item, recent events first",
            fit=fit_low_rank_row,
            grid=grid_of(
                dimension=(64, 256), regularisation=(3.0, 10.0), half_life_events=(3.0, 6.0)
            ),
        ),
        RowSpec(
            name="hybrid",
            what="the closed forms and popularity in windows, fused",
            fit=fit_hybrid_row,
            grid=(HYBRID_DEFAULT,),
            choose=choose_hybrid,
        ),
        RowSpec(
            name="sequence",
            what="a causal transformer over the history, trained on the log",
            fit=fit_sequence_row,
            grid=grid_of(dropout=(0.2, 0.4)),
        ),
        RowSpec(
            name="hybrid-sequence",
            what="the hybrid's sources and the sequence model, fused",
            fit=fit_hybrid_row,
            grid=(HYBRID_DEFAULT,),
            choose=partial(choose_hybrid, more=(SEQUENCE,)),
        ),
        RowSpec(
            name="mean",
            what="items near the recency-weighted mean of the history's text vectors",
            fit=fit_mean,
            grid=grid_of(half_life_events=(1.0, 2.0, 5.0, 10.0)),
            learns=False,
            needs_index=True,
        ),
        RowSpec(
            name="text",
            what="items near the encoded text of the history",
            fit=fit_text,
            learns=False,
            needs_index=True,
        ),
    )
}
"""Every row by name."""

DEFAULT_ROWS = ("popularity", "recent-popularity", "last-item", "item-knn", "ease", "ease-recency")
"""The rows that need nothing but the log."""
