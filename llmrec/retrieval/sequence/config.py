"""Settings of the sequence retriever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from llmrec.config import Settings

if TYPE_CHECKING:
    from llmrec.types import Catalogue


class SequenceConfig(Settings):
    """What the transformer is like, what it reads, and how it is trained."""

    dimension: int = Field(default=64, ge=2)
    """Length of item and user vectors, and width of the transformer."""
    layers: int = Field(default=2, ge=0)
    """Blocks of attention and feed-forward; 0 leaves the last event alone."""
    heads: int = Field(default=2, ge=1)
    """Of attention; the dimension is split among them."""
    expansion: int = Field(default=4, ge=1)
    """Hidden units of a feed-forward layer, in dimensions."""
    block: Literal["plain", "gated"] = "gated"
    """``plain``: pre-norm attention and GELU. ``gated``: SwiGLU, and a learned gate on what each
    part adds (the LiGR layer of Borisyuk et al., 2025)."""
    positions: Literal["learned", "rotary", "decay", "none"] = "rotary"
    """Learned vectors of the places in the window; or rotations or decays, which know distances
    only: with decays each head favours recent events, from much to hardly."""
    gaps: Literal["none", "before", "after"] = "before"
    """Which time gap of an event is read: to the event before it, or to what comes after it: the
    next event, or the moment that is asked about."""
    ratings: bool = True
    """Whether ratings are read, where there are any."""
    event_types: bool = True
    """Whether kinds of events are read, where there are several."""
    max_events: int = Field(default=200, ge=1)
    """Newest events that are read of a history; longer ones are trained on in pieces."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Of the inputs and of what each part of a block adds."""
    id_dropout: float = Field(default=0.2, ge=0, lt=1)
    """With texts: how often an item stands on its text alone in a training step."""
    full_softmax_items: int = Field(default=20_000, ge=0)
    """Up to so many items the loss looks at all of them, beyond at ``negatives``."""
    negatives: int = Field(default=4096, ge=1)
    """Items drawn for a batch, alike likely, beside the batch's own targets."""
    batch_events: int = Field(default=2048, ge=1)
    """Events of a training batch, padding included."""
    learning_rate: float = Field(default=4e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_steps: int = Field(default=100, ge=0)
    """Over so many steps the learning rate rises from 0."""
    average_steps: int = Field(default=200, ge=1)
    """The model that is judged and kept is a running mean over about so many steps; 1: the last."""
    epochs: int = Field(default=60, ge=1)
    """Passes over the log; with validation queries at most so many."""
    patience: int = Field(default=5, ge=1)
    """Epochs without a better NDCG@10 on the validation queries after which training ends."""
    checkpoint_steps: int = Field(default=2000, ge=1)
    """Steps after which the state is kept, beside the end of every epoch."""
    seed: int = 0

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.dimension % (2 * self.heads):
            raise ValueError(
                f"dimension {self.dimension} cannot be split among {self.heads} heads "
                "of an even width"
            )
        return self

    def samples(self, catalogue: Catalogue) -> bool:
        """Return whether the loss looks at drawn negatives instead of the whole catalogue."""
        return len(catalogue) > self.full_softmax_items
