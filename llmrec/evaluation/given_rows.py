"""Rows that another program ranked: its TREC run file, judged like every other row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import ArtifactError, DataError
from llmrec.evaluation.baselines import RowSpec
from llmrec.rerank.runs import read_candidates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmrec.evaluation.baselines import Fitting, Ranker
    from llmrec.evaluation.context import Run
    from llmrec.metrics import Block
    from llmrec.rerank.runs import CandidateList
    from llmrec.types import Catalogue, History

_Moment = tuple[str, object, int | None]


def given_row(run: Run, name: str, path: Path) -> RowSpec:
    """Read a run file whose queries are called as in the run's own TREC files: q0, q1, ...

    A query without lines counts as one whose target was not found, and so does a target that
    its list does not hold. Seen items are masked as in every other row.

    Args:
        run: Whose queries the file answers.
        name: The row's name.
        path: The file.

    Raises:
        ConfigError: The file's ending is none of a run file.
        DataError: The file cannot be read, or names a query that the run does not ask.
        UnknownItemError: An item is not in the catalogue.
        ArtifactError: The run's folder holds a row of this name from another file.
    """
    lists = {_number(found, run): found for found in read_candidates(path)}
    settings = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    there = run.folder.row(name)
    if there is not None and there["settings"] != settings:
        raise ArtifactError(
            f"{run.folder.path} holds a row {name!r} that was made from something else",
            remedy="Give the file another name, or name another folder with --out.",
        )
    by_moment = {_moment(run.asked[n][1].history): found for n, found in lists.items()}
    ranker = _GivenRanker(run.catalogue, by_moment, settings["sha256"])

    def fit(fitting: Fitting, settings: Mapping[str, Any]) -> Ranker:
        del fitting, settings
        return ranker

    what = f"ranked by another program: {path.name}"
    return RowSpec(name=name, what=what, fit=fit, grid=(settings,), learns=False)


def _number(found: CandidateList, run: Run) -> int:
    """Return which query of the run a list answers."""
    text = found.user_id.removeprefix("q")
    if found.user_id.startswith("q") and text.isdecimal() and int(text) < len(run.asked):
        return int(text)
    raise DataError(
        f"query {found.user_id!r} is none of this run's {len(run.asked)}",
        path=found.path,
        row=found.entries[0].row if found.entries else None,
        remedy=f"Queries are called q0 to q{len(run.asked) - 1}, as in {run.folder.path}/trec.",
    )


def _moment(history: History) -> _Moment:
    return history.user_id, history.as_of, history.as_of_sequence


class _GivenRanker:
    """Scores what a file lists; everything else is left out."""

    def __init__(
        self, catalogue: Catalogue, lists: Mapping[_Moment, CandidateList], sha256: str
    ) -> None:
        self._n_items, self._sha256 = len(catalogue), sha256
        self._lists = {
            moment: [
                (catalogue.position(c.item.item_id), c.score) for c in found.candidates(catalogue)
            ]
            for moment, found in lists.items()
        }

    @property
    def identity(self) -> str:
        """The file's content."""
        return f"file:{self._sha256[:12]}"

    def scores(self, histories: Sequence[History]) -> Block:
        """Return ``(n_histories, n_items) float64``, minus infinity for what is not listed."""
        block = np.full((len(histories), self._n_items), -np.inf)
        for row, history in enumerate(histories):
            for place, score in self._lists.get(_moment(history), ()):
                block[row, place] = score
        return block
