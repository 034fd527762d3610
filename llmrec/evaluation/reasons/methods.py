"""The ablation of how evidence is found: what is left out first, sessions, runs or events.

Every method looks at the same items of the same decision. What it cites is left out together, on
candidate orders that did not choose it, and so is measured as ``removal`` measures what is cited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.evaluation.reasons.intervals import differences, figure
from llmrec.evaluation.reasons.removal import fall_of, rankings_without
from llmrec.evaluation.reasons.truth import PICKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from llmrec.types import Candidate, Evidence, History, Ranking, Scorer, Scores

METHODS = ("auto", "session", "event")
"""What ``EvidenceConfig.level`` can be."""
Find = Callable[[str, "Scorer"], "Sequence[Sequence[Evidence]]"]
"""From a method and the decision to the evidence of each item that is explained."""


@dataclass(slots=True)
class _Counted:
    """A scorer that counts the histories it scores."""

    scorer: Scorer
    histories: int = 0

    @property
    def order_matters(self) -> bool:
        return self.scorer.order_matters

    def __call__(
        self,
        histories: Sequence[History],
        candidates: Sequence[Sequence[Candidate]],
        *,
        order_seed: int = 0,
    ) -> list[Ranking]:
        self.histories += len(histories)
        return self.scorer(histories, candidates, order_seed=order_seed)


def score_methods(
    history: History,
    ranking: Ranking,
    scorer: Scorer,
    find: Find,
    *,
    orders: Sequence[int],
) -> list[list[dict[str, Any]]]:
    """Find evidence for a user's first items by every method, and take away what it cites.

    Args:
        history: The user's.
        ranking: Its candidates stay fixed.
        scorer: The whole decision.
        find: Finds evidence for the first items by a method.
        orders: The seeds of the candidate orders to measure under.

    Returns:
        Per item one mapping a method: ``cited`` positions, the strongest first; ``removed``, the
        fall of the item's log-odds (natural logarithm) without them, 0 where there are none; and
        ``scored``, how many histories the method had scored for the user.
    """
    lines = []
    for method in METHODS:
        counted = _Counted(scorer)
        cited = find(method, counted)
        positions = [list(dict.fromkeys(e.position for e in row)) for row in cited]
        falls = _falls(history, ranking, scorer, positions, orders)
        lines.append(
            [
                {"method": method, "cited": row, "removed": fall, "scored": counted.histories}
                for row, fall in zip(positions, falls, strict=True)
            ]
        )
    return [list(row) for row in zip(*lines, strict=True)]


def _falls(
    history: History,
    ranking: Ranking,
    scorer: Scorer,
    positions: Sequence[Sequence[int]],
    orders: Sequence[int],
) -> list[float]:
    """Return each item's mean fall over the orders without its positions."""
    gone = list(dict.fromkeys([frozenset(), *map(frozenset, positions)]))
    if len(gone) == 1:
        return [0.0 for _ in positions]
    ids = [candidate.item.item_id for candidate in ranking.candidates]
    falls = np.zeros((len(orders), len(positions)))
    for row, order in enumerate(orders):
        without = rankings_without(history, ranking, scorer, gone, order)
        for n, cited in enumerate(positions):
            falls[row, n] = fall_of(without[frozenset()], without[frozenset(cited)], ids[n])
    means: list[float] = falls.mean(axis=0).tolist()
    return means


def method_figures(
    table: pl.DataFrame, base: str, strong: float | None, *, seed: int, resamples: int
) -> dict[str, Any] | None:
    """Return what each method cites and what that decides, with the base's lead over the others.

    Args:
        table: ``REASONS`` lines.
        base: The method that the explanations themselves used.
        strong: As ``Truth.strong``; None where no causes are known.
        seed: Of all draws.
        resamples: Of the intervals.

    Returns:
        ``base``, and for each measure its ``ways`` and ``differences``; null where nothing was
        varied. Precision counts the items that all methods cite something for.
    """
    rows = [row for row in table.to_dicts() if row["methods"]]
    if not rows:
        return None
    options = {"seed": seed, "resamples": resamples}
    measures: dict[str, Callable[[Mapping[str, Any]], float]] = {
        "cites": lambda line: float(bool(line["cited"])),
        "events": lambda line: float(len(line["cited"])),
        "removed": lambda line: float(line["removed"]),
        "scored": lambda line: float(line["scored"]),
    }
    found: dict[str, Any] = {"base": base}
    for name, measure in measures.items():
        values = _by_method(rows, lambda _, line, of=measure: of(line))
        found[name] = _compared(values, base, [row["user_id"] for row in rows], **options)
    if strong is None:
        return found
    known = [row for row in rows if row["truth"] and all(line["cited"] for line in row["methods"])]
    values = _by_method(known, lambda row, line: _precision(row, line, strong))
    users = [row["user_id"] for row in known]
    return {**found, f"precision@{PICKS}": _compared(values, base, users, **options)}


def _by_method(
    rows: Sequence[Mapping[str, Any]], measure: Callable[..., float]
) -> dict[str, Scores]:
    """Return each method's figure for every item: ``(n_items,) float64``."""
    return {
        method: np.array([measure(row, row["methods"][n]) for row in rows], dtype=np.float64)
        for n, method in enumerate(METHODS)
    }


def _precision(row: Mapping[str, Any], line: Mapping[str, Any], strong: float) -> float:
    """Return the share of causes among the first events that a method cites."""
    causes = np.asarray(row["truth"])[line["cited"][:PICKS]] >= strong
    return float(causes.mean())


def _compared(
    values: dict[str, Scores], base: str, users: Sequence[str], *, seed: int, resamples: int
) -> dict[str, Any]:
    options = {"seed": seed, "resamples": resamples}
    ways = [{"way": m, **figure(v.tolist(), users, **options)} for m, v in values.items()]
    others = {method: value for method, value in values.items() if method != base}
    return {"ways": ways, "differences": differences(values[base], others, users, **options)}
