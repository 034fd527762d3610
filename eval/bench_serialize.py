"""How many histories a second become text on one core, before tokenization.

    python eval/bench_serialize.py [--out FILE.json]

The counter of tokens is a trivial one, so that the figure is the serializer's alone.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from llmrec.evaluation.figures import save
from llmrec.serialize import QUERY_CONFIG, HistorySerializer, SerializerConfig
from llmrec.types import Catalogue, History, Interaction, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.serialize import TimeStyle

STYLES: tuple[TimeStyle, ...] = ("absolute", "relative", "both", "none")
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Sci-Fi", "Thriller")


def make_catalogue(n_items: int, rng: random.Random) -> Catalogue:
    """Return items with titles of one to five words, years and genres."""
    words = ("River", "Night", "Café", "Return", "of", "the", "Glass", "Seven", "North", "Ghost")
    return Catalogue(
        [
            Item(
                item_id=str(n),
                title=f"{' '.join(rng.choices(words, k=rng.randint(1, 5)))} {n}",
                attributes={
                    "year": rng.randint(1950, 2025),
                    "genres": tuple(rng.sample(GENRES, rng.randint(1, 3))),
                },
            )
            for n in range(n_items)
        ]
    )


def make_history(user: int, n_events: int, n_items: int, rng: random.Random) -> History:
    """Return a history in sessions of about four events, days to weeks apart."""
    moment = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(10**6))
    events = []
    for _ in range(n_events):
        minutes = rng.randint(1, 180) if rng.random() < 0.75 else rng.randint(600, 60_000)
        moment += timedelta(minutes=minutes)
        item, rating = str(rng.randrange(n_items)), float(rng.randint(1, 5))
        events.append(Interaction(item_id=item, timestamp=moment, rating=rating))
    as_of = moment + timedelta(hours=rng.randint(1, 400))
    return History(user_id=f"user-{user}", as_of=as_of, interactions=tuple(events))


def count_trivially(texts: Sequence[str]) -> list[int]:
    """Return a quarter of each text's length: what a tokenizer would say, for nothing."""
    return [(len(text) + 3) // 4 for text in texts]


def histories_per_second(
    serializer: HistorySerializer, histories: Sequence[History], *, budget: int, batch: int
) -> float:
    """Serialize every history once, in batches, and return the rate."""
    start = time.process_time()
    for first in range(0, len(histories), batch):
        serializer.serialize(histories[first : first + batch], budget_tokens=budget)
    return len(histories) / (time.process_time() - start)


def main() -> None:
    """Print histories a second for every time style and for encoder queries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=5000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rng = random.Random(7)  # noqa: S311
    catalogue = make_catalogue(given.items, rng)
    histories = [make_history(n, given.events, given.items, rng) for n in range(given.histories)]
    rates = {}
    for name, config, budget in [
        *((style, SerializerConfig(time_style=style), 4000) for style in STYLES),
        ("absolute, half cut", SerializerConfig(), 550),
        ("Europe/Paris", SerializerConfig(time_zone="Europe/Paris"), 4000),
        ("encoder query", QUERY_CONFIG, 254),
    ]:
        serializer = HistorySerializer(config, catalogue, count_trivially)
        rates[name] = round(
            histories_per_second(serializer, histories, budget=budget, batch=given.batch)
        )
    save({"events": given.events, "histories_per_s": rates}, given.out)


if __name__ == "__main__":
    main()
