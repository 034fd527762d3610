"""What the options of ``llmrec data`` take where only a few words are known."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """What ``--time-unit`` takes."""

    S = "s"
    MS = "ms"
    US = "us"


class Ties(StrEnum):
    """What ``--ties`` takes."""

    FILE = "file"
    ITEM_ID = "item-id"


class Ambiguous(StrEnum):
    """What ``--ambiguous-times`` takes."""

    REFUSE = "refuse"
    EARLIER = "earlier"
    LATER = "later"
