"""``ATTRIBUTE=VALUE`` on the command line: which items are wanted, and how many of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmrec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", help="ATTRIBUTE=VALUE that items must have; repeated: any of them."),
]
NotOption = Annotated[
    list[str] | None, typer.Option("--not", help="ATTRIBUTE=VALUE that no item may have.")
]
MinOption = Annotated[
    list[str] | None, typer.Option("--min", help="ATTRIBUTE=NUMBER that items must reach.")
]
MaxOption = Annotated[
    list[str] | None, typer.Option("--max", help="ATTRIBUTE=NUMBER that items must not exceed.")
]
LeaveOutOption = Annotated[
    list[str] | None, typer.Option("--leave-out", help="An item's id; repeatable.")
]
CapOption = Annotated[
    list[str] | None,
    typer.Option("--cap", help="ATTRIBUTE=N: at most N items of the list share a value of it."),
]
DiversityOption = Annotated[
    float | None,
    typer.Option(help="0 to 1: how much likeness to the items above counts against an item."),
]
SeenOption = Annotated[
    str | None, typer.Option(help="Items of the history: mask (leave out), allow, or only they.")
]


def request_keys(
    *,
    filters: Sequence[str] | None,
    exclude: Sequence[str] | None,
    minimum: Sequence[str] | None,
    maximum: Sequence[str] | None,
    caps: Sequence[str] | None,
) -> dict[str, Any]:
    """Return the keys of a request that these options stand for.

    Raises:
        ConfigError: One is not ATTRIBUTE=VALUE, a number is none, or an attribute that takes one
            number has two.
    """
    return {
        "filters": _values("--filter", filters or ()),
        "exclude": _values("--not", exclude or ()),
        "minimum": _numbers("--min", minimum or ()),
        "maximum": _numbers("--max", maximum or ()),
        "caps": {name: _whole(name, n) for name, n in _numbers("--cap", caps or ()).items()},
    }


def _values(option: str, given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise ConfigError(
                f"{option} {text!r} is not ATTRIBUTE=VALUE",
                remedy=f"For example: {option} {_EXAMPLES[option]}",
            )
        found.setdefault(name, []).append(value)
    return found


def _numbers(option: str, given: Sequence[str]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, values in _values(option, given).items():
        if len(values) > 1:
            raise ConfigError(f"{option} {name} is given as {' and as '.join(values)}")
        try:
            numbers[name] = float(values[0])
        except ValueError:
            raise ConfigError(f"{option} {name}={values[0]}: that is no number") from None
    return numbers


def _whole(name: str, number: float) -> int:
    if not number.is_integer():
        raise ConfigError(f"--cap {name}={number:g}: that is no whole number")
    return int(number)


_EXAMPLES = {
    "--filter": "genres=Comedy",
    "--not": "genres=Horror",
    "--min": "year=1990",
    "--max": "year=1999",
    "--cap": "director=2",
}
