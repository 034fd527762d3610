"""The item index as a LangChain retriever; importing this module imports langchain-core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr, SkipValidation

from llmrec.encode.base import Encoder  # noqa: TC001 - Pydantic reads it
from llmrec.errors import require
from llmrec.retrieval.checks import check_k, check_same_encoder
from llmrec.retrieval.index import ItemIndex  # noqa: TC001 - Pydantic reads it
from llmrec.retrieval.texts import ITEM_TEMPLATE, ItemText

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

else:
    BaseRetriever = require("langchain_core.retrievers", "cpu").BaseRetriever
    Document = require("langchain_core.documents", "cpu").Document


class IndexRetriever(BaseRetriever):
    """Free text in, items out as documents, best first.

    ``page_content`` is the item's text as the encoder read it, ``id`` its item id, and
    ``metadata`` holds ``item_id``, ``title``, ``score`` (inner product), ``rank`` (from 1) and
    ``attributes``. ``invoke``, ``batch`` and their async forms work as for every Runnable; the
    async forms search in a thread.

    Raises:
        MissingExtraError: langchain-core is not installed (at import).
        ArtifactError: Another encoder made the index.
        ConfigError: The dimensions differ, or ``k`` is below 1.
    """

    index: SkipValidation[ItemIndex]
    """What is searched."""
    encoder: SkipValidation[Encoder]
    """The encoder that made the index."""
    k: int = 10
    """How many documents, at most."""

    _item_text: ItemText = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401
        """Check that index and encoder belong together."""
        super().model_post_init(context)
        check_same_encoder(self.index.origin.encoder, self.index.dimension, self.encoder)
        check_k(self.k)
        recipe = self.index.origin.recipe
        template_id = recipe.item_template if recipe else ITEM_TEMPLATE
        self._item_text = ItemText.of(template_id, self.encoder)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
    ) -> list[Document]:
        hits = self.index.search(self.encoder.encode([query]), self.k)
        found = zip(hits.rows[0].tolist(), hits.scores[0].tolist(), strict=True)
        return [self._document(row, score, rank) for rank, (row, score) in enumerate(found, 1)]

    def _document(self, row: int, score: float, rank: int) -> Document:
        item = self.index.catalogue[self.index.item_ids[row]]
        return Document(
            id=item.item_id,
            page_content=self._item_text(item),
            metadata={
                "item_id": item.item_id,
                "title": item.title,
                "score": score,
                "rank": rank,
                "attributes": dict(item.attributes),
            },
        )
