"""The history as a text query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmrec.artifacts import check_made_from, read_manifest, sha256_of
from llmrec.encode import open_encoder
from llmrec.errors import ArtifactError, ConfigError, TemplateError
from llmrec.retrieval.checks import check_same_encoder
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.vector import INDEX_FOLDER, VectorRetriever
from llmrec.serialize import QUERY_CONFIG, HistorySerializer, SerializerConfig
from llmrec.templates import load_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llmrec.encode.base import Encoder, Vectors
    from llmrec.types import Catalogue, History

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

    kind = "text"

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
        self._template_id, self._template = template_id, load_template(template_id)
        around = encoder.count_tokens([self._template.text(history="")])[0]
        self._budget_tokens = encoder.card.max_tokens - around
        self._known: dict[str, Vectors] = {}

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue, encoder: Encoder | None = None) -> Self:
        """Load a saved retriever.

        Args:
            path: Its folder.
            catalogue: The one in use.
            encoder: The one in use; default: the one that the index's recipe names.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue,
                encoder or text of the template.
            ConfigError: No encoder is given, and none is named.
        """
        manifest = read_manifest(path, cls.kind)
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        index = ItemIndex.load(path / INDEX_FOLDER, catalogue=catalogue, encoder=encoder)
        reader = encoder or encoder_of(index, path)
        try:
            made = manifest.made_from["settings"]
            template, config = load_template(made["template"]), made["serializer"]
            serializer = HistorySerializer(
                SerializerConfig.of(config, source=str(path)),
                catalogue,
                reader.count_tokens,
                control_strings=reader.control_strings,
            )
        except (KeyError, TypeError, ConfigError, TemplateError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", remedy="Train the retriever again."
            ) from error
        if template.sha256 != made.get("template_sha256"):
            raise ArtifactError(
                f"{path} was made with another text of the template {made['template']!r}",
                remedy="Train the retriever again.",
            )
        return cls(index, reader, serializer, template_id=made["template"])

    @property
    def _settings(self) -> Mapping[str, Any]:
        return {
            "serializer": self._serializer.config.model_dump(mode="json"),
            "template": self._template_id,
            "template_sha256": self._template.sha256,
        }

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


def encoder_of(index: ItemIndex, path: Path) -> Encoder:
    """Open the encoder that an index's recipe names.

    Raises:
        ConfigError: It names none.
    """
    if index.origin.recipe is None:
        raise ConfigError(f"{path} does not name its encoder; give encoder=...")
    return open_encoder(index.origin.recipe.encoder)
