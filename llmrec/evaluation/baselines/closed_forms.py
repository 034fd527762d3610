"""The closed forms as rows: from settings to something that ranks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pydantic import Field

from llmrec.config import Settings
from llmrec.retrieval import (
    EaseConfig,
    LowRankConfig,
    NeighbourConfig,
    PopularityRetriever,
    TransitionConfig,
    fit_ease,
    fit_low_rank,
    fit_neighbours,
    fit_transitions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.evaluation.baselines.spec import Fitting
    from llmrec.retrieval import Retriever


class PopularityConfig(Settings):
    """How ``PopularityRetriever`` forgets."""

    half_life_days: float | None = Field(default=None, gt=0)
    window_days: float | None = Field(default=None, gt=0)


Grid = tuple[dict[str, Any], ...]


def grid_of(**values: Sequence[Any]) -> Grid:
    """Return all combinations, the first name's values changing slowest."""
    names = list(values)
    return tuple(
        dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*values.values())
    )


def fit_popularity_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Count popularity, in a window or with a half-life where one is set."""
    config = PopularityConfig.of(dict(settings), source="popularity")
    return PopularityRetriever(fitting.catalogue, fitting.events, **config.model_dump())


def fit_last_item_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Count what came soon after each item; only the newest item is asked."""
    config = NeighbourConfig.of({**settings, "decay": 0.0}, source="last-item")
    return fit_neighbours(
        fitting.catalogue, fitting.events, config, name="last-item", before=fitting.before
    )


def fit_item_knn_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Count what is met together; the same counts are asked with any decay."""
    config = NeighbourConfig.of(dict(settings), source="item-knn")
    fitted = fitting.remember(
        "item-knn",
        config.model_dump(exclude={"decay", "query_half_life_days"}),
        lambda: fit_neighbours(fitting.catalogue, fitting.events, config, before=fitting.before),
    )
    return fitted.with_decay(config.decay, half_life_days=config.query_half_life_days)


def fit_ease_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Fit EASE; the same weights are asked with any decay."""
    config = EaseConfig.of(dict(settings), source="ease")
    fitted = fitting.remember(
        "ease",
        (config.regularisation, config.neighbours),
        lambda: fit_ease(fitting.catalogue, fitting.events, config, before=fitting.before),
    )
    return fitted.with_decay(config.decay)


def fit_low_rank_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Fit one vector an item."""
    config = LowRankConfig.of(dict(settings), source="ease-low-rank")
    return fit_low_rank(fitting.catalogue, fitting.events, config, before=fitting.before)


def fit_transitions_row(fitting: Fitting, settings: Mapping[str, Any]) -> Retriever:
    """Fit what comes next on what came before."""
    config = TransitionConfig.of(dict(settings), source="transitions")
    return fit_transitions(fitting.catalogue, fitting.events, config, before=fitting.before)
