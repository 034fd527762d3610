"""A run as TREC files, for whoever judges it with other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.artifacts import replace_file
from llmrec.errors import DataError
from llmrec.evaluation.folder import ITEMS_FILE, QUERIES_FILE
from llmrec.rerank.runs import strictly_falling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from llmrec.evaluation.folder import RunFolder

TREC = "trec"
"""The folder of these files within a run's."""


def fits_trec(folder: RunFolder) -> bool:
    """Return whether every item's id is one word, which the format asks for."""
    return all(i.split() == [i] for i in folder.table(ITEMS_FILE)["item_id"])


def write_trec_files(folder: RunFolder, out: Path) -> list[Path]:
    """Write ``qrels.txt`` and one ``<row>.trec`` a row, each whole or not at all.

    Queries are called ``q0``, ``q1``, ... as in the run's ``queries.parquet``, for one user can
    have several. Tied items stand in the catalogue's order there: programs that break ties by
    rank see one order where this library counts all of them.

    Args:
        folder: A run; a row that was stopped partway gets no file.
        out: The folder to write into.

    Returns:
        The files.

    Raises:
        DataError: An item id is not one word, which the format asks for.
        ArtifactError: A file of the run is damaged.
    """
    ids = folder.table(ITEMS_FILE)["item_id"].to_list()
    for item_id in ids:
        if item_id.split() != [item_id]:
            raise DataError(
                f"item id {item_id!r} is not one word, which a TREC file asks for",
                remedy="Read the run's Parquet files instead.",
            )
    targets = folder.table(QUERIES_FILE)["target"].to_list()
    qrels = (f"q{n} 0 {ids[target]} 1" for n, target in enumerate(targets))
    files: dict[str, Iterable[str]] = {"qrels.txt": qrels}
    for row in folder.finished_rows:
        files[f"{row}.trec"] = _lines(folder, row, ids)
    for name, lines in files.items():
        _write(out / name, lines)
    return [out / name for name in files]


def _lines(folder: RunFolder, row: str, ids: list[str]) -> Iterator[str]:
    ranked = folder.ranked(row).select("query", "items", "scores")
    for query, items, scores in ranked.iter_rows():
        there = [(ids[n], score) for n, score in zip(items, scores, strict=True) if n >= 0]
        falling = strictly_falling([score for _, score in there], f"q{query}")
        for rank, ((item_id, _), score) in enumerate(zip(there, falling, strict=True), start=1):
            yield f"q{query} Q0 {item_id} {rank} {score!r} {row}"


def _write(path: Path, lines: Iterable[str]) -> None:
    with replace_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{line}\n" for line in lines)
