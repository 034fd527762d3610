"""A stage's examples, as the scorer that will serve asks its questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmrec.errors import DataError
from llmrec.training.card import DataCard
from llmrec.training.dense import dense_examples
from llmrec.training.listwise import listwise_examples

if TYPE_CHECKING:
    from llmrec.data import Split
    from llmrec.rerank.scorer import EngineScorer
    from llmrec.training.recipe import Recipe, StageSettings
    from llmrec.training.tree import Tree

MIN_TARGETS = 50
"""Targets below which nothing is trained: an adapter would learn them by heart."""


def make_examples(
    split: Split, recipe: Recipe, stage: StageSettings, scorer: EngineScorer
) -> tuple[list[Tree], DataCard]:
    """Return a stage's examples, rendered by the scorer that will serve.

    Args:
        split: Only its training part is read.
        recipe: Candidates and seed.
        stage: Objective and limits.
        scorer: On the base model's tokenizer.

    Raises:
        DataError: Too few targets to learn from.
    """
    card = DataCard(
        objective=stage.objective,
        dataset_sha256=split.dataset.sha256,
        protocol=split.protocol.id,
    )
    if stage.objective == "dense":
        trees = dense_examples(split, recipe, stage, scorer, card)
    else:
        trees = listwise_examples(split, recipe, stage, scorer, card)
    if card.targets < MIN_TARGETS:
        raise DataError(
            f"{split.dataset.path} gives {card.targets} targets for the {stage.objective} "
            f"objective; {MIN_TARGETS} are needed",
            remedy="Use a larger dataset, more candidates or a better retriever; "
            f"{card.positions} positions were looked at, {card.too_long} of them too long.",
        )
    return trees, card
