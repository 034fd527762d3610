"""An encoder without a model: words and character n-grams hashed into a vector.

Feature hashing with signs, after Weinberger et al., "Feature Hashing for Large Scale Multitask
Learning" (ICML 2009). It finds texts that share words or parts of words; it knows no synonyms. It
stands in for a real encoder in tests and on machines without torch.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from llmrec.encode.base import EncoderCard, Vectors
from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
_GRAM_SIZES = (3, 4)
_SCHEME = "words+grams/v1"
_MIN_DIMENSION = 16


class HashEncoder:
    """Words and the 3- and 4-grams of their letters, hashed with signs.

    A word counts as much as all its n-grams together, and the n-th occurrence counts less than
    the first (square root). Texts are compared after NFKC and case folding. A text without a token
    gets the vector of one reserved feature.

    Args:
        dimension: Length of the vectors, at least 16.
        max_tokens: Words and punctuation marks read; what follows is cut, as real encoders do.

    Raises:
        ConfigError: The dimension or ``max_tokens`` is too small.
    """

    DIMENSION: ClassVar[int] = 256

    def __init__(self, dimension: int = DIMENSION, *, max_tokens: int = 256) -> None:
        if dimension < _MIN_DIMENSION or max_tokens < 1:
            raise ConfigError(
                f"HashEncoder(dimension={dimension}, max_tokens={max_tokens}): "
                f"the dimension is at least {_MIN_DIMENSION}, and max_tokens at least 1"
            )
        scheme = f"{_SCHEME}:{dimension}:{max_tokens}"
        self._card = EncoderCard(
            name=f"hash-{dimension}",
            weights_sha256=hashlib.sha256(scheme.encode()).hexdigest(),
            dimension=dimension,
            max_tokens=max_tokens,
        )

    @property
    def card(self) -> EncoderCard:
        """Which encoder this is; the "weights" are the hashing scheme."""
        return self._card

    @property
    def control_strings(self) -> frozenset[str]:
        """None: every text is only text here."""
        return frozenset()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many words and punctuation marks each text has."""
        return [len(_TOKEN.findall(text)) for text in texts]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return ``(n_texts, dimension) float32, L2-normalised``."""
        vectors = np.empty((len(texts), self._card.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> NDArray[np.float64]:
        """Return one unit vector, ``(dimension,) float64``."""
        tokens = _TOKEN.findall(text)[: self._card.max_tokens]
        folded = (unicodedata.normalize("NFKC", token).casefold() for token in tokens)
        vector = np.zeros(self._card.dimension)
        for token, count in Counter(folded).items():
            places, values = _features(token, self._card.dimension)
            np.add.at(vector, places, values * np.sqrt(count))
        norm = np.linalg.norm(vector)
        if norm > 0:
            return np.asarray(vector / norm)
        # No token, or signs that cancel to the last digit: the reserved feature alone.
        vector[:] = 0
        vector[_bucket("", self._card.dimension)[0]] = 1
        return vector


@functools.lru_cache(maxsize=65_536)
def _features(token: str, dimension: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return where a token's features lie and what each weighs (a few dozen of each)."""
    edged = f"<{token}>"
    grams = [
        edged[start : start + size]
        for size in _GRAM_SIZES
        for start in range(len(edged) - size + 1)
    ]
    hashed = [_bucket(f"w:{token}", dimension), *(_bucket(f"g:{g}", dimension) for g in grams)]
    places = np.array([place for place, _ in hashed], dtype=np.int64)
    values = np.array([sign for _, sign in hashed], dtype=np.float64)
    if grams:
        values[1:] /= np.sqrt(len(grams))
    return places, values


def _bucket(feature: str, dimension: int) -> tuple[int, int]:
    """Return a feature's place in the vector and its sign."""
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "little")
    return (number >> 1) % dimension, 1 if number & 1 else -1
