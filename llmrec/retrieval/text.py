"""The history as a text query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmrec.artifacts import sha256_of
from llmrec.retrieval.checks import check_same_encoder
from llmrec.retrieval.vector import VectorRetriever
from llmrec.serialize import QUERY_CONFIG, HistorySerializer
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.retrieval.index import ItemIndex
    from llmrec.types import History

QUERY_TEMPLATE = "query/history.v1"
_REMEMBERED = 4096  # query vectors kept, 1.5 KB each with MiniLM


class TextRetriever(VectorRetriever):
    """Looks for items whose texts are like the text of the history.

    The text is cut to what the encoder reads, by the encoder's own tokenizer, and the newest events
    are kept. Texts met before are not encoded again: evidence asks for the same ones many times.
    An empty history has an empty text, which encoders give a fixed vector (see ``Encoder``): it
    works, and says nothing about the person.

    Args:
        index: Item vectors, made by the same encoder.
        encoder: Who reads the queries.
        serializer: How a history becomes text; the default is ``QUERY_CONFIG`` over the index's
            catalogue, counted by the encoder.
        template_id: What stands around the text; it takes ``history``.

    Raises:
        ArtifactError: Another encoder made the index.
        ConfigError: The dimensions differ.
        TemplateError: The template is unknown, or not a text template.
    """

    def __init__(
        self,
        index: ItemIndex,
        encoder: Encoder,
        serializer: HistorySerializer | None = None,
        *,
        template_id: str = QUERY_TEMPLATE,
    ) -> None:
        super().__init__(index, name="text")
        check_same_encoder(index.origin.encoder, index.dimension, encoder)
        self._encoder = encoder
        self._serializer = serializer or HistorySerializer(
            QUERY_CONFIG,
            index.catalogue,
            encoder.count_tokens,
            control_strings=encoder.control_strings,
        )
        self._template = load_template(template_id)
        around = encoder.count_tokens([self._template.text(history="")])[0]
        self._budget_tokens = encoder.card.max_tokens - around
        self._known: dict[str, Vectors] = {}

    @property
    def identity(self) -> str:
        """Kind, encoder, serialization, template and index."""
        made_by = [
            self._encoder.card.identity,
            self._serializer.config.sha256,
            self._template.sha256,
        ]
        return f"text:{sha256_of(made_by)[:12]}@{self._index.sha256[:12]}"

    def texts(self, histories: Sequence[History]) -> list[str]:
        """Return what the encoder reads of each history."""
        written = self._serializer.serialize(histories, budget_tokens=self._budget_tokens)
        return [self._template.text(history=history.text) for history in written]

    def queries(self, histories: Sequence[History]) -> Vectors:
        """Return the texts' vectors, ``(n_histories, dimension) float32, L2-normalised``."""
        texts = self.texts(histories)
        known = {text: self._known[text] for text in texts if text in self._known}
        new = list(dict.fromkeys(text for text in texts if text not in known))
        known |= zip(new, self._encoder.encode(new), strict=True)
        if len(self._known) + len(new) > _REMEMBERED:
            self._known = {}
        self._known |= {text: known[text] for text in new[:_REMEMBERED]}
        if not texts:
            return np.empty((0, self._index.dimension), dtype=np.float32)
        return np.stack([known[text] for text in texts])
