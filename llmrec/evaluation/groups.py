"""Who is served better: the headline by groups of users, and whether their gaps are chance."""

from __future__ import annotations

import bisect
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from llmrec.data.users import AGE_BANDS
from llmrec.metrics import bootstrap_interval, group_gaps, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from llmrec.types import Scores

    Integers = NDArray[np.int64]

MOST_GROUPS = 8
"""An attribute with more values than this parts users into groups too small to say anything of."""
FEWEST_USERS = 10
"""Groups of fewer users are shown, but are neither the best nor the worst of a gap."""
ACTIVITY = "activity"
_AGE = "age"
_THIRDS = ("few", "some", "many")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One way to part the users of a run."""

    by: str
    names: tuple[str, ...]
    of_query: Integers
    """``(n_queries,)`` number of each query's group, -1 where nothing is known of its user."""


def group_labels(users: pl.DataFrame) -> pl.DataFrame:
    """Return each user's group under every attribute that makes groups.

    Ages become the bands of MovieLens-1M; every other attribute makes a group of each value, and
    none where it has more than ``MOST_GROUPS`` or only one.

    Args:
        users: ``user_id`` and attributes, as a dataset's ``users_table``.

    Returns:
        ``user_id`` and a column of text per attribute, null where it is not known.
    """
    columns = [users["user_id"]]
    for name in users.columns:
        if name == "user_id":
            continue
        cells = users[name]
        aged = name == _AGE and cells.dtype.is_numeric()
        labels = _banded(cells) if aged else cells.cast(pl.String)
        if 2 <= labels.drop_nulls().n_unique() <= MOST_GROUPS:
            columns.append(labels)
    return pl.DataFrame(columns)


def groupings_of(queries: pl.DataFrame, labels: pl.DataFrame | None) -> list[Grouping]:
    """Return how a run's users are parted: by activity, and by what is known of them.

    Activity is the length of a user's history when first asked about, in thirds of the users'.

    Args:
        queries: The run's queries.
        labels: As ``group_labels``; None: nothing is known of anybody.
    """
    found = [_by_activity(queries)]
    if labels is None:
        return found
    of_query = queries.select("user_id").join(
        labels, on="user_id", how="left", maintain_order="left"
    )
    for name in labels.columns[1:]:
        names = sorted(of_query[name].drop_nulls().unique().to_list(), key=_young_first)
        number = {label: n for n, label in enumerate(names)}
        codes = [number.get(label, -1) for label in of_query[name].to_list()]
        found.append(
            Grouping(by=name, names=tuple(names), of_query=np.array(codes, dtype=np.int64))
        )
    return found


def compare_groups(
    values: Mapping[str, Scores],
    groupings: Sequence[Grouping],
    clusters: Integers,
    *,
    seed: int,
    resamples: int,
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Return the groups of each row, and the gaps of all rows with Holm's correction over them.

    Args:
        values: Row name -> ``(n_queries,)`` of one figure.
        groupings: How users are parted.
        clusters: ``(n_queries,)`` the user of each query.
        seed: Of all draws.
        resamples: Bootstrap draws.
    """
    names = list(values)
    table = np.column_stack([*values.values()]) if names else np.zeros((len(clusters), 0))
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    gaps: list[dict[str, Any]] = []
    for grouping in groupings if names else ():
        for label, inside in _members(grouping):
            about = {
                "by": grouping.by,
                "group": label,
                "queries": int(inside.sum()),
                "users": len(np.unique(clusters[inside])),
            }
            for n, name in enumerate(names):
                found = table[inside, n]
                low, high = bootstrap_interval(
                    found, clusters=clusters[inside], seed=seed, resamples=resamples
                )
                figure = {"value": float(found.mean()), "low": low, "high": high}
                groups[name].append({**about, **figure})
        gaps += _gaps(names, table, grouping, clusters, seed, resamples)
    corrected = holm([gap["p_value"] for gap in gaps])
    return groups, [{**gap, "p_holm": p} for gap, p in zip(gaps, corrected, strict=True)]


def _gaps(
    names: Sequence[str],
    table: Scores,
    grouping: Grouping,
    clusters: Integers,
    seed: int,
    resamples: int,
) -> list[dict[str, Any]]:
    """Return each row's gap under one grouping; none where fewer than two groups are large."""
    large = [
        n
        for n in range(len(grouping.names))
        if len(np.unique(clusters[grouping.of_query == n])) >= FEWEST_USERS
    ]
    if len(large) < 2:
        return []
    inside = np.isin(grouping.of_query, large)
    found = group_gaps(
        table[inside],
        grouping.of_query[inside],
        clusters=clusters[inside],
        seed=seed,
        resamples=resamples,
    )
    users = len(np.unique(clusters[inside]))
    return [
        {
            "row": name,
            "by": grouping.by,
            **asdict(gap),
            "best": grouping.names[gap.best],
            "worst": grouping.names[gap.worst],
            "groups": len(large),
            "users": users,
        }
        for name, gap in zip(names, found, strict=True)
    ]


def _members(grouping: Grouping) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the name of each group and which queries are of it."""
    named = ((name, grouping.of_query == n) for n, name in enumerate(grouping.names))
    return [(name, inside) for name, inside in named if inside.any()]


def _by_activity(queries: pl.DataFrame) -> Grouping:
    of_user = pl.col("history").list.len().min().over("user_id")
    lengths = queries.select(of_user).to_series().cast(pl.Int64).to_numpy()
    _, first = np.unique(queries["user_id"].to_numpy(), return_index=True)
    edges = np.quantile(lengths[first], [1 / 3, 2 / 3])
    which = np.searchsorted(edges, lengths, side="left").astype(np.int64)
    names = tuple(
        f"{name} events ({lengths[which == n].min()} to {lengths[which == n].max()})"
        if (which == n).any()
        else name
        for n, name in enumerate(_THIRDS)
    )
    return Grouping(by=ACTIVITY, names=names, of_query=which)


def _banded(ages: pl.Series) -> pl.Series:
    """Return ages in years as bands."""
    starts, names = list(AGE_BANDS), list(AGE_BANDS.values())
    bands = [
        None if age is None else names[max(0, bisect.bisect_right(starts, age) - 1)]
        for age in ages.to_list()
    ]
    return pl.Series(ages.name, bands, dtype=pl.String)


def _young_first(label: str) -> tuple[bool, str]:
    return not label.startswith("under"), label
