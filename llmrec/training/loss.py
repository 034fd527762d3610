"""Losses on trees: the model runs once, and logits are made only where an answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.errors import require
from llmrec.llm.head import Head
from llmrec.training.batches import attention_masks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

READ_AT_ONCE = 256
"""Places whose logits exist together; more are computed piece by piece, again in the backward
pass."""


class RankingLoss:
    """The loss of a batch of trees.

    Args:
        model: The base model with its adapter's layers in it; its head is read, never trained.
        objective: ``dense``: the mean negative log-likelihood of the answers' tokens. ``listwise``:
            the cross-entropy of a softmax over each question's options.
        per_token: Whether an option's score is the mean over its answer's tokens, else their sum.
    """

    def __init__(self, model: Any, objective: str, *, per_token: bool) -> None:  # noqa: ANN401
        self._torch = require("torch", "cpu")
        self._head = Head(model)
        self._config = model.config.get_text_config()
        self._dtype = model.dtype
        self.on_cpu = model.device.type == "cpu"
        """Whether the model runs on a CPU."""
        self._objective, self._per_token = objective, per_token

    def __call__(self, model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Return the batch's loss, a scalar.

        Args:
            model: What runs: the model, however it is wrapped.
            batch: As ``collate`` returns it, on the model's device.
        """
        if self._objective == "dense":
            return -self._log_probs(model, batch).mean()
        scores, questions = self.scores(model, batch), batch["questions"]
        losses = [
            scores[questions == number].logsumexp(0) - scores[target]
            for number, target in enumerate(batch["targets"])
        ]
        mean: torch.Tensor = self._torch.stack(losses).mean()
        return mean

    def scores(self, model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Return each option's score ``(n_options,) float32``: its answer's log-probability."""
        log_probs = self._log_probs(model, batch)
        options = batch["reads"][:, 3]
        empty = log_probs.new_zeros(len(batch["questions"]))
        sums = empty.index_add(0, options, log_probs)
        if not self._per_token:
            return sums
        sizes: torch.Tensor = empty.index_add(0, options, self._torch.ones_like(log_probs))
        return sums / sizes

    def _log_probs(self, model: Any, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
        """Return the log-probability of every token that is read: ``(n_reads,) float32``."""
        out = model(
            input_ids=batch["input_ids"],
            position_ids=batch["depths"],
            attention_mask=attention_masks(
                self._config, batch["depths"], batch["sees"], self._dtype
            ),
            output_hidden_states=True,
            logits_to_keep=1,
            use_cache=False,
        )
        rows, places, tokens, _ = batch["reads"].T
        states = out.hidden_states[-1][rows, places]
        pieces = list(zip(states.split(READ_AT_ONCE), tokens.split(READ_AT_ONCE), strict=True))
        if len(pieces) == 1:
            return self._read(states, tokens)
        again = require("torch.utils.checkpoint", "cpu").checkpoint
        read = [again(self._read, *piece, use_reentrant=False) for piece in pieces]
        joined: torch.Tensor = self._torch.cat(read)
        return joined

    def _read(self, states: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Return the tokens' log-probabilities after these states, over the full vocabulary."""
        logits = self._head.logits(states)
        return logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
