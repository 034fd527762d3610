"""Where periods begin and end; a tied second is never cut."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from llmrec.data.protocol import SplitProtocol


class Cuts(NamedTuple):
    """Seconds at which periods begin; a period that the card does not have is empty."""

    validation_s: int
    calibration_s: int
    test_s: int
    until_s: int | None
    """The second at which the test ends; None: never."""


def cuts_of(table: pl.DataFrame, protocol: SplitProtocol) -> list[Cuts]:
    """Return the cuts of a protocol with periods: of its one split, or of every window.

    Args:
        table: All events that may be asked about or learnt from, with ``timestamp_s``.
        protocol: One with periods.

    Raises:
        DataError: So many events share a second that a period would be empty.
    """
    if protocol.test_from is not None:
        begins = (protocol.validation_from, protocol.calibration_from, protocol.test_from)
        return [_cuts([_floor_s(begin) for begin in begins if begin is not None])]
    shares = _shares_after(protocol)
    times = table["timestamp_s"].sort()
    moments = [int(times[-max(1, round(len(times) * share))]) for share in shares]
    if any(a >= b for a, b in itertools.pairwise([int(times[0]), *moments])):
        spoken = " and ".join(f"{moment} s" for moment in moments)
        raise DataError(
            f"{protocol.id} cannot cut {len(times)} events at {spoken}: too many events share a "
            "second",
            remedy="Choose other shares, or say the moments: test_from, validation_from.",
        )
    if protocol.windows is None:
        return [_cuts(moments)]
    ends = [*moments[2:], None]
    return [
        _cuts(begins, end) for begins, end in zip(itertools.pairwise(moments), ends, strict=True)
    ]


def _cuts(begins: Sequence[int], until_s: int | None = None) -> Cuts:
    """Return one, two or three cuts, rising; without a calibration period the test begins there."""
    return Cuts(begins[0], begins[-2] if len(begins) == 3 else begins[-1], begins[-1], until_s)


def _shares_after(protocol: SplitProtocol) -> list[float]:
    """Return the share of events from each cut on, falling."""
    if protocol.windows is not None and protocol.window_share is not None:
        return [protocol.window_share * n for n in range(protocol.windows + 1, 0, -1)]
    periods = (protocol.test_share, protocol.calibration_share, protocol.validation_share)
    return list(itertools.accumulate(share for share in periods if share is not None))[::-1]


def _floor_s(moment: datetime) -> int:
    """Return the whole second: an event of the cut's own second may have come after it."""
    return int(moment.timestamp() // 1)
