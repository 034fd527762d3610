"""Transformers' trainer with our loss, our validation, and a stop where the loss is no number.

This module imports Transformers, so it is imported only where training begins.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainingArguments

from llmrec.errors import EngineError
from llmrec.training.batches import collate, training_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llmrec.training.loss import RankingLoss
    from llmrec.training.recipe import Recipe, StageSettings
    from llmrec.training.tree import Tree

logger = logging.getLogger(__name__)

METRIC = "ndcg10"


class Ordered(torch.utils.data.Dataset[Any]):
    """Examples in the order in which they are trained on, over all epochs.

    Args:
        trees: The examples.
        order: Which one comes when.
    """

    def __init__(self, trees: Sequence[Tree], order: Sequence[int]) -> None:
        self._trees, self._order = trees, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> Tree:
        return self._trees[self._order[place]]


class AdapterTrainer(Trainer):
    """Trains an adapter on trees.

    Args:
        loss: Of a batch.
        validate: Returns NDCG@10 on half A of the model as it is.
        keywords: As for ``Trainer``.
    """

    def __init__(
        self,
        *,
        loss: RankingLoss,
        validate: Callable[[], float],
        **keywords: Any,  # noqa: ANN401 - the library's
    ) -> None:
        super().__init__(**keywords, data_collator=collate)
        self._loss, self._validate = loss, validate
        self.remove_callback(PrinterCallback)  # it writes to standard output
        self.model_accepts_loss_kwargs = False  # so that steps of accumulation are averaged

    def compute_loss(
        self,
        model: Any,  # noqa: ANN401
        inputs: dict[str, Any],
        return_outputs: bool = False,  # noqa: FBT001, FBT002
        num_items_in_batch: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Return the loss of one batch.

        Raises:
            EngineError: It is not a number; the last checkpoint is sound.
        """
        del num_items_in_batch
        loss = self._loss(model, inputs)
        if not torch.isfinite(loss):
            raise EngineError(
                f"the loss is {loss.item()} at step {self.state.global_step + 1}, so training "
                f"stopped; the last good state is kept under {self.args.output_dir}",
                remedy="Lower learning_rate or raise warmup in the recipe, and check the data.",
            )
        return (loss, None) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401
        """Return NDCG@10 on half A, and tell the callbacks, one of which may stop training."""
        model: Any = self.model
        model.eval()
        metrics = {f"eval_{METRIC}": self._validate()}
        model.train()
        self.log(metrics)
        state = self.state
        logger.info(
            "Step %d of %d: NDCG@10 %.4f on half A.",
            *(state.global_step, state.max_steps, metrics[f"eval_{METRIC}"]),
        )
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


def make_trainer(  # noqa: PLR0913 - the parts of one stage
    model: Any,  # noqa: ANN401
    trees: Sequence[Tree],
    recipe: Recipe,
    stage: StageSettings,
    folder: Path,
    *,
    loss: RankingLoss,
    validate: Callable[[], float],
) -> AdapterTrainer:
    """Return the trainer of one stage.

    Args:
        model: The base with the adapter's layers in it.
        trees: The stage's examples.
        recipe: Seed, validation, checkpointing.
        stage: Learning rate, batches, epochs.
        folder: For checkpoints and logs.
        loss: Of a batch.
        validate: NDCG@10 on half A.
    """
    order = training_order([len(t) for t in trees], stage.batch_size, stage.epochs, recipe.seed)
    steps = total_steps(len(order), stage)
    every = min(recipe.validation.every_steps, steps)
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=stage.batch_size,
        gradient_accumulation_steps=stage.accumulation,
        learning_rate=stage.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=stage.warmup * steps if stage.warmup * steps >= 1 else 0,
        weight_decay=stage.weight_decay,
        max_grad_norm=stage.max_grad_norm,
        max_steps=steps,
        train_sampling_strategy="sequential",  # the order is made already
        gradient_checkpointing=recipe.gradient_checkpointing,
        use_cpu=loss.on_cpu,
        seed=recipe.seed,
        eval_strategy="steps",
        eval_steps=every,
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=f"eval_{METRIC}",
        greater_is_better=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        remove_unused_columns=False,
        dataloader_pin_memory=not loss.on_cpu,
        report_to=loggers(),
        disable_tqdm=True,
    )
    return AdapterTrainer(
        loss=loss,
        validate=validate,
        model=model,
        args=arguments,
        train_dataset=Ordered(trees, order),
        eval_dataset=Ordered(trees, ()),
        callbacks=[EarlyStoppingCallback(early_stopping_patience=recipe.validation.patience)],
    )


def total_steps(n_shown: int, stage: StageSettings) -> int:
    """Return how many steps of the optimiser a stage takes.

    Args:
        n_shown: Examples that are shown, over all epochs.
        stage: Batches, and the most steps.
    """
    steps = max(1, n_shown // (stage.batch_size * stage.accumulation))
    return steps if stage.max_steps is None else min(steps, stage.max_steps)


def loggers() -> list[str]:
    """Return where curves are sent besides our own: TensorBoard where it is installed."""
    from importlib.util import find_spec

    return ["tensorboard"] if find_spec("tensorboard") or find_spec("tensorboardX") else []
