"""From a log to a sequence retriever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.artifacts import sha256_of
from llmrec.errors import DataError, require
from llmrec.retrieval.index import ItemIndex
from llmrec.retrieval.sequence.candidates import Pool
from llmrec.retrieval.sequence.config import SequenceConfig
from llmrec.retrieval.sequence.events import EventCoding, EventLog, read_events
from llmrec.retrieval.sequence.retriever import SequenceRetriever

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from llmrec.encode.base import Vectors
    from llmrec.retrieval.sequence.model import SequenceModel
    from llmrec.types import Catalogue, Query


def fit_sequence(  # noqa: PLR0913 - one keyword per part of a training
    catalogue: Catalogue,
    interactions: pl.LazyFrame,
    config: SequenceConfig | None = None,
    *,
    validation: Sequence[Query] = (),
    texts: ItemIndex | None = None,
    before: datetime | None = None,
    folder: Path | None = None,
) -> SequenceRetriever:
    """Train a causal transformer on a log, each event being what comes after those before it.

    The form is SASRec's (Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018),
    trained on the softmax over the catalogue.

    Args:
        catalogue: The items.
        interactions: Training events in the columns of a dataset's; ``rating`` and ``event``
            may be absent.
        config: Settings.
        validation: Queries that decide when training ends and which epoch's model is kept. Without
            any, all epochs are trained and the last one's model is kept.
        texts: The items' text vectors. They become part of the items' vectors, and all that items
            without a training event have.
        before: See ``SequenceRetriever``; it does not filter the events.
        folder: Where checkpoints and curves go. The same training into the same folder goes on
            where a killed one stopped, and ends with the same model.

    Raises:
        DataError: There are no items or no events, or an item has no text vector.
        UnknownItemError: An event's or a target's item is not in the catalogue.
        EngineError: The loss is not a number; the last good state stands in ``folder``.
        ArtifactError: ``folder`` holds another training, or cannot be written.
        MissingExtraError: PyTorch or Accelerate is not installed.
    """
    config = config or SequenceConfig()
    torch = require("torch", "cpu")
    require("accelerate", "cpu")
    if not len(catalogue):
        raise DataError("the catalogue is empty, so there is nothing to learn")
    events = read_events(interactions)
    coding = EventCoding.of(events, config)
    job = _Job(
        catalogue=catalogue,
        config=config,
        coding=coding,
        log=EventLog.of(catalogue, events, coding),
        texts=None if texts is None else _text_table(catalogue, texts),
    )
    made_from = {
        "events_sha256": job.log.sha256(),
        "texts_sha256": None if texts is None else texts.sha256,
        "text_encoder": None if texts is None else texts.origin.encoder,
    }
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        weights, vectors, metrics = job.trained(validation, made_from, folder)
    return SequenceRetriever(
        ItemIndex(catalogue, list(catalogue), vectors),
        weights,
        config=config,
        coding=coding,
        made_from=made_from,
        metrics=metrics,
        before=before,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A training, ready to run."""

    catalogue: Catalogue
    config: SequenceConfig
    coding: EventCoding
    log: EventLog
    texts: Vectors | None
    """``(n_items, text_dimension) float32``."""

    def trained(
        self, validation: Sequence[Query], made_from: Mapping[str, Any], folder: Path | None
    ) -> tuple[dict[str, Any], Vectors, dict[str, Any]]:
        """Return the model's parameters by name, the items' vectors, and what was measured."""
        torch = require("torch", "cpu")
        from llmrec.retrieval.sequence.training import Training

        model, pool = self._model(), self._pool()
        texts = None if self.texts is None else torch.from_numpy(self.texts)
        training = Training(
            model,
            self.log,
            pool,
            self.config,
            texts=texts,
            made_from=self._run(validation, made_from),
            folder=folder,
        )
        progress = training.run(self._judge(validation, training.texts))
        model.eval().cpu()
        with torch.no_grad():
            vectors = model.item_vectors(torch.arange(len(self.catalogue)), texts).numpy()
        weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        return weights, vectors, progress.metrics()

    def _model(self) -> SequenceModel:
        torch = require("torch", "cpu")
        from llmrec.retrieval.sequence.model import SequenceModel

        torch.manual_seed(self.config.seed)
        model = SequenceModel(
            self.config,
            n_items=len(self.catalogue),
            field_sizes=self.coding.sizes,
            text_dimension=0 if self.texts is None else self.texts.shape[1],
        )
        if self.texts is not None:
            model.known[:] = torch.from_numpy(self._counts() > 0)
        return model

    def _counts(self) -> NDArray[np.int64]:
        return np.bincount(self.log.items, minlength=len(self.catalogue))

    def _pool(self) -> Pool:
        """Return what the loss looks at: with texts only the log's items.

        Others would be pushed away for nothing but being new, and their texts' likes with them.
        """
        counts = self._counts()
        items = np.arange(len(counts)) if self.texts is None else np.flatnonzero(counts)
        sampled = self.config.samples(self.catalogue)
        return Pool(
            items=items,
            shares=counts[items] / counts.sum(),
            negatives=self.config.negatives if sampled else None,
        )

    def _judge(
        self, validation: Sequence[Query], texts: Tensor | None
    ) -> Callable[[SequenceModel], float] | None:
        from llmrec.retrieval.sequence.validation import Validation

        if not validation:
            return None
        return Validation(
            validation, self.catalogue, coding=self.coding, config=self.config, texts=texts
        )

    def _run(self, validation: Sequence[Query], made_from: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a checkpoint belongs to."""
        asked = [
            [q.history.user_id, q.history.as_of.isoformat(), q.target.item_id] for q in validation
        ]
        return {
            **made_from,
            "catalogue_sha256": self.catalogue.sha256,
            "config": self.config.model_dump(mode="json"),
            "validation_sha256": sha256_of(asked),
        }


def _text_table(catalogue: Catalogue, texts: ItemIndex) -> Vectors:
    """Return the text vectors in the catalogue's order.

    Raises:
        DataError: An item has none, or is another item there.
    """
    for item_id, item in catalogue.items():
        if item_id not in texts or texts.catalogue[item_id] != item:
            raise DataError(
                f"item {item_id!r} ({item.title!r}) has no text vector, or is another item there",
                remedy="Build an index of this catalogue with `llmrec index build`.",
            )
    return texts.vectors(list(catalogue))
