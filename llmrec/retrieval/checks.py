"""What vectors and ids must be like before they are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ArtifactError, ConfigError, DataError, LeakageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.types import Catalogue, History

MIN_LENGTH, MAX_LENGTH = 1e-15, 1e15  # so that no float32 product vanishes or overflows


def check_k(k: int) -> None:
    """Refuse to look for no items.

    Raises:
        ConfigError: ``k`` is below 1.
    """
    if k < 1:
        raise ConfigError(f"k is {k}; it must be at least 1")


def check_batch(first: Sequence[object], second: Sequence[object]) -> None:
    """Refuse histories and candidates that do not pair up.

    Raises:
        ConfigError: Their numbers differ.
    """
    if len(first) != len(second):
        raise ConfigError(f"{len(first)} histories but {len(second)} lists of candidates")


def check_moments(histories: Sequence[History], before: datetime | None, *, what: str) -> None:
    """Refuse histories from before the end of what was learnt: they would be told the future.

    Raises:
        LeakageError: A history's moment lies before ``before``.
    """
    for history in histories if before is not None else ():
        if before is not None and history.as_of < before:
            raise LeakageError(
                f"{what} counts events up to {before.isoformat()}, and the history of user "
                f"{history.user_id!r} ends at {history.as_of.isoformat()}",
                remedy="Ask about a later moment, or learn only from what lies before the earliest "
                "one in question.",
            )


def check_same_encoder(made_by: str | None, dimension: int, encoder: Encoder) -> None:
    """Refuse to ask an index with another encoder's vectors.

    Args:
        made_by: The identity of the encoder that made the index, if that is known.
        dimension: The index's.
        encoder: Who makes the queries.

    Raises:
        ArtifactError: Another encoder made the index.
        ConfigError: The dimensions differ.
    """
    card = encoder.card
    if made_by is not None and made_by != card.identity:
        raise ArtifactError(
            f"the index was made by encoder {made_by!r}, but {card.identity!r} is in use",
            remedy="Use the index's encoder, or make the index again with this one.",
        )
    if card.dimension != dimension:
        raise ConfigError(
            f"encoder {card.name!r} makes vectors of dimension {card.dimension}, "
            f"and the index holds {dimension}"
        )


def check_ids(item_ids: Sequence[str], catalogue: Catalogue) -> None:
    """Refuse ids that come twice or that the catalogue does not know.

    Raises:
        DataError: An id comes twice.
        UnknownItemError: An id is not in the catalogue.
    """
    seen: set[str] = set()
    for item_id in item_ids:
        if item_id in seen:
            raise DataError(f"item id {item_id!r} occurs twice", remedy="Give each item once.")
        seen.add(item_id)
        catalogue.position(item_id)


def check_unchanged(item_ids: Sequence[str], before: Catalogue, after: Catalogue) -> None:
    """Refuse a new catalogue that lost an item or tells another story about it.

    Raises:
        UnknownItemError: An id is not in the new catalogue.
        DataError: An item's title or attributes differ, so its vector is of the past.
    """
    for item_id in item_ids:
        if after[item_id] != before[item_id]:
            raise DataError(
                f"item {item_id!r} is another one in the new catalogue than in the index",
                remedy="Remove it from the index first, then add it with its new vector.",
            )


def checked_vectors(
    vectors: Vectors, *, rows: int | None, what: str, width: int | None = None
) -> Vectors:
    """Return vectors as contiguous ``(rows, width) float32``.

    Args:
        vectors: What was given.
        rows: How many there must be; None for any number.
        what: How the error names them.
        width: Their dimension; None for any above 0.

    Raises:
        DataError: Another shape; or a vector is zero, not finite, or of an absurd length.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    fits = array.ndim == 2 and array.shape[1] > 0
    if not fits or rows not in {None, len(array)} or width not in {None, array.shape[1]}:
        wanted = f"({'n' if rows is None else rows}, {'dimension' if width is None else width})"
        raise DataError(f"{what} have shape {array.shape}; {wanted} is needed")
    lengths = np.sqrt(np.einsum("nd,nd->n", array, array, dtype=np.float64))
    bad = np.flatnonzero(~((lengths >= MIN_LENGTH) & (lengths <= MAX_LENGTH)))
    if bad.size:
        length = float(lengths[bad[0]])
        raise DataError(
            f"{what}: this vector's length is {length:g}",
            row=int(bad[0]) + 1,
            remedy=f"Lengths from {MIN_LENGTH:g} to {MAX_LENGTH:g} can be searched; best is 1.",
        )
    return array
