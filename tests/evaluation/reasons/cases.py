"""Small cases that several tests build on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from llmrec.types import Evidence, History, Interaction, Item

FEW = {"seed": 0, "resamples": 50}


def day(number):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


def history_of(n_events):
    events = tuple(Interaction(item_id=f"e{n}", timestamp=day(n)) for n in range(n_events))
    return History(user_id="u", as_of=day(n_events), interactions=events)


def evidence_at(history, *positions):
    return [
        Evidence(
            position=p,
            interaction=history.interactions[p],
            item=Item(item_id=f"e{p}", title=f"E{p}"),
            effect=1.0,
            noise=0.0,
            group=(p,),
        )
        for p in positions
    ]


class Script:
    """Writes one text, and counts how often."""

    def __init__(self, text="We recommend it because of [1].", dies_after=math.inf):
        self.text, self.dies_after, self.asked = text, dies_after, 0

    def write(self, requests):
        if self.asked >= self.dies_after:
            raise KeyboardInterrupt
        self.asked += 1
        return [self.text] * len(requests)
