"""The trained sequence model as a retriever over an item index."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import check_made_from, read_manifest, sha256_bytes, sha256_of, write_artifact
from llmrec.errors import ArtifactError, ConfigError, require
from llmrec.retrieval.checks import check_moments
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.sequence.batches import reading_batches
from llmrec.retrieval.sequence.config import SequenceConfig
from llmrec.retrieval.sequence.events import EventCoding, read_history
from llmrec.retrieval.vector import INDEX_FOLDER, VectorRetriever
from llmrec.types import as_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.sequence.batches import Batch
    from llmrec.types import Catalogue, History

KIND = "sequence"
WEIGHTS_FILE = "model.safetensors"


class SequenceRetriever(VectorRetriever):
    """Looks for the items whose vectors meet the user's vector best.

    The model reads the newest events of a history in their order; their vectors are the index's,
    so that items that were added after the training are read and found like any other. Events of
    items without a vector are passed over; omitted ones too, and they leave the places and gaps of
    the others as they are. An event's ``weight`` multiplies what its item says. A history that
    leaves nothing to read (empty, all omitted, only unknown items) is looked up at the vector that
    the model learnt for the start of a window: what others took, whatever came before.

    Args:
        index: The items' vectors, of the catalogue that the model was trained on or one grown from
            it.
        weights: The model's parameters by name, ``float32`` arrays.
        config: Its settings.
        coding: What it reads of an event beside the item.
        made_from: What else it was made from: JSON values for the manifest.
        metrics: What the training measured, for the manifest.
        before: The moment that all learnt events lie before. Histories from earlier moments are
            refused then. None where the caller's split keeps past and future apart.
        name: The source that candidates carry.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ConfigError: The weights are not those of such a model.
    """

    kind = KIND

    def __init__(  # noqa: PLR0913 - one keyword per part
        self,
        index: ItemIndex,
        weights: Mapping[str, Any],
        *,
        config: SequenceConfig,
        coding: EventCoding,
        made_from: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
        before: datetime | None = None,
        name: str = KIND,
    ) -> None:
        super().__init__(index, name=name)
        self._config, self._coding = config, coding
        self._weights = {name: np.asarray(weights[name]) for name in sorted(weights)}
        self._before = None if before is None else as_utc(before, what="before")
        self._given = {} if made_from is None else dict(made_from)
        self._metrics = {} if metrics is None else dict(metrics)
        self._model = self._opened()

    @property
    def identity(self) -> str:
        """Kind, settings, weights and index."""
        digest = sha256_of([self._settings, self._weights_sha256()])
        return f"{self._name}:{digest[:12]}@{self._index.sha256[:12]}"

    @property
    def config(self) -> SequenceConfig:
        """The settings it was trained with."""
        return self._config

    @property
    def metrics(self) -> Mapping[str, Any]:
        """What the training measured: losses, and NDCG@10 on the validation queries, by epoch."""
        return self._metrics

    def queries(self, histories: Sequence[History]) -> Vectors:
        """Return the users' vectors, ``(n_histories, dimension) float32, L2-normalised``.

        Raises:
            LeakageError: A history's moment lies before events that were learnt from.
        """
        check_moments(histories, self._before, what=self._name)
        ids = {e.item_id for history in histories for e in history.interactions}
        known = sorted(item_id for item_id in ids if item_id in self._index)
        rows = {item_id: n for n, item_id in enumerate(known)}
        read = [read_history(h, rows, self._coding, self._config.max_events) for h in histories]
        vectors = self._index.vectors(known).astype(np.float64)
        found = np.empty((len(histories), self._index.dimension), dtype=np.float32)
        for chosen, batch in reading_batches(
            read,
            n_items=len(known),
            n_fields=len(self._coding.sizes),
            batch_events=self._config.batch_events,
        ):
            found[chosen] = self._users(vectors, batch)
        return found

    def text_vectors(self, texts: Vectors) -> Vectors:
        """Return vectors for items that were not trained on, from their texts' alone.

        They can be added to the index: ``retriever.index.add(ids, retriever.text_vectors(...))``.

        Args:
            texts: ``(n_items, text_dimension) float32``, by the encoder of the training's texts.

        Returns:
            ``(n_items, dimension) float32``.

        Raises:
            ConfigError: The model was trained without texts, or on ones of another dimension.
        """
        weight = self._weights.get("texts.weight")
        if weight is None:
            raise ConfigError(
                "this model was trained without texts, so it knows no vector of a new item",
                remedy="Train it with texts=, or train it anew on events of the item.",
            )
        if texts.ndim != 2 or texts.shape[1] != weight.shape[1]:
            raise ConfigError(
                f"text vectors of shape {texts.shape}; (n, {weight.shape[1]}) is needed"
            )
        projected: Vectors = (texts @ weight.T).astype(np.float32)
        return projected

    def save(self, path: Path, *, metrics: Mapping[str, Any] | None = None) -> None:
        """Write the model and its index to a folder, whole or not at all; see ``Retriever``.

        Args:
            path: The folder.
            metrics: Kept in the manifest beside what the training measured.

        Raises:
            ArtifactError: The folder holds something else, or nothing can be written there.
        """
        safetensors = require("safetensors.numpy", "cpu")
        made_from = {
            "name": self._name,
            "catalogue_sha256": self.catalogue.sha256,
            "settings": self._settings,
        }
        kept = {**self._metrics, **(metrics or {})}
        with write_artifact(Path(path), KIND, made_from=made_from, metrics=kept) as folder:
            (folder / WEIGHTS_FILE).write_bytes(safetensors.save(self._weights))
            self._index.save(folder / INDEX_FOLDER)

    @classmethod
    def load(cls, path: Path, *, catalogue: Catalogue) -> SequenceRetriever:
        """Load a saved retriever.

        Raises:
            ArtifactError: Missing, damaged, of another kind, or made from another catalogue.
        """
        path = Path(path)
        safetensors = require("safetensors.numpy", "cpu")
        manifest = read_manifest(path, KIND, needs=(WEIGHTS_FILE,))
        check_made_from(path, manifest, catalogue_sha256=catalogue.sha256)
        try:
            made = dict(manifest.made_from["settings"])
            before = made["before"]
            return cls(
                ItemIndex.load(path / INDEX_FOLDER, catalogue=catalogue),
                safetensors.load((path / WEIGHTS_FILE).read_bytes()),
                config=SequenceConfig.of(made["config"], source=str(path)),
                coding=EventCoding.of_json(made["coding"]),
                made_from=made["made_from"],
                metrics=manifest.metrics,
                before=None if before is None else datetime.fromisoformat(before),
                name=str(manifest.made_from["name"]),
            )
        except (KeyError, ValueError, TypeError, OSError, ConfigError) as error:
            raise ArtifactError(
                f"{path} cannot be read: {error}", remedy="Train the retriever again."
            ) from error

    @property
    def _settings(self) -> Mapping[str, Any]:
        return {
            "config": self._config.model_dump(mode="json"),
            "coding": self._coding.as_json(),
            "made_from": self._given,
            "before": None if self._before is None else self._before.isoformat(),
        }

    def _weights_sha256(self) -> str:
        named = [[name, sha256_bytes(array.tobytes())] for name, array in self._weights.items()]
        return sha256_of(named)

    def _opened(self) -> Any:  # noqa: ANN401 - PyTorch is an optional package
        """Return the model in float64, which makes a batch and single calls agree to the digit."""
        torch = require("torch", "cpu")
        from llmrec.retrieval.sequence.model import SequenceModel

        texts = self._weights.get("texts.weight")
        with torch.random.fork_rng(devices=[]):
            model = SequenceModel(
                self._config,
                n_items=len(self._weights["items.weight"]),
                field_sizes=self._coding.sizes,
                text_dimension=0 if texts is None else texts.shape[1],
            )
        try:
            model.load_state_dict({n: torch.from_numpy(a) for n, a in self._weights.items()})
        except RuntimeError as error:
            raise ConfigError(f"these are not the weights of such a model: {error}") from error
        return model.double().eval()

    def _users(self, vectors: Any, batch: Batch) -> Vectors:  # noqa: ANN401
        """Return the unit vectors of a batch's users, ``(n_rows, dimension) float32``."""
        torch = require("torch", "cpu")
        from llmrec.retrieval.sequence.model import Rows

        with torch.no_grad():
            hidden = self._model(torch.from_numpy(vectors), Rows.of(batch, self._model.start))
        users = hidden.numpy()[np.arange(len(batch.lengths)), batch.lengths - 1]
        unit: Vectors = users / np.linalg.norm(users, axis=1, keepdims=True)
        return unit.astype(np.float32)
