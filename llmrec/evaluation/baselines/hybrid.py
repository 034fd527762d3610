"""The hybrid as a row: sources tuned one by one, then their weights, all on validation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from llmrec.evaluation.baselines.closed_forms import (
    fit_ease_row,
    fit_item_knn_row,
    fit_last_item_row,
    fit_popularity_row,
    fit_transitions_row,
    grid_of,
)
from llmrec.evaluation.baselines.sequence import fit_sequence_row
from llmrec.evaluation.baselines.spec import Fitting, RowSpec, Trial
from llmrec.evaluation.baselines.tuning import tune
from llmrec.evaluation.baselines.vectors import fit_mean_source
from llmrec.retrieval import HybridRetriever, fit_hybrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmrec.data import SplitProtocol
    from llmrec.retrieval import HybridFit, Retriever
    from llmrec.types import Query

LONG_DECAY = 0.97
"""Of the second question to EASE's weights: what the whole history speaks for."""
WINDOWS_DAYS = (7.0, 30.0, 365.0)

_SPECS = (
    RowSpec(
        name="ease",
        what="EASE, asked with the newest events",
        fit=fit_ease_row,
        grid=grid_of(regularisation=(100.0, 200.0, 500.0), decay=(0.7, 0.8, 0.9)),
    ),
    RowSpec(
        name="transitions",
        what="what comes next, regressed on what came before",
        fit=fit_transitions_row,
        grid=grid_of(decay=(0.8, 0.9), regularisation=(200.0, 500.0)),
    ),
    RowSpec(
        name="item-knn",
        what="what is met within ten events",
        fit=fit_item_knn_row,
        grid=grid_of(reach=(10,), popularity_power=(0.25, 0.5), decay=(0.5, 0.8)),
    ),
    RowSpec(
        name="last-item",
        what="what came soon after the last item",
        fit=fit_last_item_row,
        grid=grid_of(reach=(3, 10), popularity_power=(0.25,)),
    ),
    *(
        RowSpec(
            name=f"popularity-{days:.0f}",
            what=f"what most people took in {days:.0f} days",
            fit=fit_popularity_row,
            grid=grid_of(window_days=(days,)),
        )
        for days in WINDOWS_DAYS
    ),
)
_MEAN = RowSpec(
    name="mean",
    what="items near the mean of the history's text vectors",
    fit=fit_mean_source,
    grid=grid_of(half_life_events=(1.0, 3.0)),
    needs_index=True,
)

SEQUENCE = RowSpec(
    name="sequence",
    what="a causal transformer over the history",
    fit=fit_sequence_row,
)

_FITS: dict[str, Callable[[Fitting, Mapping[str, Any]], Retriever]] = {
    "ease": fit_ease_row,
    "ease-long": fit_ease_row,
    "transitions": fit_transitions_row,
    "item-knn": fit_item_knn_row,
    "last-item": fit_last_item_row,
    **{f"popularity-{days:.0f}": fit_popularity_row for days in WINDOWS_DAYS},
    "mean": fit_mean_source,
    "sequence": fit_sequence_row,
}


def _with_long(settings: dict[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Add the source that asks EASE's weights with the whole history."""
    return {**settings, "ease-long": {**settings["ease"], "decay": LONG_DECAY}}


HYBRID_DEFAULT: dict[str, Any] = {
    "sources": _with_long({spec.name: spec.grid[0] for spec in _SPECS}),
    "weights": None,
}
"""Where there are no validation queries to choose on: first settings, fused by rank."""


def fit_hybrid_row(fitting: Fitting, settings: Mapping[str, Any]) -> HybridRetriever:
    """Fit every source that counts, and fuse them as the settings say."""
    chosen = settings["sources"]
    sources: dict[str, Retriever] = {
        name: _FITS[name](fitting, chosen[name]) for name in sorted(chosen)
    }
    return HybridRetriever(sources, settings["weights"])


def choose_hybrid(
    fitting: Fitting,
    queries: Sequence[Query],
    protocol: SplitProtocol,
    *,
    more: Sequence[RowSpec] = (),
) -> tuple[Mapping[str, Any], list[Trial]]:
    """Tune every source alone, then choose how they count together; see ``fit_hybrid``.

    Arguments as for ``tune``; ``more`` are sources beside the closed forms.
    """
    chosen: dict[str, Mapping[str, Any]] = {}
    trials = []
    for spec in (*_SPECS, *([] if fitting.index is None else [_MEAN]), *more):
        chosen[spec.name], tried = tune(spec, fitting, queries, protocol)
        trials += [_named(trial, source=spec.name) for trial in tried]
    chosen = _with_long(chosen)
    started = time.perf_counter()
    sources = fit_hybrid_row(fitting, {"sources": chosen, "weights": None}).sources
    fit = fit_hybrid(sources, queries, seen=protocol.seen, seed=fitting.seed)
    seconds = round(time.perf_counter() - started, 3)
    kept = chosen if fit.weights is None else {name: chosen[name] for name in fit.weights}
    settings = {"sources": kept, "weights": None if fit.weights is None else dict(fit.weights)}
    return settings, [*trials, *_told(fit, seconds)]


def _named(trial: Trial, **words: str) -> Trial:
    return Trial(settings={**words, **trial.settings}, value=trial.value, seconds=trial.seconds)


def _told(fit: HybridFit, seconds: float) -> list[Trial]:
    """Return every way to fuse, and what leaving each source out costs, as trials."""
    ways = [
        Trial(settings={"fused-by": way}, value=value, seconds=seconds)
        for way, value in fit.values.items()
    ]
    lost = [
        Trial(
            settings={
                "without": effect.source,
                "difference": effect.difference,
                "low": effect.low,
                "high": effect.high,
            },
            value=None,
            seconds=0.0,
        )
        for effect in fit.ablation
    ]
    return ways + lost
