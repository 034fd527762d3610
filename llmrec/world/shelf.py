"""What is true of the items for everybody: how known and good they are, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from llmrec.errors import ConfigError, did_you_mean
from llmrec.world.links import Trace, follow_traces, satiation_traces, series_links
from llmrec.world.random import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from llmrec.world.items import Entry
    from llmrec.world.settings import WorldSettings
    from llmrec.world.settings_parts import Season, Waves, Weekday

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The items by position, and every table that choices look things up in; ``n`` items."""

    entries: tuple[Entry, ...]
    quality: Floats
    """``(n,)``; from 0, the worst, to 1."""
    known: Floats
    """``(n,)``; weights: the best known item's is at most eleven times the least known one's."""
    season: Floats
    """``(12, n)``; by month, from January."""
    weekday: Floats
    """``(7, n)``; by day of the week, from Monday."""
    wave: Floats
    """``(days, n)``."""
    day: Floats
    """``(days, n)``: season, weekday and wave, multiplied."""
    follow: tuple[Trace, ...]
    satiation: tuple[Trace, ...]
    before: NDArray[np.int64]
    """``(n,)``: the part before in the series; -1 for none."""
    opens: NDArray[np.int64]
    """``(n, 1)``: the part after, which is open from then on; -1 for none."""
    access: Floats
    """``(n,)``: how open each item is to somebody who has chosen nothing."""
    mood: Floats
    """``(n + 1, n)``: factors after an item within a session; the last row is for none."""
    relief: Floats
    """``(n + 1, n)``: factors after an item of the day before; the last row is for none."""
    guests: Floats
    """``(2, n)``: factors without and with guests."""
    child: Floats
    """``(n,)``: factors for children."""


def stock(entries: Sequence[Entry], settings: WorldSettings, seed: int) -> Shelf:
    """Return the shelf of a world.

    Raises:
        ConfigError: There are too few items, or a parameter names a tag or field of no item.
    """
    _check(entries, settings)
    quality, known = _standing(entries, settings.taste.popularity, seed)
    season = _factors(entries, [(rule, rule.months) for rule in settings.seasons], range(1, 13))
    weekday = _factors(entries, [(rule, rule.days) for rule in settings.weekdays], range(7))
    wave = _waves(entries, settings.waves, settings.days, seed)
    dates = [settings.start + timedelta(days=day) for day in range(settings.days)]
    month = [moment.month - 1 for moment in dates]
    before, after = series_links(entries)
    relief = _relief(entries, settings)
    household, guests = settings.household, settings.guests
    return Shelf(
        entries=tuple(entries),
        quality=quality,
        known=known,
        season=season,
        weekday=weekday,
        wave=wave,
        day=season[month] * weekday[[moment.weekday() for moment in dates]] * wave,
        follow=follow_traces(entries, settings, seed),
        satiation=satiation_traces(entries, settings),
        before=before,
        opens=after[:, None],
        access=np.where(before >= 0, settings.out_of_order, 1.0),
        mood=_staying(entries, settings) * relief,
        relief=relief,
        guests=np.stack(
            [
                np.ones(len(entries)),
                _tagged(entries, guests.tags, guests.factor, 1.0)
                if guests
                else np.ones(len(entries)),
            ]
        ),
        child=_tagged(entries, household.child_tags, 1.0, household.child_other_factor)
        if household
        else np.ones(len(entries)),
    )


def _check(entries: Sequence[Entry], settings: WorldSettings) -> None:
    """Refuse what cannot be simulated."""
    most = settings.activity.most_events
    if settings.rewatch is not None and len(entries) <= most:
        raise ConfigError(
            f"activity.most_events ({most}) would leave none of the {len(entries)} items open",
            remedy="Lower it, or bring more items.",
        )
    for item, times in Counter(entry.item_id for entry in entries).items():
        if times > 1:
            raise ConfigError(f"{times} items have the id {item!r}")
    _check_names(entries, settings)


def _check_names(entries: Sequence[Entry], settings: WorldSettings) -> None:
    """Refuse tags, fields and values that no item has."""
    tags = sorted({tag for entry in entries for tag in entry.tags})
    for place, tag in _tags_used(settings):
        if tag not in tags:
            raise ConfigError(
                f"{place}: no item has the tag {tag!r}", remedy=did_you_mean(tag, tags)
            )
    fields = sorted({name for entry in entries for name in entry.values})
    for place, name in _fields_used(settings):
        if name not in fields:
            raise ConfigError(
                f"{place}: no item has a field {name!r}", remedy=did_you_mean(name, fields)
            )
    for rule in settings.follow:
        known = {v for entry in entries for v in entry.values.get(rule.by, ())}
        unknown = [value for value in rule.values if value not in known]
        if unknown:
            raise ConfigError(
                f"follow.values: no item has {unknown[0]!r} among its {rule.by}",
                remedy=did_you_mean(unknown[0], sorted(known)),
            )


