"""Pictures of a world: events over time, seasons, drift, popularity."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import require

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from llmrec.world.simulate import Lives
    from llmrec.world.world import World

Axes = Any
"""Matplotlib's axes; the library is optional."""
_MONTH_DAYS = 365.25 / 12.0


def plots(world: World, lives: Sequence[Lives]) -> list[tuple[str, str]]:
    """Draw everything that a report shows.

    Args:
        world: Whose it is.
        lives: All of its accounts.

    Returns:
        Captions, and pictures as SVG.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    drawings: list[tuple[str, Callable[..., None]]] = [
        ("Events a week", _over_time),
        ("Seasons: the share of events with a tag, by month", _seasons),
        (
            "Drift: how alike tastes are to those of the first day (cosine, mean and quartiles)",
            _drift,
        ),
        ("Popularity: events of each item, by rank", _popularity),
    ]
    return [(caption, _svg(draw, world, lives)) for caption, draw in drawings]


def _svg(draw: Callable[..., None], world: World, lives: Sequence[Lives]) -> str:
    """Draw one picture."""
    figure_module: Any = require("matplotlib.figure", "cpu")
    matplotlib: Any = require("matplotlib", "cpu")
    with matplotlib.rc_context({"svg.hashsalt": "llmrec", "font.size": 9, "svg.fonttype": "none"}):
        figure = figure_module.Figure(figsize=(7.0, 2.8), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, world, lives)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _over_time(axes: Axes, world: World, lives: Sequence[Lives]) -> None:
    days = np.concatenate([each.evenings.day for each in lives])
    weeks = np.bincount(days // 7)[: world.settings.days // 7]
    dates = [world.settings.start + timedelta(days=7 * n) for n in range(len(weeks))]
    axes.plot(dates, weeks, linewidth=1.0)
    axes.set_ylabel("events")
    axes.set_ylim(bottom=0)


def _seasons(axes: Axes, world: World, lives: Sequence[Lives]) -> None:
    entries, settings = world.shelf.entries, world.settings
    item = np.concatenate([each.item for each in lives])
    day = np.concatenate([each.evenings.day for each in lives])
    months = np.array([(settings.start + timedelta(days=n)).month for n in range(settings.days)])
    month = months[day]
    for tag in dict.fromkeys(rule.tag for rule in settings.seasons):
        has = np.array([tag in entry.tags for entry in entries])[item]
        shares = [100.0 * has[month == n].mean() if (month == n).any() else 0 for n in range(1, 13)]
        axes.plot(range(1, 13), shares, marker="o", markersize=3, linewidth=1.0, label=tag)
    axes.set_xticks(range(1, 13), "JFMAMJJASOND")
    axes.set_ylabel("% of events")
    axes.legend(frameon=False, ncols=3, fontsize=8)


def _drift(axes: Axes, world: World, lives: Sequence[Lives]) -> None:
    people = lives[0].people
    months = np.arange(0, int(world.settings.days / _MONTH_DAYS) + 1)
    shares = np.minimum(months * _MONTH_DAYS / world.settings.days, 1.0)
    rows = np.arange(len(people.child))
    alike = np.array(
        [_cosine(people.taste(rows, np.full(len(rows), s)), people.early) for s in shares]
    )
    low, high = np.quantile(alike, [0.25, 0.75], axis=1)
    axes.fill_between(months, low, high, alpha=0.25, linewidth=0)
    axes.plot(months, alike.mean(axis=1), linewidth=1.0)
    axes.set_xlabel("months")
    axes.set_ylim(0, 1.02)


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of each two rows."""
    dot = (one * other).sum(axis=1)
    return np.asarray(dot / np.sqrt((one * one).sum(axis=1) * (other * other).sum(axis=1)))


def _popularity(axes: Axes, world: World, lives: Sequence[Lives]) -> None:
    item = np.concatenate([each.item for each in lives])
    counts = np.sort(np.bincount(item, minlength=len(world.shelf.entries)))[::-1]
    axes.plot(np.arange(1, len(counts) + 1), counts, linewidth=1.0)
    axes.set_yscale("log")
    axes.set_xlabel("rank")
    axes.set_ylabel("events")
