"""What can be asked of a recommender: a user of the dataset, or a history from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.data import parse_moment
from llmrec.errors import ConfigError, did_you_mean
from llmrec.types import History

if TYPE_CHECKING:
    from datetime import datetime

    from llmrec.data import Dataset

_KEYS = ("user_id", "history", "as_of", "k", "explain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: what comes next for this user at this moment?"""

    user_id: str | None = None
    """A user of the dataset; or give ``history``."""
    history: History | None = None
    as_of: datetime | None = None
    """Only events before this moment count; None is one second after the dataset's last event."""
    k: int | None = None
    """How many items; None takes the recommender's setting."""
    explain: bool | None = None
    """Whether each item gets its reason; None takes the recommender's setting."""

    def __post_init__(self) -> None:
        if (self.user_id is None) == (self.history is None):
            raise ConfigError("a request names either a user_id or a history, and not both")
        if self.history is not None and self.as_of is not None:
            raise ConfigError("a history has its own as_of; leave as_of out of the request")
        if self.k is not None and self.k < 1:
            raise ConfigError(f"k is {self.k}, but at least one item must be asked for")


def to_request(value: object) -> Request:
    """Read a request from a user id, a history, a mapping or a ``Request``.

    Raises:
        ConfigError: It is none of these, or a key is unknown.
    """
    if isinstance(value, Request):
        return value
    if isinstance(value, str):
        return Request(user_id=value)
    if isinstance(value, History):
        return Request(history=value)
    if isinstance(value, Mapping):
        return _from_mapping(value)
    raise ConfigError(
        f"a request cannot be read from {type(value).__name__}",
        remedy="Give a user id, a History, or a mapping with the keys " + ", ".join(_KEYS) + ".",
    )


def _from_mapping(value: Mapping[str, Any]) -> Request:
    for key in value:
        if key not in _KEYS:
            raise ConfigError(f"unknown request key {key!r}", remedy=did_you_mean(key, _KEYS))
    as_of = value.get("as_of")
    if isinstance(as_of, str):
        as_of = parse_moment(as_of)
    return Request(**{**value, "as_of": as_of})


def history_of(request: Request, dataset: Dataset | None) -> History:
    """Return a request's history, looking a user up in the dataset.

    Raises:
        ConfigError: A user is named, but the recommender has no dataset.
        UnknownUserError: No event of this user is in the dataset.
    """
    if request.history is not None:
        return request.history
    if dataset is None or request.user_id is None:
        raise ConfigError(
            f"user {request.user_id!r} cannot be looked up: this recommender has no dataset",
            remedy="Ask with a History, or build the recommender with dataset=...",
        )
    return dataset.history(request.user_id, as_of=request.as_of)
