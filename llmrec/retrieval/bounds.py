"""Which items may be proposed: what a history holds already, and what a request allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from llmrec.errors import ConfigError, did_you_mean
from llmrec.metrics import Pairs
from llmrec.types import Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llmrec.types import Catalogue, History


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may be proposed to one history."""

    left_out: frozenset[str]
    """Ids that may not."""
    among: frozenset[str] | None
    """The only ids that may; None: any item of the catalogue."""


def bounds_of(history: History, *, seen: Seen, among: Collection[str] | None) -> Bounds:
    """Return the bounds of one history.

    Args:
        history: Its omitted events count as seen too.
        seen: Whether seen items are left out, allowed, or the only ones.
        among: The only ids that a request allows; None: all.

    Raises:
        ConfigError: ``seen`` is none of its values.
    """
    check_seen(seen)
    known = seen_ids(history) if seen != "allow" else frozenset()
    allowed = None if among is None else frozenset(among)
    if seen != "only":
        return Bounds(left_out=known, among=allowed)
    return Bounds(left_out=frozenset(), among=known if allowed is None else known & allowed)


def left_out_pairs(
    histories: Sequence[History], catalogue: Catalogue, *, seen: Seen
) -> Pairs | None:
    """Return the catalogue positions that may not be proposed to each history; None: all may.

    With ``only`` that is nearly the whole catalogue for every history.

    Raises:
        ConfigError: ``seen`` is none of its values.
    """
    check_seen(seen)
    if seen == "allow":
        return None
    known = seen_pairs(histories, catalogue)
    if seen == "mask":
        return known
    everything = np.arange(len(catalogue))
    return Pairs.of(
        np.setdiff1d(everything, known[n : n + 1].items, assume_unique=True)
        for n in range(len(known))
    )


def seen_ids(history: History) -> frozenset[str]:
    """Return what the user has met before, omitted events included."""
    return frozenset(event.item_id for event in history.interactions)


def seen_pairs(histories: Sequence[History], catalogue: Catalogue) -> Pairs:
    """Return the catalogue positions of what each history holds, omitted events included."""
    return Pairs.of(
        [
            [catalogue.position(e.item_id) for e in history.interactions if e.item_id in catalogue]
            for history in histories
        ]
    )


def check_seen(seen: str) -> None:
    """Refuse a setting of seen items that does not exist.

    Raises:
        ConfigError: It is none of ``mask``, ``allow`` and ``only``.
    """
    if seen not in get_args(Seen):
        raise ConfigError(
            f"seen is {seen!r}; it must be 'mask', 'allow' or 'only'",
            remedy=did_you_mean(str(seen), get_args(Seen)),
        )
