"""Faithfulness to this decision: what the cited events do together, beside equally many others.

The candidates stay fixed and the whole decision is scored again: retriever, LLM, fusion. Cited
events are left out jointly, and in a second trial everything but them. The ways that choose
equally many events know nothing of the decision: at random, the newest, the most similar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.explain.trials import Trials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.explain.trials import Group
    from llmrec.types import Evidence, History, Ranking, Scorer, Scores

WAYS = ("cited", "random", "recent", "similar")


def chosen(
    history: History, evidence: Sequence[Evidence], similarity: Scores, rng: np.random.Generator
) -> dict[str, Group]:
    """Return the positions that each way chooses; nothing where it would be none or all.

    Args:
        history: The user's.
        evidence: What is cited.
        similarity: ``(n_events,)`` of each event's item to the recommended one.
        rng: Draws the random ones.
    """
    visible = np.array(
        [n for n in range(len(history.interactions)) if n not in history.omitted], dtype=np.int64
    )
    cited = sorted({each.position for each in evidence})
    count = len(cited)
    if not 0 < count < len(visible):
        return {}
    alike = visible[np.argsort(-similarity[visible], kind="stable")[:count]]
    drawn = rng.choice(visible, count, replace=False)
    picks = (np.array(cited), drawn, visible[-count:], alike)
    return {way: tuple(np.sort(row).tolist()) for way, row in zip(WAYS, picks, strict=True)}


def score_removals(
    history: History,
    ranking: Ranking,
    scorer: Scorer,
    picks: Sequence[Mapping[str, Group]],
    *,
    orders: Sequence[int],
) -> list[list[dict[str, Any]]]:
    """Score the decision without, and with nothing but, what each way chose.

    Args:
        history: The user's.
        ranking: Its candidates stay fixed; its first items are those asked about.
        scorer: The whole decision.
        picks: For each of the first items what each way chose.
        orders: The seeds of the candidate orders to score under.

    Returns:
        Per item one mapping a way and order: ``removed`` and ``kept`` are the falls of the item's
        log-odds (natural logarithm) without the events, and with nothing but them.
    """
    items = tuple(candidate.item.item_id for candidate in ranking.candidates[: len(picks)])
    trials = Trials(
        histories=[history], candidates=[ranking.candidates], items=[items], scorer=scorer
    )
    everything = set(range(len(history.interactions))) - history.omitted
    rest = {
        group: tuple(sorted(everything - set(group))) for row in picks for group in row.values()
    }
    asked = list(dict.fromkeys([*rest, *rest.values()]))
    found: list[list[dict[str, Any]]] = [[] for _ in picks]
    for order in orders:
        falls = trials.effects([asked], order_seed=order).falls
        for n, row in enumerate(picks):
            found[n] += [
                {
                    "way": way,
                    "order": order,
                    "removed": float(falls[0, group][0][n]),
                    "kept": float(falls[0, rest[group]][0][n]),
                }
                for way, group in row.items()
            ]
    return found
