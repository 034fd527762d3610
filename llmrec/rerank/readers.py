"""Candidates from JSONL and from TREC run files, each fault named by file, row and column."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from llmrec.errors import DataError, UnknownItemError, did_you_mean
from llmrec.types import Candidate, as_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from llmrec.types import Catalogue

QUERY_KEYS = frozenset({"user_id", "as_of", "candidates", "kind", "notes"})
ENTRY_KEYS = frozenset({"item_id", "score", "rank", "parts"})
TREC_COLUMNS = ("qid", "Q0", "docid", "rank", "score", "tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One candidate as it stands in a file."""

    item_id: str
    score: float | None
    row: int
    """The file's line, from 1."""
    column: str
    """Where in that line its id stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateList:
    """One query's candidates as they stand in a file, best first.

    With scores they are sorted by them, higher first, ties as listed; without, they stand as
    listed.
    """

    user_id: str
    entries: tuple[Entry, ...]
    path: Path
    as_of: datetime | None = None

    def candidates(self, catalogue: Catalogue, *, source: str = "file") -> list[Candidate]:
        """Return the candidates with their items, ranks from 1.

        Where the file gives no scores, minus the rank stands for the score: the order is all
        that is known.

        Raises:
            UnknownItemError: An item is not in the catalogue; file, row and id are named.
        """
        for entry in self.entries:
            if entry.item_id not in catalogue:
                raise UnknownItemError(
                    f"item {entry.item_id!r} is not in the catalogue of {len(catalogue)} items",
                    path=self.path,
                    row=entry.row,
                    column=entry.column,
                    remedy=did_you_mean(entry.item_id, catalogue),
                )
        return [
            Candidate(
                item=catalogue[entry.item_id],
                score=-float(rank) if entry.score is None else entry.score,
                rank=rank,
                source=source,
            )
            for rank, entry in enumerate(self.entries, start=1)
        ]


class _Line:
    """A line's place, which every fault in it names."""

    def __init__(self, path: Path, row: int) -> None:
        self.path, self.row = path, row

    def fault(
        self, message: str, column: str | None = None, remedy: str | None = None
    ) -> DataError:
        return DataError(message, path=self.path, row=self.row, column=column, remedy=remedy)


def read_jsonl(path: Path, text: str) -> list[CandidateList]:
    """Read one JSON object a line; blank lines are passed over.

    Raises:
        DataError: A line is not such an object, or a query occurs twice.
    """
    first_rows: dict[tuple[str, datetime | None], int] = {}
    lists = []
    for row, line in _lines(text):
        place = _Line(path, row)
        query = _query(place, line)
        key = (query.user_id, query.as_of)
        if key in first_rows:
            raise place.fault(
                f"user {query.user_id!r} with as_of {query.as_of} occurs a second time "
                f"(first in row {first_rows[key]})",
                "user_id",
                "Put all candidates of one query in one line.",
            )
        first_rows[key] = row
        lists.append(query)
    return lists


def read_trec(path: Path, text: str) -> list[CandidateList]:
    """Read a TREC run file; a user's lines may stand anywhere.

    The order is that of the scores, ties that of the ranks. Ranks may count from 0 or 1.

    Raises:
        DataError: A line has not six columns, a rank or score is no number, an item occurs twice
            for a user, or a user's ranks and scores contradict each other.
    """
    queries: dict[str, list[tuple[int, Entry]]] = {}
    for row, line in _lines(text):
        place = _Line(path, row)
        words = line.split()
        if len(words) != len(TREC_COLUMNS):
            raise place.fault(
                f"{len(words)} columns instead of {len(TREC_COLUMNS)}: {line.strip()!r}",
                remedy=f"A run file's line is `{' '.join(TREC_COLUMNS)}`.",
            )
        user_id, _, item_id, rank_text, score_text, _ = words
        score = _trec_score(place, score_text)
        entry = Entry(item_id=item_id, score=score, row=row, column="docid")
        queries.setdefault(user_id, []).append((_trec_rank(place, rank_text), entry))
    return [
        CandidateList(user_id=user_id, entries=_trec_order(path, user_id, lines), path=path)
        for user_id, lines in queries.items()
    ]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, each with its number from 1."""
    # Not splitlines(): that also breaks at characters which a JSON string may hold.
    for row, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield row, line


def _query(place: _Line, line: str) -> CandidateList:
    """Return one line of JSONL as a query."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise place.fault(f"is not JSON: {error}") from None
    raw = _object(place, raw, QUERY_KEYS, column=None)
    listed = raw.get("candidates")
    if not isinstance(listed, list):
        raise place.fault(f"{listed!r} is not a list", "candidates", "List objects with item_id.")
    entries = [_entry(place, value, n) for n, value in enumerate(listed)]
    _refuse_twice(place, (entry.item_id for entry in entries), "candidates")
    unscored = sum(entry.score is None for entry in entries)
    if 0 < unscored < len(entries):
        raise place.fault(
            f"{unscored} of {len(entries)} candidates have no score",
            "candidates",
            "Give every candidate a score, or none.",
        )
    if not unscored:
        entries.sort(key=lambda entry: -(entry.score or 0.0))
    return CandidateList(
        user_id=_text(place, raw, "user_id", "user_id"),
        entries=tuple(entries),
        path=place.path,
        as_of=_moment(place, raw.get("as_of")),
    )


