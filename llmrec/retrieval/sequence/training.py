"""Training of the sequence model: steps, early stopping, and going on after a kill."""

from __future__ import annotations

import copy
import importlib.util
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from llmrec.errors import EngineError
from llmrec.progress import track
from llmrec.retrieval.sequence.batches import training_batch, training_batches
from llmrec.retrieval.sequence.checkpoint import Progress, read_checkpoint, write_checkpoint
from llmrec.retrieval.sequence.loss import cross_entropy
from llmrec.retrieval.sequence.model import Rows, SequenceModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llmrec.retrieval.sequence.batches import Windows
    from llmrec.retrieval.sequence.candidates import Pool
    from llmrec.retrieval.sequence.config import SequenceConfig
    from llmrec.retrieval.sequence.events import EventLog

CHECKPOINT, CURVES = "checkpoint", "curves"
_BATCHES, _STEP = 1, 2  # what a generator is for, beside the seed


class BatchLoss(nn.Module):
    """A batch's loss as one module, so that many processes may share its gradients."""

    texts: Tensor | None

    def __init__(self, model: SequenceModel, texts: Tensor | None) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("texts", texts, persistent=False)

    def forward(self, looked_at: Tensor, shift: Tensor, rows: Rows, targets: Tensor) -> Tensor:
        """Return the mean loss over the real positions; ``targets`` is -1 elsewhere."""
        texts = None if self.texts is None else self.texts[looked_at]
        vectors = self.model.item_vectors(looked_at, texts)
        users = self.model(vectors, rows)
        real = targets >= 0
        return cross_entropy(users[real].float(), vectors.float(), targets[real], shift)


