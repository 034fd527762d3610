"""Which items the loss of a batch looks at: the whole catalogue, or targets and drawn ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The items that a loss may look at.

    Args:
        items: ``(n,)``: catalogue positions, rising; every item of the log is among them.
        shares: ``(n,)``: each one's share of the log's events.
        negatives: How many are drawn for a batch; None: all are looked at.
    """

    items: Integers
    shares: NDArray[np.float64]
    negatives: int | None

    def looked_at(
        self, targets: Integers, rng: np.random.Generator
    ) -> tuple[Integers, NDArray[np.float32]]:
        """Return a batch's items and the shifts of their scores, ``(n_looked_at,)`` each.

        Items are looked at when they are targets of the batch or drawn. A shift is minus the
        logarithm of how likely that was, so that the sum over the items looked at is, on average,
        the sum over the pool (Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus
        Item Recommendations", RecSys 2019, do so for targets).

        Args:
            targets: ``(n_targets,)``: catalogue positions.
            rng: Draws the negatives.
        """
        if self.negatives is None:
            return self.items, np.zeros(len(self.items), dtype=np.float32)
        drawn = rng.integers(0, len(self.items), self.negatives)
        rows = np.union1d(np.searchsorted(self.items, targets), drawn)
        missed = len(targets) * np.log1p(-np.minimum(self.shares[rows], 1 - 1e-9))
        missed += self.negatives * np.log1p(-1 / max(2, len(self.items)))
        return self.items[rows], -np.log(-np.expm1(missed)).astype(np.float32)
