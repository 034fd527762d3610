"""The LLM's scores on disk: every finished batch of model calls is kept in a piece of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from llmrec.artifacts import replace_file
from llmrec.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

SCORED = pl.Schema(
    {
        "query": pl.Int32(),
        "items": pl.List(pl.Int32()),
        "llm": pl.List(pl.Float64()),
        "label_mass": pl.Float64(),
    }
)
"""Per query: its candidates by catalogue position in the source's order, the LLM's natural-log
probability of each (renormalised over them), and the labels' share of the whole probability (null
where no labels were read)."""


class ScoreStore:
    """Pieces of ``SCORED`` in a folder, each whole; together they hold a query once.

    Args:
        folder: Where the pieces lie; made with the first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def table(self) -> pl.DataFrame:
        """Return all that is there, in order of query.

        Raises:
            ArtifactError: A piece cannot be read.
        """
        pieces = [self._read(file) for file in sorted(self._folder.glob("scored-*.parquet"))]
        return pl.concat([pl.DataFrame(schema=SCORED), *pieces]).sort("query")

    def add(self, piece: pl.DataFrame) -> None:
        """Keep a finished piece of at least one query."""
        first: int = piece["query"].to_list()[0]
        with replace_file(self._folder / f"scored-{first:07}.parquet") as draft:
            piece.write_parquet(draft)

    @staticmethod
    def _read(file: Path) -> pl.DataFrame:
        try:
            return pl.read_parquet(file, glob=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ArtifactError(
                f"{file} cannot be read: {error}", remedy="Remove it and run again."
            ) from error
