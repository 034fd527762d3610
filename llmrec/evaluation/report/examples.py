"""A few users as people see them: what they had, what came next, what was proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.folder import RunFolder

LAST, FIRST = 5, 5


def best_without_llm(results: Mapping[str, Any]) -> str | None:
    """Return the best row that no LLM has a part in; None where there is none."""
    return next((row["name"] for row in results["rows"] if "llm" not in row), None)


def examples_of(folder: RunFolder, results: Mapping[str, Any], n: int = 20) -> list[dict[str, Any]]:
    """Return users drawn by the run's seed, with the lists of its best row without an LLM.

    They are drawn whatever their rank, so that the page shows what is usual; an LLM reranks only
    lists whose target was retrieved.
    """
    best = best_without_llm(results)
    if best is None:
        return []
    queries, titles = folder.table(QUERIES_FILE), folder.table(ITEMS_FILE)["title"].to_list()
    ranked = folder.ranked(best)
    rng = np.random.default_rng(results["run"]["seed"])
    chosen = sorted(rng.choice(queries.height, min(n, queries.height), replace=False).tolist())
    examples = []
    for number in chosen:
        query, found = queries.row(number, named=True), ranked.row(number, named=True)
        rank = found["ahead"] + (found["tied"] + 1) / 2  # the middle of its tie
        proposed = [item for item in found["items"] if item >= 0][:FIRST]
        examples.append(
            {
                "user": query["user_id"],
                "events": len(query["history"]),
                "history": [titles[item] for item in query["history"][-LAST:]],
                "target": titles[query["target"]],
                "rank": None if not np.isfinite(rank) else round(rank),
                "proposed": [(titles[item], item == query["target"]) for item in proposed],
            }
        )
    return examples
