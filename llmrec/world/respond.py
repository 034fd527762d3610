"""What somebody does with a list that is shown to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from llmrec.world.evenings import day_of
from llmrec.world.people import user_id
from llmrec.world.random import Stream, bells, starts
from llmrec.world.replay import member_parts
from llmrec.world.simulate import rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmrec.world.settings import WorldSettings
    from llmrec.world.shelf import Shelf
    from llmrec.world.simulate import Lives


class Response(NamedTuple):
    """The answer to a slate."""

    item_id: str | None
    """None: something else, or nothing."""
    rating: float | None
    """1 to 5 in halves."""


def respond(
    lives: Lives,
    moment_s: int,
    slate: NDArray[np.int64],
    shelf: Shelf,
    settings: WorldSettings,
    seed: int,
) -> Response:
    """Draw one account's answer.

    An item of the slate is taken with its probability, divided by that of the whole slate and the
    weight of doing something else. In a household, whoever takes it rates it: a member drawn in
    proportion to their parts of that item's probability.

    Args:
        lives: The account, alone.
        moment_s: Unix seconds.
        slate: ``(k,)``: positions of the items.
        shelf: The world's items.
        settings: The world's parameters.
        seed: Of this answer.
    """
    user = user_id(lives.people.numbers[0])
    parts = member_parts(lives, np.array([moment_s]), shelf, settings)[:, slate]
    stream = Stream(seed, "respond", user, moment_s)
    total = np.cumsum(np.append(parts.sum(axis=0), settings.outside))
    if total[-1] <= 0.0:
        return Response(None, None)
    drawn = _draw(total, stream)
    if drawn == len(slate):
        return Response(None, None)
    member = np.array([_draw(np.cumsum(parts[:, drawn]), stream)])
    item = slate[drawn : drawn + 1]
    share = np.array([day_of(settings, moment_s) / settings.days])
    liking = lives.people.taste(member, share)[:, item[0]]
    bell = bells(starts(seed, [moment_s], "respond rating", user), np.zeros(1, dtype=np.int64))
    rating = rate(liking, item, lives.people.generosity[member], bell, shelf, settings)
    return Response(shelf.entries[item[0]].item_id, float(rating[0]))


def _draw(total: NDArray[np.float64], stream: Stream) -> int:
    """Draw a position in proportion to its share of running totals, ``(k,)``."""
    return int((total > stream.uniform() * total[-1]).argmax())
