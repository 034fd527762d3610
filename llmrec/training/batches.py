"""Trees to tensors: order of training, padding, and who attends to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llmrec.errors import require
from llmrec.training.positions import draw_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from llmrec.training.tree import Tree

NEIGHBOURS = 32
"""Batches' worth of examples that are sorted by length together before they are cut."""


def training_order(lengths: Sequence[int], batch_size: int, epochs: int, seed: int) -> list[int]:
    """Return which example comes when, over all epochs; it depends on nothing but the arguments.

    Examples of like length stand in one batch, so that little is padded; the batches are shuffled.
    """
    order: list[int] = []
    for epoch in range(epochs):
        draw = draw_of("order", seed, epoch)
        drawn = draw.permutation(len(lengths)).tolist()
        batches: list[list[int]] = []
        for start in range(0, len(drawn), NEIGHBOURS * batch_size):
            pool = sorted(drawn[start : start + NEIGHBOURS * batch_size], key=lambda n: -lengths[n])
            batches += [pool[k : k + batch_size] for k in range(0, len(pool), batch_size)]
        # A short batch stands last: any other place would shift what is batched together.
        whole = [batch for batch in batches if len(batch) == batch_size]
        short = [batch for batch in batches if len(batch) < batch_size]
        chosen = [whole[n] for n in draw.permutation(len(whole))]
        order += [n for batch in [*chosen, *short] for n in batch]
    return order


def collate(trees: Sequence[Tree]) -> dict[str, torch.Tensor]:
    """Pad trees to one batch.

    Returns:
        ``input_ids`` and ``depths`` ``(n_trees, longest) int64``; ``sees``
        ``(n_trees, longest, longest) bool``; ``reads`` ``(n_reads, 4) int64`` of tree, place, token
        and option; ``questions`` ``(n_options,)`` and ``targets`` ``(n_questions,)`` as in a tree,
        counted over the batch. Padding attends to itself alone.
    """
    torch: Any = require("torch", "cpu")
    longest = max(map(len, trees))
    ids = np.zeros((len(trees), longest), dtype=np.int64)
    depths = np.zeros_like(ids)
    sees = np.zeros((len(trees), longest, longest), dtype=np.bool_)
    sees[:, np.arange(longest), np.arange(longest)] = True
    reads, questions, targets = [], [], []
    n_options = n_questions = 0
    for row, tree in enumerate(trees):
        ids[row, : len(tree)] = tree.tokens
        depths[row, : len(tree)] = tree.depths
        sees[row, : len(tree), : len(tree)] = tree.ancestors()
        rows = np.full(len(tree.reads), row, dtype=np.int64)
        place, token, option = tree.reads.T
        reads.append(np.column_stack([rows, place, token, option + n_options]))
        questions.append(tree.questions + n_questions)
        targets.append(tree.targets + n_options)
        n_options += len(tree.questions)
        n_questions += len(tree.targets)
    arrays = {
        "input_ids": ids,
        "depths": depths,
        "sees": sees,
        "reads": np.concatenate(reads),
        "questions": np.concatenate(questions),
        "targets": np.concatenate(targets),
    }
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def attention_masks(config: Any, depths: torch.Tensor, sees: torch.Tensor, dtype: Any) -> Any:  # noqa: ANN401
    """Return what a model of this configuration takes as its attention mask.

    Args:
        config: Of the text model.
        depths: ``(n_trees, n_tokens)``.
        sees: ``(n_trees, n_tokens, n_tokens) bool``.
        dtype: Of the model.

    Returns:
        ``(n_trees, 1, n_tokens, n_tokens)``, 0 or the dtype's least; by kind of layer where the
        model mixes layers with and without a sliding window.
    """
    window = getattr(config, "sliding_window", None)
    kinds = set(getattr(config, "layer_types", None) or ())
    if window is None:
        return _additive(sees, dtype)
    near = depths[:, :, None] - depths[:, None, :] < window
    windowed = _additive(sees & near, dtype)
    if "full_attention" in kinds:
        both = {"full_attention": _additive(sees, dtype), "sliding_attention": windowed}
        return both if "sliding_attention" in kinds else both["full_attention"]
    return windowed


def _additive(sees: torch.Tensor, dtype: Any) -> torch.Tensor:  # noqa: ANN401
    zeros = sees.new_zeros(sees.shape, dtype=dtype)
    return zeros.masked_fill(~sees, require("torch", "cpu").finfo(dtype).min)[:, None]
