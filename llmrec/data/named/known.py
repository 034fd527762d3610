"""The published data sets that are known by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmrec.data.movielens import is_movielens, read_movielens
from llmrec.data.named import amazon, games, movietweetings, retail, wines, yelp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llmrec.data.options import ImportOptions
    from llmrec.data.tables import RawLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One published data set: how its folder is known, and how it is read."""

    is_here: Callable[[Path], bool]
    """Whether a folder holds its files."""
    read: Callable[[Path, ImportOptions], RawLog]


NAMED = {
    "movietweetings": Named(is_here=movietweetings.is_here, read=movietweetings.read),
    "movielens": Named(is_here=is_movielens, read=read_movielens),
    "x-wines": Named(is_here=wines.is_here, read=wines.read),
    "online-retail": Named(is_here=retail.is_here, read=retail.read),
    "amazon-2023": Named(is_here=amazon.is_2023, read=amazon.read_2023),
    "amazon-2018": Named(is_here=amazon.is_2018, read=amazon.read_2018),
    "amazon-2014": Named(is_here=amazon.is_2014, read=amazon.read_2014),
    "steam": Named(is_here=games.is_here, read=games.read),
    "yelp": Named(is_here=yelp.is_here, read=yelp.read),
}
"""Format name -> the data set. A folder that several would take is the first one's."""


def recognised(folder: Path) -> str | None:
    """Return the format of a folder as published, else None."""
    return next((name for name, known in NAMED.items() if known.is_here(folder)), None)
