"""The Bayes-optimal ranking, and what it loses without time, without text, without order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from llmrec.errors import ConfigError, did_you_mean
from llmrec.world.belief import beliefs, timeless
from llmrec.world.evenings import day_of
from llmrec.world.replay import mixture, probabilities, remember

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


def oracle(
    lives: Lives,
    as_of_s: Ints,
    shelf: Shelf,
    settings: WorldSettings,
    without: Without | None = None,
) -> Floats:
    """Return the probability of every item, of all that the log tells or of a part of it.

    - Without time: every day is the average one, every decay its mean over the person's past, and
      tastes stand where they stand half way. No session goes on. Without times the past has no
      order either; a ranker that keeps its order and forgets the times alone can do better.
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
        return _ageless(lives, as_of_s, _timeless(shelf), settings, time=False)
    if without == "order":
        return _ageless(lives, as_of_s, _orderless(shelf), settings, time=True)
    if without == "text":
        people = replace(
            lives.people,
            early=np.ones_like(lives.people.early),
            change=np.zeros_like(lives.people.change),
        )
        return probabilities(replace(lives, people=people), as_of_s, _textless(shelf), settings)
    return probabilities(lives, as_of_s, shelf, settings)


def _ageless(
    lives: Lives, as_of_s: Ints, shelf: Shelf, settings: WorldSettings, *, time: bool
) -> Floats:
    """Return probabilities when past events are not told apart by age.

    Args:
        lives: The accounts.
        as_of_s: ``(accounts,)``, Unix seconds.
        shelf: Without moods.
        settings: The world's parameters.
        time: Whether the moment is known.
    """
    rewatch = settings.rewatch
    closing = rewatch and rewatch.model_copy(update={"after_days": _FOR_GOOD})
    fixed = settings.model_copy(update={"rewatch": closing})
    state, rank = remember(lives, as_of_s, _fadeless(shelf), fixed)
    days = np.array([day_of(settings, int(moment)) for moment in as_of_s], dtype=np.int64)
    ages = _ages(lives, as_of_s, days)
    traces = [*shelf.follow, *shelf.satiation]
    for trace, left in zip(traces, [*state.pulls, *state.counters], strict=True):
        left[rank] *= np.array([_left(trace, age, mean=not time) for age in ages])[:, None]
    if time:
        belief = beliefs(lives, as_of_s, settings, sessions=False)
        return mixture(state, rank, lives, days, belief)
    half = np.full(len(days), 0.5)
    return mixture(state, rank, lives, days, timeless(lives, settings), share=half)


def _ages(lives: Lives, as_of_s: Ints, days: Ints) -> list[Ints]:
    """Return the ages of each member's past events, in days."""
    evenings = lives.evenings
    past = np.flatnonzero(evenings.starts_s < as_of_s[evenings.account])
    age = days[evenings.account[past]] - evenings.day[past]
    by_row = np.argsort(evenings.row[past], kind="stable")
    counts = np.bincount(evenings.row[past], minlength=len(lives.people.child))
    return np.split(age[by_row], np.cumsum(counts)[:-1])


def _left(trace: Trace, age: Ints, *, mean: bool) -> float:
    """Return what an event of unknown age has left."""
    if len(age) == 0:
        return 1.0
    return float(trace.decay[age].mean() if mean else trace.decay[int(age.mean())])


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
