"""Causes told in words."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmrec.world.causes import speaks_against

if TYPE_CHECKING:
    from llmrec.world.causes import Causes, EventCause
    from llmrec.world.world import World

_NOTABLE = 0.2
_WORDS = {
    "follow next": "comes before it in its series",
    "follow director": "was liked, and is by the same director",
    "follow cast": "was liked, and somebody of its cast plays here too",
    "follow talk": "was liked, and people who see it hear of this one",
    "follow ingredients": "left something over that is used here",
    "follow itself": "was the same, and it was liked",
    "satiation genres": "was of the same genre",
    "satiation cuisine": "came from the same kitchen",
    "satiation itself": "was the same",
    "opens": "had to come first",
    "seen": "was the same",
    "session": "came right before, the same day",
    "relief": "was heavier, the day before",
}
_TRAITS = {
    "taste": "The person's taste",
    "drift": "How that taste has changed",
    "known": "How well known it is",
    "season": "The time of the year",
    "weekday": "The day of the week",
    "wave": "What people talked about just then",
}


def tell(world: World, causes: Causes, as_of: datetime) -> str:
    """Return in a few sentences what made an item as likely as it was.

    Args:
        world: Where it happened.
        causes: What it says of itself.
        as_of: The moment.
    """
    titles = {entry.item_id: entry.title for entry in world.shelf.entries}
    probability = math.exp(causes.log_probability) * 100.0
    lines = [f"{titles[causes.item_id]}, {as_of:%d %B %Y}: probability {probability:.2g} %."]
    events = [event for event in causes.events if abs(event.effect) >= _NOTABLE]
    events.sort(key=lambda event: -abs(event.effect))
    lines.extend(_told(event, titles[event.item_id]) for event in events[:3])
    traits = {name: part for name, part in causes.parts.items() if abs(part) >= _NOTABLE}
    strongest = sorted(traits, key=lambda name: -abs(traits[name]))[:3]
    lines.extend(f"{_TRAITS[name]} {_times(traits[name])}." for name in strongest)
    if not events and not traits:
        lines.append("Nothing in particular: chance.")
    return " ".join(lines)


def _told(event: EventCause, title: str) -> str:
    """Return one event's part as a sentence."""
    when = datetime.fromtimestamp(event.timestamp_s, UTC)
    speaks = [kind for kind in event.kinds if (event.effect < 0.0) == speaks_against(kind)]
    why = [_WORDS.get(kind, kind) for kind in speaks or event.kinds]
    reason = "; it " + " and ".join(dict.fromkeys(why)) if why else ", by taking or giving room,"
    return f"{title} ({when:%d %B %Y}) {_times(event.effect)}{reason.rstrip(',')}."


def _times(effect: float) -> str:
    """Return a change of a log-probability in words."""
    if math.isinf(effect):
        return "alone made it possible" if effect > 0 else "ruled it out"
    factor = math.exp(abs(effect))
    return f"made it {factor:.1f} times {'likelier' if effect > 0 else 'less likely'}"
