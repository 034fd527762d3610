"""What early stopping asks: NDCG@10 of a model on queries, the whole catalogue ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from llmrec.metrics import METRICS, Pairs, rank_targets
from llmrec.retrieval.bounds import seen_pairs
from llmrec.retrieval.sequence.batches import reading_batches
from llmrec.retrieval.sequence.events import read_history
from llmrec.retrieval.sequence.model import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from llmrec.retrieval.sequence.config import SequenceConfig
    from llmrec.retrieval.sequence.events import EventCoding
    from llmrec.retrieval.sequence.model import SequenceModel
    from llmrec.types import Catalogue, Query


class Validation:
    """Queries that are read once and asked after every epoch.

    Items of a history are not ranked, unless the query's target is one of them.

    Args:
        queries: One target each; those on items that are not in the catalogue are refused by it.
        catalogue: The items that are ranked.
        coding: What is read of an event beside its item.
        config: Sizes.
        texts: ``(n_items, text_dimension) float32``; None for a model without.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        catalogue: Catalogue,
        *,
        coding: EventCoding,
        config: SequenceConfig,
        texts: Tensor | None,
    ) -> None:
        rows = {item_id: n for n, item_id in enumerate(catalogue)}
        histories = [query.history for query in queries]
        read = [read_history(h, rows, coding, config.max_events) for h in histories]
        self._batches = list(
            reading_batches(
                read,
                n_items=len(catalogue),
                n_fields=len(coding.sizes),
                batch_events=config.batch_events,
            )
        )
        self._targets = [catalogue.position(query.target.item_id) for query in queries]
        seen = seen_pairs(histories, catalogue)
        self._seen: list[Sequence[int] | NDArray[np.int64]] = [
            [] if target in seen[n : n + 1].items else seen[n : n + 1].items
            for n, target in enumerate(self._targets)
        ]
        self._n_items, self._texts = len(catalogue), texts

    @torch.no_grad()
    def __call__(self, model: SequenceModel) -> float:
        """Return the mean NDCG@10 over the queries."""
        vectors = model.item_vectors(
            torch.arange(self._n_items, device=model.start.device), self._texts
        )
        values = []
        for chosen, batch in self._batches:
            rows = Rows.of(batch, model.start)
            last = torch.from_numpy(batch.lengths - 1).to(model.start.device)
            users = model(vectors, rows)[torch.arange(len(last)), last]
            block = (users @ vectors.T).float().cpu().numpy()
            seen = Pairs.of([self._seen[n] for n in chosen])
            ranks = rank_targets(block, Pairs.of([[self._targets[n]] for n in chosen]), seen)
            values.append(METRICS["ndcg"](ranks, 10))
        return float(np.concatenate(values).mean())