def _tags_used(settings: WorldSettings) -> Iterable[tuple[str, str]]:
    """Return every tag that the parameters name, with its place."""
    yield from (("seasons", rule.tag) for rule in settings.seasons)
    yield from (("weekdays", rule.tag) for rule in settings.weekdays)
    yield from (("session.heavy", tag) for tag in settings.session.heavy)
    yield from (("session.light", tag) for tag in settings.session.light)
    if settings.household is not None:
        yield from (("household.child_tags", tag) for tag in settings.household.child_tags)
    if settings.guests is not None:
        yield from (("guests.tags", tag) for tag in settings.guests.tags)


def _fields_used(settings: WorldSettings) -> Iterable[tuple[str, str]]:
    """Return every field that the parameters name, with its place."""
    yield from (("taste.fields", rule.field) for rule in settings.taste.fields)
    for rule in settings.follow:
        if rule.of_field:
            yield "follow", rule.by
    yield from (("satiation", rule.by) for rule in settings.satiation if rule.by != "itself")
    if settings.session.stay_field is not None:
        yield "session.stay_field", settings.session.stay_field


def _standing(entries: Sequence[Entry], share: float, seed: int) -> tuple[Floats, Floats]:
    """Draw how good and how known each item is; good items are better known on average."""
    quality, known = [], []
    for entry in entries:
        stream = Stream(seed, "item", entry.item_id)
        unknown = stream.uniform()
        quality.append(((1.0 - unknown) + stream.uniform()) / 2.0)
        known.append((1.0 - share) + share / (0.1 + unknown))
    return np.array(quality), np.array(known)


def _tagged(entries: Sequence[Entry], tags: Iterable[str], has: float, lacks: float) -> Floats:
    """Return a factor for each item by whether it has any of the tags: ``(n,)``."""
    wanted = frozenset(tags)
    return np.array([has if wanted & entry.tags else lacks for entry in entries])


def _factors(
    entries: Sequence[Entry],
    rules: Sequence[tuple[Season | Weekday, tuple[int, ...]]],
    moments: Sequence[int],
) -> Floats:
    """Multiply the factors of every rule that holds at each moment: ``(moments, n)``."""
    table = np.ones((len(moments), len(entries)))
    for rule, when in rules:
        factor = _tagged(entries, [rule.tag], rule.factor, 1.0)
        for row, moment in enumerate(moments):
            if moment in when:
                table[row] *= factor
    return table


def _waves(entries: Sequence[Entry], waves: Waves | None, days: int, seed: int) -> Floats:
    """Draw the times in which each item is talked about: ``(days, n)``, from 1."""
    table = np.ones((days, len(entries)))
    if waves is None:
        return table
    count = int(waves.per_year * days / 365.0 + 0.5)
    for n, entry in enumerate(entries):
        stream = Stream(seed, "waves", entry.item_id)
        for _ in range(count):
            peak = stream.between(0, days - 1)
            width = stream.between(waves.least_days, waves.most_days)
            height = waves.height * stream.uniform()
            for day in range(max(0, peak - width), min(days, peak + width)):
                table[day, n] += height * (1.0 - abs(day - peak) / width)
    return table


def _relief(entries: Sequence[Entry], settings: WorldSettings) -> Floats:
    """Return the factors after each item (the last row: after none): light after heavy."""
    session = settings.session
    table = np.ones((len(entries) + 1, len(entries)))
    light = _tagged(entries, session.light, session.relief, 1.0)
    for n, entry in enumerate(entries):
        # What is light itself needs no relief.
        if entry.tags.intersection(session.heavy) and not entry.tags.intersection(session.light):
            table[n] = light
    return table


def _staying(entries: Sequence[Entry], settings: WorldSettings) -> Floats:
    """Return the factors after each item of a session: more of the same."""
    field, table = settings.session.stay_field, np.ones((len(entries) + 1, len(entries)))
    if field is None:
        return table
    for n, one in enumerate(entries):
        values = frozenset(one.values.get(field, ()))
        for m, other in enumerate(entries):
            if values.intersection(other.values.get(field, ())):
                table[n, m] = settings.session.stay
    return table