class Training:
    """One training run.

    Args:
        model: Trained in place.
        log: What it learns from.
        pool: Which items the loss may look at.
        config: Settings.
        texts: ``(n_items, text_dimension) float32``; None for a model without.
        made_from: What the run is, for its checkpoint.
        folder: Where the checkpoint and the curves stand; None keeps neither.
    """

    def __init__(  # noqa: PLR0913 - one keyword per part of a run
        self,
        model: SequenceModel,
        log: EventLog,
        pool: Pool,
        config: SequenceConfig,
        *,
        texts: Tensor | None,
        made_from: Mapping[str, Any],
        folder: Path | None,
    ) -> None:
        self._log, self._pool, self._config = log, pool, config
        self._n_items = model.items.num_embeddings
        precision = "bf16" if torch.cuda.is_available() else "no"
        self._accelerator = Accelerator(mixed_precision=precision)
        self._model = model
        self._mean = copy.deepcopy(model).to(self._accelerator.device).eval()
        self._optimiser = torch.optim.AdamW(
            _decayed(model, config.weight_decay), lr=config.learning_rate, fused=True
        )
        self._loss, self._prepared = self._accelerator.prepare(
            BatchLoss(model, texts), self._optimiser
        )
        self.texts: Tensor | None = self._accelerator.unwrap_model(self._loss).texts
        self._made_from, self._folder = made_from, folder
        self._progress = Progress()
        self._best: dict[str, Tensor] = {}
        self._writer = self._open_curves()

    def run(self, validate: Callable[[SequenceModel], float] | None) -> Progress:
        """Train to the end, from where a checkpoint stands; the model is left at its best.

        Args:
            validate: Returns the model's value, higher is better; None: all epochs are trained,
                and the last state is the best.

        Raises:
            EngineError: The loss is not a number.
            ArtifactError: The checkpoint is damaged, of another training, or cannot be written.
        """
        self._resume()
        progress, config = self._progress, self._config
        for epoch in track(range(progress.epoch, config.epochs), "Training the sequence model"):
            if self._stopped(validate is not None):
                break
            self._train_epoch(epoch)
            if validate is not None:
                self._judge(validate)
            progress.epoch, progress.batch, progress.loss_sum = epoch + 1, 0, 0.0
            self._keep()
        self._model.load_state_dict(self._best or self._mean.state_dict())
        return progress

    def _stopped(self, validated: bool) -> bool:  # noqa: FBT001 - one private caller
        done = self._progress
        return validated and len(done.values) - (done.best_epoch or 0) > self._config.patience

    def _train_epoch(self, epoch: int) -> None:
        config, progress, workers = self._config, self._progress, self._accelerator.num_processes
        batches = training_batches(
            self._log,
            max_events=config.max_events,
            batch_events=config.batch_events,
            rng=np.random.default_rng([config.seed, _BATCHES, epoch]),
        )
        mine = self._accelerator.process_index
        self._model.train()
        losses: list[Tensor] = []
        for begin in range(progress.batch * workers, len(batches), workers):
            losses.append(self._step(batches[(begin + mine) % len(batches)]))
            progress.batch += 1
            if progress.step % config.checkpoint_steps == 0:
                self._add_up(losses)
                self._keep()
        self._add_up(losses)
        progress.losses.append(progress.loss_sum / max(1, progress.batch))
        self._draw("loss", progress.losses[-1])

    def _step(self, windows: Windows) -> Tensor:
        config, progress = self._config, self._progress
        place = [config.seed, _STEP, progress.step, self._accelerator.process_index]
        rng = np.random.default_rng(place)
        torch.manual_seed(int(rng.integers(2**62)))
        batch = training_batch(self._log, windows, n_items=self._n_items)
        targets = batch.targets if batch.targets is not None else np.zeros(0, dtype=np.int64)
        real = targets >= 0
        looked_at, shift = self._pool.looked_at(targets[real], rng)
        device = self._accelerator.device
        rows = Rows.of(batch, self._model.start)
        place_of = torch.from_numpy(looked_at).to(device)
        wanted = torch.from_numpy(np.where(real, np.searchsorted(looked_at, targets), -1))
        rows = rows._replace(items=torch.searchsorted(place_of, rows.items))
        for group in self._optimiser.param_groups:
            warm = min(1.0, (progress.step + 1) / max(1, config.warmup_steps))
            group["lr"] = config.learning_rate * warm
        loss: Tensor = self._loss(
            place_of, torch.from_numpy(shift).to(device), rows, wanted.to(device)
        )
        self._prepared.zero_grad()
        self._accelerator.backward(loss)
        self._prepared.step()
        self._blend()
        progress.step += 1
        return loss.detach()

    @torch.no_grad()
    def _blend(self) -> None:
        """Move the running mean toward the model; over the first steps it forgets faster."""
        step = self._progress.step
        share = max(1 / self._config.average_steps, 9 / (10 + step))
        torch._foreach_lerp_(
            list(self._mean.parameters()), list(self._model.parameters()), min(1.0, share)
        )

    def _add_up(self, losses: list[Tensor]) -> None:
        """Add losses to the epoch's sum and forget them; refuse what is not a number."""
        for loss in losses:
            self._progress.loss_sum += float(loss)
        losses.clear()
        if not math.isfinite(self._progress.loss_sum):
            kept = "" if self._folder is None else f" The state before stands in {self._folder}."
            raise EngineError(
                f"the loss is {self._progress.loss_sum} by step {self._progress.step}, in epoch "
                f"{self._progress.epoch + 1}, so training cannot go on.{kept}",
                remedy="Lower learning_rate, or look at the vectors of the texts.",
            )

    def _judge(self, validate: Callable[[SequenceModel], float]) -> None:
        progress = self._progress
        value = validate(self._mean)
        progress.values.append(value)
        self._draw("validation NDCG@10", value)
        if progress.best is None or value > progress.best:
            progress.best, progress.best_epoch = value, len(progress.values)
            self._best = {name: t.detach().clone() for name, t in self._mean.state_dict().items()}

    def _keep(self) -> None:
        if self._folder is None or not self._accelerator.is_main_process:
            return
        write_checkpoint(
            self._folder / CHECKPOINT, self._progress, self._tensors(), self._made_from
        )

    def _tensors(self) -> dict[str, Tensor]:
        """Return the state of model, running mean, best mean and optimiser by name."""
        tensors = {f"model.{name}": t for name, t in self._model.state_dict().items()}
        tensors |= {f"mean.{name}": t for name, t in self._mean.state_dict().items()}
        tensors |= {f"best.{name}": t for name, t in self._best.items()}
        for name, parameter in self._model.named_parameters():
            for what, value in self._optimiser.state[parameter].items():
                tensors[f"optimiser.{what}.{name}"] = value
        return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}

    def _resume(self) -> None:
        if self._folder is None:
            return
        kept = read_checkpoint(self._folder / CHECKPOINT, self._made_from)
        if kept is None:
            return
        self._progress, tensors = kept
        parts: dict[str, dict[str, Tensor]] = {
            name: {} for name in ("model", "mean", "best", "optimiser")
        }
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor.to(self._accelerator.device)
        self._model.load_state_dict(parts["model"])
        self._mean.load_state_dict(parts["mean"])
        self._best = parts["best"]
        by_name = dict(self._model.named_parameters())
        for name, tensor in parts["optimiser"].items():
            what, _, parameter = name.partition(".")
            self._optimiser.state[by_name[parameter]][what] = tensor

    def _open_curves(self) -> Any:  # noqa: ANN401 - TensorBoard is an optional package
        wanted = self._folder is not None and self._accelerator.is_main_process
        if not wanted or importlib.util.find_spec("tensorboard") is None:
            return None
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self._folder / CURVES))  # type: ignore[operator]

    def _draw(self, what: str, value: float) -> None:
        if self._writer is not None:
            self._writer.add_scalar(what, value, self._progress.step)
            self._writer.flush()


def _decayed(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the parameters in two groups: tables, which shrink, and the others, which do not."""
    tables = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [
        {"params": tables, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
