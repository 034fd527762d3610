"""When people watch: days, evenings, and several films at a weekend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmrec.world.random import Stream
    from llmrec.world.settings import Activity, WorldSettings

DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_AFTERNOON_S = (int(13.5 * 3600), int(15.5 * 3600))
_EVENING_S = (int(18.5 * 3600), 21 * 3600)
_FILM_S = (95 * 60, 160 * 60)
_LAST_START_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Films that one person starts on one day."""

    day: int
    """Days since the world's first."""
    month: int
    starts_s: tuple[int, ...]
    """Unix times, rising."""


def draw_sessions(stream: Stream, settings: WorldSettings) -> list[Session]:
    """Draw all of a person's sessions, in order of time."""
    activity = settings.activity
    spread = activity.most_events - activity.least_events
    # The product leans to the least: most people watch little, a few very much.
    events = activity.least_events + int((spread + 1) * stream.uniform() * stream.uniform())
    first = stream.between(0, activity.joins_within_days)
    weekends = _weekends(settings.start, settings.days)
    rhythm = (activity.weekend_factor if weekend else 1.0 for weekend in weekends[first:])
    days = list(accumulate(rhythm))
    taken: dict[int, tuple[int, ...]] = {}
    while events > 0:
        day = first + stream.pick(days)
        if day not in taken:
            starts = _starts(stream, activity, weekend=weekends[day])[:events]
            taken[day] = starts
            events -= len(starts)
    return [_session(settings.start, day, taken[day]) for day in sorted(taken)]


@cache
def _weekends(start: date, days: int) -> tuple[bool, ...]:
    """Return of each day whether it is a Saturday or Sunday."""
    return tuple((start.weekday() + n) % 7 > 4 for n in range(days))


def _starts(stream: Stream, activity: Activity, *, weekend: bool) -> tuple[int, ...]:
    """Draw when a day's films start, in seconds after midnight; none starts after the day."""
    early = weekend and stream.chance(activity.weekend_afternoon)
    starts = [stream.between(*(_AFTERNOON_S if early else _EVENING_S))]
    goes_on = activity.second_film_weekend if weekend else activity.second_film
    while len(starts) < activity.longest_session and stream.chance(goes_on):
        following = starts[-1] + stream.between(*_FILM_S)
        if following >= _LAST_START_S:
            break
        starts.append(following)
    return tuple(starts)


def _session(start: date, day: int, starts_s: tuple[int, ...]) -> Session:
    moment = start + timedelta(days=day)
    midnight_s = (moment.toordinal() - _EPOCH) * DAY_S
    return Session(
        day=day, month=moment.month, starts_s=tuple(midnight_s + offset for offset in starts_s)
    )
