"""What can be asked of a recommender: a user of the dataset, or a history from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from llmrec.data import parse_moment
from llmrec.errors import ConfigError, did_you_mean
from llmrec.types import History, as_utc

if TYPE_CHECKING:
    from llmrec.data import Dataset

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question: what comes next for this user at this moment?

    Raises:
        ConfigError: A value is of a wrong type, or the values contradict each other.
        DataError: ``as_of`` cannot be read as a moment.
    """

    user_id: str | None = None
    """A user of the dataset (a whole number is taken as its text); or give ``history``."""
    history: History | None = None
    as_of: datetime | None = None
    """Only events before this moment count; None is one second after the dataset's last event.
    A text is read as ISO 8601."""
    k: int | None = None
    """How many items; None takes the recommender's setting."""
    explain: bool | None = None
    """Whether each item gets its reason; None takes the recommender's setting."""

    def __post_init__(self) -> None:
        for key, read in _READ.items():
            value = getattr(self, key)
            object.__setattr__(self, key, None if value is None else read(key, value))
        if (self.user_id is None) == (self.history is None):
            raise ConfigError("a request names either a user_id or a history, and not both")
        if self.history is not None and self.as_of is not None:
            raise ConfigError("a history has its own as_of; leave as_of out of the request")
        if self.k is not None and self.k < 1:
            raise ConfigError(f"k is {self.k}, but at least one item must be asked for")


def to_request(value: object) -> Request:
    """Read a request from a user id, a history, a mapping or a ``Request``.

    Raises:
        ConfigError: It is none of these, a key is unknown, or a value is of a wrong type.
        DataError: ``as_of`` cannot be read as a moment.
    """
    if isinstance(value, Request):
        return value
    if isinstance(value, History):
        return Request(history=value)
    if isinstance(value, Mapping):
        for key in value:
            if key not in _READ:
                remedy = did_you_mean(str(key), _READ)
                raise ConfigError(f"unknown request key {key!r}", remedy=remedy)
        return Request(**value)
    if isinstance(value, str) or _is_whole(value):
        return Request(user_id=_user_id("user_id", value))
    raise ConfigError(
        f"a request cannot be read from {type(value).__name__} {value!r}",
        remedy="Give a user id, a History, or a mapping with the keys " + ", ".join(_READ) + ".",
    )


def _is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is an integer of Python or NumPy; truth values are not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _user_id(key: str, value: object) -> str:
    if _is_whole(value):
        return str(value)
    return _instance(str, "a text or a whole number", key, value)


def _moment(key: str, value: object) -> datetime:
    if isinstance(value, str):
        return parse_moment(value, what=key)
    return as_utc(_instance(datetime, "an aware datetime or ISO 8601 text", key, value), what=key)


def _count(key: str, value: object) -> int:
    if _is_whole(value):
        return int(value)
    raise _wrong("a whole number", key, value)


def _instance(kind: type[T], wanted: str, key: str, value: object) -> T:
    if isinstance(value, kind):
        return value
    raise _wrong(wanted, key, value)


def _wrong(wanted: str, key: str, value: object) -> ConfigError:
    """Return the error about a value of a wrong type."""
    return ConfigError(
        f"{key} is {value!r} ({type(value).__name__}) in this request",
        remedy=f"It must be {wanted}.",
    )


_READ: dict[str, Callable[[str, object], object]] = {
    "user_id": _user_id,
    "history": partial(_instance, History, "a History (llmrec.History)"),
    "as_of": _moment,
    "k": _count,
    "explain": partial(_instance, bool, "True or False"),
}
"""How each key's value is read."""


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
