"""The corpora as the checker takes them: each text with its item, evidence and history."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from llmrec.types import Evidence, History, Interaction
from llmrec.world.films import catalogue

HERE = Path(__file__).parent
FREE = ("first", "second", "third", "unseen")
"""Texts by authors who wrote freely: three to tune on, one that was read once, at the end."""


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def corpus(split: str) -> list[dict[str, Any]]:
    """Return the texts of a split of the corpus."""
    return [case for case in rows(HERE / "cases.jsonl") if case["split"] == split]


def free(name: str) -> list[dict[str, Any]]:
    """Return the texts of one free author."""
    return rows(HERE / "free" / name / "texts.jsonl")


def scenarios(folder: Path = HERE) -> dict[str, dict[str, Any]]:
    """Return what the checker is told beside a text, by scenario."""
    return {row["id"]: told(row) for row in rows(folder / "scenarios.jsonl")}


def told(row: dict[str, Any]) -> dict[str, Any]:
    films = catalogue()
    events = tuple(
        Interaction(
            item_id=event["item_id"],
            timestamp=datetime.fromisoformat(event["timestamp"]),
            rating=event["rating"],
        )
        for event in row["events"]
    )
    evidence = tuple(
        Evidence(
            position=position,
            interaction=events[position],
            item=films[events[position].item_id],
            effect=1.0,
            noise=0.0,
            group=(position,),
        )
        for position in row["evidence"]
    )
    as_of = datetime.fromisoformat(row["as_of"])
    return {
        "item": films[row["item_id"]],
        "evidence": evidence,
        "history": History(user_id="corpus", as_of=as_of, interactions=events),
    }
