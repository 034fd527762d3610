"""MovieTweetings: ratings.dat and movies.dat, separated by ``::``, in UTF-8.

Ids have seven digits, leading zeros included. The year of a title becomes the attribute ``year``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.data.movielens import read_dat

if TYPE_CHECKING:
    from pathlib import Path

    from llmrec.data.options import ImportOptions
    from llmrec.data.tables import RawLog

_ID_DIGITS = 7


def is_here(folder: Path) -> bool:
    """Return whether the folder holds both files, with ids as MovieTweetings writes them."""
    movies = folder / "movies.dat"
    if not ((folder / "ratings.dat").is_file() and movies.is_file()):
        return False
    with movies.open("rb") as stream:
        number, mark, _ = stream.readline().partition(b"::")
    return bool(mark) and number.isdigit() and len(number) >= _ID_DIGITS


def read(folder: Path, options: ImportOptions) -> RawLog:
    """Read the folder; of the options only ``ties`` counts.

    Raises:
        DataError: A file is missing, or a fault in one.
    """
    return read_dat(folder, options.ties, encoding="utf-8")
