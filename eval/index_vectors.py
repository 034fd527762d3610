"""Vectors in any number whose neighbours stand as far apart as those of real titles.

A title's vector is taken as the mean of all, plus a part that it shares with its family (sequels,
variants of one dish), plus a part of its own. Both parts are normal with the covariance of the
embedded titles, its eigenvalues raised to a power so that near neighbours come near enough; how
much is shared is drawn for each vector from a beta distribution, so that some titles are nearly
twins and most have hardly a relative. The vector is then scaled to length 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from llmrec.encode.base import Vectors

POWER = 1.4  # of the eigenvalues; the total variance stays
FAMILIES = 0.1  # of the number of vectors
SHARED = (1.0, 2.0)  # beta distribution of the share of the family's part in the variance
_PART = 50_000  # vectors made at once
RANKS = (1, 10, 100)


class TitleLike:
    """Draws vectors like those of given titles.

    Args:
        titles: ``(n_titles, dimension) float32, L2-normalised``.
        n: How many vectors will be drawn: families grow in number with it.
        seed: Of the families.
    """

    def __init__(self, titles: Vectors, n: int, *, seed: int = 0) -> None:
        values, axes = np.linalg.eigh(np.cov(titles.T))
        spread = np.maximum(values, 0.0) ** (POWER / 2)
        spread *= np.sqrt(np.maximum(values, 0.0).sum() / (spread**2).sum())
        self._map = (axes * spread).T.astype(np.float32)
        self._mean = titles.mean(axis=0)
        rng = np.random.default_rng(seed)
        self._families = self._normal(rng, max(1, int(FAMILIES * n)))

    def parts(self, n: int, *, seed: int) -> Iterator[Vectors]:
        """Yield ``n`` vectors, ``(part, dimension) float32, L2-normalised``."""
        for start in range(0, n, _PART):
            rng = np.random.default_rng([seed, start])
            size = min(_PART, n - start)
            share = rng.beta(*SHARED, size).astype(np.float32)[:, None]
            family = self._families[rng.integers(0, len(self._families), size)]
            drawn = self._mean + np.sqrt(share) * family
            drawn += np.sqrt(1 - share) * self._normal(rng, size)
            yield drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def draw(self, n: int, *, seed: int) -> Vectors:
        """Return ``n`` vectors, ``(n, dimension) float32, L2-normalised``."""
        return np.concatenate(list(self.parts(n, seed=seed)))

    def _normal(self, rng: np.random.Generator, n: int) -> Vectors:
        drawn: Vectors = rng.standard_normal((n, len(self._map)), dtype=np.float32) @ self._map
        return drawn


def neighbour_gaps(vectors: Vectors) -> dict[str, list[float]]:
    """Return how near neighbours are: deciles 1, 3, 5, 7 and 9 over up to 1,000 vectors.

    The cosine of the nearest neighbour, and how far it falls from rank 1 to 10 and 10 to 100.
    """
    asked = vectors[:1000]
    cosines: NDArray[Any] = asked @ vectors.T
    cosines[np.arange(len(asked)), np.arange(len(asked))] = -np.inf
    best = -np.sort(-cosines, axis=1)[:, np.array(RANKS) - 1]
    measured = {
        "cosine of rank 1": best[:, 0],
        "rank 1 less rank 10": best[:, 0] - best[:, 1],
        "rank 10 less rank 100": best[:, 1] - best[:, 2],
    }
    quantiles = (0.1, 0.3, 0.5, 0.7, 0.9)
    return {
        name: np.quantile(values, quantiles).round(3).tolist() for name, values in measured.items()
    }
