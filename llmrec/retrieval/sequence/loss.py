"""Cross-entropy over item vectors, without ever keeping a table of all scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

_SCORES = 2**22
"""Scores that exist together: 16 MiB of float32."""


class _CrossEntropy(torch.autograd.Function):
    """The loss and both gradients in one pass over pieces of the users."""

    @staticmethod
    def forward(ctx: Any, users: Tensor, vectors: Tensor, targets: Tensor, shift: Tensor) -> Tensor:  # noqa: ANN401
        size = max(1, _SCORES // len(vectors))
        total = torch.zeros((), dtype=users.dtype, device=users.device)
        toward_users, toward_vectors = torch.empty_like(users), torch.zeros_like(vectors)
        for begin in range(0, len(users), size):
            part, wanted = users[begin : begin + size], targets[begin : begin + size, None]
            scores = torch.addmm(shift, part, vectors.T)
            own = scores.gather(1, wanted) - shift[wanted]
            scores.scatter_(1, wanted, own)  # a target is sure to be looked at: no shift
            highest = scores.amax(dim=1, keepdim=True)
            sums = scores.sub_(highest).exp_().sum(dim=1, keepdim=True)
            total += (sums.log() + highest - own).sum()
            scores.div_(sums)
            scores.scatter_add_(1, wanted, torch.full_like(own, -1.0))
            torch.mm(scores, vectors, out=toward_users[begin : begin + size])
            toward_vectors.addmm_(scores.T, part)
        ctx.save_for_backward(toward_users.div_(len(users)), toward_vectors.div_(len(users)))
        return total / len(users)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:  # noqa: ANN401
        toward_users, toward_vectors = ctx.saved_tensors
        return toward_users * gradient, toward_vectors * gradient, None, None


def cross_entropy(users: Tensor, vectors: Tensor, targets: Tensor, shift: Tensor) -> Tensor:
    """Return the mean of ``-log softmax`` of the targets' inner products.

    Args:
        users: ``(n, dimension) float32``.
        vectors: ``(n_vectors, dimension) float32``: the items that are looked at.
        targets: ``(n,) int64``: rows of ``vectors``.
        shift: ``(n_vectors,)``: added to the scores of all items but a user's own target: minus
            the logarithm of the probability that drawing left the item to be looked at.
    """
    with torch.autocast(users.device.type, enabled=False):  # sums over many items need float32
        loss: Tensor = _CrossEntropy.apply(users, vectors, targets, shift)  # type: ignore[no-untyped-call]
    return loss
