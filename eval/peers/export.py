"""Write a card's split for programs in other environments: what to learn from, and what is asked.

python eval/peers/export.py DATASET OUT --protocol CARD

OUT gets ``validation/`` and ``test/``, each with ``train.csv`` (user, item, place: the order of
the card's tie rule) and ``queries.csv`` (query, user; the target for validation only). Queries of
the test are called q0, q1, ... as ``llmrec evaluate --run-file`` wants them.
"""

from pathlib import Path

import polars as pl
import typer

from llmrec.data import SplitProtocol, load, split
from llmrec.types import Query


def main(dataset: Path, out: Path, protocol: str = "leave-one-out.v1") -> None:
    """Export both parts."""
    part = split(load(dataset), SplitProtocol.named(protocol))
    write(out / "validation", part.train, part.validation, told=True)
    write(out / "test", part.train_for_test, part.test, told=False)


def write(folder: Path, train: pl.LazyFrame, queries: list[Query], *, told: bool) -> None:
    """Write one part; the order within a user's second is kept as a place."""
    folder.mkdir(parents=True, exist_ok=True)
    events = train.sort("user_id", "timestamp_s", "sequence").collect()
    place = pl.int_range(pl.len()).over("user_id").alias("place")
    events.select("user_id", "item_id", "timestamp_s", place).write_csv(folder / "train.csv")
    asked = {
        "query": [f"q{n}" for n in range(len(queries))],
        "user_id": [query.history.user_id for query in queries],
    }
    if told:
        asked["target"] = [query.target.item_id for query in queries]
    pl.DataFrame(asked).write_csv(folder / "queries.csv")


if __name__ == "__main__":
    typer.run(main)
