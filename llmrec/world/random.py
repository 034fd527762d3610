"""A random stream of our own, so that a seed means the same history everywhere and always.

NumPy guarantees its generators' bits but not its distributions from one version to the next, and
the standard library guarantees ``random()`` alone. So the stream is SplitMix64 (Steele, Lea and
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) on Python integers, and what
is drawn from it uses ``+ - * /`` and comparisons only: these are exact in IEEE 754 on every
platform. Each draw depends on the stream's first state and its place alone, so many streams are
drawn at once on arrays (``starts``, ``uniforms``).

Not used, because their last bits differ between platforms or Python versions: ``exp``,
``log``, ``pow`` (the C library's) and ``sum`` of floats (compensated since Python 3.12).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

Choice = TypeVar("Choice")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_UNIT = 1.0 / (1 << 53)
_ROOT_3 = 1.7320508075688772
_ONE, _GOLDENS = np.uint64(1), np.uint64(_GOLDEN)


class Stream:
    """Random numbers known by a seed and a name; other names give unrelated streams.

    Args:
        seed: Any integer.
        name: What the numbers are for, e.g. ``("person", 12)``: people can be added or left out
            without changing what the others do.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, *name: str | int) -> None:
        key = "/".join(map(str, (seed, *name)))
        self._state = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")

    @property
    def state(self) -> int:
        """64 bits from which every further number follows."""
        return self._state

    def bits(self) -> int:
        """Return the next 64 random bits as an integer."""
        self._state = (self._state + _GOLDEN) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def uniform(self) -> float:
        """Return a float in [0, 1), a multiple of 2**-53."""
        return (self.bits() >> 11) * _UNIT

    def between(self, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.uniform() < probability

    def bell(self) -> float:
        """Return a bell-shaped number of mean 0 and variance 1 in [-3.5, 3.5].

        It is the sum of four uniform numbers, scaled by the square root of 3: normal enough, and
        without the logarithm and cosine that a true normal number takes.
        """
        total = self.uniform() + self.uniform() + self.uniform() + self.uniform()
        return (total - 2.0) * _ROOT_3

    def pick(self, cumulative: Sequence[float]) -> int:
        """Return a position, drawn in proportion to weights given as running totals."""
        drawn = self.uniform() * cumulative[-1]
        return min(bisect_right(cumulative, drawn), len(cumulative) - 1)

    def weighted(self, weights: Iterable[float]) -> int:
        """Return a position, drawn in proportion to the weights."""
        return self.pick(list(accumulate(weights)))

    def some(self, options: Sequence[Choice], count: int) -> list[Choice]:
        """Return ``count`` different options (all of them if there are fewer), in drawn order."""
        left = list(options)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(min(count, len(left)))]


def starts(seed: int, numbers: Iterable[int], *name: str) -> NDArray[np.uint64]:
    """Return the initial states of the streams ``(seed, *name, number)``, one for each number.

    Returns:
        ``(n,) uint64``; with ``uniforms`` they give what ``Stream`` gives, bit by bit.
    """
    states = [Stream(seed, *name, number).state for number in numbers]
    return np.array(states, dtype=np.uint64)


def uniforms(states: NDArray[np.uint64], counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the numbers that the streams draw at places of their own, from 0.

    Args:
        states: Initial states, any shape that broadcasts with ``counters``.
        counters: Which draw of its stream each is.

    Returns:
        Floats in [0, 1), multiples of 2**-53.
    """
    mixed = states + (counters.astype(np.uint64) + _ONE) * _GOLDENS
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * _UNIT)


def bells(states: NDArray[np.uint64], counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what ``Stream.bell`` draws at four places from each counter on."""
    total = uniforms(states, counters)
    for further in (1, 2, 3):
        total = total + uniforms(states, counters + further)
    return np.asarray((total - 2.0) * _ROOT_3)
