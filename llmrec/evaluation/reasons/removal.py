"""Faithfulness to this decision: what the cited events do together, beside equally many others.

The candidates stay fixed and the whole decision is scored again: retriever, LLM, fusion. Cited
events are left out jointly, and in a second trial everything but them. The ways that choose
equally many events know nothing of the decision: at random, the newest, the most similar. Each way
has an order, so that its events can also be taken away one after the other: a curve.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmrec.types import Evidence, History, Ranking, Scorer, Scores

WAYS = ("cited", "random", "recent", "similar")
Group = tuple[int, ...]
"""Positions of a history, in the order in which they are taken away."""
Gone = frozenset[int]
"""Positions that are left out together."""


def chosen(
    history: History, evidence: Sequence[Evidence], similarity: Scores, rng: np.random.Generator
) -> dict[str, Group]:
    """Return the positions that each way chooses; nothing where it would be none or all.

    Args:
        history: The user's.
        evidence: What is cited, the strongest first.
        similarity: ``(n_events,)`` of each event's item to the recommended one.
        rng: Draws the random ones.

    Returns:
        For each of ``WAYS`` equally many positions: the cited ones as the evidence has them, the
        random ones as drawn, the newest first, the most similar first.
    """
    visible = np.array(
        [n for n in range(len(history.interactions)) if n not in history.omitted], dtype=np.int64
    )
    cited = list(dict.fromkeys(each.position for each in evidence))
    count = len(cited)
    if not 0 < count < len(visible):
        return {}
    alike = visible[np.argsort(-similarity[visible], kind="stable")[:count]]
    drawn = rng.choice(visible, count, replace=False)
    picks = (np.array(cited), drawn, visible[-count:][::-1], alike)
    return {way: tuple(row.tolist()) for way, row in zip(WAYS, picks, strict=True)}


def score_removals(
    history: History,
    ranking: Ranking,
    scorer: Scorer,
    picks: Sequence[Mapping[str, Group]],
    *,
    orders: Sequence[int],
) -> list[list[dict[str, Any]]]:
    """Score the decision without the first 1, 2, ... events of each way, and with nothing but all.

    Args:
        history: The user's.
        ranking: Its candidates stay fixed; its first items are those asked about.
        scorer: The whole decision.
        picks: For each of the first items what each way chose.
        orders: The seeds of the candidate orders to score under.

    Returns:
        Per item one mapping a way, order and number of events: ``removed`` is the fall of the
        item's log-odds (natural logarithm) without them, ``places`` how many places it loses among
        the candidates, ``kept`` the fall with nothing but the events (null unless they are all).
    """
    everything = frozenset(range(len(history.interactions))) - history.omitted
    ways = [group for row in picks for group in row.values()]
    gone = [
        frozenset(),
        *(frozenset(group[:count]) for group in ways for count in range(1, len(group) + 1)),
        *(everything - set(group) for group in ways),
    ]
    found: list[list[dict[str, Any]]] = [[] for _ in picks]
    for order in orders if ways else ():
        without = rankings_without(history, ranking, scorer, list(dict.fromkeys(gone)), order)
        for n, row in enumerate(picks):
            item_id = ranking.candidates[n].item.item_id
            found[n] += [
                {"way": way, "order": order, **line}
                for way, group in row.items()
                for line in _lines(item_id, group, everything, without)
            ]
    return found


def rankings_without(
    history: History, ranking: Ranking, scorer: Scorer, gone: Sequence[Gone], order: int
) -> dict[Gone, Ranking]:
    """Score the decision once for all that is left out, the candidates fixed."""
    histories = [history.without(sorted(positions)) for positions in gone]
    rankings = scorer(histories, [ranking.candidates] * len(gone), order_seed=order)
    return dict(zip(gone, rankings, strict=True))


def _lines(
    item_id: str, group: Group, everything: Gone, without: Mapping[Gone, Ranking]
) -> Iterator[dict[str, Any]]:
    """Yield what happens to an item without the first, the first two, ... events of a way."""
    whole = without[frozenset()]
    for count in range(1, len(group) + 1):
        less = without[frozenset(group[:count])]
        alone = without[everything - set(group)] if count == len(group) else None
        yield {
            "events": count,
            "removed": fall_of(whole, less, item_id),
            "places": less.position(item_id) - whole.position(item_id),
            "kept": None if alone is None else fall_of(whole, alone, item_id),
        }


def fall_of(whole: Ranking, other: Ranking, item_id: str) -> float:
    """Return how far an item's log-odds fell: 0 where it has nothing to beat."""
    odds = other.log_odds(item_id)
    return whole.log_odds(item_id) - odds if math.isfinite(odds) else 0.0
