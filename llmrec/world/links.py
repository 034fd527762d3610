"""Which items an event speaks for or against, and how fast that fades."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmrec.world.random import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from llmrec.world.items import Entry
    from llmrec.world.settings import WorldSettings
    from llmrec.world.settings_parts import Follow

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A trace that each event leaves on items, and that fades."""

    name: str
    table: Floats
    """``table[chosen, item]``: ``(n, n)``, in [0, 1]."""
    gain: float
    """What an event adds at most."""
    strength: float
    """What the counter is multiplied with (for satiation)."""
    decay: Floats
    """``(days + 1,)``: what is left after so many whole days, from 1 on."""
    half_life_days: int
    liked_only: bool = False
    rated: bool = False
    """Whether the trace scales with the rating."""
    cooked_only: bool = False


def decay_table(half_life_days: int, days: int) -> Floats:
    """Return what is left after 0 to ``days`` days: ``(days + 1,)``.

    The daily factor is found by bisection and repeated multiplication, because the last bits of
    ``pow`` are not the same on every platform.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        left = 1.0
        for _ in range(half_life_days):
            left *= middle
        low, high = (middle, high) if left < 0.5 else (low, middle)
    daily = np.full(days + 1, high)
    daily[0] = 1.0
    return np.asarray(np.multiply.accumulate(daily))


def series_links(entries: Sequence[Entry]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the part before and the part after each item in its series; -1 for none."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, entry in enumerate(entries):
        if entry.series is not None:
            found[entry.series].append((entry.place, n))
    before, after = np.full(len(entries), -1), np.full(len(entries), -1)
    for line in found.values():
        for (_, a), (_, b) in itertools.pairwise(sorted(line)):
            before[b], after[a] = a, b
    return before, after


def follow_traces(
    entries: Sequence[Entry], settings: WorldSettings, seed: int
) -> tuple[Trace, ...]:
    """Return what each ``follow`` rule adds to the pull of items."""
    return tuple(
        Trace(
            name=rule.by,
            table=_follow_table(entries, rule, seed),
            gain=rule.pull,
            strength=1.0,
            decay=decay_table(rule.half_life_days, settings.days),
            half_life_days=rule.half_life_days,
            liked_only=rule.liked_only,
            rated=True,
            cooked_only=rule.cooked_only,
        )
        for rule in settings.follow
    )


def satiation_traces(entries: Sequence[Entry], settings: WorldSettings) -> tuple[Trace, ...]:
    """Return what each ``satiation`` rule counts."""
    return tuple(
        Trace(
            name=rule.by,
            table=np.eye(len(entries)) if rule.by == "itself" else _overlap(entries, rule.by),
            gain=1.0,
            strength=rule.strength,
            decay=decay_table(rule.half_life_days, settings.days),
            half_life_days=rule.half_life_days,
        )
        for rule in settings.satiation
    )


def _follow_table(entries: Sequence[Entry], rule: Follow, seed: int) -> Floats:
    """Return how much of a rule's pull each item gets after each item: ``(n, n)``."""
    if rule.by == "itself":
        return np.eye(len(entries))
    linked = np.zeros((len(entries), len(entries)))
    if rule.by == "next":
        after = series_links(entries)[1]
        linked[after >= 0, after[after >= 0]] = 1.0
    elif rule.by == "talk":
        for n, others in enumerate(_talk(entries, rule.links, seed)):
            linked[n, others] = 1.0
    else:
        linked = _shared(entries, rule.by, rule.values)
    total = np.cumsum(linked, axis=1)[:, -1:]
    return linked / np.maximum(total, 1.0) if rule.share else linked


def _talk(entries: Sequence[Entry], count: int, seed: int) -> list[list[int]]:
    """Draw which items people are told of after each item; later parts of series are not."""
    heads = [n for n, entry in enumerate(entries) if entry.place < 2]
    return [
        Stream(seed, "talk", entry.item_id).some([m for m in heads if m != n], count)
        for n, entry in enumerate(entries)
    ]


def _shared(entries: Sequence[Entry], field: str, only: tuple[str, ...]) -> Floats:
    """Return how many of the field's values each two items share, none with themselves."""
    wanted = frozenset(only)
    places: dict[str, list[int]] = defaultdict(list)
    for n, entry in enumerate(entries):
        for value in entry.values.get(field, ()):
            if not wanted or value in wanted:
                places[value].append(n)
    table = np.zeros((len(entries), len(entries)))
    for several in places.values():
        table[np.ix_(several, several)] += 1.0
    np.fill_diagonal(table, 0.0)
    return table


def _overlap(entries: Sequence[Entry], field: str) -> Floats:
    """Return the share of each item's values that the chosen one has: ``[chosen, item]``."""
    values = [frozenset(entry.values.get(field, ())) for entry in entries]
    table = np.zeros((len(entries), len(entries)))
    for n, item in enumerate(values):
        for chosen, others in enumerate(values):
            if item:
                table[chosen, n] = len(item & others) / len(item)
    return table
