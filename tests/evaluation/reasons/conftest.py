"""The film world with a hashing encoder and a scripted LLM, and lines made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from llmrec.data import SplitProtocol, load, write_sample
from llmrec.encode import HashEncoder
from llmrec.evaluation.reasons.table import REASONS
from llmrec.recommender import Recommender
from llmrec.retrieval import ItemIndex


@pytest.fixture(scope="session")
def film_world(tmp_path_factory):
    path = tmp_path_factory.mktemp("reasons") / "film-world"
    write_sample(path)
    data = load(path)
    ItemIndex.build(data.catalogue, HashEncoder()).save(path.with_name("film-world.index"))
    return data


@pytest.fixture(scope="session")
def index(film_world):
    return ItemIndex.load(film_world.path.with_name("film-world.index"))


@pytest.fixture(scope="session")
def card():
    return SplitProtocol.named("leave-one-out.v1")


@pytest.fixture
def open_line(film_world):
    """Open a recommender on the film world; keywords go over the defaults."""

    def make(writer=None, **changes):
        options = {
            "dataset": film_world.path,
            "engine": {"kind": "scripted"},
            "weight": 0.3,
            "candidates": 8,
            "explain": {"evidence": {"max_groups": 2, "max_events": 3}},
        }
        return Recommender.open(writer=writer, **(options | changes))

    return make


EMPTY = {
    "user_id": "u1",
    "as_of": datetime(2024, 1, 1, tzinfo=UTC),
    "place": 1,
    "item_id": "i",
    "title": "I",
    "text": "It is so.",
    "author": "template",
    "stands": True,
    "findings": [],
    "drafts": [],
    "draft_findings": [],
    "template_stands": True,
    "planted": [],
    "cited": [],
    "similarity": [],
    "trials": [],
    "methods": [],
    "truth": None,
    "verdicts": [],
}


@pytest.fixture(scope="session")
def table():
    """Make a table of lines, each given by what differs from an empty one."""

    def make(*lines):
        return pl.DataFrame([EMPTY | line for line in lines], schema=REASONS, orient="row")

    return make
