"""Counterfactual scorings, batched over users, and the effects that they show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.types import Candidate, History, Ranking, Scorer

Group = tuple[int, ...]
"""Positions that are left out together."""
Falls = NDArray[np.float64]
"""Falls of log-odds, one per item of a user's list: ``(n_items,) float64``, natural log."""


@dataclass(slots=True)
class Effects:
    """What leaving out each group did, one figure per item and candidate order."""

    falls: dict[tuple[int, Group], list[Falls]] = field(default_factory=dict)
    """(user, group) -> the falls under order 0, 1, ...: those scored under that group."""

    def groups(self, user: int) -> list[Group]:
        """Return the user's groups in the order they were asked."""
        return [group for owner, group in self.falls if owner == user]

    def first(self, user: int, group: Group) -> Falls:
        """Return the falls under the ranking's own candidate order."""
        return self.falls[user, group][0]

    def mean(self, user: int, group: Group) -> Falls:
        """Return the mean falls over all orders scored."""
        return np.asarray(np.mean(self.falls[user, group], axis=0), dtype=np.float64)

    def noise(self, user: int, group: Group) -> Falls:
        """Return the spread of the falls over the orders: the greater of its own and the user's.

        A standard deviation of a handful of orders is itself uncertain and too small as often as
        not, so it is not taken below the root mean square over the user's groups and items.
        """
        rows = [row for (owner, _), row in self.falls.items() if owner == user and len(row) > 1]
        if len(self.falls[user, group]) < 2:
            return np.zeros_like(self.first(user, group))
        pooled = np.sqrt(np.mean([np.var(row, axis=0, ddof=1) for row in rows]))
        own = np.std(self.falls[user, group], axis=0, ddof=1)
        return np.asarray(np.maximum(own, pooled), dtype=np.float64)

    def add(self, other: Effects) -> None:
        """Append another order's falls to the groups that it holds."""
        for key, rows in other.falls.items():
            self.falls[key].extend(rows)


@dataclass(slots=True, kw_only=True)
class Trials:
    """Scores histories with something left out, remembering what the whole ones scored."""

    histories: Sequence[History]
    candidates: Sequence[Sequence[Candidate]]
    items: Sequence[tuple[str, ...]]
    """Per user the ids whose log-odds are wanted."""
    scorer: Scorer
    _whole: dict[tuple[int, int], Falls] = field(default_factory=dict)
    """(user, order seed) -> log-odds with nothing left out."""

    def effects(self, groups: Sequence[Sequence[Group]], *, order_seed: int) -> Effects:
        """Leave out each user's groups, one at a time, in one call of the scorer.

        Args:
            groups: Per user what is left out; users without any cost nothing.
            order_seed: The candidate order under which all are scored.
        """
        asked: list[tuple[int, Group]] = []
        for user, row in enumerate(groups):
            if row and (user, order_seed) not in self._whole:
                asked.append((user, ()))
            asked.extend((user, group) for group in row)
        rows = self._score(asked, order_seed)
        effects = Effects()
        for (user, group), odds in zip(asked, rows, strict=True):
            if not group:
                self._whole[user, order_seed] = odds
        for (user, group), odds in zip(asked, rows, strict=True):
            if group:
                effects.falls[user, group] = [_fall(self._whole[user, order_seed], odds)]
        return effects

    def _score(self, asked: Sequence[tuple[int, Group]], order_seed: int) -> list[Falls]:
        """Return log-odds ``(n_items,) float64`` for each (user, group left out)."""
        if not asked:
            return []
        histories = [self.histories[user].without(group) for user, group in asked]
        candidates = [self.candidates[user] for user, _ in asked]
        rankings = self.scorer(histories, candidates, order_seed=order_seed)
        if len(rankings) != len(asked):
            raise ConfigError(f"the scorer gave {len(rankings)} rankings for {len(asked)} asked")
        return [
            _log_odds(ranking, self.items[user])
            for (user, _), ranking in zip(asked, rankings, strict=True)
        ]


def _fall(whole: Falls, odds: Falls) -> Falls:
    """Return how far log-odds fell, ``(n_items,)``: 0 where an item has nothing to beat."""
    return np.subtract(whole, odds, out=np.zeros_like(odds), where=np.isfinite(odds))


def _log_odds(ranking: Ranking, item_ids: Sequence[str]) -> Falls:
    """Return the items' log-odds in a ranking: ``(n_items,) float64``."""
    return np.array([ranking.log_odds(item_id) for item_id in item_ids], dtype=np.float64)
