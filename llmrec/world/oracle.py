"""The Bayes-optimal ranking, and what it loses without time, without text, without order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from llmrec.errors import ConfigError, did_you_mean
from llmrec.world.belief import beliefs, timeless
from llmrec.world.evenings import day_of, draw_evenings
from llmrec.world.people import draw_people
from llmrec.world.replay import mixture, places_back, probabilities, remember

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.links import Trace
    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Without = Literal["time", "text", "order"]
WITHOUT: tuple[Without, ...] = ("time", "text", "order")
_FOR_GOOD = 1_000_000
_OTHERS, _OTHER_SEED = 256, 0


def oracle(
    lives: Lives,
    as_of_s: Ints,
    shelf: Shelf,
    settings: WorldSettings,
    without: Without | None = None,
) -> Floats:
    """Return the probability of every item, of all that the log tells or of a part of it.

    - Without time: the past has its order and nothing else of its times. An event is as old as
      one of its place usually is, every day is the average one, no session goes on, and tastes
      stand where they stand half way.
    - Without text: nothing that reads a field of the catalogue works. How known items are, their
      waves, links by ``talk`` and repeats stay.
    - Without order: the past is a set. All of it is equally old, nothing was last, and all parts
      of a series that was begun pull alike.

    Returns:
        ``(accounts, n)``.

    Raises:
        ConfigError: There is no such part to do without.
    """
    if without is not None and without not in WITHOUT:
        raise ConfigError(
            f"there is no oracle without {without!r}", remedy=did_you_mean(without, WITHOUT)
        )
    if without == "time":
        return _by_place(lives, as_of_s, _timeless(shelf), settings)
    if without == "order":
        return _ageless(lives, as_of_s, _orderless(shelf), settings)
    if without == "text":
        people = replace(
            lives.people,
            early=np.ones_like(lives.people.early),
            change=np.zeros_like(lives.people.change),
        )
        return probabilities(replace(lives, people=people), as_of_s, _textless(shelf), settings)
    return probabilities(lives, as_of_s, shelf, settings)


def _ageless(lives: Lives, as_of_s: Ints, shelf: Shelf, settings: WorldSettings) -> Floats:
    """Return probabilities when past events are not told apart by age.

    Args:
        lives: The accounts.
        as_of_s: ``(accounts,)``, Unix seconds.
        shelf: Without moods.
        settings: The world's parameters.
    """
    state, rank = remember(lives, as_of_s, _fadeless(shelf), _closing_for_good(settings))
    days = _days(as_of_s, settings)
    ages = _ages(lives, as_of_s, days)
    for trace, left in zip(_traces(shelf), [*state.pulls, *state.counters], strict=True):
        left[rank] *= np.array([_left(trace, age) for age in ages])[:, None]
    belief = beliefs(lives, as_of_s, settings, sessions=False)
    return mixture(state, rank, lives, days, belief)


def _by_place(lives: Lives, as_of_s: Ints, shelf: Shelf, settings: WorldSettings) -> Floats:
    """Return probabilities when only the order of the past is known; arguments as ``_ageless``."""
    state, rank = remember(
        lives,
        as_of_s,
        _fadeless(shelf),
        _closing_for_good(settings),
        left=_usually_left(shelf, settings),
    )
    half = np.full(len(as_of_s), 0.5)
    days = _days(as_of_s, settings)
    return mixture(state, rank, lives, days, timeless(lives, settings), share=half)


def _usually_left(shelf: Shelf, settings: WorldSettings) -> Floats:
    """Return what each trace usually has left of a person's last event, the one before, and so on.

    It is the mean over other accounts than the world's, when their last event came.

    Returns:
        ``(traces, places)``, first those of ``follow``, then those of ``satiation``.
    """
    people = draw_people(range(1, _OTHERS + 1), shelf, settings, _OTHER_SEED)
    evenings = draw_evenings(people, settings, _OTHER_SEED)
    last = np.cumsum(np.bincount(evenings.account)) - 1
    age = evenings.day[last][evenings.account] - evenings.day
    past = np.setdiff1d(np.arange(len(age)), last)
    back = places_back(evenings.row[past])
    counts = np.bincount(back)
    return np.array([np.bincount(back, t.decay[age[past]]) / counts for t in _traces(shelf)])


def _traces(shelf: Shelf) -> list[Trace]:
    return [*shelf.follow, *shelf.satiation]


def _days(as_of_s: Ints, settings: WorldSettings) -> Ints:
    return np.array([day_of(settings, int(moment)) for moment in as_of_s], dtype=np.int64)


def _closing_for_good(settings: WorldSettings) -> WorldSettings:
    """Return parameters with which what was seen does not come back: nobody knows when it was."""
    rewatch = settings.rewatch
    closing = rewatch and rewatch.model_copy(update={"after_days": _FOR_GOOD})
    return settings.model_copy(update={"rewatch": closing})


def _ages(lives: Lives, as_of_s: Ints, days: Ints) -> list[Ints]:
    """Return the ages of each member's past events, in days."""
    evenings = lives.evenings
    past = np.flatnonzero(evenings.starts_s < as_of_s[evenings.account])
    age = days[evenings.account[past]] - evenings.day[past]
    by_row = np.argsort(evenings.row[past], kind="stable")
    counts = np.bincount(evenings.row[past], minlength=len(lives.people.child))
    return np.split(age[by_row], np.cumsum(counts)[:-1])


