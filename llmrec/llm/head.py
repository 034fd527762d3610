"""A language model's head, applied in fp32 and only where its logits are read.

bf16 logits tie (about 15 of 20 label logits are distinct), so the model never computes logits
itself: last hidden state and head are both cast to fp32 here, and normalised over the full
vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from llmrec.errors import EngineError, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from llmrec.llm.base import LogProbs

COPY_BYTES = 512 * 2**20
"""A head whose fp32 copy is at most this large keeps it; a larger one is cast at every use."""
PIECE = 16_384
"""Rows of the vocabulary that are cast together."""
READ_AT_ONCE = 128
"""Positions whose logits exist together: 128 x 128k x 4 bytes is 64 MiB."""
CHECK_TOLERANCE = 0.5
"""Nats between our log-probabilities and the model's own, whose logits may be bf16."""


class Head:
    """The output embedding with what the architecture does to its logits.

    Args:
        model: A Transformers causal language model.

    Raises:
        EngineError: The model computes its logits in a way that this class would misread.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - Transformers is an optional package
        self._torch = require("torch", "cpu")
        config = model.config.get_text_config()
        layer = model.get_output_embeddings()
        small = layer.weight.numel() * 4 <= COPY_BYTES
        self._weight = layer.weight.detach().float() if small else layer.weight.detach()
        self._bias = None if getattr(layer, "bias", None) is None else layer.bias.detach()
        self._scale = float(getattr(config, "logit_scale", None) or 1.0)
        self._scale /= float(getattr(config, "logits_scaling", None) or 1.0)
        self._softcap = float(getattr(config, "final_logit_softcapping", None) or 0.0)
        self._check(model)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return ``(n, vocabulary) float32`` of hidden states ``(n, dim)``.

        Gradients flow to the hidden states where they ask for any; the head itself has none.
        """
        state = hidden.float()
        pieces = [state @ piece.float().T for piece in self._weight.split(PIECE)]
        logits = self._torch.cat(pieces, dim=-1)
        if self._bias is not None:
            logits = logits + self._bias.float()
        logits = logits * self._scale
        if self._softcap:
            logits = self._softcap * self._torch.tanh(logits / self._softcap)
        return cast("torch.Tensor", logits)

    def log_probs(self, hidden: torch.Tensor, targets: Sequence[Sequence[int]]) -> list[LogProbs]:
        """Read natural-log probabilities of chosen tokens.

        Args:
            hidden: ``(n, dim)``.
            targets: Per row of ``hidden`` the token ids to read.

        Returns:
            Per row ``(n_targets,) float32``, over the full vocabulary.

        Raises:
            EngineError: A token id is not in the vocabulary.
        """
        self._check_ids(targets)
        scores: list[LogProbs] = []
        for start in range(0, len(targets), READ_AT_ONCE):
            logits = self.logits(hidden[start : start + READ_AT_ONCE])
            normaliser = self._torch.logsumexp(logits, dim=-1)
            for row, ids in enumerate(targets[start : start + READ_AT_ONCE]):
                chosen = logits[row, list(ids)] - normaliser[row]
                scores.append(np.asarray(chosen.cpu().numpy(), dtype=np.float32))
        return scores

    def _check_ids(self, targets: Sequence[Sequence[int]]) -> None:
        size = int(self._weight.shape[0])
        for ids in targets:
            if any(not 0 <= token < size for token in ids):
                raise EngineError(f"a token id in {list(ids)} is not in the vocabulary of {size}")

    def _check(self, model: Any) -> None:  # noqa: ANN401
        """Compare with the model's own logits once, so that no architecture is misread."""
        ids = self._torch.tensor([[1, 2, 3]], device=self._weight.device)
        with self._torch.inference_mode():
            own = model(input_ids=ids).logits[0, -1].float().log_softmax(-1)
            ours = self.logits(model.base_model(input_ids=ids).last_hidden_state[0, -1:])[0]
        likely = own.topk(10).indices
        difference = float((own - ours.log_softmax(-1))[likely].abs().max())
        if not difference <= CHECK_TOLERANCE:
            raise EngineError(
                f"the head of {model.config.model_type!r} models is not understood: its "
                f"log-probabilities differ from the model's own by {difference:.2f}",
                remedy="Use the vLLM engine for this model.",
            )
