"""The sequence model: item vectors, and user vectors that meet them by inner product."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from llmrec.retrieval.sequence.blocks import Block, Distances, decays, rotations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmrec.retrieval.sequence.batches import Batch
    from llmrec.retrieval.sequence.config import SequenceConfig

_SPREAD = 0.02
"""Standard deviation of embeddings at the start."""


class SequenceModel(nn.Module):
    """A causal transformer over a user's events.

    Args:
        config: Its settings.
        n_items: Items of the catalogue.
        field_sizes: How many codes each further field of an event has.
        text_dimension: Length of the items' text vectors; 0: there are none.
    """

    known: Tensor
    """``(n_items,) bool``: which items have a vector of their own, beside their text's."""

    def __init__(
        self,
        config: SequenceConfig,
        *,
        n_items: int,
        field_sizes: Sequence[int],
        text_dimension: int = 0,
    ) -> None:
        super().__init__()
        width = config.dimension
        self._config = config
        self.items = nn.Embedding(n_items, width)
        self.texts = nn.Linear(text_dimension, width, bias=False) if text_dimension else None
        self.start = nn.Parameter(torch.zeros(1, width))
        self.fields = nn.ModuleList([nn.Embedding(size, width) for size in field_sizes])
        learned = config.positions == "learned"
        self.places = nn.Embedding(config.max_events + 1, width) if learned else None
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.layers)])
        self.dropout = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(width)
        self.register_buffer("known", torch.ones(n_items, dtype=torch.bool))
        self._begin()

    def _begin(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=_SPREAD)
            elif isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.start, std=_SPREAD)
        if self.texts is not None:
            nn.init.normal_(self.texts.weight, std=_SPREAD)

    def item_vectors(self, rows: Tensor, texts: Tensor | None) -> Tensor:
        """Return the vectors of items, ``(n_rows, dimension)``.

        A vector is the item's own plus its text's projection. Items that were never trained on
        have no vector of their own where there are texts, and in training others go without it
        now and then, so that the projections learn to stand alone.

        Args:
            rows: ``(n_rows,) int64``: catalogue positions.
            texts: ``(n_rows, text_dimension)``: their text vectors; None for a model without.
        """
        own: Tensor = self.items(rows)
        if self.texts is None:
            return own
        kept = self.known[rows]
        if self.training:
            drawn = torch.rand(len(rows), device=rows.device)
            kept = kept & (drawn >= self._config.id_dropout)
        projected: Tensor = self.texts(texts)
        return projected + own * kept[:, None]

    def forward(self, vectors: Tensor, rows: Rows) -> Tensor:
        """Return the user's vector after each event, ``(n_rows, length, dimension)``.

        Args:
            vectors: ``(n_vectors, dimension)``: item vectors.
            rows: What is read; their items are rows of ``vectors``, and ``n_vectors`` stands for
                the start mark.
        """
        table = torch.cat([vectors, self.start])
        hidden = table[rows.items] * rows.weights[..., None]
        for n, field in enumerate(self.fields):
            hidden = hidden + field(rows.codes[..., n])
        if self.places is not None:
            hidden = hidden + self.places(rows.places)
        hidden = self.dropout(hidden)
        distances = self._distances(rows.places, hidden.dtype)
        for block in self.blocks:
            hidden = block(hidden, distances)
        users: Tensor = self.norm(hidden)
        return users

    def _distances(self, places: Tensor, dtype: torch.dtype) -> Distances:
        heads = self._config.heads
        if self._config.positions == "rotary":
            width = self._config.dimension // heads
            return Distances(rotation=rotations(places, width, dtype))
        if self._config.positions == "decay":
            return Distances(decay=decays(places, heads, dtype))
        return Distances()


class Rows(NamedTuple):
    """A ``Batch`` as tensors, of the same shapes."""

    items: Tensor
    places: Tensor
    codes: Tensor
    weights: Tensor

    @classmethod
    def of(cls, batch: Batch, like: Tensor) -> Rows:
        """Return a batch on another tensor's device, weights in its dtype."""
        weights = torch.from_numpy(batch.weights).to(like.device, like.dtype)
        items, places, codes = (
            torch.from_numpy(np.ascontiguousarray(array)).to(like.device)
            for array in (batch.items, batch.places, batch.codes)
        )
        return cls(items, places, codes, weights)
