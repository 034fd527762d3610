"""The index as a LangChain retriever."""

from __future__ import annotations

import subprocess
import sys

import pytest

from llmrec.encode import HashEncoder
from llmrec.errors import ArtifactError, ConfigError
from llmrec.retrieval import ItemIndex
from llmrec.types import Catalogue, Item

pytest.importorskip("langchain_core")

ITEMS = [
    Item(item_id="1", title="The Farm", attributes={"year": 1984, "genres": ("Drama", "Family")}),
    Item(item_id="2", title="Space Cargo", attributes={"genres": ("Sci-Fi",)}),
    Item(item_id="3", title="Farm Boys", attributes={"genres": ("Comedy",)}),
]


@pytest.fixture
def retriever():
    from llmrec.retrieval.langchain import IndexRetriever

    encoder = HashEncoder()
    return IndexRetriever(index=ItemIndex.build(Catalogue(ITEMS), encoder), encoder=encoder, k=2)


def test_documents_carry_the_item_best_first(retriever):
    documents = retriever.invoke("sci-fi in space with cargo")
    assert documents[0].id == "2"
    assert len(documents) == 2
    first = documents[0]
    assert "Space Cargo" in first.page_content
    assert "Sci-Fi" in first.page_content
    assert first.metadata["item_id"] == "2"
    assert first.metadata["title"] == "Space Cargo"
    assert first.metadata["rank"] == 1
    assert first.metadata["attributes"] == {"genres": ("Sci-Fi",)}
    assert first.metadata["score"] > documents[1].metadata["score"]


async def test_async_and_batches_equal_single_calls(retriever):
    texts = ["a farm", "space"]
    single = [retriever.invoke(text) for text in texts]
    assert retriever.batch(texts) == single
    assert await retriever.ainvoke(texts[0]) == single[0]
    assert await retriever.abatch(texts) == single


def test_it_takes_part_in_a_chain(retriever):
    from langchain_core.runnables import RunnableLambda

    titles = retriever | RunnableLambda(lambda documents: [d.metadata["title"] for d in documents])
    assert set(titles.invoke("farm")) == {"The Farm", "Farm Boys"}


def test_another_encoder_or_no_items_are_refused():
    from llmrec.retrieval.langchain import IndexRetriever

    index = ItemIndex.build(Catalogue(ITEMS), HashEncoder())
    with pytest.raises(ArtifactError, match="hash-512"):
        IndexRetriever(index=index, encoder=HashEncoder(512))
    with pytest.raises(ConfigError, match="k is 0"):
        IndexRetriever(index=index, encoder=HashEncoder(), k=0)


def test_the_package_itself_loads_no_heavy_library():
    heavy = ("langchain_core", "faiss", "torch", "sentence_transformers", "transformers")
    code = (
        "import sys, llmrec.retrieval, llmrec.encode; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    answer = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
