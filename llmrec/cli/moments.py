"""At which moment each query of a candidate file is asked."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from llmrec.cli.output import note
from llmrec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llmrec.data import Dataset
    from llmrec.rerank import CandidateList
    from llmrec.types import History, Query


class Part(StrEnum):
    """What ``--part`` takes."""

    TEST = "test"
    CALIBRATION = "calibration"
    VALIDATION = "validation"


def histories_at(
    data: Dataset, lists: Sequence[CandidateList], as_of: datetime | None
) -> list[History]:
    """Return each query's history before its own moment, else ``as_of``, else after all events.

    Raises:
        UnknownUserError: A user has no event in the dataset.
    """
    found = [data.history(entry.user_id, as_of=entry.as_of or as_of) for entry in lists]
    unsaid = [h for entry, h in zip(lists, found, strict=True) if entry.as_of is None]
    if unsaid and as_of is None:
        note(
            f"{len(unsaid)} of {len(lists)} queries name no moment and are asked at "
            f"{unsaid[0].as_of.isoformat()}, one second after the dataset's last event. For a run "
            "over held-out events give --protocol, else the model reads the very targets."
        )
    return found


def histories_under(
    data: Dataset, lists: Sequence[CandidateList], protocol: str, part: Part
) -> list[History]:
    """Return each query's history as a split protocol asks it: what stands before its target.

    Raises:
        ConfigError: No such protocol, it asks a user twice, or the file names moments of its own.
        DataError: The protocol does not ask a user of the file.
    """
    from llmrec.data import SplitProtocol, split

    card = SplitProtocol.named(protocol)
    queries: list[Query] = getattr(split(data, card), part.value)
    asked = {query.history.user_id: query.history for query in queries}
    if len(asked) < len(queries):
        raise ConfigError(
            f"{card.id} asks some users more than once, and a list of candidates has one moment",
            remedy="Write JSONL with an as_of for each query, and leave --protocol out.",
        )
    for entry in lists:
        if entry.as_of is not None:
            raise ConfigError(
                f"{entry.path} names as_of for user {entry.user_id!r}, and {card.id} does too",
                remedy="Leave --protocol or the file's as_of out.",
            )
        if entry.user_id not in asked:
            raise DataError(
                f"{card.id} asks user {entry.user_id!r} nothing in its {part} part",
                path=entry.path,
                row=entry.entries[0].row if entry.entries else None,
                remedy="Was the run made under this protocol?",
            )
    return [asked[entry.user_id] for entry in lists]
