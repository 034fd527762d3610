"""Where periods begin and end; a tied second is never cut."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from llmrec.errors import DataError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from llmrec.data.protocol import SplitProtocol

Cuts = tuple[int, int, int | None]
"""Seconds at which validation and test begin, and at which the test ends (None: never)."""


def cuts_of(table: pl.DataFrame, protocol: SplitProtocol) -> list[Cuts]:
    """Return the cuts of a protocol with periods: of its one split, or of every window.

    Args:
        table: All events that may be asked about or learnt from, with ``timestamp_s``.
        protocol: One with periods.

    Raises:
        DataError: So many events share a second that a period would be empty.
    """
    if protocol.validation_from is not None and protocol.test_from is not None:
        return [(_floor_s(protocol.validation_from), _floor_s(protocol.test_from), None)]
    shares = _shares_after(protocol)
    times = table["timestamp_s"].sort()
    moments = [int(times[-max(1, round(len(times) * share))]) for share in shares]
    if any(a >= b for a, b in itertools.pairwise([int(times[0]), *moments])):
        spoken = " and ".join(f"{moment} s" for moment in moments)
        raise DataError(
            f"{protocol.id} cannot cut {len(times)} events at {spoken}: too many events share a "
            "second",
            remedy="Choose other shares, or validation_from and test_from.",
        )
    ends = [*moments[2:], None]
    return [(*begins, end) for begins, end in zip(itertools.pairwise(moments), ends, strict=True)]


def _shares_after(protocol: SplitProtocol) -> list[float]:
    """Return the share of events from each cut on, falling."""
    if protocol.windows is not None and protocol.window_share is not None:
        return [protocol.window_share * n for n in range(protocol.windows + 1, 0, -1)]
    test_share, validation_share = protocol.test_share or 0.0, protocol.validation_share or 0.0
    return [test_share + validation_share, test_share]


def _floor_s(moment: datetime) -> int:
    """Return the whole second: an event of the cut's own second may have come after it."""
    return int(moment.timestamp() // 1)
