"""The people and films of the cases, as the library's own nouns."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from llmrec.types import Candidate, Catalogue, Evidence, History, Interaction, Item, Ranking

HERE = Path(__file__).parent


@cache
def scenes() -> dict[str, Any]:
    return yaml.safe_load((HERE / "scenes.yaml").read_text(encoding="utf-8"))


@cache
def catalogue() -> Catalogue:
    items = []
    for row in scenes()["films"]:
        attributes = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in row.items()
            if name not in {"id", "title"}
        }
        items.append(Item(item_id=row["id"], title=row["title"], attributes=attributes))
    return Catalogue(items)


def moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)


@cache
def person(name: str) -> tuple[Item, tuple[Evidence, ...], History]:
    row = scenes()["people"][name]
    events = tuple(
        Interaction(item_id=item_id, timestamp=moment(when), rating=rating)
        for when, item_id, rating in row["events"]
    )
    history = History(user_id=name, as_of=moment(row["as_of"]), interactions=events)
    evidence = tuple(
        Evidence(
            position=position,
            interaction=events[position],
            item=catalogue()[events[position].item_id],
            effect=effect,
            noise=0.0,
            group=(position,),
        )
        for position, effect in zip(row["evidence"], row["effects"], strict=True)
    )
    return catalogue()[row["item"]], evidence, history


class CausedScorer:
    """A decision with known causes: an event lifts a candidate by a known amount of log-weight.

    Args:
        causes: (history item id, candidate id) -> what the event adds to the candidate's score.
        noise: Standard deviation of what another candidate order changes.
    """

    def __init__(self, causes=None, noise=0.0):
        self.causes = dict(causes or {})
        self.noise = noise
        self.calls: list[tuple[int, int]] = []
        """(order seed, number of histories) of every call."""

    @property
    def order_matters(self):
        return self.noise > 0

    def __call__(self, histories, candidates, *, order_seed=0):
        self.calls.append((order_seed, len(histories)))
        return [self._rank(h, c, order_seed) for h, c in zip(histories, candidates, strict=True)]

    def _rank(self, history, candidates, order_seed):
        seen = {e.item_id for e in history.visible}
        seed = [order_seed, len(history.interactions), *sorted(history.omitted)]
        noise = np.random.default_rng(seed).normal(0, self.noise, len(candidates))
        scores = [
            sum(
                lift
                for (cause, item), lift in self.causes.items()
                if cause in seen and item == c.item.item_id
            )
            for c in candidates
        ]
        return Ranking.of(candidates, np.array(scores) + noise, "likelihood")


def candidates_of(*item_ids):
    return tuple(
        Candidate(item=catalogue()[item_id], score=1.0 - n / 10, rank=n + 1, source="hand")
        for n, item_id in enumerate(item_ids)
    )


@pytest.fixture(scope="session")
def kit():
    """People, films, and a decision with known causes."""
    return SimpleNamespace(
        catalogue=catalogue(),
        person=person,
        CausedScorer=CausedScorer,
        candidates_of=candidates_of,
        moment=moment,
    )
