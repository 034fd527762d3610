"""What a row's lists are like: variety, novelty, popularity and genres beside the histories'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.metrics import (
    bootstrap_interval,
    coverage,
    diversity,
    genre_weights,
    miscalibration,
    novelty,
    popularity,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from llmrec.types import Scores


def variety_of(
    ranked: pl.DataFrame,
    queries: pl.DataFrame,
    items: pl.DataFrame,
    made: Mapping[str, Any],
    *,
    resamples: int,
) -> dict[str, Any]:
    """Return figures of the lists at the headline's cut-off.

    Args:
        ranked: A row's figures, as ``RANKED``.
        queries: The run's queries, in the same order.
        items: The run's items.
        made: What the run was made from: its card and its seed.
        resamples: Bootstrap draws, of whole users.

    Returns:
        ``k``, ``coverage``, ``novelty_bits``, ``popularity`` and ``popularity_of_histories``, and
        with genres ``diversity`` and ``miscalibration``; None where no list has a value. Under
        ``intervals`` the 95 % interval of each that is a mean over lists.
    """
    card = made["card"]
    k = min(int(card["headline"].partition("@")[2]), len(ranked["items"][0]))
    lists = padded(ranked["items"].list.head(k), k)
    counts, n_users = items["users"].to_numpy().astype(np.float64), int(items["of_users"][0])
    histories = _flat_means(queries["history"], np.minimum(counts, n_users) / max(1, n_users))
    values = {
        "novelty_bits": novelty(lists, counts, n_users),
        "popularity": popularity(lists, counts, n_users),
        "popularity_of_histories": histories,
    }
    genres = genre_table(items)
    if genres.shape[1]:
        wanted = _history_genres(queries["history"], genres)
        values["diversity"] = diversity(lists, genres)
        values["miscalibration"] = miscalibration(genre_weights(lists, genres), wanted)
    clusters = queries["user_id"].rank("dense").cast(pl.Int64).to_numpy()
    return {
        "k": k,
        "coverage": coverage(lists, items.height),
        **{name: _mean(found) for name, found in values.items()},
        "intervals": {
            name: _interval(found, clusters, made["seed"], resamples)
            for name, found in values.items()
        },
    }


def _interval(
    values: Scores, clusters: NDArray[np.int64], seed: int, resamples: int
) -> dict[str, float] | None:
    """Return the interval of a mean over the lists that have a value; None where none has."""
    known = np.isfinite(values)
    if not known.any():
        return None
    low, high = bootstrap_interval(
        values[known], clusters=clusters[known], seed=seed, resamples=resamples
    )
    return {"low": low, "high": high}


def padded(column: pl.Series, k: int) -> NDArray[np.int64]:
    """Return a column of lists as ``(n_rows, k) int64``, -1 where a list is shorter."""
    table = np.full((len(column), k), -1, dtype=np.int64)
    lengths = column.list.len().to_numpy()
    table[np.arange(k)[None, :] < lengths[:, None]] = column.explode().drop_nulls().to_numpy()
    return table


def genre_table(items: pl.DataFrame) -> Scores:
    """Return ``(n_items, n_genres)``; each item's genres share a weight of 1."""
    names = sorted(items["genres"].explode().drop_nulls().unique().to_list())
    place = {name: n for n, name in enumerate(names)}
    table = np.zeros((items.height, len(names)))
    for row, found in enumerate(items["genres"].to_list()):
        for name in found:
            table[row, place[name]] = 1.0 / len(found)
    return table


def _history_genres(histories: pl.Series, genres: Scores) -> Scores:
    """Return the summed genre weights of each history: ``(n_queries, n_genres)``."""
    sums = np.zeros((len(histories), genres.shape[1]))
    for row, history in enumerate(histories):
        sums[row] = genres[history.to_numpy()].sum(axis=0)
    return sums


def _flat_means(histories: pl.Series, values: Scores) -> Scores:
    """Return the mean value over each history's items; NaN for an empty one."""
    return np.array([values[h.to_numpy()].mean() if len(h) else np.nan for h in histories])


def _mean(values: Scores) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