def _left(trace: Trace, age: Ints) -> float:
    """Return what an event has left that is as old as the past is on average."""
    return float(trace.decay[int(age.mean())]) if len(age) else 1.0


def _fadeless(shelf: Shelf) -> Shelf:
    """Return the shelf with traces that stay."""
    return replace(
        shelf,
        follow=tuple(replace(t, decay=np.ones_like(t.decay)) for t in shelf.follow),
        satiation=tuple(replace(t, decay=np.ones_like(t.decay)) for t in shelf.satiation),
    )


def _timeless(shelf: Shelf) -> Shelf:
    """Return the shelf on an average day, without sessions."""
    mean = np.repeat(shelf.day.mean(axis=0)[None, :], len(shelf.day), axis=0)
    none = np.ones_like(shelf.mood)
    return replace(shelf, day=mean, mood=none, relief=none)


def _orderless(shelf: Shelf) -> Shelf:
    """Return the shelf without a last event, and with series that have no order."""
    none = np.ones_like(shelf.mood)
    names = [entry.series for entry in shelf.entries]
    series = np.array([[a is not None and a == b for b in names] for a in names])
    np.fill_diagonal(series, val=False)
    pull = series / np.maximum(series.sum(axis=1, keepdims=True), 1)
    follow = tuple(replace(t, table=pull) if t.name == "next" else t for t in shelf.follow)
    # Any part of a series opens all the others.
    opens = np.where(series, np.arange(len(series)), -1)
    opens = -np.sort(-opens, axis=1)[:, : max(1, int(series.sum(axis=1).max()))]
    return replace(shelf, mood=none, relief=none, follow=follow, opens=opens)


def _textless(shelf: Shelf) -> Shelf:
    """Return the shelf of items of which nothing but the id is known."""
    n, blind = len(shelf.entries), {"talk", "itself"}

    def kept(traces: tuple[Trace, ...]) -> tuple[Trace, ...]:
        return tuple(
            t if t.name in blind else replace(t, table=np.zeros_like(t.table)) for t in traces
        )

    nothing = np.ones((n + 1, n))
    return replace(
        shelf,
        day=shelf.wave,
        follow=kept(shelf.follow),
        satiation=kept(shelf.satiation),
        opens=np.full((n, 1), -1),
        access=np.ones(n),
        mood=nothing,
        relief=nothing,
        guests=np.ones((2, n)),
        child=np.ones(n),
    )
