"""What each changed choice does to an LLM row: paired differences, and the curve over places."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.evaluation.llm_rows.results import among_first
from llmrec.evaluation.measures import card_ranks, figures_of
from llmrec.metrics import METRICS, bootstrap_interval, chance_level, compare, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from llmrec.evaluation.folder import RunFolder
    from llmrec.types import Scores

    Integers = NDArray[np.int64]


def ablation_results(
    folder: RunFolder, queries: pl.DataFrame, clusters: Integers, *, resamples: int
) -> list[dict[str, Any]]:
    """Return one entry an ablation of a row, in JSON values.

    Each variant is compared with its row, the LLM alone, on all queries of the run: those whose
    target was not retrieved differ by 0. Holm's correction counts all variants of the run.

    Args:
        folder: A run; variants that are not finished are left out.
        queries: Its queries.
        clusters: ``(n_queries,)`` the user of each.
        resamples: Bootstrap draws.

    Raises:
        ArtifactError: A file of the run is damaged.
    """
    made, finished = folder.made_from, set(folder.finished_rows)
    records = [r for r in folder.ablations() if {r["row"], r["base"]} <= finished]
    names = {name for record in records for name in (record["row"], record["base"])}
    values = {name: _headline(folder, name) for name in names}
    options = {"clusters": clusters, "seed": made["seed"], "resamples": resamples}
    found = [
        compare(values[record["row"]], values[record["base"]], **options) for record in records
    ]
    corrected = holm([difference.p_value for difference in found])
    lines = [
        {
            "row": record["row"],
            "label": record["label"],
            "changes": record["changes"],
            "value": float(values[record["row"]].mean()),
            **asdict(difference),
            "p_holm": p_holm,
        }
        for record, difference, p_holm in zip(records, found, corrected, strict=True)
    ]
    groups: dict[tuple[str, str], list[int]] = {}
    for n, record in enumerate(records):
        groups.setdefault((record["base"], record["ablation"]), []).append(n)
    return [
        {
            "ablation": ablation,
            "what": records[members[0]]["what"],
            "base": base,
            "base_value": float(values[base].mean()),
            "variants": [lines[n] for n in members],
            "places": _places(
                folder, queries, base, [records[n] for n in members], values, options
            ),
        }
        for (base, ablation), members in groups.items()
    ]


def _headline(folder: RunFolder, row: str) -> Scores:
    card = folder.made_from["card"]
    return figures_of(card_ranks(folder.ranked(row), card), card)[card["headline"]]


def _places(
    folder: RunFolder,
    queries: pl.DataFrame,
    base: str,
    records: Sequence[Mapping[str, Any]],
    values: Mapping[str, Scores],
    options: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Return the headline by the target's listed place, where it was listed; None without places.

    All places are of the same queries: those whose target is among the candidates. A model that
    reads what is listed, and not where, gives a level curve.
    """
    placed = [record for record in records if "target_place" in record["changes"]]
    about = (folder.row(base) or {})["llm"]
    targets = queries["target"].to_numpy().astype(np.int64)
    listed = among_first(folder.ranked(about["source"]), targets, about["candidates"])
    if not placed or not listed.any():
        return None
    metric, _, k = folder.made_from["card"]["headline"].partition("@")
    inside = {**options, "clusters": options["clusters"][listed]}
    points = []
    for record in placed:
        here = values[record["row"]][listed]
        low, high = bootstrap_interval(here, **inside)
        place = record["changes"]["target_place"]
        points.append({"place": place, "value": float(here.mean()), "low": low, "high": high})
    return {
        "queries": int(listed.sum()),
        "candidates": about["candidates"],
        "points": points,
        "shuffled": float(values[base][listed].mean()),
        "chance": chance_level(METRICS[metric], about["candidates"], int(k)),
    }
