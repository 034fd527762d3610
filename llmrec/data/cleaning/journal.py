"""What cleaning left out: a count and examples for every rule."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from llmrec.data.cleaning.events import CORE, EVENT_RULES, LAST_RULES
from llmrec.data.cleaning.profile import Spread
from llmrec.data.raw import ROW, RawTable, shown
from llmrec.data.times import END_OF_TIMES_US, US_PER_S, iso
from llmrec.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from llmrec.data.cleaning.events import Rules
    from llmrec.data.cleaning.rules import CleaningRules

_EXAMPLES = 3
_REMEDIES = {
    "times": "Is the unit of the times (--time-unit) right?",
    "missing": "Are the columns of users, items and times right?",
    "unknown_items": "Are the ids of the log those of the items file?",
}
_ORDER = ("missing", "untitled_items", "unknown_items", *EVENT_RULES, *CORE, *LAST_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one rule left out."""

    rule: str
    what: str
    """``events`` or ``items``."""
    dropped: int
    examples: tuple[Mapping[str, Any], ...]
    """At most three of the rows, with file and row number."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """The steps of one cleaning, in their order; rules that found nothing are not in it."""

    read: int
    """How many events were read."""
    steps: list[Step] = field(default_factory=list)
    profiles: dict[str, Spread] | None = None
    """``before`` and ``after`` -> how the events are spread; None where nobody asked."""

    @property
    def dropped(self) -> int:
        """How many events were left out."""
        return sum(step.dropped for step in self.steps if step.what == "events")

    def without(
        self, raw: RawTable, bad: pl.Series, rule: str, *, columns: Iterable[str], what: str
    ) -> RawTable:
        """Return a raw table without its bad rows, and note them.

        Args:
            raw: The table.
            bad: ``(n_rows,)`` bool.
            rule: The rule's name.
            columns: What examples show.
            what: ``events`` or ``items``.

        Raises:
            DataError: No row is left.
        """
        count = int(bad.sum())
        if not count:
            return raw
        names = list(dict.fromkeys(columns))
        rows = raw.frame.filter(bad).head(_EXAMPLES).select(ROW, *names).to_dicts()
        examples = (_placed(raw, row) | {n: _plain(row[n]) for n in names} for row in rows)
        self._note(rule, what, count, tuple(examples), raw)
        return raw.keep(~bad)

    def without_events(
        self, events: pl.DataFrame, bad: pl.Series, rule: str, *, raw: RawTable
    ) -> pl.DataFrame:
        """Return events (with ``ROW``) without the bad ones, and note them.

        Raises:
            DataError: No event is left.
        """
        count = int(bad.sum())
        if not count:
            return events
        rows = events.filter(bad).head(_EXAMPLES).to_dicts()
        examples = tuple(_placed(raw, row) | _readable(row) for row in rows)
        self._note(rule, "events", count, examples, raw)
        return events.filter(~bad)

    def by_rules(
        self, finders: Rules, events: pl.DataFrame, rules: CleaningRules, *, raw: RawTable
    ) -> pl.DataFrame:
        """Return events without those that the rules find, one rule after the other.

        Raises:
            DataError: No event is left.
        """
        for name, find in finders.items():
            bad = find(events, rules)
            if bad is not None:
                events = self.without_events(events, bad, name, raw=raw)
        return events

    def look(self, when: str, events: pl.DataFrame) -> None:
        """Note how the events are spread, where that was asked for."""
        if self.profiles is not None:
            self.profiles.setdefault(when, Spread()).add(events)

    def as_json(self) -> dict[str, Any]:
        """Return the counts and examples as JSON values."""
        told: dict[str, Any] = {}
        if self.profiles is not None:
            told["profiles"] = {when: one.as_json() for when, one in self.profiles.items()}
        return told | {
            "events_read": self.read,
            "events_kept": self.read - self.dropped,
            "steps": [
                {
                    "rule": step.rule,
                    "what": step.what,
                    "dropped": step.dropped,
                    "examples": [dict(example) for example in step.examples],
                }
                for step in self.steps
            ],
        }

    def _note(
        self, rule: str, what: str, count: int, examples: tuple[dict[str, Any], ...], raw: RawTable
    ) -> None:
        for place, step in enumerate(self.steps):
            if (step.rule, step.what) == (rule, what):  # found in an earlier part of the log too
                both = (*step.examples, *examples)[:_EXAMPLES]
                total = step.dropped + count
                self.steps[place] = dataclasses.replace(step, dropped=total, examples=both)
                break
        else:
            self.steps.append(Step(rule=rule, what=what, dropped=count, examples=examples))
            self.steps.sort(key=_order)  # parts of a log do not find things in the rules' order
        left = self.read - self.dropped if what == "events" else raw.frame.height - count
        if not left:
            told = ", ".join(f"{step.rule} {step.dropped:,}" for step in self.steps)
            raise DataError(
                f"cleaning leaves none of the {what} (rule and count: {told}; e.g. "
                f"{as_words(examples[0])})",
                path=raw.path,
                remedy=_REMEDIES.get(rule, "Is the mapping right?")
                + " Rules change with --rule NAME=VALUE.",
            )


def as_words(example: Mapping[str, Any]) -> str:
    """Return an example of a step in words, its place first."""
    known = {"file": example.get("file"), "row": example.get("row"), **example}
    return ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)


def _order(step: Step) -> tuple[bool, int]:
    return step.what == "events", _ORDER.index(step.rule)


def _placed(raw: RawTable, row: Mapping[str, Any]) -> dict[str, Any]:
    path, number = raw.place(int(row[ROW]))
    return {"file": path.name if path else None, "row": number}


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of the cleaning table with its time in words, without what is absent."""
    moment = iso(datetime.fromtimestamp(row["us"] // US_PER_S, UTC))
    if row["us"] >= END_OF_TIMES_US:
        moment = "after 2200"
    known = {"user_id": row["user_id"], "item_id": row["item_id"], "time": moment}
    hidden = {*known, ROW, "us", "timestamp_s", "sequence"}
    rest = {n: _plain(v) for n, v in row.items() if n not in hidden and v is not None}
    return known | rest


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any type
    return value if isinstance(value, int | float) or value is None else shown(value)
