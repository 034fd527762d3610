"""What can be asked of a recommender: a user of the dataset, or a history from anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from llmrec.data import parse_moment
from llmrec.errors import ConfigError, did_you_mean
from llmrec.recommender.arrange import Arrangement
from llmrec.recommender.filters import Filters, as_text
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
    filters: Mapping[str, tuple[str, ...]] | None = None
    """Attribute -> values of which an item must have one; one value may stand alone, and numbers
    count as their text. An item must meet every condition of the request."""
    exclude: Mapping[str, tuple[str, ...]] | None = None
    """Attribute -> values of which an item may have none."""
    minimum: Mapping[str, float] | None = None
    """Attribute -> the least number that an item may have there."""
    maximum: Mapping[str, float] | None = None
    """Attribute -> the greatest number that an item may have there."""
    leave_out: tuple[str, ...] | None = None
    """Ids of items that are not wanted."""
    caps: Mapping[str, int] | None = None
    """Attribute -> how many items of the list may share a value, e.g. at most 2 of a director."""
    diversity: float | None = None
    """0 to 1: how much an item's likeness to those above it in the list counts against it; None
    and 0 leave the ranking's order."""

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
        self._check_contradictions()

    def _check_contradictions(self) -> None:
        """Refuse conditions that no item could meet together."""
        for name, values in (self.filters or {}).items():
            both = set(values) & set((self.exclude or {}).get(name, ()))
            if both:
                raise ConfigError(f"{name} {min(both)!r} is asked for and excluded in one request")
        for name, least in (self.minimum or {}).items():
            most = (self.maximum or {}).get(name, least)
            if least > most:
                raise ConfigError(f"{name} is to be at least {least:g} and at most {most:g}")

    @property
    def conditions(self) -> Filters:
        """Which items are allowed."""
        return Filters(
            any_of=tuple(sorted((self.filters or {}).items())),
            none_of=tuple(sorted((self.exclude or {}).items())),
            at_least=tuple(sorted((self.minimum or {}).items())),
            at_most=tuple(sorted((self.maximum or {}).items())),
            leave_out=tuple(sorted(self.leave_out or ())),
        )

    @property
    def arrangement(self) -> Arrangement:
        """How the list is made from the ranking."""
        return Arrangement(
            caps=tuple(sorted((self.caps or {}).items())), diversity=self.diversity or 0.0
        )


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


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise _wrong("a finite number", key, value)
    return float(value)


def _share(key: str, value: object) -> float:
    number = _number(key, value)
    if 0.0 <= number <= 1.0:
        return number
    raise _wrong("a number from 0 to 1", key, value)


def _cap(key: str, value: object) -> int:
    count = _count(key, value)
    if count < 1:
        raise ConfigError(
            f"{key} is {count} in this request, so no item with it could be shown",
            remedy="A cap is at least 1; what is not wanted at all goes into exclude.",
        )
    return count


def _words(key: str, value: object) -> tuple[str, ...]:
    """Return one value or several as texts, each once, in order."""
    several = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    words = {_word(key, one) for one in several}
    if not words:
        raise _wrong("a value or a list of values", key, value)
    return tuple(sorted(words))


def _word(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if _is_whole(value) else as_text(_number(key, value))


def _by_attribute(read: Callable[[str, object], T], key: str, value: object) -> dict[str, T]:
    if not isinstance(value, Mapping):
        raise _wrong("a mapping from attributes", key, value)
    return {
        _instance(str, "an attribute's name", key, name): read(f"{key}[{name!r}]", one)
        for name, one in value.items()
    }


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
    "filters": partial(_by_attribute, _words),
    "exclude": partial(_by_attribute, _words),
    "minimum": partial(_by_attribute, _number),
    "maximum": partial(_by_attribute, _number),
    "leave_out": _words,
    "caps": partial(_by_attribute, _cap),
    "diversity": _share,
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
