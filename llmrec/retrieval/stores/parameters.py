"""Which kind of store holds the vectors, and its settings."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from llmrec.config import Settings
from llmrec.errors import ConfigError, did_you_mean


class FlatParameters(Settings):
    """Every vector is compared, so nothing is missed."""

    kind: Literal["flat"] = "flat"


class _Approximate(Settings):
    """What the approximate kinds have in common."""

    rerank: int = Field(default=2, ge=1)
    """Rows that are scored exactly for each row asked for."""
    vectors: Literal["float32", "float16"] = "float32"
    """How the vectors are kept for exact scores; float16 halves their room."""


class HnswParameters(_Approximate):
    """A graph of near neighbours (Malkov and Yashunin, 2018) over 8-bit or whole vectors."""

    kind: Literal["hnsw"] = "hnsw"
    links: int = Field(default=24, ge=2, le=256)
    """Neighbours of a node; twice as many on the lowest level."""
    build_width: int = Field(default=120, ge=1)
    """Nodes kept in view while a node is linked (``efConstruction``)."""
    search_width: int = Field(default=200, ge=1)
    """Nodes kept in view while searching (``efSearch``): more find more, and take longer."""
    codes: Literal["sq8", "fp16", "float32"] = "sq8"
    """What the graph compares."""


class _Inverted(_Approximate):
    """Vectors in lists around centroids; a search reads the lists of the nearest ones."""

    lists: int | None = Field(default=None, ge=1)
    """How many lists; None: four times the square root of the number of vectors."""
    probes: int = Field(default=32, ge=1)
    """Lists that are read: more find more, and take longer."""
    train_rows: int = Field(default=200_000, ge=1)
    """Most vectors that centroids and codes are learnt from."""


class IvfFlatParameters(_Inverted):
    """Inverted lists of whole vectors."""

    kind: Literal["ivf-flat"] = "ivf-flat"


class IvfPqParameters(_Inverted):
    """Inverted lists of product-quantised codes (Jegou et al., 2011), rotated first by OPQ."""

    kind: Literal["ivf-pq"] = "ivf-pq"
    rerank: int = Field(default=10, ge=1)
    """Rows that are scored exactly for each row asked for."""
    parts: int = Field(default=64, ge=1)
    """Into how many parts a vector is cut; each part becomes one code."""
    bits: Literal[4, 8] = 8
    """Of a code; 4-bit codes are compared many at a time in processor registers."""
    rotate: bool = True
    """Whether OPQ (Ge et al., 2013) turns the vectors so that the parts share the variance."""


class SqParameters(_Approximate):
    """Every vector is compared, each number of it in a few bits."""

    kind: Literal["sq"] = "sq"
    codes: Literal["sq8", "sq6", "sq4", "fp16"] = "sq8"
    """Eight, six or four bits a number, or half precision."""


StoreParameters = (
    FlatParameters | HnswParameters | IvfFlatParameters | IvfPqParameters | SqParameters
)
ApproximateParameters = HnswParameters | IvfFlatParameters | IvfPqParameters | SqParameters
Kind = Literal["flat", "hnsw", "ivf-flat", "ivf-pq", "sq"]

KINDS: dict[str, type[StoreParameters]] = {
    "flat": FlatParameters,
    "hnsw": HnswParameters,
    "ivf-flat": IvfFlatParameters,
    "ivf-pq": IvfPqParameters,
    "sq": SqParameters,
}


def store_parameters(kind: str, values: dict[str, Any], *, source: str) -> StoreParameters:
    """Return the settings of a kind of store.

    Raises:
        ConfigError: No such kind, an unknown setting, or a wrong value.
    """
    if kind not in KINDS:
        raise ConfigError(f"{source}: no kind of index {kind!r}", remedy=did_you_mean(kind, KINDS))
    return KINDS[kind].of({**values, "kind": kind}, source=f"{source} of kind {kind!r}")
