"""People's own candidates in, ranked lists out: JSONL, and the run files of TREC.

JSONL holds one query a line: ``{"user_id": "7", "as_of": "2024-05-01T00:00:00Z", "candidates":
[{"item_id": "12", "score": 0.4}, ...]}``; ``as_of`` and all scores may be left out. A TREC run
file holds one candidate a line, ``qid Q0 docid rank score tag``, where the qid is the user id.
What ``write_jsonl`` and ``write_trec`` write, ``read_candidates`` reads.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import replace_file
from llmrec.errors import ConfigError, DataError
from llmrec.rerank.readers import CandidateList, Entry, read_jsonl, read_trec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from llmrec.types import Ranking

__all__ = [
    "CandidateList",
    "Entry",
    "RankedList",
    "read_candidates",
    "write_jsonl",
    "write_trec",
]

_READERS = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".trec": read_trec,
    ".run": read_trec,
    ".txt": read_trec,
}
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedList:
    """One query's answer, as it is written to a file."""

    user_id: str
    ranking: Ranking
    as_of: datetime | None = None


def read_candidates(path: Path) -> list[CandidateList]:
    """Read each query's candidates, in the order of their first line in the file.

    Args:
        path: ``.jsonl`` or ``.ndjson``, or a TREC run file: ``.trec``, ``.run`` or ``.txt``.

    Raises:
        ConfigError: Another ending.
        DataError: A line is not what the format asks for, named with file, row and column.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"{path}: unknown ending {path.suffix!r} for a file of candidates",
            remedy=f"Use one of {', '.join(_READERS)}.",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", path=path) from error
    return reader(path, text)


def write_trec(path: Path, rankings: Iterable[RankedList], run_name: str) -> None:
    """Write a TREC run file: ranks from 1 and strictly falling scores, whole or not at all.

    Scores are printed to full precision. Programs that judge run files sort by the score in
    single precision and ignore the rank, so a score that would tie with the one before it there
    is written as the next smaller single-precision number: their order is then the ranking's.

    Args:
        path: The file; an older one is replaced.
        rankings: One per user.
        run_name: The tag in the last column, without spaces.

    Raises:
        ConfigError: The run name is empty or holds a space.
        DataError: An id is empty or holds a space, a user occurs twice, or a score does not fit
            single precision.
    """
    if _not_one_word(run_name):
        raise ConfigError(f"run name {run_name!r} is not one word", remedy="Leave out spaces.")
    _write(Path(path), _trec_lines(rankings, run_name))


def write_jsonl(path: Path, rankings: Iterable[RankedList]) -> None:
    """Write one JSON object a query, candidates best first, whole or not at all.

    A part that the LLM was not asked for (NaN) is null.

    Args:
        path: The file; an older one is replaced.
        rankings: One per query.
    """
    lines = (
        json.dumps(_json_of(ranked), ensure_ascii=False, allow_nan=False) for ranked in rankings
    )
    _write(Path(path), lines)


def _trec_lines(rankings: Iterable[RankedList], run_name: str) -> Iterator[str]:
    """Yield the lines of a run file."""
    seen: set[str] = set()
    for ranked in rankings:
        user_id = ranked.user_id
        if user_id in seen:
            raise DataError(
                f"user {user_id!r} occurs twice; a TREC run file holds one ranking a user",
                remedy="Write JSONL, where as_of tells the queries apart.",
            )
        seen.add(user_id)
        ids = [candidate.item.item_id for candidate in ranked.ranking.candidates]
        for word in (user_id, *ids):
            if _not_one_word(word):
                raise DataError(
                    f"id {word!r} is not one word, which a TREC run file asks for",
                    remedy="Write JSONL, which holds any id.",
                )
        scores = strictly_falling(ranked.ranking.scores, user_id)
        for rank, (item_id, score) in enumerate(zip(ids, scores, strict=True), start=1):
            yield f"{user_id} Q0 {item_id} {rank} {score!r} {run_name}"


def strictly_falling(scores: Sequence[float], user_id: str) -> list[float]:
    """Return the scores so that they fall even where they are read in single precision."""
    falling: list[float] = []
    before = math.inf
    for given in scores:
        score = given
        if abs(score) > _LARGEST:
            raise DataError(
                f"score {score!r} of user {user_id!r} does not fit single precision",
                remedy="Write JSONL, or scale the scores.",
            )
        if np.float32(score) >= before:
            score = float(np.nextafter(np.float32(before), np.float32(-np.inf)))
        before = float(np.float32(score))
        falling.append(score)
    return falling


def _json_of(ranked: RankedList) -> dict[str, Any]:
    """Return one query's answer as JSON values."""
    ranking = ranked.ranking
    candidates = [
        {
            "item_id": candidate.item.item_id,
            "rank": place + 1,
            "score": ranking.scores[place],
            "parts": {name: _finite(part[place]) for name, part in ranking.parts.items()},
        }
        for place, candidate in enumerate(ranking.candidates)
    ]
    return {
        "user_id": ranked.user_id,
        "as_of": None if ranked.as_of is None else ranked.as_of.isoformat(),
        "kind": ranking.kind,
        "notes": {name: _finite(value) for name, value in ranking.notes.items()},
        "candidates": candidates,
    }


def _finite(value: float) -> float | None:
    """Return the value, or None where it is NaN or infinite: JSON has neither."""
    return value if math.isfinite(value) else None


def _not_one_word(text: str) -> bool:
    """Return whether a text is not exactly one column of a TREC file."""
    return text.split() != [text]


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write lines, all or none."""
    with replace_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{line}\n" for line in lines)
