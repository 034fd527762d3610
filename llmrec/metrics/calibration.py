"""Whether probabilities mean what they say: reliability bins, ECE and the Brier score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.types import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Predictions sorted into bins by their probability; bins without any are left out."""

    predicted: Scores
    """``(n_bins,)`` mean probability in the bin."""
    observed: Scores
    """``(n_bins,)`` share of the bin that came true."""
    counts: NDArray[np.int64]
    """``(n_bins,)`` predictions in the bin."""

    @property
    def ece(self) -> float:
        """Expected calibration error: the bins' distance of the two, weighted by count.

        Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
        """
        gaps = np.abs(self.predicted - self.observed)
        return float((self.counts * gaps).sum() / self.counts.sum())


def reliability(
    probabilities: Scores,
    happened: NDArray[np.bool_] | Scores,
    *,
    bins: int = 10,
    spacing: Literal["uniform", "quantile"] = "uniform",
) -> Reliability:
    """Sort predictions into bins and compare what was said with what came.

    Args:
        probabilities: ``(n,) float64`` in [0, 1], e.g. of an item being the target.
        happened: ``(n,)`` whether it was (True or 1).
        bins: How many.
        spacing: Bins of equal width, or of about equally many predictions.

    Raises:
        ConfigError: Fewer than one bin.
        DataError: No predictions, lengths differ, or a probability is outside [0, 1].
    """
    p, y = _checked(probabilities, happened)
    if bins < 1:
        raise ConfigError(f"bins is {bins}; at least 1 is needed")
    shares = np.linspace(0.0, 1.0, bins + 1)
    edges = np.quantile(p, shares) if spacing == "quantile" else shares
    which = np.searchsorted(edges[1:-1], p, side="left")
    counts = np.bincount(which, minlength=bins)
    used = counts > 0
    means = (np.bincount(which, values, bins)[used] / counts[used] for values in (p, y))
    return Reliability(predicted=next(means), observed=next(means), counts=counts[used])


def brier(probabilities: Scores, happened: NDArray[np.bool_] | Scores) -> float:
    """Return the mean squared distance of probability and outcome (Brier, 1950), in [0, 1].

    Raises:
        DataError: As for ``reliability``.
    """
    p, y = _checked(probabilities, happened)
    return float(((p - y) ** 2).mean())


def _checked(probabilities: Scores, happened: NDArray[np.bool_] | Scores) -> tuple[Scores, Scores]:
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if p.ndim != 1 or p.shape != y.shape or not p.size:
        raise DataError(
            f"probabilities of shape {p.shape} and outcomes of shape {y.shape} do not pair up",
            remedy="Give one probability and one outcome a prediction, and at least one of them.",
        )
    wrong = ~((p >= 0.0) & (p <= 1.0))  # NaN is wrong too
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"probability {p[first]} of prediction {first} is outside [0, 1]",
            remedy="Scores become probabilities by a softmax over the candidates.",
        )
    return p, y
