"""The people and films of the cases, as the library's own nouns."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from llmrec.types import Catalogue, Evidence, History, Interaction, Item

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