def _entry(place: _Line, value: object, number: int) -> Entry:
    """Return one object of the list ``candidates``."""
    column = f"candidates[{number}]"
    raw = _object(place, value, ENTRY_KEYS, column=column)
    item_id = _text(place, raw, "item_id", f"{column}.item_id")
    score = raw.get("score")
    if score is not None:
        score = _json_score(place, score, f"{column}.score")
    return Entry(item_id=item_id, score=score, row=place.row, column=f"{column}.item_id")


def _json_score(place: _Line, value: object, column: str) -> float:
    """Return a JSON number that is finite (Python's parser also takes NaN and 1e999)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.fault(f"{value!r} is not a number", column)
    try:
        score = float(value)
    except OverflowError:
        score = math.inf
    if not math.isfinite(score):
        raise place.fault(f"{value!r} is not a finite number", column)
    return score


def _object(
    place: _Line, value: object, keys: frozenset[str], column: str | None
) -> Mapping[str, Any]:
    """Return a JSON object whose keys are all known."""
    if not isinstance(value, dict):
        raise place.fault(f"{value!r} is not a JSON object", column)
    for key in value:
        if key not in keys:
            raise place.fault(f"unknown key {key!r}", column, did_you_mean(key, sorted(keys)))
    return value


def _text(place: _Line, raw: Mapping[str, Any], key: str, column: str) -> str:
    """Return an id."""
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        fault = f"{key} is missing" if key not in raw else f"{value!r} is not an id"
        raise place.fault(fault, column, f'Ids are texts in quotes, e.g. "{key}": "12".')
    return value


def _moment(place: _Line, value: object) -> datetime | None:
    """Return ``as_of``, aware and in UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return as_utc(moment, what="as_of")
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise place.fault(
            f"{value!r} is not an ISO 8601 time", "as_of", "For example 2024-05-01T00:00:00Z."
        )
    raise place.fault(f"{value!r} has no time zone", "as_of", "Add Z for UTC, or an offset.")


def _refuse_twice(place: _Line, item_ids: Iterable[str], column: str) -> None:
    """Refuse an item that is listed twice for one query."""
    twice = [item_id for item_id, count in Counter(item_ids).items() if count > 1]
    if twice:
        raise place.fault(f"item {twice[0]!r} occurs twice", column, "List every item once.")


def _trec_rank(place: _Line, text: str) -> int:
    """Return the fourth column."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise place.fault(f"{text!r} is not a whole number from 0", "rank")
    return int(text)


def _trec_score(place: _Line, text: str) -> float:
    """Return the fifth column."""
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise place.fault(f"{text!r} is not a finite number", "score")
    return score


def _trec_order(path: Path, user_id: str, lines: Sequence[tuple[int, Entry]]) -> tuple[Entry, ...]:
    """Return a user's entries best first, after checking ranks against scores."""
    ordered = sorted(lines, key=lambda line: (-(line[1].score or 0.0), line[0]))
    seen: dict[str, int] = {}
    highest = -1
    for rank, entry in ordered:
        if rank < highest:
            raise _Line(path, entry.row).fault(
                f"rank {rank} of user {user_id!r} has a lower score ({entry.score}) than rank "
                f"{highest}",
                "score",
                "Scores must fall as ranks rise; turn distances into negative numbers.",
            )
        highest = max(highest, rank)
        if entry.item_id in seen:
            row = max(entry.row, seen[entry.item_id])
            raise _Line(path, row).fault(
                f"item {entry.item_id!r} occurs twice for user {user_id!r}", "docid"
            )
        seen[entry.item_id] = entry.row
    return tuple(entry for _, entry in ordered)
