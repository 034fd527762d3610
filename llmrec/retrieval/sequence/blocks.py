"""The transformer's parts, in plain PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from llmrec.retrieval.sequence.config import SequenceConfig

_ROTARY_BASE = 10_000.0


class Distances(NamedTuple):
    """What attention knows of how far events are apart; neither: nothing."""

    rotation: tuple[Tensor, Tensor] | None = None
    """Cosine and sine, ``(n_rows, 1, length, width / 2)`` each, where a head is ``width`` wide."""
    decay: Tensor | None = None
    """``(n_rows, heads, length, length)``: added to the scores of attention."""


class Attention(nn.Module):
    """Causal self-attention over ``(n_rows, length, dimension)``."""

    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.inward = nn.Linear(dimension, 3 * dimension)
        self.outward = nn.Linear(dimension, dimension)

    def forward(self, hidden: Tensor, distances: Distances) -> Tensor:
        """Return what each position gathers from itself and those before it, same shape.

        Args:
            hidden: ``(n_rows, length, dimension)``.
            distances: What attention knows of them.
        """
        rows, length, dimension = hidden.shape
        split = self.inward(hidden).view(rows, length, 3, self._heads, dimension // self._heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (rows, heads, length, width)
        if distances.rotation is not None:
            query = rotated(query, *distances.rotation)
            key = rotated(key, *distances.rotation)
        decay = distances.decay
        found = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=decay, is_causal=decay is None
        )
        gathered: Tensor = self.outward(found.transpose(1, 2).reshape(rows, length, dimension))
        return gathered


class GatedUnit(nn.Module):
    """SwiGLU (Shazeer, "GLU Variants Improve Transformer", 2020)."""

    def __init__(self, dimension: int, hidden: int) -> None:
        super().__init__()
        self.inward = nn.Linear(dimension, 2 * hidden)
        self.outward = nn.Linear(hidden, dimension)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(n_rows, length, dimension)`` from the same shape."""
        value, gate = self.inward(hidden).chunk(2, dim=-1)
        changed: Tensor = self.outward(value * functional.silu(gate))
        return changed


class Block(nn.Module):
    """Attention, then a feed-forward layer; each reads normalised inputs and adds its output.

    Where blocks are gated, a gate read from the same inputs decides, number by number, how much
    of the output is added.
    """

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        width, hidden = config.dimension, config.expansion * config.dimension
        gated = config.block == "gated"
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.gates = nn.ModuleList([nn.Linear(width, width) for _ in range(2 if gated else 0)])
        self.attention = Attention(width, config.heads)
        self.change: nn.Module = (
            GatedUnit(width, hidden * 2 // 3)
            if gated
            else nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, hidden: Tensor, distances: Distances) -> Tensor:
        """Return ``(n_rows, length, dimension)`` from the same shape; see ``Attention``."""
        read = self.norms[0](hidden)
        hidden = hidden + self._gated(0, read, self.dropout(self.attention(read, distances)))
        read = self.norms[1](hidden)
        return hidden + self._gated(1, read, self.dropout(self.change(read)))

    def _gated(self, part: int, read: Tensor, added: Tensor) -> Tensor:
        return torch.sigmoid(self.gates[part](read)) * added if self.gates else added


def rotations(places: Tensor, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of places, ``(n_rows, 1, length, width / 2)`` each.

    Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021.

    Args:
        places: ``(n_rows, length) int64``.
        width: Of an attention head.
        dtype: Of the results.
    """
    powers = torch.arange(0, width, 2, device=places.device, dtype=dtype) / width
    angles = places[:, None, :, None].to(dtype) / _ROTARY_BASE**powers
    return angles.cos(), angles.sin()


def decays(places: Tensor, heads: int, dtype: torch.dtype) -> Tensor:
    """Return what is taken from attention by distance, ``(n_rows, heads, length, length)``.

    Head ``n`` of ``heads``, from 1, takes ``2 ** (-8 n / heads)`` an event, and minus infinity
    keeps every event from later ones. Source: Press et al., "Train Short, Test Long: Attention
    with Linear Biases Enables Input Length Extrapolation", 2022.

    Args:
        places: ``(n_rows, length) int64``.
        heads: Of attention.
        dtype: Of the result.
    """
    powers = -8 * torch.arange(1, heads + 1, device=places.device) / heads
    distances = (places[:, :, None] - places[:, None, :]).to(dtype)
    taken = distances[:, None] * -(2.0 ** powers[:, None, None].to(dtype))
    length = places.shape[1]
    later = torch.ones(length, length, dtype=torch.bool, device=places.device).triu(1)
    return taken.masked_fill(later, -torch.inf)


def rotated(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn the pairs of numbers of each head by its place's angles; shapes as in ``Attention``."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)
